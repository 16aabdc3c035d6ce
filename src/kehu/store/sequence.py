"""Numbers that are never given twice: of records, customers, loads, quarantined rows and decisions."""

from collections.abc import Mapping

import sqlalchemy as sa

from kehu.errors import StoreError
from kehu.store import asking
from kehu.store.database import Transaction
from kehu.store.dictionary.loads import sequence


def take(tx: Transaction, name: str, count: int = 1) -> int:
    """The first of `count` numbers that are now the caller's; others wait until this transaction ends."""
    first = held(tx, name)
    asking.later(tx, _GIVE, {"of": name, "given": count})
    _held_here(tx)[name] = first + count
    return first


def held(tx: Transaction, name: str) -> int:
    """The next number, without taking it; whoever else wants one waits until this transaction ends."""
    here = _held_here(tx)
    if name not in here:
        found = asking.rows(tx, _HOLD, {"of": name})
        if not found:
            raise StoreError(f"the store numbers no {name}: its tables are not complete, run `kehu run` to migrate it")
        here[name] = int(found[0][0])
    return here[name]


def question(name: str) -> asking.Put:
    """What `held` asks."""
    return asking.Put(_HOLD, {"of": name})


def _held_here(tx: Transaction) -> dict[str, int]:
    """The numbers that this transaction holds already: nobody else can have moved them on."""
    once: dict[str, dict[str, int]] = tx.get_execution_options().get("once", {})
    return once.setdefault("held", {})


def all_next(tx: Transaction) -> dict[str, int]:
    """The next number of each thing that is numbered; nothing where there are no tables yet."""
    return {row.name: int(row.next) for row in tx.execute(sa.select(sequence))}


def skip(tx: Transaction, given: Mapping[str, int]) -> None:
    """Go on behind numbers that were given in another life of this store.

    Places in the chain of the audit trail are no names of anything: there a gap would be a fault.
    """
    for name, following in given.items():
        if name != "audit":
            _held_here(tx).pop(name, None)
            behind = sequence.c.name == name, sequence.c.next < following
            tx.execute(sequence.update().where(*behind).values(next=following))


# SQLite knows no FOR UPDATE: there who may write is alone from the beginning.
_HOLD = sa.select(sequence.c.next).where(sequence.c.name == sa.bindparam("of")).with_for_update()
_GIVE = (
    sequence.update().where(sequence.c.name == sa.bindparam("of")).values(next=sequence.c.next + sa.bindparam("given"))
)
