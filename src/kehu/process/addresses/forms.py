"""Chinese addresses of the forms that most have, read as whole columns.

Kernels cut an address into its words and numbers; what the words mean, the functions of `chinese` and `divisions`
say, once for each distinct word. So nothing is read otherwise than `chinese.clean` reads it: an address that is not
beyond doubt of one of the forms is left to that.
"""

import functools
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kehu.process import distinct, text
from kehu.process.addresses import chinese, divisions

PARTS = pa.schema({name: pa.string() for name in chinese.Address._fields if name != "postcode"})
"""The parts that are read; an address with a post code has none of the forms."""

_PLAIN = "^[0-9A-Za-z一-鿿 ,#()-]+$"
_SPELT = "[零〇一二三四五六七八九十百两甲乙丙丁](?:号|幢|栋|单元|室|层|弄|座|楼|组)"

_WORD = "[^0-9a-z,#-]"
_NUMBER = "[0-9]{1,5}"
_BLOCK = "(?:幢|栋|座|号楼|#)"
_ROOM = "[室房户]"
_ROAD = f"(?P<road>{_WORD}+)(?P<road_number>{_NUMBER})号"
_DOOR = (
    f"(?P<block>{_NUMBER})"
    f"(?:{_BLOCK}(?:(?P<unit>{_NUMBER})单元)?(?:(?P<room>{_NUMBER}){_ROOM}?)?"
    f"|-(?:(?P<unit_>{_NUMBER})-)?(?P<room_>{_NUMBER}))"
)
_DIVISION_FIRST = (
    "^(?P<where>[^0-9a-z#-]*(?:[^0-9a-z#小南北东西社园校厂院期-]区|[市县旗盟州])),*(?P<rest>[^,路街巷].*)$"
)
_DISTRICT_FIRST = "^(?P<where>[^0-9a-z#-]*?[市州盟],*[^0-9a-z#,-]{1,4}?[东西南北]区),*(?P<rest>[^,路街巷].*)$"
_ROAD_FIRST = (
    # 号楼, 号院 and 号房 are counters of their own. A bare number is a room where it has at least three digits.
    f"^{_ROAD}(?:(?P<estate>[^0-9a-z,#楼院房-]{_WORD}+)?{_DOOR}"
    f"|(?P<room__>{_NUMBER}){_ROOM}|(?P<room___>[0-9]{{3,5}}))?$"
)
_VILLAGE = f"^(?P<village>{_WORD}+)(?P<road_number>{_NUMBER})组(?P<farm>{_NUMBER})号$"
_NO_ROAD = f"^(?P<estate>{_WORD}{{2,}}){_DOOR}$"
_ROAD_LAST = (
    f"^(?:(?P<estate>{_WORD}{{2,}})(?P<block>{_NUMBER}){_BLOCK}(?:(?P<unit>{_NUMBER})单元)?)?"
    f"(?:(?P<room>{_NUMBER}){_ROOM})?,{_ROAD}$"
)
_WHERE = "(?P<where>[^0-9a-z#-]+)"
_DIVISION_LAST = (
    f"^(?:(?P<room>{_NUMBER}){_ROOM},)?(?:(?P<unit>{_NUMBER})单元,)?(?:(?P<block>{_NUMBER}){_BLOCK},)?"
    f"(?:(?P<estate>{_WORD}{{2,}}),)?(?:{_ROAD},)?{_WHERE}$"
)
_ROAD_ALONE = f"^{_ROAD},{_WHERE}$"
_VILLAGE_ALONE = f"^(?P<village>{_WORD}+)(?P<road_number>{_NUMBER})组(?P<farm>{_NUMBER})号,{_WHERE}$"
_NEAR_DIVISION = "^[^0-9,路街巷道]{1,14}[市区县旗州]"
_NEAR_STREET = "^(?:[东西南北中][一二三四五六]?|[一二三四五六新老大])?(?:路|大?街|大道|道|巷|弄|胡同)|^[,-]"

_Parts = dict[str, pa.Array]

_remembered = functools.lru_cache(maxsize=20_000)
"""For words that stand in thousands of addresses, in this table and in the next."""


def columns(addresses: pa.Array) -> tuple[_Parts, pa.Array]:
    """The columns of `PARTS`, and which of the addresses have a common form; the others have no parts here.

    Args:
        addresses: Distinct addresses, cleaned by `text.column`, no nulls.

    >>> read, known = columns(pa.array(["杭州西湖区文三路138号翠苑小区3幢501室", "文三路边上"]))
    >>> known.to_pylist(), [read[name][0].as_py() for name in ("city", "road", "road_number", "building", "room")]
    ([True, False], ['杭州市', '文三路', '138', '翠苑小区3', '501'])
    """
    folded = _folded(addresses)
    rows = pa.record_batch({"row": np.arange(len(folded)), "words": folded}).filter(pc.is_valid(folded))
    begun, others = _begun(rows)
    done = []
    for pattern in (_ROAD_FIRST, _VILLAGE, _NO_ROAD, _ROAD_LAST):
        read, begun = _read(begun, pattern, estate_first=pattern in (_NO_ROAD, _ROAD_LAST))
        done.append(read)
    numbered = pc.match_substring_regex(others["words"], "^[0-9]")
    # Words with which no name of a division begins cannot hide one before the road.
    worded = pc.invert(pc.or_(numbered, pc.is_in(_start(others["words"], 2), value_set=_beginnings())))
    for pattern, fits in ((_DIVISION_LAST, numbered), (_ROAD_ALONE, worded), (_VILLAGE_ALONE, worded)):
        read, _ = _read(others.filter(fits), pattern, estate_first=pattern == _DIVISION_LAST)
        done.append(read)
    return _in_place(pa.concat_batches(done), len(addresses))


def _in_place(read: pa.RecordBatch, size: int) -> tuple[_Parts, pa.Array]:
    """What was read of some of so many rows, each in its row; and which rows those are."""
    place = np.full(size, -1)
    place[read["row"].to_numpy()] = np.arange(read.num_rows)
    known = place >= 0
    chosen = pa.array(place, mask=~known)
    return {name: read[name].take(chosen) for name in PARTS.names}, pa.array(known)


def _folded(addresses: pa.Array) -> pa.Array:
    """The addresses as `chinese.fold` folds them; null for one that wants more than kernels do."""
    odd = pc.or_(pc.match_substring_regex(addresses, _SPELT), pc.match_substring_regex(addresses, text.traditional()))
    plain = pc.and_(pc.match_substring_regex(addresses, _PLAIN), pc.invert(odd))
    lower = pc.utf8_lower(pc.if_else(plain, addresses, None))
    return pc.utf8_trim(pc.replace_substring_regex(lower, pattern="[ ,()]+", replacement=","), ",")


def _struct(texts: pa.Array, pattern: str) -> _Parts:
    """The groups of a pattern; null where one took nothing, or where the pattern does not fit."""
    groups = pc.extract_regex(texts, pattern)
    parts = {field.name: pc.struct_field(groups, field.name) for field in groups.type}
    return {name: pc.if_else(pc.equal(pc.binary_length(part), 0), None, part) for name, part in parts.items()}


def _read(rows: pa.RecordBatch, pattern: str, *, estate_first: bool) -> tuple[pa.RecordBatch, pa.RecordBatch]:
    """The rows with the columns of `PARTS` whose division and words are beyond doubt, and the rows that are left.

    Args:
        rows: `row`, `words`, and the division that is already known; else the pattern has it.
        pattern: With a group for each part.
        estate_first: Whether an estate stands where a road may, so that its words are to be looked at.
    """
    parts = _struct(rows["words"], pattern)
    nothing = distinct.nulls(rows.num_rows)

    def first_of(*names: str) -> pa.Array:
        found = [parts[name] for name in names if name in parts]
        return pc.coalesce(*found) if found else nothing

    if "where" in parts:
        division = distinct.spread(parts["where"], _at_end, _DIVISION)
        if not estate_first:  # Behind a city alone, a district that nobody knows may still stand in front.
            division["city"] = pc.if_else(pc.is_valid(division["district"]), division["city"], None)
    else:
        division = {name: rows[name] for name in _DIVISION.names}
    sure = pc.and_(pc.is_valid(division["city"]), pc.is_valid(first_of("road_number", "block")))
    number, estate = first_of("road_number"), first_of("estate")
    road = distinct.mapped(parts["road"], _road) if "road" in parts else nothing
    if "farm" in parts:
        road = distinct.mapped(parts["village"], _village)
        number = pc.binary_join_element_wise(number, parts["farm"], "-")
    sure = pc.and_(sure, pc.equal(pc.is_valid(road), pc.is_valid(number)))
    if estate_first:
        is_estate = distinct.mapped(estate, _is_estate, to=pa.bool_())
        sure = pc.and_(sure, pc.fill_null(is_estate, True))
    found = {
        "row": rows["row"],
        **division,
        "road": road,
        "road_number": number,
        "building": distinct.joined([estate, first_of("block")], ""),
        "unit": first_of("unit", "unit_"),
        "room": first_of("room", "room_", "room__", "room___"),
    }
    return pa.record_batch(found).filter(sure), rows.filter(pc.invert(sure))


_DIVISION = pa.schema({name: pa.string() for name in divisions.Division._fields})
_STARTS = pa.schema({f"start_{place}": pa.string() for place in range(3)})


def _begun(rows: pa.RecordBatch) -> tuple[pa.RecordBatch, pa.RecordBatch]:
    """The rows that begin with a division, with it and the words behind it; and those where another may follow it."""
    done = []
    for cut in (_by_sign(_DIVISION_FIRST), _by_sign(_DISTRICT_FIRST), _by_name):
        where, rest = cut(rows["words"])
        found = distinct.spread(where, _at_start, pa.schema([*_DIVISION, *_STARTS]))
        sure = _is_certain(found, rest)
        begun = {"row": rows["row"], "words": rest, **{name: found[name] for name in _DIVISION.names}}
        done.append(pa.record_batch(begun).filter(sure))
        rows = rows.filter(pc.invert(sure))
    return pa.concat_batches(done), rows


_Cut = Callable[[pa.Array], tuple[pa.Array, pa.Array]]
"""Cuts addresses into the words that may be a division, and the rest."""


def _by_sign(pattern: str) -> _Cut:
    """Cuts behind what ends the name of a division."""

    def cut(addresses: pa.Array) -> tuple[pa.Array, pa.Array]:
        parts = _struct(addresses, pattern)
        return parts["where"], parts["rest"]

    return cut


def _by_name(addresses: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Cuts behind a city's name without an ending: 贵阳工业北路960号."""
    where, rest = distinct.nulls(len(addresses)), distinct.nulls(len(addresses))
    for size, (names, longer) in _short_names().items():
        start, after = _start(addresses, size), pc.utf8_slice_codeunits(addresses, size)
        fits = pc.and_(
            pc.is_in(start, value_set=names), pc.invert(pc.is_in(_start(addresses, size + 1), value_set=longer))
        )
        fits = pc.and_(fits, pc.invert(pc.match_substring_regex(after, _NEAR_STREET)))
        where, rest = pc.if_else(fits, start, where), pc.if_else(fits, after, rest)
    return where, rest


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


def _is_certain(found: _Parts, rest: pa.Array) -> pa.Array:
    """Where a division was found behind which no other can follow."""
    next_ = _start(rest, 2)
    repeated = functools.reduce(pc.or_, (pc.fill_null(pc.equal(next_, found[name]), False) for name in _STARTS.names))
    # Behind a city a district may follow: one of its own, or by its sign one that we do not know.
    followed = pc.or_(
        pc.is_in(pc.binary_join_element_wise(found["province"], found["city"], next_, ""), value_set=_continuations()),
        pc.fill_null(pc.match_substring_regex(rest, _NEAR_DIVISION), False),
    )
    doubtful = pc.or_(repeated, pc.and_(pc.is_null(found["district"]), followed))
    return pc.and_(pc.is_valid(found["city"]), pc.invert(doubtful))


@functools.cache
def _continuations() -> pa.Array:
    return pa.array(sorted(divisions.continuations()))


@functools.cache
def _beginnings() -> pa.Array:
    return pa.array(sorted(divisions.beginnings()))


@_remembered
def _at_start(words: str) -> tuple[str | None, ...]:
    """The division that words are, and with which two characters its own names and those above it begin."""
    found = divisions.whole(words) or divisions.short_cities().get(words)
    return (*found, *(name and name[:2] for name in found)) if found else (None,) * 6


@_remembered
def _at_end(words: str) -> tuple[str | None, ...]:
    return divisions.backwards(words) or divisions.NOWHERE


@_remembered
def _road(words: str) -> str | None:
    """The road that words before a number with 号 are; None where they are more than that."""
    return _at_road(words, sign="号")


@_remembered
def _village(words: str) -> str | None:
    """The village that words before a number with 组 are; None where they are more than that."""
    return _at_road(words, sign="组")


def _at_road(words: str, *, sign: str) -> str | None:
    draft = chinese.Draft()
    draft.read_words(words, sign=sign, last=False)
    return draft.road if draft.at_road and not draft.estate else None


@_remembered
def _is_estate(words: str) -> bool:
    """Whether words tell of an estate and nothing else, be it that a number follows or that none does."""
    if words.startswith("中国") or words[:2] in divisions.beginnings():
        return False
    drafts = [chinese.Draft(), chinese.Draft()]
    drafts[0].read_words(words, sign="幢", last=False)
    drafts[1].read_words(words, sign="", last=True)
    return all(draft.estate == words and draft.road is None for draft in drafts)
