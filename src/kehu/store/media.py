"""Contact media: every phone, e-mail and address that reaches a customer, the best of each kind first."""

from dataclasses import dataclass, field
from datetime import datetime

import pyarrow as pa
import sqlalchemy as sa

from kehu.model import customers as model
from kehu.model import masks
from kehu.model.codes import MediumKind
from kehu.model.records import require
from kehu.store import asking, bulk
from kehu.store.database import Transaction
from kehu.store.dictionary.customers import contact_medium


@dataclass(frozen=True, kw_only=True)
class Medium:
    """One way to reach a customer."""

    kind: MediumKind
    rank: int
    """1 is the best of its kind."""
    value: str = field(metadata=masks.told_by("kind"))
    first_seen: datetime | None
    """When the oldest of its records was changed at its source."""
    last_seen: datetime | None
    """When the newest was."""
    records: int
    """How many of the customer's records state it."""
    record: int
    """The newest of them."""


def replace(tx: Transaction, customer_ids: pa.Array, media: pa.Table) -> None:
    """Let these customers be reached by these `MEDIA` and by nothing else."""
    require(media, model.MEDIA, what="contact media to store")
    few = len(customer_ids) <= bulk.FEW
    if few or tx.scalar(sa.select(contact_medium.c.customer_id).limit(1)) is not None:
        bulk.delete(tx, contact_medium, pa.table({"customer_id": customer_ids}))
    ordered = media if few else media.sort_by([(column.name, "ascending") for column in contact_medium.primary_key])
    bulk.insert(tx, contact_medium, ordered.select(model.MEDIA.names))


def of_customers(tx: Transaction, customer_ids: pa.Array) -> pa.Table:
    """How these customers can be reached: `MEDIA`."""
    query = sa.select(*(contact_medium.c[name] for name in model.MEDIA.names))
    with bulk.among(tx, contact_medium.c.customer_id, customer_ids) as one_of_them:
        return bulk.read(tx, query.where(one_of_them), model.MEDIA)


_KINDS = tuple(MediumKind)
_OF_CUSTOMER = (
    sa.select(contact_medium)
    .where(contact_medium.c.customer_id == sa.bindparam("number"))
    .order_by(contact_medium.c.kind, contact_medium.c.rank)
)


def question_of(customer_id: int) -> asking.Put:
    """What `of_customer` asks."""
    return asking.Put(_OF_CUSTOMER, {"number": customer_id})


def of_customer(tx: Transaction, customer_id: int) -> tuple[Medium, ...]:
    """How a customer can be reached: phones, e-mails, addresses, the best of each first."""
    media = [
        Medium(
            kind=MediumKind(row.kind), rank=row.rank, value=row.value, first_seen=row.first_seen,
            last_seen=row.last_seen, records=row.records, record=row.record,
        )
        for row in asking.told(tx, _OF_CUSTOMER, number=customer_id)
    ]  # fmt: skip
    return tuple(sorted(media, key=lambda one: (_KINDS.index(one.kind), one.rank)))
