"""What stands beside the division of a Chinese address, read for many addresses at once.

Addresses are of few forms: the kinds of their words and numbers, one behind the other. For each form `chinese.Draft`
reads one example, in which every word and number is a sign that tells its slot; kernels then take from every address
what stands in these slots. What words mean, the functions of `chinese` say, once for each distinct word. So nothing is
read otherwise than `chinese.clean` reads it.
"""

import functools
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kehu.process import distinct
from kehu.process.addresses import chinese, divisions
from kehu.process.addresses.signs import COMMA, DASH, DIGIT, Mask, Places, Signs

_Parts = dict[str, pa.Array]

_SLOTS = 16
"""A text of more words, numbers and marks is left out."""
_LONGEST_NUMBER = 5
"""A longer one may be a post code."""
_ROOM_DIGITS = 3

_COUNTERS = ("", *chinese.COUNTERS)
_ROAD_COUNTERS = np.array([counter in chinese.ROAD_SIGNS for counter in _COUNTERS])

_COMMA, _DASH, _SHORT, _LONG, _WORDS = 1, 2, 3, 4, 8
"""What stands in a slot of a form: a mark, a number, or words, with their counter and what they are made of."""
_HAS_ROAD, _HAS_REST, _IS_LONG = 1, 2, 4
"""What words are made of: a road, more than one character behind it, more than one in all."""


def read(signs: Signs, starts: Places, ends: Places, *, whole: Mask) -> tuple[_Parts, Mask]:
    """The road, its number, building, unit and room of many texts, and for which of them they are known.

    Args:
        signs: The characters of addresses.
        starts: Where each text begins.
        ends: Where it ends.
        whole: Whether its district is known; if not, words that stand alone may be one that nobody saw.
    """
    tokens = _Tokens.of(signs, starts, ends)
    words = _Words.of(tokens)
    unread = np.zeros(len(starts), bool)
    unread[tokens.row[tokens.slot >= _SLOTS]] = True
    unread[tokens.row[tokens.is_number & (tokens.sizes > _LONGEST_NUMBER)]] = True
    unread[tokens.row[tokens.is_dash & (tokens.sizes > 1)]] = True
    doubtful = tokens.row[words.divisions]
    unread[doubtful[~whole[doubtful]]] = True
    slots = _slots(tokens, words, len(starts))
    known = ~unread & (slots["read"] > 0)
    return _parts(tokens, words, {name: np.where(known, slot, -1) for name, slot in slots.items()}), known


@dataclass(frozen=True, kw_only=True)
class _Tokens:
    """The words, numbers and marks of texts, one behind the other."""

    texts: pa.Array
    row: Places
    """The text it stands in."""
    slot: Places
    """Where in the text."""
    first: Places
    """For each text where its first stands."""
    sizes: Places
    is_number: Mask
    is_comma: Mask
    is_dash: Mask
    words: Places
    """Where words stand among them."""

    @classmethod
    def of(cls, signs: Signs, starts: Places, ends: Places) -> "_Tokens":
        kinds = signs.kinds & (DIGIT | COMMA | DASH)
        begins = np.ones(len(kinds) + 1, bool)
        begins[1:-1] = kinds[1:] != kinds[:-1]
        begins[starts] = begins[ends] = True
        at = np.flatnonzero(begins)
        row = np.searchsorted(starts, at[:-1], side="right") - 1
        inside = at[:-1] < np.append(ends, 0)[row]  # What stands before the first text ends before it begins.
        begin, end, row = at[:-1][inside], at[1:][inside], row[inside]
        kind = kinds[begin]
        many = np.bincount(row, minlength=len(starts))
        first = np.cumsum(many) - many
        return cls(
            texts=signs.between(begin, end),
            row=row,
            slot=np.arange(len(row)) - first[row],
            first=first,
            sizes=end - begin,
            is_number=kind == DIGIT,
            is_comma=kind == COMMA,
            is_dash=kind == DASH,
            words=np.flatnonzero(kind == 0),
        )

    def beside(self, step: int, which: Mask, *, edge: bool) -> Mask:
        """For each of the words whether before (-1) or behind (1) it stands one of these, or the edge of the text."""
        there = np.clip(self.words + step, 0, len(self.row) - 1)
        is_inside = (self.row[there] == self.row[self.words]) & (there != self.words)
        return np.where(is_inside, which[there], edge)


@dataclass(frozen=True, kw_only=True)
class _Words:
    """What the words among tokens mean."""

    counters: Places
    """For each the counter of the number before it, by its place in `_COUNTERS`."""
    meanings: Places
    """For each the place of what it means."""
    bits: Places
    """What each meaning is made of."""
    roads: pa.Array
    """The road of each meaning; null where it has none."""
    estates: pa.Array
    """The words of each meaning, and behind them all the words behind the roads."""
    divisions: Places
    """The tokens that are words between commas and may be a division."""

    @classmethod
    def of(cls, tokens: _Tokens) -> "_Words":
        encoded = tokens.texts.take(pa.array(tokens.words)).dictionary_encode()
        written, code = encoded.dictionary, encoded.indices.to_numpy()
        looks = _LOOKS.spread(written)
        behind, before = (tokens.beside(step, tokens.is_number, edge=False) for step in (-1, 1))
        alone = tokens.beside(-1, tokens.is_comma, edge=True) & tokens.beside(1, tokens.is_comma, edge=True)
        counters = np.where(behind, looks["counter"].to_numpy()[code], 0)
        ways = code * 8 + behind * 4 + before * 2 + (before & _of_road(tokens, counters))
        is_used = np.zeros(8 * len(written), bool)
        is_used[ways] = True
        used = np.flatnonzero(is_used)
        told = _MEANINGS.spread(pc.binary_join_element_wise(_ways().take(used & 7), written.take(used >> 3), ""))
        return cls(
            counters=counters,
            meanings=(np.cumsum(is_used) - 1)[ways],
            bits=told["bits"].to_numpy(),
            roads=told["road"],
            estates=pa.concat_arrays([told["words"], told["rest"]]),
            divisions=tokens.words[alone & np.asarray(looks["division"])[code]],
        )


@functools.cache
def _ways() -> pa.Array:
    """How words can stand: behind a number (4), before one (2), and that with the counter of a house (1)."""
    return pa.array(list("01234567"))


def _look(words: str) -> tuple[int, bool]:
    """With which counter words begin, and whether they may be a division."""
    return _COUNTERS.index(chinese.counter_of(words)), divisions.are_possible(words)


def _meaning(words: str) -> tuple[int, str | None, str, str]:
    """What words are made of behind their counter, the road in them, what is behind the road, and all of them."""
    way, words = int(words[0]), words[1:]
    if way & 4:
        words = words.removeprefix(chinese.counter_of(words))
    if not words:
        return 0, None, "", ""
    found = chinese.road_in(words, sign="号" if way & 1 else "", last=not way & 2)
    bits = _HAS_ROAD * bool(found.name) + _HAS_REST * (len(found.rest) > 1) + _IS_LONG * (len(words) > 1)
    return bits, found.name, found.rest, words


_LOOKS = distinct.Known(_look, pa.schema([("counter", pa.int64()), ("division", pa.bool_())]))
_MEANINGS = distinct.Known(
    _meaning, pa.schema([("bits", pa.int64()), *((name, pa.string()) for name in ("road", "rest", "words"))])
)


def _of_road(tokens: _Tokens, counters: Places) -> Mask:
    """For each of the words whether the number behind it has the counter of a house in its road."""
    of_road = np.zeros(len(tokens.row) + 1, bool)
    of_road[tokens.words] = _ROAD_COUNTERS[counters]
    others = np.append(np.flatnonzero(~tokens.is_number & ~tokens.is_dash), len(tokens.row))
    following = others[np.searchsorted(others, tokens.words, side="right")]
    is_same = np.append(tokens.row, -1)[following] == tokens.row[tokens.words]
    found: Mask = of_road[following] & is_same
    return found


def _slots(tokens: _Tokens, words: _Words, count: int) -> dict[str, Places]:
    """For each text in which of its slots the parts of its address stand; -1 for those that it has not."""
    kinds = np.select(
        [tokens.is_number, tokens.is_comma, tokens.is_dash],
        [np.where(tokens.sizes < _ROOM_DIGITS, _SHORT, _LONG), _COMMA, _DASH],
        0,
    ).astype(np.uint8)
    kinds[tokens.words] = _WORDS + words.counters * 8 + words.bits[words.meanings]
    forms = np.zeros((count, _SLOTS), np.uint8)
    fits = tokens.slot < _SLOTS
    forms[tokens.row[fits], tokens.slot[fits]] = kinds[fits]
    written = pa.Array.from_buffers(pa.binary(_SLOTS), count, [None, pa.py_buffer(forms)]).dictionary_encode()
    table = np.array([_form(form) for form in written.dictionary.to_pylist()], np.int64).reshape(-1, len(_Form._fields))
    return dict(zip(_Form._fields, table.T[:, written.indices.to_numpy()], strict=True))


class _Form(NamedTuple):
    """In which slots of a form the parts of an address stand."""

    read: bool = False
    """Whether it is a form that is read here."""
    road: int = -1
    road_number: int = -1
    lane_number: int = -1
    """Of a number in two steps, as 595弄3号, the second."""
    words: int = -1
    """The words that are the estate; or `rest`, those behind the road."""
    rest: int = -1
    block: int = -1
    unit: int = -1
    room: int = -1


_ROAD_AT, _REST_AT, _WORDS_AT, _NUMBER_AT = range(0xE000, 0xE400, 0x100)
"""The signs that stand in an example for what stands in a slot; nobody writes them."""


@functools.lru_cache(maxsize=20_000)
def _form(kinds: bytes) -> _Form:
    draft = chinese.Draft()
    kinds = kinds.rstrip(b"\0")
    at = 0
    while at < len(kinds):
        kind = kinds[at]
        if kind == _DASH:
            return _Form()
        if kind in (_SHORT, _LONG):
            numbers = [at]
            while kinds[at + 1 : at + 2] == bytes([_DASH]) and kinds[at + 2 : at + 3] in (b"\x03", b"\x04"):
                at += 2
                numbers.append(at)
            behind = kinds[at + 1] if at + 1 < len(kinds) else 0
            example = "-".join(chr(_NUMBER_AT + slot) * (3 if kinds[slot] == _LONG else 1) for slot in numbers)
            draft.read_number(example, _COUNTERS[(behind - _WORDS) // 8] if behind >= _WORDS else "")
        elif kind >= _WORDS:
            bits = (kind - _WORDS) % 8
            road = chr(_ROAD_AT + at) if bits & _HAS_ROAD else None
            rest = chr(_REST_AT + at) * (2 if bits & _HAS_REST else 1)
            draft.take(chr(_WORDS_AT + at) * (2 if bits & _IS_LONG else 1), chinese.Road(road, rest))
        at += 1
    return _read_off(draft)


def _read_off(draft: chinese.Draft) -> _Form:
    """In which slots of an example its parts stood."""
    house, block, unit, room = (
        [ord(sign[0]) - _NUMBER_AT for sign in part.split("-")] if part else [-1]
        for part in (draft.road_number, draft.block, draft.unit, draft.room)
    )
    if len(house) > 2 or len(block) > 1 or len(unit) > 1 or len(room) > 1:
        return _Form()
    estate = ord(draft.estate[0]) if draft.estate else 0
    return _Form(
        read=True,
        road=ord(draft.road) - _ROAD_AT if draft.road else -1,
        road_number=house[0],
        lane_number=house[1] if len(house) > 1 else -1,
        words=estate - _WORDS_AT if _WORDS_AT <= estate < _NUMBER_AT else -1,
        rest=estate - _REST_AT if _REST_AT <= estate < _WORDS_AT else -1,
        block=block[0],
        unit=unit[0],
        room=room[0],
    )


def _parts(tokens: _Tokens, words: _Words, slots: dict[str, Places]) -> _Parts:
    """What stands in the slots of each text."""
    meaning = np.zeros(len(tokens.row) + 1, np.int64)
    meaning[tokens.words] = words.meanings
    at = {name: np.where(slot < 0, -1, tokens.first + slot) for name, slot in slots.items()}

    def numbers(name: str) -> pa.Array:
        return tokens.texts.take(pa.array(at[name], mask=at[name] < 0))

    in_rest = at["rest"] >= 0
    estate = np.where(in_rest, meaning[at["rest"]] + len(words.bits), meaning[at["words"]])
    estates = words.estates.take(pa.array(estate, mask=~in_rest & (at["words"] < 0)))
    house, lane = numbers("road_number"), numbers("lane_number")
    building = pc.binary_join_element_wise(estates, numbers("block"), "", null_handling="replace")
    return {
        "road": words.roads.take(pa.array(meaning[at["road"]], mask=at["road"] < 0)),
        "road_number": pc.coalesce(pc.binary_join_element_wise(house, lane, "-"), house),
        "building": pc.if_else(pc.equal(pc.binary_length(building), 0), None, building),
        "unit": numbers("unit"),
        "room": numbers("room"),
    }
