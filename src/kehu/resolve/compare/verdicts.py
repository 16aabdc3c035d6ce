"""Questions about two values with yes or no for an answer, asked of many pairs at once.

Each takes the texts of both sides and says of every pair whether it holds. Asked one by one, Python would hold up the
threads that compare beside it.
"""

import functools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from rapidfuzz import process
from rapidfuzz.distance import OSA, LCSseq

from kehu.model import glyphs, nicknames
from kehu.resolve.coded import Mask

Texts = npt.NDArray[np.object_]
Signs = npt.NDArray[np.uint32]
Verdict = Callable[[Texts, Texts], Mask]


def look_alike(a: Texts, b: Texts) -> Mask:
    """Whether two names of one length differ in one character, and the two look alike.

    >>> look_alike(np.array(["未红", "末红", "未红"]), np.array(["末红", "味蓝", "红未"])).tolist()
    [True, False, False]
    """
    return _confused(a, b, _pairs(glyphs.look_alikes))


def sound_alike(a: Texts, b: Texts) -> Mask:
    """Whether two names of one length differ in one character, and the two have a reading in common.

    How a name sounds is told by the likeliest reading of each character; 乐 is le, and yue as well.

    >>> sound_alike(np.array(["张乐", "张乐", "张乐"]), np.array(["张悦", "张勒", "张红"])).tolist()
    [True, True, False]
    """
    return _confused(a, b, _pairs(glyphs.homophones))


def _confused(a: Texts, b: Texts, known: npt.NDArray[np.uint64]) -> Mask:
    """Whether two names of one length differ in one character, and the two are among those known."""
    x, y = _signs(a, b)
    differ = x != y
    out: Mask = differ.sum(axis=1) == 1
    rows, place = np.flatnonzero(out), differ[out].argmax(axis=1)
    asked = x[rows, place].astype(np.uint64) << np.uint64(32) | y[rows, place]
    out[rows] = known[np.minimum(np.searchsorted(known, asked), len(known) - 1)] == asked
    return out


def turned(a: Texts, b: Texts) -> Mask:
    """Whether two names hold the same characters in another order: 娜李 for 李娜.

    >>> turned(np.array(["王小明", "王小明"]), np.array(["小明王", "王小红"])).tolist()
    [True, False]
    """
    x, y = _signs(a, b)
    return np.asarray((np.sort(x, axis=1) == np.sort(y, axis=1)).all(axis=1))


def shortened(a: Texts, b: Texts) -> Mask:
    """Whether one name starts the other, or is made of its characters in order from the first.

    >>> shortened(np.array(["华信", "华信科技", "信科"]), np.array(["华信科技", "华科", "华信科技"])).tolist()
    [True, True, False]
    """
    begins = np.fromiter((x[:1] == y[:1] for x, y in zip(a, b, strict=True)), np.bool_, count=len(a))
    begins &= _shortest(a, b) >= 2
    begins[begins] = stands_in(a[begins], b[begins])  # Nearly all end before.
    return begins


def stands_in(a: Texts, b: Texts) -> Mask:
    """Whether one name is made of characters of the other, in order.

    >>> stands_in(np.array(["蜀达珠宝", "蜀达金店"]), np.array(["兰州蜀达珠宝有限公司"] * 2)).tolist()
    [True, False]
    """
    return np.asarray(process.cpdist(a, b, scorer=LCSseq.similarity, dtype=np.float64) == _shortest(a, b))


def one_slip(a: Texts, b: Texts) -> Mask:
    """Whether two names are a slip apart, or a slip in every five characters.

    >>> one_slip(np.array(["华信科技", "华信"]), np.array(["华信科枝", "华言"])).tolist()
    [True, False]
    """
    shortest = _shortest(a, b)
    slips = process.cpdist(a, b, scorer=OSA.distance, dtype=np.float64)
    return np.asarray((shortest >= 3) & (slips <= np.maximum(1, shortest // 5)))


def nickname(a: Texts, b: Texts) -> Mask:
    """Whether two given names may be one; see `nicknames.are_one`."""
    return _each(nicknames.are_one, a, b)


def initial(a: Texts, b: Texts) -> Mask:
    """Whether one name is the initial of the other.

    >>> initial(np.array(["j", "j m", "jo"]), np.array(["john", "john mary", "john"])).tolist()
    [True, True, False]
    """
    return _each(_initial, a, b)


def part(a: Texts, b: Texts) -> Mask:
    """Whether the words of one name all stand in the other.

    >>> part(np.array(["john", "smith", "john"]), np.array(["john paul", "smith jones", "paul"])).tolist()
    [True, True, False]
    """
    return _each(_part, a, b)


def _initial(a: str, b: str) -> bool:
    if len(a) > len(b):
        a, b = b, a
    if a[1:2] not in {"", " "}:  # Nearly all end here: the shorter name begins with more than an initial.
        return False
    return all(len(x) == 1 and y.startswith(x) for x, y in zip(a.split(" "), b.split(" "), strict=False))


def _part(a: str, b: str) -> bool:
    if " " not in a and " " not in b:
        return a == b
    x, y = set(a.split(" ")), set(b.split(" "))
    return x <= y or y <= x


def _each(verdict: Callable[[str, str], bool], a: Texts, b: Texts) -> Mask:
    return np.fromiter((verdict(x, y) for x, y in zip(a, b, strict=True)), np.bool_, count=len(a))


def _signs(a: Texts, b: Texts) -> tuple[Signs, Signs]:
    """The characters of names of one length, a row a name; behind its end a name has zeros."""
    both: npt.NDArray[Any] = np.concatenate([a, b]).astype(np.str_)
    signs = both.view(np.uint32).reshape(len(both), both.dtype.itemsize // 4)
    return signs[: len(a)], signs[len(a) :]


def _shortest(a: Texts, b: Texts) -> npt.NDArray[np.int64]:
    """The length of the shorter of two texts."""
    return np.fromiter(map(min, map(len, a), map(len, b)), np.int64, count=len(a))


@functools.cache
def _pairs(table: Callable[[], Mapping[str, str]]) -> npt.NDArray[np.uint64]:
    """Every two characters that a table of `glyphs` has for each other, packed into a number, in order."""
    told = [(ord(one) << 32) | ord(other) for one, others in table().items() for other in others]
    return np.unique(np.array(told, dtype=np.uint64))
