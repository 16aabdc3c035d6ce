"""What can be taken out of the store as a table, a piece at a time: customers, records, links."""

from collections.abc import Iterator
from enum import StrEnum

import pyarrow as pa
import sqlalchemy as sa

from kehu.model.customers import CUSTOMERS, GOLDEN_COLUMNS
from kehu.store import bulk, records
from kehu.store.database import Transaction
from kehu.store.dictionary.customers import customer
from kehu.store.dictionary.records import link, record
from kehu.store.privacy import restrictions


class What(StrEnum):
    """What is taken out."""

    CUSTOMERS = "customers"
    """Living customers with their golden values."""
    RECORDS = "records"
    """Records in force, cleaned, with the customer each belongs to."""
    LINKS = "links"
    """Pairs of records that were scored and matter, with their weight."""


COLUMNS: dict[What, pa.Schema] = {
    What.CUSTOMERS: pa.schema(
        [CUSTOMERS.field(name) for name in ("customer_id", *GOLDEN_COLUMNS, "records", "quality", "updated_at")]
    ),
    What.RECORDS: pa.schema(
        [
            records.RECORDS.field(name)
            for name in (
                "record", "channel", "record_id", "customer_id", "version", "kind", "name", "id_type", "id_number",
                "id_valid", "phone", "phone_2", "birth_date", "gender", "email", "address", "province", "city",
                "district", "category", "star_level", "updated_at", "received_at", "source_position",
            )
        ]
    ),
    What.LINKS: pa.schema(
        [
            pa.field("record_l", pa.int64()),
            pa.field("record_r", pa.int64()),
            pa.field("weight", pa.float64()),
            pa.field("state", pa.string()),
            pa.field("reason", pa.string()),
        ]
    ),
}  # fmt: skip
"""The columns of each."""

_IN_FORCE: dict[What, tuple[sa.Table, sa.ColumnElement[bool], tuple[sa.Column[int], ...]]] = {
    What.CUSTOMERS: (customer, customer.c.merged_into.is_(None), (customer.c.customer_id,)),
    What.RECORDS: (record, record.c.current, (record.c.record,)),
    What.LINKS: (link, sa.true(), (link.c.record_l, link.c.record_r)),
}


CUSTOMER = customer.c.customer_id
"""Whom a row of customers is about, for conditions."""


def count(tx: Transaction, what: What) -> int:
    """How many rows there are."""
    table, wanted, _ = _IN_FORCE[what]
    return tx.scalar(sa.select(sa.func.count()).select_from(table).where(wanted)) or 0


def customers(tx: Transaction, meant: sa.ColumnElement[bool], columns: tuple[str, ...]) -> Iterator[pa.RecordBatch]:
    """Columns of the customers that a condition means, in order; as `batches` else."""
    schema = pa.schema([COLUMNS[What.CUSTOMERS].field(name) for name in columns])
    if tx.dialect.name == "sqlite":
        # Found by another index, whole rows would be brought into their order in memory; this sorts their numbers only.
        meant = customer.c.customer_id.in_(sa.select(customer.c.customer_id).where(meant).correlate(None))
    query = sa.select(*(customer.c[name] for name in columns)).where(meant).order_by(customer.c.customer_id)
    yield from bulk.batches(tx, query, schema, are_many=True)


def batches(tx: Transaction, what: What) -> Iterator[pa.RecordBatch]:
    """The rows in order, with the columns of `COLUMNS`; the transaction can do nothing else until the last is read."""
    schema, hidden = COLUMNS[what], restrictions.hidden(tx)
    if what is What.RECORDS:
        yield from map(hidden.of, records.batches(tx, columns=tuple(schema.names)))
        return
    table, wanted, order = _IN_FORCE[what]
    query = sa.select(*(table.c[name] for name in schema.names)).where(wanted).order_by(*order)
    yield from map(hidden.of, bulk.batches(tx, query, schema, are_many=True))
