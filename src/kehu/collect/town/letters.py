"""Slips of the hand, on many texts at once: the texts stand in a matrix of code points, one row a text."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from kehu.collect.town import draw

Letters = npt.NDArray[np.uint32]


def matrix(texts: pa.Array) -> Letters:
    """The code points of the texts; 0 behind the end of a text."""
    rows = np.array(texts.to_pylist(), dtype=np.str_)
    width = rows.dtype.itemsize // 4
    return rows.view(np.uint32).reshape(len(rows), width).copy() if width else np.zeros((len(rows), 1), dtype=np.uint32)


def column(letters: Letters) -> pa.Array:
    """The texts of a matrix."""
    return pa.array(np.ascontiguousarray(letters).view(f"<U{letters.shape[1]}").ravel().tolist(), pa.string())


def confused(rng: np.random.Generator, texts: pa.Array, others: Mapping[str, str]) -> pa.Array:
    """The texts with one character each taken for another, where one of its characters can be.

    >>> confused(np.random.default_rng(1), pa.array(["a1", "11"]), {"a": "b"}).to_pylist()
    ['b1', '11']
    """
    letters = matrix(texts)
    width = max(map(len, others.values()))
    choices, counts = np.zeros((0x11000, width), dtype=np.uint32), np.zeros(0x11000, dtype=np.int64)
    for letter, words in others.items():
        if ord(letter) < len(counts):
            counts[ord(letter)] = len(words)
            choices[ord(letter), : len(words)] = [ord(word) for word in words]
    known = np.where(letters < len(counts), letters, 0)
    rows, places = _one_of(rng, counts[known] > 0)
    found = known[rows, places]
    letters[rows, places] = choices[found, (rng.random(len(rows)) * counts[found]).astype(np.int64)]
    return column(letters)


def slipped(rng: np.random.Generator, texts: pa.Array) -> pa.Array:
    """The texts with one digit each made another digit.

    >>> slipped(np.random.default_rng(1), pa.array(["0"] * 5)).to_pylist().count("0")
    0
    """
    letters = matrix(texts)
    rows, places = _one_of(rng, _digits(letters))
    digit = letters[rows, places] - ord("0")
    letters[rows, places] = (digit + rng.integers(1, 10, size=len(rows))) % 10 + ord("0")
    return column(letters)


def swapped(rng: np.random.Generator, texts: pa.Array) -> pa.Array:
    """The texts with two neighbouring characters each in the wrong order.

    >>> swapped(np.random.default_rng(1), pa.array(["10", "11"])).to_pylist()
    ['01', '11']
    """
    letters = matrix(texts)
    rows, places = _one_of(rng, (letters[:, :-1] != letters[:, 1:]) & (letters[:, 1:] != 0))
    letters[rows, places], letters[rows, places + 1] = letters[rows, places + 1], letters[rows, places]
    return column(letters)


def widened(texts: pa.Array) -> pa.Array:
    """The texts in full-width characters.

    >>> widened(pa.array(["1a"])).to_pylist()
    ['１ａ']
    """
    letters = matrix(texts)
    return column(np.where((letters > 0x20) & (letters < 0x7F), letters + 0xFEE0, letters).astype(np.uint32))


def _digits(letters: Letters) -> draw.Mask:
    return (letters >= ord("0")) & (letters <= ord("9"))


def _one_of(rng: np.random.Generator, possible: draw.Mask) -> tuple[draw.Numbers, draw.Numbers]:
    """A row and a place for every row that has a possible place; one of its places, evenly."""
    chance = np.where(possible, rng.random(possible.shape), -1.0)
    if not chance.size:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    places = chance.argmax(axis=1)
    rows = np.flatnonzero(possible.any(axis=1))
    return rows, places[rows]
