"""Records sent one by one, as they came: what raw Parquet files are for batches."""

import json

import pyarrow as pa
import sqlalchemy as sa

from kehu.errors import NotFoundError
from kehu.model.records import POSITION
from kehu.store import bulk, sealed
from kehu.store.database import Transaction
from kehu.store.dictionary.loads import pushed


def keep(tx: Transaction, rows: pa.Table, *, records: pa.Array) -> None:
    """Keep rows as they came.

    Args:
        tx: The transaction.
        rows: Their columns, all string; what was not sent is null.
        records: The number of each row's new record (int64); null where it was a duplicate, and nothing is kept.
    """
    new = rows.filter(records.is_valid()) if records.null_count else rows
    if new.num_rows == 0:
        return
    told = new.drop_columns([POSITION]) if POSITION in new.column_names else new
    raw = [
        json.dumps({name: value for name, value in row.items() if value is not None}, ensure_ascii=False)
        for row in told.to_pylist()
    ]
    bulk.insert(tx, pushed, pa.table({"record": records.drop_null(), "raw": pa.array(raw, pa.string())}))


def raw(tx: Transaction, record: int) -> str:
    """What was sent, as JSON.

    Raises:
        NotFoundError: The record was not sent one by one.
    """
    for row in sealed.rows(tx, sa.select(pushed.c.raw).where(pushed.c.record == record)):
        return str(row["raw"])
    raise NotFoundError(f"record {record} was not sent one by one: its batch is kept under raw/")
