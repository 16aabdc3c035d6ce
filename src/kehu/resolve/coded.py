"""Clean records in coded columns, with the derived columns that keys and comparisons read.

Matching works on numbers: each column is dictionary-encoded once, equality is an equality of codes, and what is
derived from a value is derived once per distinct value.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from threading import RLock
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from kehu.model import records as columns
from kehu.model.codes import IdType
from kehu.resolve import sounds

Codes = npt.NDArray[np.int32]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Coded:
    """A text column as codes into its distinct values; -1 is null."""

    codes: Codes
    distinct: pa.Array

    @cached_property
    def texts(self) -> npt.NDArray[np.object_]:
        """The distinct values as Python strings, for string distances."""
        return np.array(self.distinct.to_pylist(), dtype=object)

    @property
    def size(self) -> int:
        """How many distinct values there are."""
        return len(self.distinct)

    @cached_property
    def lengths(self) -> npt.NDArray[np.int64]:
        """The length in characters of each distinct value; the last, for code -1, is 0."""
        return np.append(pc.utf8_length(self.distinct).to_numpy(zero_copy_only=False).astype(np.int64), 0)

    def where(self, holds: Mask) -> "Coded":
        """This column where a condition holds, null elsewhere."""
        return Coded(np.where(holds, self.codes, np.int32(-1)).astype(np.int32), self.distinct)

    def derive(self, make: Callable[[str], str | None]) -> "Coded":
        """A column made from this one, value by distinct value."""
        made = [make(value) for value in self.distinct.to_pylist()]
        of_made = coded(pa.array(made, pa.string()))
        return Coded(np.append(of_made.codes, np.int32(-1))[self.codes], of_made.distinct)


def coded(column: Any) -> Coded:
    """The codes and the distinct values of a text column.

    >>> coded(pa.array(["b", None, "b", "a"])).codes.tolist()
    [0, -1, 0, 1]
    """
    chunks = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
    encoded = pa.concat_arrays(chunks or [pa.array([], pa.string())]).dictionary_encode()
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32, copy=False)
    return Coded(codes, encoded.dictionary)


class Records:
    """Clean records (`model.records.CLEAN`) as coded columns."""

    def __init__(self, clean: pa.Table) -> None:
        columns.require(clean, columns.CLEAN, what="records to resolve")
        self._clean = clean
        self._coded: dict[str, Coded] = {}
        self._making = RLock()

    def __len__(self) -> int:
        return int(self._clean.num_rows)

    def coded(self, name: str) -> Coded:
        """A clean or derived text column as codes; made once."""
        with self._making:  # Comparisons run side by side and want the same columns.
            if name not in self._coded:
                self._coded[name] = _DERIVED[name](self) if name in _DERIVED else coded(self._clean.column(name))
            return self._coded[name]

    def codes(self, name: str) -> Codes:
        """The codes of a column, one a record."""
        return self.coded(name).codes

    def filled(self, name: str) -> Mask:
        """Where a column holds a value."""
        return self.codes(name) >= 0

    @cached_property
    def individual(self) -> Mask:
        """Records of a person."""
        return _mask(pc.equal(self._clean.column("kind"), "individual"))

    @cached_property
    def han(self) -> Mask:
        """Records of a person whose name is written in Han characters: its sounds are known."""
        return self.individual & self.filled("name_sound")

    @cached_property
    def latin(self) -> Mask:
        """Records of a person whose name is not written in Han characters."""
        return self.individual & ~self.han & self.filled("name_match")

    @cached_property
    def weak(self) -> Mask:
        """Records whose name is only a surname and a title, or initials."""
        return _mask(self._clean.column("name_weak"))

    @cached_property
    def certified(self) -> Mask:
        """Records with a certificate whose check digit is right."""
        return _mask(self._clean.column("id_valid"))

    @cached_property
    def checkable(self) -> Mask:
        """Records with a certificate of a type that has a check digit, right or wrong."""
        types = self.coded("id_type")
        with_digit = np.array([name in _CHECKABLE for name in types.distinct.to_pylist()] + [False])
        return with_digit[types.codes] & self.filled("id_number")

    @cached_property
    def phone_digits(self) -> npt.NDArray[np.int64]:
        """The first phone as a whole number; 0 where there is none or it is too long."""
        phones = self.coded("phones.first")
        texts = [digits if len(digits := phone.strip("+")) <= 15 else "0" for phone in phones.distinct.to_pylist()]
        whole = np.array([int(text) if text.isdigit() else 0 for text in texts] + [0], dtype=np.int64)
        return whole[phones.codes]

    @cached_property
    def born(self) -> npt.NDArray[np.int32]:
        """Day of birth as yyyymmdd, stated or else read off the certificate; 0 where unknown."""
        return _yyyymmdd(pc.coalesce(self._clean.column("birth_date"), self._clean.column("id_birth_date")))

    def _sex(self) -> Coded:
        return coded(pc.coalesce(self._clean.column("gender"), self._clean.column("id_gender")))

    def _sounds(self, part: int) -> Coded:
        """The sound of the surname (0) or of the given name (1), of Han and of Latin names."""
        sound, surname = self.coded("name_sound"), self.coded("surname")
        letters = self.coded("surname" if part == 0 else "given_name").derive(sounds.of_latin)
        lengths = np.array([len(text) for text in surname.distinct.to_pylist()], dtype=np.int64)
        split = np.append(lengths, 1)[surname.codes]  # A Han name without a known surname: its first character.
        pairs = sound.codes.astype(np.int64) * 8 + np.minimum(split, 7)
        known, back = np.unique(np.where(self.han, pairs, -1), return_inverse=True)
        syllables = [
            sounds.part(sound.distinct[int(p) // 8].as_py(), int(p) % 8, part) if p >= 0 else None for p in known
        ]
        spoken = pa.array(syllables, pa.string()).take(pa.array(back))
        written = pa.array(letters.codes, mask=letters.codes < 0)
        return coded(pc.coalesce(spoken, letters.distinct.take(written)))

    def _letters(self) -> Coded:
        """The Latin letters of a person's name in alphabetical order: 王小明 and Xiaoming Wang have the same."""
        spelled = pc.coalesce(self._clean.column("name_sound"), self._clean.column("name_match"))
        people = coded(spelled).where(self.individual)
        return people.derive(lambda name: "".join(sorted(name.replace(" ", ""))))

    def _phones(self, which: int) -> Coded:
        """The first (0) or the second (1) phone, both in one coding, so that they can be compared crosswise."""
        columns = [self._clean.column("phone"), self._clean.column("phone_2")]
        both = coded(pa.chunked_array([*columns[0].chunks, *columns[1].chunks], pa.string()))
        return Coded(both.codes[: len(self)] if which == 0 else both.codes[len(self) :], both.distinct)


_CHECKABLE = frozenset({IdType.RESIDENT_ID, IdType.USCC})

_DERIVED: dict[str, Callable[[Records], Coded]] = {
    "phones.first": lambda records: records._phones(0),  # noqa: SLF001
    "phones.second": lambda records: records._phones(1),  # noqa: SLF001
    "sex": lambda records: records._sex(),  # noqa: SLF001
    "surname_sound": lambda records: records._sounds(0),  # noqa: SLF001
    "given_sound": lambda records: records._sounds(1),  # noqa: SLF001
    "han_surname": lambda records: records.coded("surname").where(records.han),
    "han_given_name": lambda records: records.coded("given_name").where(records.han),
    "latin_surname": lambda records: records.coded("surname").where(records.latin),
    "latin_given_name": lambda records: records.coded("given_name").where(records.latin),
    "letters": lambda records: records._letters(),  # noqa: SLF001
    "id_body": lambda records: records.coded("id_number").derive(_id_body),
    "org_sound": lambda records: records.coded("name_sound").where(~records.individual),
    "org_start": lambda records: records.coded("org_core").derive(lambda core: core[:2]),
    "born": lambda records: coded(pa.array(records.born, mask=records.born == 0).cast(pa.string())),
    "email_local": lambda records: records.coded("email").derive(lambda email: email.partition("@")[0]),
}
"""How each derived column is made."""


def _id_body(number: str) -> str:
    """A certificate without its check digit: that is where a slip or a missing x does no harm."""
    return number[:-1] if len(number) == 18 else number


def _mask(column: Any) -> Mask:
    return np.asarray(pc.fill_null(column, False).to_numpy(), dtype=np.bool_)


def _yyyymmdd(dates: Any) -> npt.NDArray[np.int32]:
    year_month = pc.add(pc.multiply(pc.year(dates), 10000), pc.multiply(pc.month(dates), 100))
    return np.asarray(pc.fill_null(pc.add(year_month, pc.day(dates)), 0).to_numpy(), dtype=np.int32)
