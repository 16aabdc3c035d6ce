"""Which letters spell a name, whatever their order: 王小明 and Xiaoming Wang have the same."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

LONGEST = 64
"""Names of more letters are few, and are looked at one by one."""


def of(name: str) -> str:
    """The letters of a name in alphabetical order, without its blanks.

    >>> of("wang xiao ming"), of("é a")
    ('aaggiimnnowx', 'aé')
    """
    return "".join(sorted(name.replace(" ", "")))


def letters(names: pa.Array) -> pa.Array:
    """The same of many.

    >>> letters(pa.array(["wang xiao ming", "xiaoming wang", "é a"])).to_pylist()
    ['aaggiimnnowx', 'aaggiimnnowx', 'aé']
    """
    bare = pc.replace_substring(names, " ", "")
    sizes = pc.binary_length(bare)
    odd = pc.or_(pc.not_equal(sizes, pc.utf8_length(bare)), pc.greater(sizes, LONGEST))
    others = pa.array([of(name) for name in bare.filter(odd).to_pylist()], pa.string())
    return pc.replace_with_mask(_sorted(pc.if_else(odd, "", bare)), odd, others)


def _sorted(names: pa.Array) -> pa.Array:
    """Each ASCII text with its signs in order: all texts are sorted at once, as the rows of a rectangle."""
    if not len(names):
        return names
    _, offsets, data = names.buffers()
    ends = np.frombuffer(offsets, np.int32, len(names) + 1)
    rows = np.zeros((len(names), LONGEST), np.uint8)
    rows[np.arange(LONGEST) < np.diff(ends)[:, None]] = np.frombuffer(data or b"", np.uint8, int(ends[-1]))
    rows.sort(axis=1)
    return pa.StringArray.from_buffers(len(names), offsets, pa.py_buffer(rows[rows > 0]))
