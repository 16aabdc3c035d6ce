"""Chinese addresses of the forms that most have, read as whole columns.

An address is cut where its division ends, or where it begins if it stands last. Which division those words are, the
functions of `divisions` say, once for each distinct word, and `words` reads what is left. So nothing is read otherwise
than `chinese.clean` reads it: an address whose division is not beyond doubt is left to that.
"""

import functools

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kehu.process import distinct
from kehu.process.addresses import chinese, divisions, words
from kehu.process.addresses.signs import (
    COMMA,
    DASH,
    DIGIT,
    DIVIDES,
    ENDING,
    HASH,
    NO_QUARTER,
    QUARTER,
    STREET,
    WAY,
    Mask,
    Places,
    Signs,
    pair,
)

PARTS = pa.schema({name: pa.string() for name in chinese.Address._fields if name != "postcode"})
"""The parts that are read; an address with a post code has none of the forms."""

_DISTRICT_FIRST = "^(?P<where>[^0-9a-z#-]*?[市州盟],*[^0-9a-z#,-]{1,4}?[东西南北]区),*(?P<rest>[^,路街巷].*)$"
_NEAR_STREET = "^(?:[东西南北中][一二三四五六]?|[一二三四五六新老大])?(?:路|大?街|大道|道|巷|弄|胡同)|^[,-]"

_Parts = dict[str, pa.Array]

_DIVISION = pa.schema({name: pa.string() for name in divisions.Division._fields})
_LYING = pa.schema([("row", pa.int64()), ("start", pa.int64()), ("end", pa.int64()), *_DIVISION])
"""An address whose division is known, and what of it stands beside that."""


def columns(addresses: pa.Array) -> tuple[_Parts, pa.Array]:
    """The columns of `PARTS`, and which of the addresses have a common form; the others have no parts here.

    Args:
        addresses: Distinct addresses, cleaned by `text.column`, no nulls.

    >>> read, known = columns(pa.array(["杭州西湖区文三路138号翠苑小区3幢501室", "文三路边上"]))
    >>> known.to_pylist(), [read[name][0].as_py() for name in ("city", "road", "road_number", "building", "room")]
    ([True, False], ['杭州市', '文三路', '138', '翠苑小区3', '501'])
    """
    signs = Signs(addresses)
    begun, others = _begun(signs)
    ended = _ended(signs, others)
    lying = pa.concat_batches([*begun, ended])
    order = np.argsort(lying["row"].to_numpy(), kind="stable")
    lying = lying.take(order)
    # Only a division that stands first and has a district is read before anything else is looked at.
    whole = np.arange(len(order)) < len(order) - ended.num_rows
    whole = whole[order] & pc.is_valid(lying["district"]).to_numpy(zero_copy_only=False)
    parts, known = words.read(signs, lying["start"].to_numpy(), lying["end"].to_numpy(), whole=whole)
    parts |= {name: lying[name] for name in _DIVISION.names}
    place = np.full(len(addresses), -1)
    place[lying["row"].to_numpy()[known]] = np.flatnonzero(known)
    chosen = pa.array(place, mask=place < 0)
    return {name: parts[name].take(chosen) for name in PARTS.names}, pa.array(place >= 0)


def _begun(signs: Signs) -> tuple[list[pa.RecordBatch], Places]:
    """The addresses that begin with a division behind which no other follows: `_LYING`; and the rows of the others."""
    done = []
    # Without a number, what ends the name of a division may end the address.
    rows = np.flatnonzero(signs.next_of(DIGIT, signs.starts) < signs.ends)
    for cut in (_by_ending, _by_pattern, _by_name):
        fits, where, start = cut(signs, rows)
        found = _STARTING.spread(where)
        end = signs.ends[rows[fits]]
        sure = _is_certain(signs, found, start, end)
        begun = {"row": rows[fits], "start": start, "end": end, **{name: found[name] for name in _DIVISION.names}}
        done.append(pa.record_batch(begun, schema=_LYING).filter(pa.array(sure)))
        rows = np.delete(rows, fits[sure])
    return done, rows


_Cut = tuple[Places, pa.Array, Places]
"""Which of the rows are cut, the words before the cut, which may be a division, and where what follows begins."""


def _by_ending(signs: Signs, rows: Places) -> _Cut:
    """Cuts behind the last character before any number that ends the name of a division."""
    starts, ends = signs.starts[rows], signs.ends[rows]
    kinds = np.append(signs.kinds, np.zeros(2, np.uint16))
    endings = signs.of_kind(ENDING | QUARTER)[:-1]
    # 小区 and 东区 are parts of a place; a lone 区 is no name.
    row = np.searchsorted(signs.starts, endings, side="right") - 1
    is_name = kinds[endings] & ENDING != 0
    is_name |= (kinds[endings - 1] & NO_QUARTER == 0) & (endings > signs.starts[row])
    after = endings + 1
    after += kinds[after] == COMMA
    is_name &= (after < signs.ends[row]) & (kinds[after] & STREET == 0)
    endings, after = endings[is_name], after[is_name]
    last = np.searchsorted(endings, np.minimum(signs.next_of(DIGIT | DASH | HASH, starts), ends)) - 1
    fits = np.flatnonzero((last >= 0) & (np.append(endings, -1)[last] >= starts))
    return fits, signs.between(starts[fits], endings[last[fits]] + 1), after[last[fits]]


def _by_pattern(signs: Signs, rows: Places) -> _Cut:
    """Cuts behind a district in 东区, 西区, 南区 or 北区 that follows its city."""
    groups = pc.extract_regex(signs.between(signs.starts[rows], signs.ends[rows]), _DISTRICT_FIRST)
    return _behind(signs, rows, pc.struct_field(groups, "where"), pc.struct_field(groups, "rest"))


def _by_name(signs: Signs, rows: Places) -> _Cut:
    """Cuts behind a city's name without an ending: 贵阳工业北路960号."""
    addresses = signs.between(signs.starts[rows], signs.ends[rows])
    where, rest = distinct.nulls(len(addresses)), distinct.nulls(len(addresses))
    for size, (names, longer) in _short_names().items():
        start, after = _start(addresses, size), pc.utf8_slice_codeunits(addresses, size)
        fits = pc.and_(
            pc.is_in(start, value_set=names), pc.invert(pc.is_in(_start(addresses, size + 1), value_set=longer))
        )
        fits = pc.and_(fits, pc.invert(pc.match_substring_regex(after, _NEAR_STREET)))
        where, rest = pc.if_else(fits, start, where), pc.if_else(fits, after, rest)
    return _behind(signs, rows, where, rest)


def _behind(signs: Signs, rows: Places, where: pa.Array, rest: pa.Array) -> _Cut:
    fits = np.flatnonzero(pc.is_valid(where))
    return fits, where.take(fits), signs.ends[rows[fits]] - pc.utf8_length(rest.take(fits)).to_numpy()


@functools.cache
def _short_names() -> dict[int, tuple[pa.Array, pa.Array]]:
    """By length the short names of cities, and how longer names begin that begin so."""
    cities, every = divisions.short_cities(), divisions.names()
    return {
        size: (
            pa.array([name for name in cities if len(name) == size]),
            pa.array(sorted({name[: size + 1] for name in every if len(name) > size and name[:size] in cities})),
        )
        for size in sorted({len(name) for name in cities})
    }


def _start(texts: pa.Array, size: int) -> pa.Array:
    return pc.utf8_slice_codeunits(texts, 0, size)


def _is_certain(signs: Signs, found: _Parts, starts: Places, ends: Places) -> Mask:
    """Where a division was found behind which no other can follow."""
    certain: Mask = np.array(pc.is_valid(found["city"]))
    following = signs.pairs(starts, ends)
    for name in _STARTS.names:
        certain &= following != found[name].fill_null(-1).to_numpy()
    # Behind a city a district may follow: one of its own, or by its sign one that we do not know.
    bare = np.flatnonzero(certain & np.asarray(pc.is_null(found["district"])))
    starts, ends = starts[bare], ends[bare]
    next_ = signs.between(starts, np.minimum(starts + 2, ends))
    city = [found[name].take(bare) for name in ("province", "city")]
    own = pc.is_in(pc.binary_join_element_wise(*city, next_, ""), value_set=_continuations())
    certain[bare] = ~(np.asarray(own) | _are_near_division(signs, starts, ends))
    return certain


_LONGEST_NAME = 14


def _are_near_division(signs: Signs, starts: Places, ends: Places) -> Mask:
    """Where a name that no list has may stand before the street: what ends a division comes before any street."""
    ending = signs.next_of(DIVIDES, starts + 1)
    street = signs.next_of(DIGIT | COMMA | STREET | WAY, starts)
    near: Mask = (ending < street) & (ending < ends) & (ending <= starts + _LONGEST_NAME)
    return near


@functools.cache
def _continuations() -> pa.Array:
    return pa.array(sorted(divisions.continuations()))


@functools.cache
def _beginnings() -> Places:
    # 中国 is no division, but is read over where an address begins with it.
    return np.array(sorted(map(pair, {*divisions.beginnings(), "中国"})))


def _at_start(words: str) -> tuple[str | int | None, ...]:
    """The division that words are, and with which two characters its own names and those above it begin."""
    found = divisions.whole(words) or divisions.short_cities().get(words)
    return (*found, *(name and pair(name) for name in found)) if found else (None,) * 6


_STARTS = pa.schema({f"start_{place}": pa.int64() for place in range(3)})
_STARTING = distinct.Known(_at_start, pa.schema([*_DIVISION, *_STARTS]))


def _ended(signs: Signs, rows: Places) -> pa.RecordBatch:
    """The addresses that end with a division, and in which none can stand before that: `_LYING`."""
    starts, ends = signs.starts[rows], signs.ends[rows]
    numbers = signs.of_kind(DIGIT)
    last = np.append(numbers, -1)[np.searchsorted(numbers, ends) - 1]
    commas = signs.next_of(COMMA, np.maximum(last, starts))
    is_numbered = signs.kinds[starts] & DIGIT != 0
    fits = (last >= starts) & (commas < ends)
    fits &= is_numbered | ~np.isin(signs.pairs(starts, ends), _beginnings())
    rows, starts, ends, commas = rows[fits], starts[fits], ends[fits], commas[fits]
    found = _ENDING.spread(signs.between(commas + 1, ends))
    kept = found["kept"].to_numpy()
    is_near = ~is_numbered[fits] & _are_near_division(signs, starts, ends)
    sure = pc.and_(pc.is_valid(found["city"]), pc.or_(pc.is_valid(found["district"]), pa.array(~is_near)))
    lying = {"row": rows, "start": starts, "end": commas + kept, **{name: found[name] for name in _DIVISION.names}}
    return pa.record_batch(lying, schema=_LYING).filter(sure)


def _at_end(words: str) -> tuple[str | int | None, ...]:
    """The division with which words behind the last number end, and how many characters stand before it."""
    if found := divisions.backwards(words):
        return (*found, 0)
    first, _, others = words.partition(",")
    found = divisions.backwards(others) if others else None
    return (*found, len(first) + 1) if found else (*divisions.NOWHERE, 0)


_ENDING = distinct.Known(_at_end, pa.schema([*_DIVISION, ("kept", pa.int64())]))
