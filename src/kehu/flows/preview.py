"""A look at a channel before anything is stored: what its settings make of the first rows."""

from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from kehu.flows.intake import Feed, Judged, judge
from kehu.model.records import POSITION


@dataclass(frozen=True, kw_only=True)
class Mapped:
    """One of our columns, where it comes from, and what becomes of a value."""

    ours: str
    source: str
    """The channel's columns it comes from, or the constant."""
    raw: str | None
    """The first value that stands there."""
    cleaned: str | None
    """What that value is once it is cleaned; None where it is dropped, or dissolved into other columns."""
    filled: int
    """In how many rows a value stands."""


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What the settings make of the first rows of a channel."""

    read: int
    """Rows looked at, those that could not be read, too."""
    mapped: tuple[Mapped, ...]
    unused: tuple[str, ...]
    """Columns of the channel that nothing is mapped to."""
    accepted: pa.Table
    """The rows that would be stored: `CLEAN`."""
    faulty: pa.Table
    """The rows that would go to quarantine: `store.quarantine.BROKEN`."""
    warned: int


def preview(feed: Feed, *, rows: int, home: str) -> Preview:
    """Look at the first rows of a channel.

    Raises:
        SourceError: The channel cannot be read.
        SettingsError: A mapped column is not there.
    """
    batch = feed.channel.sample(rows)
    judged = judge(batch, feed, home=home)
    used = {name for _, source in feed.mapping.sources() for name in source.reads}
    return Preview(
        read=batch.rows.num_rows + len(batch.bad),
        mapped=tuple(_mapped(feed, judged)),
        unused=tuple(name for name in batch.rows.column_names if name not in used | {POSITION}),
        accepted=judged.clean,
        faulty=judged.faulty,
        warned=judged.warned,
    )


def _mapped(feed: Feed, judged: Judged) -> list[Mapped]:
    rows = judged.batch.rows.take(judged.good)
    found = []
    for ours, source in feed.mapping.sources():
        raw = [
            _joined(row, source.reads, source.separator) for row in rows.select(_there(rows, source.reads)).to_pylist()
        ]
        cleaned: list[Any] = judged.clean[ours].to_pylist() if ours in judged.clean.column_names else []
        if source.value is not None:
            raw = [source.value] * rows.num_rows
        first = next((place for place, value in enumerate(raw) if value), None)
        found.append(
            Mapped(
                ours=ours,
                source=" + ".join(source.reads) if source.reads else f"= {source.value}",
                raw=None if first is None else raw[first],
                cleaned=None if first is None or not cleaned or cleaned[first] is None else str(cleaned[first]),
                filled=sum(1 for value in raw if value),
            )
        )
    return found


def _there(rows: pa.Table, names: tuple[str, ...]) -> list[str]:
    return [name for name in names if name in rows.column_names]


def _joined(row: dict[str, str | None], names: tuple[str, ...], separator: str) -> str:
    return separator.join(value for name in names if (value := row.get(name)))
