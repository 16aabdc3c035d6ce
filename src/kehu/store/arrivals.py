"""What an arriving row is to what is stored: new, another version, late, or nothing new at all. Pure, on columns."""

import re
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kehu.model import arrow

STORED = pa.schema(
    [
        pa.field("channel", pa.string()),
        pa.field("record_id", pa.string()),
        pa.field("record", pa.int64()),
        pa.field("version", pa.int32()),
        pa.field("current", pa.bool_()),
        pa.field("origin", pa.int64()),
        pa.field("hash", pa.binary(16)),
        pa.field("updated_at", pa.timestamp("us", tz="UTC")),
        pa.field("received_at", pa.timestamp("us", tz="UTC")),
        pa.field("source_position", pa.string()),
    ]
)
"""One row a stored version of a key."""

CAME = pa.schema([pa.field("received_at", pa.timestamp("us", tz="UTC")), pa.field("source_position", pa.string())])
"""When each row first came and where it stood: for rows that waited in quarantine while others came."""


@dataclass(frozen=True, kw_only=True)
class Places:
    """The place of each arriving row among the versions of its key; arrays in the rows' order."""

    version: np.ndarray
    """Its version; 0 for a duplicate."""
    current: np.ndarray
    """Whether it is in force once the whole batch is stored."""
    origin: np.ndarray
    """The number of the first version where that is stored; else -1 - (the row of the batch that is the first)."""
    replaces: np.ndarray
    """The stored number of the version that it takes the place of, for a current one; 0 for none."""


@dataclass(kw_only=True)
class _Standing:
    """The versions of one key, while the rows of a batch arrive one after the other."""

    versions: int
    origin: int
    replaces: int
    row: int | None
    hash: bytes
    hashes: set[bytes]
    updated_at: int | None
    came: "_Came | None"


@dataclass(frozen=True, kw_only=True)
class _Came:
    """When a row first came, and where it stood then."""

    received_at: int
    position: str | None

    def is_before(self, other: "_Came") -> bool:
        """Whether it came first; of rows that came together, whether it stood first, where that can be told.

        >>> early, late = (_Came(received_at=1, position=f"hall.csv:{line}") for line in (9, 10))
        >>> early.is_before(late), late.is_before(early)
        (True, False)
        """
        if self.received_at != other.received_at:
            return self.received_at < other.received_at
        here, there = self.position or "", other.position or ""
        if _NUMBER.sub("", here) != _NUMBER.sub("", there):
            return False
        return [int(number) for number in _NUMBER.findall(here)] < [int(number) for number in _NUMBER.findall(there)]


_NUMBER = re.compile(r"[0-9]+")


def place(
    channels: pa.ChunkedArray,
    keys: pa.ChunkedArray,
    updated_at: pa.ChunkedArray,
    hashes: pa.Array,
    stored: pa.Table,
    *,
    came: pa.Table | None = None,
) -> Places:
    """The place of each arriving row.

    A row is a duplicate if its content is that of the version in force, or that of any version and the source does
    not call it newer than the one in force: a late second delivery. A row that the source calls older than the
    version in force is stored as a version, but not put in force. Without times the last to come is in force; with
    `came` (`CAME`), the last that came first.
    """
    rows = len(hashes)
    codes, of_stored = _codes(channels, keys, stored)
    places = Places(
        version=np.ones(rows, np.int32),
        current=np.ones(rows, bool),
        origin=-1 - np.arange(rows),
        replaces=np.zeros(rows, np.int64),
    )
    arriving = np.bincount(codes, minlength=int(codes.max(initial=-1)) + 1)
    held = np.zeros(len(arriving), bool)
    held[of_stored] = True
    alone = arriving[codes] == 1
    same = alone & _are_in_force(codes, of_stored, hashes, stored)
    places.version[same], places.current[same] = 0, False
    # Most rows are alone with their key, and new or what we hold. The rest take their turns one by one.
    turns = np.flatnonzero(~alone | (held[codes] & ~same))
    if not len(turns):
        return places
    concerned = np.isin(of_stored, codes[turns])
    stored, of_stored = stored.filter(pa.array(concerned)), of_stored[concerned]
    _take_turns(places, turns, codes, of_stored, updated_at, hashes, stored, came)
    return places


def _are_in_force(codes: np.ndarray, of_stored: np.ndarray, hashes: pa.Array, stored: pa.Table) -> np.ndarray:
    """Whether each arriving row has the content of the version of its key that is in force."""
    if not stored.num_rows:
        return np.zeros(len(codes), bool)
    now = np.asarray(stored.column("current").to_numpy(), dtype=bool)
    content = np.zeros((int(max(codes.max(initial=-1), of_stored.max(initial=-1))) + 1, 2), np.uint64)
    content[of_stored[now]] = _halves(stored.column("hash").combine_chunks())[now]
    known = np.zeros(len(content), bool)
    known[of_stored[now]] = True
    return np.asarray(known[codes] & (content[codes] == _halves(hashes)).all(axis=1))


def _halves(hashes: pa.Array) -> np.ndarray:
    """The two halves of each fingerprint of 16 bytes, as numbers; none is null."""
    return np.frombuffer(hashes.buffers()[1] or b"", np.uint64)[2 * hashes.offset :][: 2 * len(hashes)].reshape(-1, 2)


def _codes(channels: pa.ChunkedArray, keys: pa.ChunkedArray, stored: pa.Table) -> tuple[np.ndarray, np.ndarray]:
    """One small number a (channel, key), for the arriving rows and for the stored ones."""
    if len(keys) + stored.num_rows <= arrow.ONE_BY_ONE:
        rows = [*zip(channels.to_pylist(), keys.to_pylist(), strict=True)]
        rows += zip(*arrow.lists(stored.select(["channel", "record_id"])), strict=True)
        place_of: dict[tuple[str, str], int] = {}
        each = np.array([place_of.setdefault(row, len(place_of)) for row in rows], dtype=np.int32)
        return each[: len(keys)], each[len(keys) :]
    channel = pa.chunked_array([*channels.chunks, *stored.column("channel").chunks], pa.string())
    key = pa.chunked_array([*keys.chunks, *stored.column("record_id").chunks], pa.string())
    pair = pc.binary_join_element_wise(channel, key, "\0")
    codes = pair.combine_chunks().dictionary_encode().indices.to_numpy(zero_copy_only=False)
    return codes[: len(keys)], codes[len(keys) :]


def _take_turns(
    places: Places,
    turns: np.ndarray,
    codes: np.ndarray,
    of_stored: np.ndarray,
    updated_at: pa.ChunkedArray,
    hashes: pa.Array,
    stored: pa.Table,
    came: pa.Table | None,
) -> None:
    standing: dict[int, _Standing] = {}
    for code, held in zip(of_stored.tolist(), _stored_rows(stored), strict=True):
        _, version, current, origin, content, _, _ = held
        known = standing.setdefault(
            code,
            _Standing(
                versions=0, origin=origin, replaces=0, row=None, hash=b"", hashes=set(), updated_at=None, came=None
            ),
        )
        known.versions = max(known.versions, version)
        known.hashes.add(content)
        if current:
            known.replaces, known.hash, known.updated_at, known.came = held[0], content, held[5], held[6]
    when = updated_at.take(turns).cast(pa.int64()).to_pylist()
    contents = hashes.take(turns).to_pylist()
    first = [None] * len(turns) if came is None else _came(came.take(turns))
    for row, code, content, moment, arrived in zip(
        turns.tolist(), codes[turns].tolist(), contents, when, first, strict=True
    ):
        if code not in standing:
            standing[code] = _Standing(
                versions=1,
                origin=-1 - row,
                replaces=0,
                row=row,
                hash=content,
                hashes={content},
                updated_at=moment,
                came=arrived,
            )
            continue
        known = standing[code]
        older = moment is not None and known.updated_at is not None and moment < known.updated_at
        newer = moment is not None and known.updated_at is not None and moment > known.updated_at
        if not older and not newer and arrived is not None and known.came is not None:
            older = arrived.is_before(known.came)
        if content == known.hash or (content in known.hashes and not newer and (moment is not None or older)):
            places.version[row], places.current[row] = 0, False
            continue
        known.versions += 1
        known.hashes.add(content)
        places.version[row], places.origin[row] = known.versions, known.origin
        if older:
            places.current[row] = False
            continue
        if known.row is not None:
            places.current[known.row] = False
        places.replaces[row] = known.replaces
        known.row, known.hash, known.updated_at, known.came = row, content, moment, arrived


def _stored_rows(stored: pa.Table) -> list[tuple[int, int, bool, int, bytes, int | None, _Came]]:
    columns = [stored.column(name).to_pylist() for name in ("record", "version", "current", "origin", "hash")]
    moments = stored.column("updated_at").cast(pa.int64()).to_pylist()
    return list(zip(*columns, moments, _came(stored), strict=True))


def _came(rows: pa.Table) -> list[_Came]:
    received = rows.column("received_at").cast(pa.int64()).to_pylist()
    positions = rows.column("source_position").to_pylist()
    return [_Came(received_at=at, position=where) for at, where in zip(received, positions, strict=True)]
