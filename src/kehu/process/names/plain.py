"""Names of two or three Han characters and nothing else but blanks, read as whole columns.

They are by far the most. One that may hold a title, a compound surname, a traditional character or no name at all is
left to `people.clean`.
"""

import functools

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kehu.process import digits, distinct, text
from kehu.process.names import sounds

_FIRST, _LAST = 0x4E00, 0x9FFF
_BYTES = 3  # So many takes each of these characters in UTF-8.


def columns(names: pa.Array, *, unlike: str) -> tuple[dict[str, pa.Array], pa.Array]:
    """The columns of `people.CLEANED`, and which of the names are plain; the others are null here.

    Args:
        names: Names, dirty as they came, no nulls.
        unlike: A pattern of the names that are not plain, though they look so.

    >>> read, known = columns(pa.array(["曾国藩", "单雄", "Ann", "張偉"]), unlike="先生$")
    >>> known.to_pylist(), [part.to_pylist()[0] for part in read.values()]
    ([True, True, False, False], ['曾国藩', '曾国藩', '曾', '国藩', 'zeng guo fan', False])
    """
    others = pc.invert(pc.match_substring_regex(names, "^[一-鿿]{2,3}$"))
    names = pc.replace_with_mask(names, others, _squeezed(names.filter(others)))
    odd = pc.or_(pc.match_substring_regex(names, unlike), pc.match_substring_regex(names, text.traditional()))
    known = pc.fill_null(pc.invert(odd), False)
    plain = pc.if_else(known, names, None)
    return {
        "name": plain,
        "name_match": plain,
        "surname": pc.utf8_slice_codeunits(plain, 0, 1),
        "given_name": pc.utf8_slice_codeunits(plain, 1),
        "name_sound": _sound(plain),
        "name_weak": pc.if_else(known, False, None),
    }, known


def _squeezed(names: pa.Array) -> pa.Array:
    """Names of two or three Han characters without the blanks between them; null for what else stands there."""
    parted = pc.match_substring_regex(names, "^[ \u3000]*[一-鿿](?:[ \u3000]*[一-鿿]){1,2}[ \u3000]*$")
    bare = pc.replace_substring_regex(pc.if_else(parted, names, None), "[ \u3000]+", "")
    # One character three times, parted by blanks, is no name.
    first, second, third = (pc.utf8_slice_codeunits(bare, place, place + 1) for place in range(3))
    return pc.if_else(pc.and_(pc.equal(first, second), pc.equal(second, third)), None, bare)


def _sound(names: pa.Array) -> pa.Array:
    """How plain names sound; null for null."""
    sound = distinct.nulls(len(names))
    of_surname, of_given = _sounds()
    for size in (2, 3):
        where = digits.wide(names, size * _BYTES)
        signs = digits.signs(names, where, size * _BYTES).astype(np.int32)
        codes = (signs[:, 0::3] & 0x0F) << 12 | (signs[:, 1::3] & 0x3F) << 6 | (signs[:, 2::3] & 0x3F)
        first, *others = (pa.array(codes[:, place] - _FIRST) for place in range(size))
        spoken = pc.binary_join_element_wise(of_surname.take(first), *(of_given.take(other) for other in others), " ")
        sound = pc.replace_with_mask(sound, pa.array(where), spoken)
    return sound


@functools.cache
def _sounds() -> tuple[pa.Array, pa.Array]:
    """How each character sounds as a surname and as a part of a given name."""
    spoken = [sounds.of_person(chr(code), chr(code)).split(" ") for code in range(_FIRST, _LAST + 1)]
    surname, given = zip(*spoken, strict=True)
    return pa.array(surname, pa.string()), pa.array(given, pa.string())
