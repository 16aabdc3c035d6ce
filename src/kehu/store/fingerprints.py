"""Which keys a store was sealed with, and which is in force.

Their fingerprints stand in the store, so that wrong keys are refused at the start. The key in force seals what is
written and makes the hashes by which things are found; `kehu rotate-key` names another.
"""

from collections.abc import Mapping

import sqlalchemy as sa

from kehu.errors import SettingsError
from kehu.store import asking, facts
from kehu.store.database import Transaction, vault_of
from kehu.store.dictionary.loads import setting
from kehu.store.sealing.vault import Vault

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


def number(tx: Transaction) -> int:
    """The number of the key in force; it stays so until the transaction ends.

    Raises:
        SettingsError: It is missing, or is another: it may have been named since this program began.
    """
    once: dict[str, int] = tx.get_execution_options()["once"]
    if "key" not in once:
        # `kehu rotate-key` waits for whoever writes with the old key, and whoever comes later for it.
        once["key"] = in_force(tx, stays="begins" in tx.get_execution_options())
    return once["key"]


def in_force(tx: Transaction, *, stays: bool = False) -> int:
    """As `number`, as it is now; where it `stays`, nobody names another until the transaction ends."""
    told = dict(asking.rows(tx, _AND_HELD if stays else _IN_FORCE, {}))
    vault = vault_of(tx)
    found = int(told.get(facts.FINDS, min(vault.keys.secrets)))
    if (fingerprint := told.get(f"{PREFIX}{found}")) is not None:
        require_same({found: fingerprint}, vault)
    return found


def question() -> asking.Put:
    """What `number` asks in a transaction that may write."""
    return asking.Put(_AND_HELD, {})


_IN_FORCE = sa.select(setting.c.name, setting.c.value).where(
    # Without a value to come it is planned once: PostgreSQL took longer to plan it each time than to answer.
    sa.or_(setting.c.name == facts.FINDS, setting.c.name.like(sa.literal_column(f"'{PREFIX}%'")))
)
_AND_HELD = _IN_FORCE.with_for_update(read=True)


def turn(tx: Transaction, to: int) -> int:
    """From now on another key is in force: all hashes must be made anew in this transaction; returns which it was.

    Whoever is writing is waited for.
    """
    before = in_force(tx)
    facts.put(tx, facts.FINDS, str(to))
    tx.get_execution_options()["once"]["key"] = to
    return before


def note(tx: Transaction, vault: Vault) -> None:
    """Remember the keys that are not known yet, and at first which of them is in force."""
    known = numbers(tx)
    if not known:
        turn(tx, number(tx))
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
