"""Keys (blocking keys, 分块键): records that share one are compared.

A key is a 64-bit hash of a few values of a record. Several kinds of keys, each robust against other errors, find
nearly every pair worth a comparison; a slip in one value leaves the keys that do not use it.
"""

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from operator import mul
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from kehu.model import links
from kehu.resolve import coded
from kehu.resolve.coded import READ, Coded, Records

Hashes = npt.NDArray[np.uint64]
Hashed = tuple[Hashes, npt.NDArray[np.bool_]]
"""Hashes, and where there are any."""

_KIND = np.uint64(links.KIND)
_GOLDEN_NUMBER = 0x9E3779B97F4A7C15
_GOLDEN = np.uint64(_GOLDEN_NUMBER)
_FACTORS = (0xBF58476D1CE4E5B9, 0x94D049BB133111EB)
"""Those of SplitMix64."""
_WHOLE = 2**64 - 1
"""The greatest hash."""


@dataclass(frozen=True, eq=False)
class Key:
    """A kind of key: the columns whose values make it; a record that lacks one of them has no such key.

    Each is equal to itself alone: to compare all that two of them say took as long as to make some of the keys.
    """

    number: int
    """Stands in the last bits of every such key, and so in stores: it never changes, nor is it given again. Two kinds
    of one number share their keys: the second phone of one record may be the first of another."""
    name: str
    columns: tuple[str, ...]
    limit: int = 1_000_000
    """A key that more records share makes no pairs: it is a placeholder, an agent's phone, or says too little."""
    times: int = 1
    """So many times as many records may share it as settings allow for the others: it is seldom left for somebody else,
    and often told by one who has much to do with us."""


KINDS: tuple[Key, ...] = (
    Key(0, "certificate", ("id_body",), times=4),
    Key(1, "phone", ("phones.first",)),
    Key(1, "second phone", ("phones.second",)),
    Key(3, "e-mail", ("email",)),
    Key(4, "e-mail local part", ("email_local",), limit=30),
    Key(5, "name and birth date", ("sounds", "born")),
    Key(6, "surname and birth date", ("surname_sound", "born")),
    Key(6, "given name and birth date", ("given_sound", "born")),
    Key(8, "birth date", ("born",), limit=10),
    Key(9, "birth date and postcode", ("born", "postcode")),
    Key(10, "name", ("sounds",), limit=30),
    Key(11, "name and city", ("sounds", "city"), limit=50),
    Key(12, "surname and city", ("surname_sound", "city"), limit=8),
    Key(12, "given name and city", ("given_sound", "city"), limit=8),
    Key(14, "surname and postcode", ("surname_sound", "postcode")),
    Key(14, "given name and postcode", ("given_sound", "postcode")),
    Key(16, "surname and door", ("surname_sound", "road", "road_number")),
    Key(16, "given name and door", ("given_sound", "road", "road_number")),
    Key(18, "surname and room", ("surname_sound", "building", "room")),
    Key(19, "organization", ("org_core",)),
    Key(20, "organization's sound", ("org_sound",)),
    Key(21, "organization's start", ("org_start", "district")),
    Key(22, "organization's door", ("org_start", "road", "road_number")),
    Key(23, "Latin surname and birth year", ("latin_surname_sound", "birth_year")),
    Key(23, "Latin given name and birth year", ("latin_given_sound", "birth_year")),
    Key(25, "Latin surname and postal area", ("latin_surname_sound", "postcode_area")),
    Key(25, "Latin given name and postal area", ("latin_given_sound", "postcode_area")),
    Key(27, "Latin surname and city", ("latin_surname_sound", "city")),
    Key(27, "Latin given name and city", ("latin_given_sound", "city")),
    Key(29, "Latin birth date", ("latin_born",)),
)
"""Sounds are taken without their order, so that names turned round are found."""


NAMED: Mapping[int, tuple[str, ...]] = {0: ("id_number",), 1: ("phone", "phone_2"), 3: ("email",)}
"""The kinds that are keys of one value which people know, by number, and the columns of records that hold it."""


def kind_of(key: int) -> Key:
    """The kind of a key, which its last bits tell."""
    return _first(key & int(_KIND))


def limits(*, hot_key_limit: int) -> list[int]:
    """How many records may share a key, by the number of its kind; one that more share makes no pairs."""
    known = {kind.number: min(kind.limit, kind.times * hot_key_limit) for kind in KINDS}
    return [known.get(number, hot_key_limit) for number in range(max(known) + 1)]


def of(
    records: Records, numbers: npt.NDArray[np.int64], *, kinds: tuple[Key, ...] = KINDS, threads: int = 1
) -> pa.Table:
    """Every key of every record.

    Args:
        records: Clean records.
        numbers: The number of each record.
        kinds: The kinds of keys to make.
        threads: How many threads hash at once.

    Returns:
        `model.links.KEYS`: one row a key of a record, no row twice.
    """
    if len(records) <= FEW:
        few = _of_few(records, kinds)
        return pa.table([[key for key, _ in few], [int(numbers[row]) for _, row in few]], schema=links.KEYS)
    names = _columns(kinds)
    with _side_by_side(threads) as each:
        hashed = dict(zip(names, each(lambda name: _hashed(records, name), names), strict=True))
        keyed = list(each(lambda kind: _keyed(kind, kinds, hashed), kinds))
    keys = np.concatenate([keys for keys, _ in keyed])
    owners = np.concatenate([numbers[filled] for _, filled in keyed])
    return pa.table([keys, owners], schema=links.KEYS)


FEW = 8
"""The keys of so few records are made one by one: that is done before the kernels have begun."""


def _of_few(records: Records, kinds: tuple[Key, ...]) -> list[tuple[int, int]]:
    """The same of few records: each key, and the row it is of."""
    hashed = {name: _hashed_of_few(records, name) for name in _columns(kinds)}
    made = []
    for kind in kinds:
        values = zip(*(hashed[name] for name in kind.columns), strict=True)
        others: list[tuple[list[int | None], list[int | None]]] | None = None
        if (base := _first(kind.number)) is not kind and base in kinds:
            both = zip(kind.columns, base.columns, strict=True)
            others = [(hashed[own], hashed[its]) for own, its in both if own != its]
        for row, told in enumerate(values):
            if None in told or (others is not None and all(own[row] == its[row] for own, its in others)):
                continue
            key = kind.number
            for one in told:
                key = _stirred(key * _GOLDEN_NUMBER + one)
            made.append((key & ~links.KIND | kind.number, row))
    return made


def _hashed_of_few(records: Records, column: str) -> list[int | None]:
    """The hash of a column's value for each record; None where it is not filled."""
    if column == "sounds":
        surname, given = (_hashed_of_few(records, name) for name in ("surname_sound", "given_sound"))
        sounds = zip(surname, given, strict=True)
        return [None if one is None or other is None else one + other & _WHOLE for one, other in sounds]
    source = records.coded(column)
    told = [*(_stirred(_polynomial(value.encode())) for value in source.values), None]
    return [told[code] for code in source.codes.tolist()]


@functools.lru_cache(maxsize=16)
def _columns(kinds: tuple[Key, ...]) -> tuple[str, ...]:
    """The columns of which keys of these kinds are made."""
    return tuple(dict.fromkeys(name for kind in kinds for name in kind.columns))


def of_certificates(id_numbers: pa.ChunkedArray, numbers: npt.NDArray[np.int64]) -> pa.Table:
    """The keys that are made of a certificate alone: `model.links.KEYS`.

    Args:
        id_numbers: The certificate of each record.
        numbers: The number of each record.
    """
    alone = {field.name: pa.nulls(len(numbers), field.type) for field in READ} | {"id_number": id_numbers}
    certificate = tuple(kind for kind in KINDS if kind.number == links.CERTIFICATE)
    return of(Records(pa.table(alone)), numbers, kinds=certificate)


@contextmanager
def _side_by_side(threads: int) -> Iterator[Callable[..., Iterable[Any]]]:
    """What maps on so many threads; one record is done sooner than a thread begins."""
    if threads == 1:
        yield map
        return
    with ThreadPoolExecutor(threads) as workers:
        yield workers.map


HANDED_ROUND = tuple(kind for kind in KINDS if kind.name in {"phone", "second phone", "e-mail"})
"""Kinds of a single value that an agent, a firm or a clerk may leave for thousands. A certificate is none of them: two
that are valid and differ part two records, however many hold them."""


_NUMBERS_HANDED_ROUND = {np.uint64(kind.number) for kind in HANDED_ROUND}


def are_handed_round(some: Hashes) -> npt.NDArray[np.bool_]:
    """Which of some keys are of values that may be handed round."""
    kinds = some & _KIND
    return np.asarray(np.logical_or.reduce([kinds == number for number in _NUMBERS_HANDED_ROUND]))


def of_handed_round(records: Records) -> Hashes:
    """The keys of all values of the records that may be hot."""
    if len(records) <= coded.FEW:
        return np.array([key for key, _ in _of_few(records, HANDED_ROUND)], dtype=np.uint64)
    return np.concatenate([_values(records, kind)[0] for kind in HANDED_ROUND])


def silence(records: Records, hot: Hashes) -> None:
    """Take values whose keys are hot for not known: they say of nobody who he is. To be done before any comparison.

    Args:
        records: The records; changed in place.
        hot: Hot keys, of any kinds.
    """
    hot = hot[are_handed_round(hot)]
    if not len(hot):
        return
    for kind in HANDED_ROUND:
        own, filled = _values(records, kind)
        is_hot = np.zeros(len(records), dtype=np.bool_)
        is_hot[filled] = np.isin(own, hot)
        if is_hot.any():
            records.forget(kind.columns[0], is_hot)


def _values(records: Records, kind: Key) -> Hashed:
    """The keys of a kind of a single column, and which records have one."""
    return _keyed(kind, (kind,), {column: _hashed(records, column) for column in kind.columns})


def _keyed(kind: Key, kinds: tuple[Key, ...], hashed: Mapping[str, Hashed]) -> Hashed:
    """The keys of a kind, one for each record that has one; and which records those are."""
    filled = hashed[kind.columns[0]][1]
    for column in kind.columns[1:]:
        filled = filled & hashed[column][1]
    if not filled.any():
        return np.zeros(0, dtype=np.uint64), filled
    if (base := _first(kind.number)) is not kind and base in kinds:
        # Who is called 李丽 has the sound of her surname for a given name: the key is hers already.
        others = [pair for pair in zip(kind.columns, base.columns, strict=True) if pair[0] != pair[1]]
        alike = [(hashed[own][0] == hashed[its][0]) & hashed[its][1] for own, its in others]
        filled = filled & ~np.logical_and.reduce(alike)
    key = np.full(int(filled.sum()), np.uint64(kind.number))
    for column in kind.columns:
        key = _mixed(key * _GOLDEN + hashed[column][0][filled])
    return (key & ~_KIND) | np.uint64(kind.number), filled


def _first(number: int) -> Key:
    """The first of the kinds of a number."""
    return _FIRST[number]


_FIRST = {kind.number: kind for kind in reversed(KINDS)}


def _hashed(records: Records, column: str) -> Hashed:
    """The hash of a column's value for each record, and where it is filled."""
    if column == "sounds":
        (surname, has_surname), (given, has_given) = _hashed(records, "surname_sound"), _hashed(records, "given_sound")
        return surname + given, has_surname & has_given
    source = records.coded(column)
    return np.concatenate([hashes(source), _NOTHING])[source.codes], source.codes >= 0


def hashes(source: Coded) -> Hashes:
    """A 64-bit hash of each distinct value, the same on every machine and for ever: keys are stored.

    A polynomial over the bytes, each byte replaced by a random number first, worked out for all values at once.

    Source:
        Carter & Wegman 1979 (universal classes of hash functions); the last mixing is Steele's SplitMix64.
    """
    if not source.size:
        return np.zeros(0, dtype=np.uint64)
    if source.few is not None:
        return _mixed(np.array([_polynomial(value.encode()) for value in source.few], dtype=np.uint64))
    text = source.distinct
    _, offsets_buffer, data_buffer = text.buffers()
    width = np.int64 if pa.types.is_large_string(text.type) else np.int32
    offsets = np.frombuffer(offsets_buffer, dtype=width)[text.offset : text.offset + len(text) + 1]
    out = np.zeros(len(text), dtype=np.uint64)
    for start in range(0, len(text), _CHUNK):
        ends = offsets[start : start + _CHUNK + 1]
        lengths = np.diff(ends)
        size = int(ends[-1] - ends[0])
        if not size:
            continue
        data = np.frombuffer(data_buffer, dtype=np.uint8, count=size, offset=int(ends[0]))
        place = np.arange(size) - np.repeat(ends[:-1] - ends[0], lengths)
        terms = _BYTES[data] * _powers(int(lengths.max()))[place]
        some = lengths > 0
        out[start : start + len(lengths)][some] = np.add.reduceat(terms, (ends[:-1] - ends[0])[some])
    return _mixed(out)


def _mixed(numbers: Hashes) -> Hashes:
    """Each number stirred so that every bit depends on every other (SplitMix64)."""
    z = numbers + _GOLDEN
    z = (z ^ (z >> np.uint64(30))) * np.uint64(_FACTORS[0])
    z = (z ^ (z >> np.uint64(27))) * np.uint64(_FACTORS[1])
    return np.asarray(z ^ (z >> np.uint64(31)))


def _stirred(number: int) -> int:
    """The same of one number."""
    z = number + _GOLDEN_NUMBER & _WHOLE
    z = (z ^ (z >> 30)) * _FACTORS[0] & _WHOLE
    z = (z ^ (z >> 27)) * _FACTORS[1] & _WHOLE
    return z ^ (z >> 31)


def _powers(length: int) -> Hashes:
    return np.cumprod(np.full(length, 0xD6E8FEB86659FD93 | 1, dtype=np.uint64), dtype=np.uint64)


_CHUNK = 1_000_000
"""How many values are hashed at once, so that their bytes fit in memory eight times."""

_BYTES = _mixed(np.arange(256, dtype=np.uint64))
"""What each byte is replaced by."""

_NOTHING = np.zeros(1, dtype=np.uint64)


def _polynomial(text: bytes) -> int:
    """What is worked out of the bytes of one value."""
    return int(sum(map(mul, map(_BYTE.__getitem__, text), _powers_of(1 << len(text).bit_length()))) % 2**64)


@functools.cache
def _powers_of(length: int) -> list[int]:
    return list(_powers(length).tolist())


_BYTE: list[int] = _BYTES.tolist()
