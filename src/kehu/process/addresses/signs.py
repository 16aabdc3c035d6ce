"""Many Chinese addresses as one row of characters, folded as `chinese.fold` folds them.

What is asked of an address is then a comparison of numbers for all of them at once, and a part of one is cut out by
where it begins and ends.
"""

import functools

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from kehu.process import text

Places = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

WORD, DIGIT, COMMA, DASH, HASH = 1, 2, 4, 8, 16
"""What a character is."""
ENDING, QUARTER, NO_QUARTER, DIVIDES, STREET, WAY = 32, 64, 128, 256, 512, 1024
"""What else a Han character may be: what ends the name of a division and what does not, and what that of a street."""
_NUMERAL, _COUNTER = 2048, 4096

_SPOKEN = {
    ENDING: "市县旗盟州",
    QUARTER: "区",
    NO_QUARTER: "小南北东西社园校厂院期",
    DIVIDES: "市区县旗州",
    STREET: "路街巷",
    WAY: "道",
    _NUMERAL: "零一二三四五六七八九十百两甲乙丙丁",
    _COUNTER: "号幢栋单室层弄座楼组",
}
_FIRST_HAN, _LAST_HAN = 0x4E00, 0x9FFF
_HAN_BYTES = 3


@functools.cache
def _kinds() -> npt.NDArray[np.uint16]:
    """What each character is, by its code; 0 for those that want more than this."""
    kinds = np.zeros(1 << 16, np.uint16)
    kinds[_FIRST_HAN : _LAST_HAN + 1] = WORD
    kinds[[ord(sign) for sign in text.traditional()[1:-1]]] = 0
    for kind, signs in {DIGIT: "0123456789", COMMA: " ,()", DASH: "-", HASH: "#"}.items():
        kinds[[ord(sign) for sign in signs]] = kind
    for kind, signs in _SPOKEN.items():
        kinds[[ord(sign) for sign in signs]] |= kind
    return kinds


class Signs:
    """The characters of addresses, one address behind the other.

    Args:
        addresses: Cleaned by `text.column`, no nulls.
    """

    def __init__(self, addresses: pa.Array) -> None:
        written = _written(addresses)
        codes = np.frombuffer(written.decode().encode("utf-32-le"), np.uint32)
        sizes = pc.utf8_length(addresses).to_numpy().astype(np.int64)
        kinds = _kinds()[np.minimum(codes, 0xFFFF)]
        ends = np.cumsum(sizes)
        starts = ends - sizes
        if (doubled := (kinds[1:] == COMMA) & (kinds[:-1] == COMMA)).any():
            kept = np.append(True, ~doubled)
            kept[starts] = True
            codes, kinds = codes[kept], kinds[kept]
            written = codes.tobytes().decode("utf-32-le").encode()
            counted = np.append(0, np.cumsum(kept))
            starts, ends = counted[starts], counted[ends]
        letters = np.frombuffer(bytearray(written), np.uint8)
        begins = np.flatnonzero((letters & 0xC0) != 0x80)
        letters[begins[kinds == COMMA]] = ord(",")
        self._codes = np.append(codes, np.zeros(2, np.uint32))
        self.kinds = kinds
        """What each is."""
        self.starts, self.ends = self._trimmed(starts, ends)
        """Where each address begins and ends; one that is not plain ends where it begins."""
        self._written = pa.py_buffer(letters)
        self._bytes = np.append(begins, len(letters)).astype(np.int32)
        self._found: dict[int, Places] = {}

    def _trimmed(self, starts: Places, ends: Places) -> tuple[Places, Places]:
        """The addresses without a comma at either end; those that want more than this are empty."""
        odd = np.flatnonzero(self.kinds == 0)
        # Numbers that are spelt out before a counter.
        spelt = np.flatnonzero((self.kinds[:-1] & _NUMERAL != 0) & (self.kinds[1:] & _COUNTER != 0))
        kinds = np.append(self.kinds, 0)
        starts = starts + (kinds[starts] == COMMA)
        ends = np.maximum(ends - (kinds[ends - 1] == COMMA), starts)
        ends = ends.copy()
        for places in (odd, spelt):
            rows = np.searchsorted(starts, places, side="right") - 1
            ends[rows] = starts[rows]
        return starts, ends

    def between(self, starts: Places, ends: Places) -> pa.Array:
        """The texts from one place to another; they follow each other and do not overlap."""
        offsets = self._bytes[np.column_stack([starts, ends]).ravel()]
        # Every other one is what stands between two of them.
        whole = pa.StringArray.from_buffers(max(len(offsets) - 1, 0), pa.py_buffer(offsets), self._written)
        return whole.take(pa.array(np.arange(0, len(offsets), 2)))

    def pairs(self, starts: Places, ends: Places) -> Places:
        """The first two characters of each text as one number, as `pair` gives it; 0 where it has fewer."""
        first, second = (self._codes[starts + step].astype(np.int64) for step in (0, 1))
        return np.where(ends - starts > 1, first << 16 | second, 0)

    def of_kind(self, kind: int) -> Places:
        """Where the characters of a kind stand; behind all of them one more."""
        if kind not in self._found:
            self._found[kind] = np.append(np.flatnonzero((self.kinds & kind) != 0), len(self.kinds))
        return self._found[kind]

    def next_of(self, kind: int, at: Places) -> Places:
        """From each of these places on, where the first character of a kind stands; behind all where none does."""
        found = self.of_kind(kind)
        return found[np.searchsorted(found, at)]


def pair(word: str) -> int:
    """The first two characters of a word as one number; 0 where it has fewer.

    >>> pair("杭州市") == pair("杭州"), pair("市")
    (True, 0)
    """
    return ord(word[0]) << 16 | ord(word[1]) if len(word) > 1 else 0


def _written(texts: pa.Array) -> bytes:
    """All texts, one behind the other."""
    _, offsets, written = texts.buffers()
    first, last = np.frombuffer(offsets, np.int32)[[texts.offset, texts.offset + len(texts)]]
    return bytes(memoryview(written)[first:last]) if written is not None else b""
