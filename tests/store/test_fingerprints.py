"""A store refuses keys that are not its own."""

import pytest

from kehu.errors import SettingsError
from kehu.store import fingerprints
from kehu.store.database import Database
from kehu.store.sealing import keyring
from kehu.store.sealing.vault import Vault


def test_a_store_knows_its_keys_and_refuses_others(store: Database) -> None:
    keys = keyring.made()
    with store.begin() as tx:
        assert fingerprints.numbers(tx) == set()
        fingerprints.require(tx, Vault(keyring.made()))
        fingerprints.note(tx, Vault(keys))
    with store.begin() as tx:
        fingerprints.require(tx, Vault(keys.with_another()))
        with pytest.raises(SettingsError, match="another than the one"):
            fingerprints.require(tx, Vault(keyring.made()))
        fingerprints.note(tx, Vault(keys.with_another()))
        assert fingerprints.numbers(tx) == {1, 2}
        with pytest.raises(SettingsError, match="key 2 is missing"):
            fingerprints.require(tx, Vault(keys))
        fingerprints.forget(tx, 2)
        fingerprints.require(tx, Vault(keys))
