"""Which keys a store was sealed with: their fingerprints stand in it, so that wrong keys are refused at the start."""

from collections.abc import Mapping

import sqlalchemy as sa

from kehu.errors import SettingsError
from kehu.store import finding
from kehu.store.database import Transaction
from kehu.store.sealing.vault import Vault
from kehu.store.tables import setting

PREFIX = "key "
"""The fact `key 3` holds the fingerprint of key 3."""


def numbers(tx: Transaction) -> set[int]:
    """The numbers of the keys that this store knows; none before anything was sealed."""
    names = tx.scalars(sa.select(setting.c.name).where(setting.c.name.startswith(PREFIX)))
    return {int(name.removeprefix(PREFIX)) for name in names}


def known(tx: Transaction) -> dict[int, str]:
    """The fingerprint of each key that this store knows."""
    rows = tx.execute(sa.select(setting).where(setting.c.name.startswith(PREFIX)))
    return {int(row.name.removeprefix(PREFIX)): row.value for row in rows}


def note(tx: Transaction, vault: Vault) -> None:
    """Remember the keys that are not known yet, and at first by which of them this store finds."""
    known = numbers(tx)
    if not known:
        finding.turn(tx, finding.number(tx))
    new = sorted(set(vault.keys.secrets) - known)
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
    require_same(known(tx), vault)


def require_same(told: Mapping[int, str], vault: Vault) -> None:
    """Refuse keys that are not those of these fingerprints.

    Raises:
        SettingsError: One is missing, or is another.
    """
    for number, fingerprint in sorted(told.items()):
        # A missing number is told by the keyring itself.
        if vault.fingerprint(number) != fingerprint:
            raise SettingsError(
                f"key {number} is another than the one that this store was sealed with: put back its key file"
            )


def forget(tx: Transaction, number: int) -> None:
    """Nothing is sealed with this key any more."""
    tx.execute(setting.delete().where(setting.c.name == f"{PREFIX}{number}"))
