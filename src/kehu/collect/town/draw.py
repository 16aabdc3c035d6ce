"""Drawing many values at once, and putting them into columns of text."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Numbers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


def weighted(rng: np.random.Generator, weights: Sequence[float], size: int) -> Numbers:
    """Indexes into the weights, each as often as its weight says."""
    edges = np.cumsum(np.asarray(weights, dtype=np.float64))
    rows: Numbers = np.searchsorted(edges, rng.random(size) * edges[-1], side="right").astype(np.int64)
    return rows


def words(
    rng: np.random.Generator, choices: str | Sequence[str], size: int, weights: Sequence[float] | None = None
) -> pa.Array:
    """A column of words, evenly or by weight; choices are a list, or one text with blanks between."""
    choices = choices.split() if isinstance(choices, str) else choices
    which = rng.integers(len(choices), size=size) if weights is None else weighted(rng, weights, size)
    return pa.array(choices, pa.string()).take(pa.array(which))


def hits(rng: np.random.Generator, rate: float, size: int) -> Mask:
    """True for about `rate` of the rows."""
    return rng.random(size) < rate


def distinct(size: int, draws: Callable[[int], Numbers], *, taken: Numbers | None = None) -> Numbers:
    """Numbers of which no two are the same, by drawing the repeated ones again.

    Args:
        size: How many numbers.
        draws: Draws that many numbers, possibly repeated, from a range much larger than `size`.
        taken: Numbers that must not come out.
    """
    known = np.empty(0, dtype=np.int64) if taken is None else taken
    numbers = draws(size)
    while True:
        _, first = np.unique(numbers, return_index=True)
        again = np.ones(size, dtype=np.bool_)
        again[first] = False
        again |= np.isin(numbers, known)
        if not again.any():
            return numbers
        numbers[again] = draws(int(again.sum()))


def glue(*parts: pa.Array | str, separator: str = "") -> pa.Array:
    """The parts of every row joined into one text; null where a part is null."""
    return pc.binary_join_element_wise(*parts, separator)


def padded(numbers: Numbers, width: int) -> pa.Array:
    """Numbers as text, with zeros in front."""
    return pc.utf8_lpad(pa.array(numbers).cast(pa.string()), width, padding="0")


def patched(column: pa.Array, where: Mask, values: pa.Array) -> pa.Array:
    """The column with the values put in, in order, where the mask is true."""
    return pc.replace_with_mask(column, pa.array(where), values)


def picked(where: Mask, then: pa.Array, otherwise: pa.Array) -> pa.Array:
    """Row by row one of two columns."""
    return pc.if_else(pa.array(where), then, otherwise)


def absent(column: pa.Array, where: Mask) -> pa.Array:
    """The column with nulls where the mask is true."""
    return pc.if_else(pa.array(where), pa.scalar(None, pa.string()), column)


def mixed(which: Numbers, columns: Sequence[pa.Array]) -> pa.Array:
    """Row by row the value of one of the columns.

    >>> mixed(np.array([1, 0]), [pa.array(["a", "b"]), pa.array(["c", "d"])]).to_pylist()
    ['c', 'b']
    """
    return pa.concat_arrays(columns).take(pa.array(which * len(which) + np.arange(len(which))))


def same(word: str | None, size: int) -> pa.Array:
    """A column of one word."""
    return pa.array([word], pa.string()).take(pa.array(np.zeros(size, dtype=np.int64)))


def mask(column: pa.Array | pa.ChunkedArray) -> Mask:
    """A column of true and false for numpy; null is false."""
    filled = pc.fill_null(column, False)
    flat = filled.combine_chunks() if isinstance(filled, pa.ChunkedArray) else filled
    values: Mask = flat.to_numpy(zero_copy_only=False)
    return values


def text(numbers: Numbers) -> pa.Array:
    """Numbers as text."""
    return pa.array(numbers).cast(pa.string())
