"""GB18030 as nearly all files hold it, ASCII and pairs of bytes, proved right without making text of it.

A character of two bytes begins with a high byte (from 0x80 on) and ends with a high or a low one. So in a run of high
bytes every other one begins a character, and where their number is odd, the low byte behind them ends the last. Rare
characters have four bytes, in turns high ones and digits.
"""

from collections.abc import Iterator

import numpy as np

_RARE = 1000
"""Of more such characters in one text a decoder tells in less time."""


def whole(data: bytes) -> int | None:
    r"""How many of the bytes are whole characters; all, or all but the first half of the last.

    None where one is no character, and where it is not soon told whether it is: then a decoder must look.

    >>> [whole(text) for text in ("a张\n".encode("gb18030"), b"a\xd5", b"\x81\n", "😀".encode("gb18030"), b"\xff")]
    [4, 1, None, 4, None]
    """
    if b"\xff" in data:
        return None
    signs = np.frombuffer(data, np.uint8)
    edges = np.flatnonzero(np.diff(signs >= 0x80, prepend=False, append=False))
    begins, ends = edges[::2], edges[1::2]
    odd = np.flatnonzero((ends - begins) & 1)
    half = bool(len(odd)) and bool(ends[odd[-1]] == len(signs))
    odd = odd[: len(odd) - half]
    behind = signs[ends[odd]]
    digit = (behind >= ord("0")) & (behind <= ord("9"))
    if (((behind < 0x40) & ~digit) | (behind == 0x7F)).any() or np.count_nonzero(digit) > 2 * _RARE:
        return None
    # 0x80 may end a character, and begins none.
    if b"\x80" in data:
        at = np.flatnonzero(signs == 0x80)
        if ((at - begins[np.searchsorted(begins, at, side="right") - 1]) % 2 == 0).any():
            return None
    return len(data) - half if all(_are_characters(data, ends[odd[digit]].tolist())) else None


def _are_characters(data: bytes, digits: list[int]) -> Iterator[bool]:
    """Whether the digits behind high bytes are the second and the fourth bytes of characters."""
    for second, fourth in zip(digits[::2], [*digits[1::2], -1], strict=False):
        four = data[second - 1 : second + 3]
        try:
            yield fourth == second + 2 and len(four.decode("gb18030")) == 1
        except UnicodeDecodeError:
            yield False
