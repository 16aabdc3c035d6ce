"""Numbers that are never given twice: of records, customers, loads, quarantined rows and decisions."""

import sqlalchemy as sa

from kehu.errors import StoreError
from kehu.store.database import Transaction
from kehu.store.tables import sequence


def take(tx: Transaction, name: str, count: int = 1) -> int:
    """The first of `count` numbers that are now the caller's; others wait until this transaction ends."""
    first = held(tx, name)
    tx.execute(_GIVE, {"of": name, "given": count})
    return first


def held(tx: Transaction, name: str) -> int:
    """The next number, without taking it; whoever else wants one waits until this transaction ends."""
    following = tx.scalar(_HOLD, {"of": name})
    if following is None:
        raise StoreError(f"the store numbers no {name}: its tables are not complete, run `kehu run` to migrate it")
    return int(following)


# SQLite knows no FOR UPDATE: there who may write is alone from the beginning.
_HOLD = sa.select(sequence.c.next).where(sequence.c.name == sa.bindparam("of")).with_for_update()
_GIVE = (
    sequence.update().where(sequence.c.name == sa.bindparam("of")).values(next=sequence.c.next + sa.bindparam("given"))
)
