"""Profile: what stands in the columns of the records, and how good the loads of each channel were."""

from collections import Counter
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from kehu.analyse import profile as analysed
from kehu.store import quarantine, records, views
from kehu.store.database import Database

COLUMNS = (
    "kind", "name", "id_type", "id_number", "phone", "phone_2", "birth_date", "gender", "email", "address",
    "province", "city", "district", "postcode", "category", "updated_at",
)  # fmt: skip
"""What is told of records."""

PAGE = 1_000


@dataclass(frozen=True, kw_only=True)
class Broken:
    """How often a rule sent a row of a channel to quarantine on a day, among the rows that still lie there."""

    day: str
    """UTC."""
    channel: str
    rule: str
    rows: int


@dataclass(frozen=True, kw_only=True)
class Profile:
    """What stands in the records, and what did not come so far."""

    columns: tuple[analysed.Column, ...]
    broken: tuple[Broken, ...]
    """By day, channel and rule."""


def profile(database: Database, *, channel: str | None = None) -> Profile:
    """What stands in the records in force, of one channel or of all; one column at a time, to spare memory."""
    with database.read() as tx:
        told = []
        for name in COLUMNS:
            table = records.read(tx, columns=("channel", name))
            kept = table if channel is None else table.filter(pc.equal(table.column("channel"), channel))
            told.append(analysed.column(name, _text(kept.column(name))))
        counted: Counter[tuple[str, str, str]] = Counter()
        after: int | None = None
        while True:
            page = views.quarantine_page(tx, channel=channel, after=after, limit=PAGE)
            counted.update(key for row in page.rows for key in _keys(row))
            if (after := page.following) is None:
                break
    broken = tuple(
        Broken(day=day, channel=name, rule=rule, rows=rows) for (day, name, rule), rows in sorted(counted.items())
    )
    return Profile(columns=tuple(told), broken=broken)


def _text(values: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.strftime(values, "%Y-%m-%d") if pa.types.is_timestamp(values.type) else values.cast(pa.string())


def _keys(row: quarantine.BadRow) -> set[tuple[str, str, str]]:
    return {(f"{row.received_at:%Y-%m-%d}", row.channel, reason["rule"]) for reason in row.reasons}
