"""Profile: what stands in the columns of the records, and how good what came by each channel was, day by day."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from kehu.analyse import profile as analysed
from kehu.analyse.figures import rounded
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


def protected(told: Quality, smallest: int) -> Quality:
    """Quality as those are told it who may not see persons: rows of a few are left out, others rounded."""

    def few(many: int) -> int:
        return rounded(many, smallest)

    days = (
        replace(one, read=few(one.read), accepted=few(one.accepted), quarantined=few(one.quarantined))
        for one in told.days
    )
    broken = (replace(one, rows=few(one.rows)) for one in told.broken)
    filled = (replace(one, rows=few(one.rows), filled=few(one.filled), valid=few(one.valid)) for one in told.filled)
    return replace(
        told, days=tuple(one for one in days if one.read), broken=tuple(one for one in broken if one.rows),
        filled=tuple(one for one in filled if one.rows),
    )  # fmt: skip


def _text(values: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.strftime(values, "%Y-%m-%d") if pa.types.is_timestamp(values.type) else values.cast(pa.string())
