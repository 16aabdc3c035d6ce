"""Profile: what stands in the columns of the records, and how good what came by each channel was, day by day."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from kehu.analyse import profile as analysed
from kehu.store import quality as qualities
from kehu.store import records
from kehu.store.database import Database
from kehu.store.quality import Quality

COLUMNS = (
    "kind", "name", "id_type", "id_number", "phone", "phone_2", "birth_date", "gender", "email", "address",
    "province", "city", "district", "postcode", "category", "star_level", "updated_at",
)  # fmt: skip
"""What is told of records."""

DAYS = 30
"""So many days of quality are told, unless another number is asked for."""


@dataclass(frozen=True, kw_only=True)
class Profile:
    """What stands in the records, and what did not come so far."""

    columns: tuple[analysed.Column, ...]
    quality: Quality
    """Of what came: by day, channel and rule."""


def profile(database: Database, *, at: datetime, days: int = DAYS, channel: str | None = None) -> Profile:
    """What stands in the records in force, and the quality of the last days, of one channel or of all.

    One column is read at a time, to spare memory.
    """
    with database.read() as tx:
        told = []
        for name in COLUMNS:
            table = records.read(tx, columns=("channel", name))
            kept = table if channel is None else table.filter(pc.equal(table.column("channel"), channel))
            told.append(analysed.column(name, _text(kept.column(name))))
    return Profile(columns=tuple(told), quality=quality(database, at=at, days=days, channel=channel))


def quality(database: Database, *, at: datetime, days: int = DAYS, channel: str | None = None) -> Quality:
    """The quality of what came on the last days (UTC), today among them, of one channel or of all."""
    until = at.astimezone(UTC).date()
    with database.read() as tx:
        return qualities.of(tx, since=until - timedelta(days=days - 1), until=until, channel=channel)


def _text(values: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.strftime(values, "%Y-%m-%d") if pa.types.is_timestamp(values.type) else values.cast(pa.string())
