"""Which keys a store was sealed with: their fingerprints stand in it, so that wrong keys are refused at the start."""

import sqlalchemy as sa

from kehu.errors import SettingsError
from kehu.store.database import Transaction
from kehu.store.sealing.vault import Vault
from kehu.store.tables import setting

PREFIX = "key "
"""The fact `key 3` holds the fingerprint of key 3."""


def numbers(tx: Transaction) -> set[int]:
    """The numbers of the keys that this store knows; none before anything was sealed."""
    names = tx.scalars(sa.select(setting.c.name).where(setting.c.name.startswith(PREFIX)))
    return {int(name.removeprefix(PREFIX)) for name in names}


def note(tx: Transaction, vault: Vault) -> None:
    """Remember the keys that are not known yet."""
    new = sorted(set(vault.keys.secrets) - numbers(tx))
    if new:
        tx.execute(
            setting.insert(),
            [{"name": f"{PREFIX}{number}", "value": vault.fingerprint(number)} for number in new],
        )


def require(tx: Transaction, vault: Vault) -> None:
    """Refuse keys that are not those of this store.

    Raises:
        SettingsError: One is missing, or is another.
    """
    for number in sorted(numbers(tx)):
        # A missing number is told by the keyring itself.
        held = tx.scalar(sa.select(setting.c.value).where(setting.c.name == f"{PREFIX}{number}"))
        if vault.fingerprint(number) != held:
            raise SettingsError(
                f"key {number} is another than the one that this store was sealed with: put back its key file"
            )


def forget(tx: Transaction, number: int) -> None:
    """Nothing is sealed with this key any more."""
    tx.execute(setting.delete().where(setting.c.name == f"{PREFIX}{number}"))
