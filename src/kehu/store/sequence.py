"""Numbers that are never given twice: of records, customers, loads, quarantined rows and decisions."""

from kehu.errors import StoreError
from kehu.store.database import Transaction
from kehu.store.tables import sequence


def take(tx: Transaction, name: str, count: int = 1) -> int:
    """The first of `count` numbers that are now the caller's; others wait until this transaction ends."""
    taken = tx.execute(sequence.update().where(sequence.c.name == name).values(next=sequence.c.next + count))
    if taken.rowcount != 1:
        raise StoreError(f"the store numbers no {name}: its tables are not complete, run `kehu run` to migrate it")
    after = tx.scalar(sequence.select().with_only_columns(sequence.c.next).where(sequence.c.name == name))
    assert after is not None
    return int(after) - count


def held(tx: Transaction, name: str) -> int:
    """The next number, without taking it; whoever else wants one waits until this transaction ends."""
    return take(tx, name, 0)
