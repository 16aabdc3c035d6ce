"""A look at a channel before anything is stored: what its settings make of the first rows."""

from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from kehu.collect.channel import Channel
from kehu.errors import SourceError
from kehu.flows.intake.intake import Feed, judge
from kehu.flows.intake.judged import Judged, only
from kehu.model.records import POSITION, Batch
from kehu.process import proposal
from kehu.process.proposal import Suggestion


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
    proposed: tuple[Suggestion, ...]
    """What some of those seem to be, of our columns that nothing is mapped to."""
    accepted: pa.Table
    """The rows that would be stored: `CLEAN`."""
    faulty: pa.Table
    """The rows that would go to quarantine: `store.quarantine.BROKEN`."""
    warned: int


@dataclass(frozen=True, kw_only=True)
class Proposed:
    """A mapping for a channel that has none."""

    suggestions: tuple[Suggestion, ...]
    columns: tuple[str, ...]
    """The channel's columns."""
    seen: Preview | None
    """What it makes of the first rows; None where nothing could be the key of a row."""


def preview(feed: Feed, *, rows: int, home: str) -> Preview:
    """Look at the first rows of a channel.

    Raises:
        SourceError: The channel cannot be read.
        SettingsError: A mapped column is not there.
    """
    return _preview(feed, feed.channel.sample(rows), home)


def proposed(channel: Channel, *, rows: int, home: str, zone: str) -> Proposed:
    """Propose a mapping from the first rows of a channel, and look at what it makes of them.

    Raises:
        SourceError: The channel cannot be read, or has no rows.
    """
    batch = channel.sample(rows)
    if not batch.rows.num_rows:
        told = f"{batch.bad[0].position}: {batch.bad[0].reason.en}" if batch.bad else "it has no rows"
        raise SourceError(f"channel {channel.name!r}: nothing can be proposed: {told}")
    suggestions = tuple(proposal.suggest(batch.rows))
    seen = None
    if any(one.column == "record_id" for one in suggestions):
        feed = Feed(channel=channel, mapping=proposal.as_mapping(list(suggestions)), sparse=True, zone=zone)
        seen = _preview(feed, batch, home)
    columns = tuple(name for name in batch.rows.column_names if name != POSITION)
    return Proposed(suggestions=suggestions, columns=columns, seen=seen)


def _preview(feed: Feed, batch: Batch, home: str) -> Preview:
    judged = judge(batch, feed, home=home)
    used = {name for _, source in feed.mapping.sources() for name in source.reads}
    unused = [name for name in batch.rows.column_names if name not in used | {POSITION}]
    filled = {ours for ours, _ in feed.mapping.sources()}
    return Preview(
        read=batch.rows.num_rows + len(batch.bad),
        mapped=tuple(_mapped(feed, judged)),
        unused=tuple(unused),
        proposed=tuple(
            one for one in proposal.suggest(batch.rows.select(unused)) if one.by_head and one.column not in filled
        ),
        accepted=judged.clean,
        faulty=judged.faulty,
        warned=judged.warned,
    )


def _mapped(feed: Feed, judged: Judged) -> list[Mapped]:
    rows = only(judged.batch.rows, judged.good)
    tables = [judged.clean] if judged.stated is None else [judged.clean, judged.stated]
    found = []
    for ours, source in feed.mapping.sources():
        raw = [
            _joined(row, source.reads, source.separator) for row in rows.select(_there(rows, source.reads)).to_pylist()
        ]
        cleaned: list[Any] = next((table[ours].to_pylist() for table in tables if ours in table.column_names), [])
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
