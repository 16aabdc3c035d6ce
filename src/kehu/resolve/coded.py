"""Clean records in coded columns, with the derived columns that keys and comparisons read.

Matching works on numbers: each column is dictionary-encoded once, equality is an equality of codes, and what is
derived from a value is derived once per distinct value. Of a handful of records each distinct value is derived by
itself: to begin with a kernel takes longer than to be done with a few values. Whatever has a kernel for many says the
same of one.
"""

import re
from collections.abc import Callable, Sequence, Set
from functools import cached_property
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from kehu.model import records as columns
from kehu.model.codes import IdType, Kind
from kehu.resolve import sounds, spelling

Codes = npt.NDArray[np.int32]
Mask = npt.NDArray[np.bool_]
Kernel = Callable[[pa.Array], pa.Array]
"""Makes of every text of an array another one, or null."""


FEW = 64
"""So few values are looked at one by one: of them Python has made an end before the kernels have begun."""


class Coded:
    """A text column as codes into its distinct values; -1 is null.

    Args:
        codes: One a row.
        distinct: The values, an array of texts; of few a list of them, which no kernel need see.
    """

    def __init__(self, codes: Codes, distinct: pa.Array | list[str]) -> None:
        self.codes = codes
        self._distinct = distinct

    @property
    def few(self) -> list[str] | None:
        """The distinct values where they are few, else None."""
        return self._distinct if isinstance(self._distinct, list) else None

    @cached_property
    def distinct(self) -> pa.Array:
        """The distinct values."""
        return pa.array(self._distinct, pa.string()) if isinstance(self._distinct, list) else self._distinct

    @cached_property
    def values(self) -> list[str]:
        """The distinct values as Python strings."""
        return self._distinct if isinstance(self._distinct, list) else list(self._distinct.to_pylist())

    @cached_property
    def texts(self) -> npt.NDArray[np.object_]:
        """The same in an array, for string distances."""
        return np.array(self.values, dtype=object)

    @property
    def size(self) -> int:
        """How many distinct values there are."""
        return len(self._distinct)

    @cached_property
    def lengths(self) -> npt.NDArray[np.int64]:
        """The length in characters of each distinct value; the last, for code -1, is 0."""
        if self.few is not None:
            return np.array([*map(len, self.few), 0], dtype=np.int64)
        return np.append(pc.utf8_length(self.distinct).to_numpy(zero_copy_only=False).astype(np.int64), 0)

    def __getitem__(self, rows: slice) -> "Coded":
        """Some of the rows, in the same coding."""
        return Coded(self.codes[rows], self._distinct)

    def where(self, holds: Mask) -> "Coded":
        """This column where a condition holds, null elsewhere."""
        return Coded(np.where(holds, self.codes, _NULL), self._distinct)

    def used(self) -> "Coded":
        """This column without the distinct values that no record has any more."""
        held = np.zeros(self.size, dtype=np.bool_)
        held[self.codes[self.codes >= 0]] = True
        place = np.append(np.cumsum(held, dtype=np.int32) - np.int32(1), np.int32(-1))
        return Coded(place[self.codes], self.distinct.filter(pa.array(held)))

    def derive(self, make: Callable[[str], str | None], kernel: Kernel | None = None) -> "Coded":
        """A column made from this one, value by distinct value.

        Args:
            make: Makes one value; what becomes null may be equal to others that do.
            kernel: Makes the same of many values at once.
        """
        if self.few is not None:
            return _coded_one_by_one([make(value) for value in self.few]).take(self.codes)
        if kernel is not None:
            return self.renamed(kernel(self.distinct))
        return self.renamed(pa.array([make(value) for value in self.values], pa.string()))

    def renamed(self, distinct: pa.Array) -> "Coded":
        """This column with other values, one for each distinct value; some may be equal or null."""
        return coded(distinct).take(self.codes)

    def take(self, places: Codes) -> "Coded":
        """The values at these places of this column; null at -1."""
        return Coded(np.concatenate([self.codes, _NULLS])[places], self._distinct)

    def otherwise(self, other: "Coded") -> "Coded":
        """This column, and the other one where this one is null."""
        mine, its = together(self, other)
        return Coded(np.where(mine.codes < 0, its.codes, mine.codes), mine._distinct)  # noqa: SLF001


def coded(column: Any) -> Coded:
    """The codes and the distinct values of a text column, as plain texts or `packed`.

    >>> coded(pa.array(["b", None, "b", "a"])).codes.tolist()
    [0, -1, 0, 1]
    """
    if len(column) <= FEW and pa.types.is_string(column.type):
        return _coded_one_by_one(column.to_pylist())
    whole = column if isinstance(column, pa.ChunkedArray) else pa.chunked_array([column])
    encoded = whole.dictionary_encode().unify_dictionaries()  # Encoded already, it is left as it is.
    if not encoded.num_chunks:
        return Coded(np.zeros(0, dtype=np.int32), pa.array([], pa.string()))
    codes = pa.concat_arrays([chunk.indices for chunk in encoded.chunks]).fill_null(-1)
    return Coded(codes.to_numpy(zero_copy_only=False).astype(np.int32, copy=False), encoded.chunk(0).dictionary)


def _coded_one_by_one(texts: Sequence[str | None]) -> Coded:
    place_of: dict[str, int] = {}
    codes = [-1 if text is None else place_of.setdefault(text, len(place_of)) for text in texts]
    return Coded(np.array(codes, dtype=np.int32), list(place_of))


_NULL = np.int32(-1)
_NULLS = np.full(1, _NULL)


def together(one: Coded, other: Coded) -> tuple[Coded, Coded]:
    """Two columns in one coding, so that equal values have equal codes.

    >>> one, other = together(coded(pa.array(["b", "a"])), coded(pa.array(["a", None])))
    >>> one.codes.tolist(), other.codes.tolist(), one.distinct.to_pylist()
    ([0, 1], [1, -1], ['b', 'a'])
    """
    if one.few is not None and other.few is not None:
        both = _coded_one_by_one(one.few + other.few)
    else:
        both = coded(pa.chunked_array([one.distinct, other.distinct]))
    # A part of that coding has one code for each distinct value of its column.
    return both[: one.size].take(one.codes), both[one.size :].take(other.codes)


UNREAD = ("record_id", "name", "address")
"""Columns for people: nothing is compared by them, and they are half of what a clean record weighs."""

READ = pa.schema([column for column in columns.CLEAN if column.name not in UNREAD])
"""The columns that matching reads."""


def packed(clean: pa.Table) -> pa.Table:
    """Clean records as matching wants them: only what it reads, and texts as codes into their distinct values.

    What `Records` needs of a million records weighs a third so, and several processes can make it.
    """
    return pa.table({
        column.name: clean.column(column.name).dictionary_encode()
        if pa.types.is_string(column.type)
        else clean.column(column.name)
        for column in READ
    })  # fmt: skip


class Records:
    """Clean records (`model.records.CLEAN`) as coded columns.

    Args:
        clean: At least the columns of `READ`, or what `packed` makes of them.
    """

    def __init__(self, clean: pa.Table) -> None:
        if not clean.schema.equals(columns.CLEAN):
            columns.require_columns(_unpacked(clean.schema), READ, what="records to resolve")
        self._clean = clean
        self._coded: dict[str, Coded] = {}
        self._making: dict[str, Lock] = {}

    def __len__(self) -> int:
        return int(self._clean.num_rows)

    def coded(self, name: str) -> Coded:
        """A clean or derived text column as codes; made once."""
        if (made := self._coded.get(name)) is not None:
            return made
        if len(self) <= FEW:  # One thread has made an end of it before another begins.
            self._coded[name] = made = self._made(name)
            return made
        # Comparisons run side by side and want the same columns; who wants others need not wait.
        with self._making.setdefault(name, Lock()):
            if name not in self._coded:
                self._coded[name] = self._made(name)
            return self._coded[name]

    def _made(self, name: str) -> Coded:
        return _DERIVED[name](self) if name in _DERIVED else coded(self._clean.column(name))

    def forget(self, name: str, rows: Mask) -> None:
        """Take what a column says of some records for not known; columns made from it before are left as they are."""
        self._coded[name] = self.coded(name).where(~rows)

    def codes(self, name: str) -> Codes:
        """The codes of a column, one a record."""
        return self.coded(name).codes

    def filled(self, name: str) -> Mask:
        """Where a column holds a value."""
        return self.codes(name) >= 0

    @cached_property
    def individual(self) -> Mask:
        """Records of a person."""
        return self._is("kind", {Kind.INDIVIDUAL})

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
        return self._is("id_type", _CHECKABLE) & self.filled("id_number")

    @cached_property
    def day(self) -> npt.NDArray[np.int32]:
        """The day of the record, counted from 1970; 0 where unknown."""
        moments = self._clean.column("updated_at")
        if len(self) <= FEW:
            told = (chunk.view(pa.int64()).to_pylist() for chunk in moments.chunks)
            return np.array([one // _DAY_US if one else 0 for chunk in told for one in chunk], dtype=np.int32)
        days = pc.fill_null(moments.cast(pa.date32()).cast(pa.int32()), 0)
        return np.asarray(days.to_numpy(), dtype=np.int32)

    @cached_property
    def phone_digits(self) -> npt.NDArray[np.int64]:
        """The first phone as a whole number; 0 where there is none or it is too long."""
        phones = self.coded("phones.first")
        if phones.few is not None:
            return np.array([*map(_whole_number, phones.few), 0], dtype=np.int64)[phones.codes]
        bare = pc.utf8_trim(phones.distinct, "+")
        short = pc.match_substring_regex(bare, "^[0-9]{1,15}$")
        whole = np.append(pc.if_else(short, bare, "0").cast(pa.int64()).to_numpy(), 0)
        return whole[phones.codes]

    @cached_property
    def born(self) -> npt.NDArray[np.int32]:
        """Day of birth as yyyymmdd, stated or else read off the certificate; 0 where unknown."""
        stated, certified = self._clean.column("birth_date"), self._clean.column("id_birth_date")
        if len(self) <= FEW:
            days = (one or other for one, other in zip(stated.to_pylist(), certified.to_pylist(), strict=True))
            return np.array([day.year * 10000 + day.month * 100 + day.day if day else 0 for day in days], np.int32)
        return _yyyymmdd(pc.coalesce(stated, certified))

    def _is(self, name: str, wanted: Set[str]) -> Mask:
        """Where a column holds one of a few values."""
        source = self.coded(name)
        return np.array([value in wanted for value in source.values] + [False])[source.codes]

    def _born(self) -> Coded:
        """The day of birth as text."""
        if len(self) <= FEW:
            return _coded_one_by_one([str(day) if day > 0 else None for day in self.born.tolist()])
        distinct, codes = distinct_of(self.born.astype(np.int64))
        return Coded(codes, pa.array(distinct).cast(pa.string())).where(self.born > 0)

    def _sounds(self, part: int) -> Coded:
        """The sound of the surname (0) or of the given name (1), of Han and of Latin names."""
        sound, surname = self.coded("name_sound"), self.coded("surname")
        letters = self._latin_sounds("surname" if part == 0 else "given_name")
        split = np.append(surname.lengths[:-1], 1)[surname.codes]  # Without a known surname: the first character.
        if sound.few is not None:
            told = zip(sound.codes.tolist(), split.tolist(), self.han.tolist(), strict=True)
            few = [
                sounds.part(sound.few[code], min(length, 7), part) if is_han else None for code, length, is_han in told
            ]
            return _coded_one_by_one(few).otherwise(letters)
        pairs = sound.codes.astype(np.int64) * 8 + np.minimum(split, 7)
        known, back = distinct_of(np.where(self.han, pairs, -1))
        which, split = known // 8, known % 8
        spoken = sounds.parts(sound.distinct.take(pa.array(which, mask=known < 0)), split, part)
        return Coded(back.astype(np.int32), spoken).renamed(spoken).otherwise(letters)

    def _latin_sounds(self, name: str) -> Coded:
        """The sound of the names in a column that are not written in Han characters alone."""
        return self.coded(name).derive(lambda word: None if _HAN.fullmatch(word) else sounds.of_latin(word), _spoken)

    def _letters(self) -> Coded:
        """The Latin letters of a person's name in alphabetical order: 王小明 and Xiaoming Wang have the same."""
        spoken = self.coded("name_sound").where(self.individual)
        # Sorting the signs of a name that is not written in letters takes long: of whoever has a sound it is not asked.
        written = self.coded("name_match").where(self.individual & (spoken.codes < 0))
        people = spoken.used().otherwise(written.used())
        return people.derive(spelling.of, spelling.letters)

    def _surname_letters(self) -> Coded:
        """The surname of a person in Latin letters: that of 王小明 and of Xiaoming Wang is wang."""
        spoken = self.coded("surname_sound").derive(lambda sound: sound.replace(" ", "")).where(self.han)
        return spoken.otherwise(self.coded("surname").where(self.latin))

    def _phones(self, which: int) -> Coded:
        """The first (0) or the second (1) phone, both in one coding, so that they can be compared crosswise."""
        return together(self.coded("phone"), self.coded("phone_2"))[which]


def distinct_of(numbers: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]:
    """The distinct values of an array, and for each place which it is; by hashing, which is faster than sorting."""
    encoded = pa.array(numbers).dictionary_encode()
    return encoded.dictionary.to_numpy(), encoded.indices.to_numpy()


_CHECKABLE = frozenset({IdType.RESIDENT_ID, IdType.USCC})

_DERIVED: dict[str, Callable[[Records], Coded]] = {
    "phones.first": lambda records: records._phones(0),  # noqa: SLF001
    "phones.second": lambda records: records._phones(1),  # noqa: SLF001
    "sex": lambda records: records.coded("gender").otherwise(records.coded("id_gender")),
    "surname_sound": lambda records: records._sounds(0),  # noqa: SLF001
    "given_sound": lambda records: records._sounds(1),  # noqa: SLF001
    "han_surname": lambda records: records.coded("surname").where(records.han),
    "han_given_name": lambda records: records.coded("given_name").where(records.han),
    "latin_surname": lambda records: records.coded("surname").where(records.latin),
    "latin_given_name": lambda records: records.coded("given_name").where(records.latin),
    "latin_surname_sound": lambda records: records.coded("surname_sound").where(records.latin),
    "latin_given_sound": lambda records: records.coded("given_sound").where(records.latin),
    "latin_born": lambda records: records.coded("born").where(records.latin),
    "birth_year": lambda records: records.coded("born").derive(lambda born: born[:-4]),
    "postcode_area": lambda records: records.coded("postcode").derive(_postcode_area),
    "surname_letters": lambda records: records._surname_letters(),  # noqa: SLF001
    "letters": lambda records: records._letters(),  # noqa: SLF001
    "id_body": lambda records: records.coded("id_number").derive(_id_body, _id_bodies),
    "org_sound": lambda records: records.coded("name_sound").where(~records.individual),
    "org_start": lambda records: records.coded("org_core").derive(
        lambda core: core[:2], lambda cores: pc.utf8_slice_codeunits(cores, 0, 2)
    ),
    "born": lambda records: records._born(),  # noqa: SLF001
    "email_local": lambda records: records.coded("email").derive(
        lambda email: email.partition("@")[0], lambda emails: pc.replace_substring_regex(emails, "(?s)@.*", "")
    ),
}
"""How each derived column is made."""


_DAY_US = 86_400_000_000
"""Microseconds of a day."""

_HAN = re.compile("[一-鿿]*")


def _spoken(names: pa.Array) -> pa.Array:
    """The sound of those names that are not written in Han characters alone; null of the others."""
    latin = pc.match_substring_regex(names, "[^一-鿿]")
    spoken = pa.array([sounds.of_latin(word) for word in names.filter(latin).to_pylist()], pa.string())
    return pc.replace_with_mask(pa.nulls(len(names), pa.string()), latin, spoken)


def _whole_number(phone: str) -> int:
    """A phone as a whole number; 0 where it is none or too long.

    >>> _whole_number("+8613912345678"), _whole_number("139a")
    (8613912345678, 0)
    """
    bare = phone.strip("+")
    return int(bare) if len(bare) <= 15 and bare.isascii() and bare.isdigit() else 0


def _id_body(number: str) -> str:
    """A certificate without its check digit: that is where a slip or a missing x does no harm."""
    return number[:17] if len(number) == 18 else number


def _id_bodies(numbers: pa.Array) -> pa.Array:
    """The same of many."""
    return pc.if_else(pc.equal(pc.utf8_length(numbers), 18), pc.utf8_slice_codeunits(numbers, 0, 17), numbers)


def _postcode_area(postcode: str) -> str | None:
    """The part of a postcode that names a district or a town.

    >>> _postcode_area("tq138df"), _postcode_area("100081"), _postcode_area("2000")
    ('tq13', '1000', '20')
    """
    bare = postcode.replace(" ", "")
    outer = bare[:-2] if bare.isdigit() else bare[:-3]
    return outer if len(outer) >= 2 else None


def _unpacked(found: pa.Schema) -> pa.Schema:
    """Columns with their texts as texts."""
    return pa.schema([pa.field(f.name, f.type.value_type if pa.types.is_dictionary(f.type) else f.type) for f in found])


def _mask(column: Any) -> Mask:
    if len(column) <= FEW:
        return np.array([told is True for told in column.to_pylist()], dtype=np.bool_)
    return np.asarray(pc.fill_null(column, False).to_numpy(), dtype=np.bool_)


def _yyyymmdd(dates: Any) -> npt.NDArray[np.int32]:
    year_month = pc.add(pc.multiply(pc.year(dates), 10000), pc.multiply(pc.month(dates), 100))
    return np.asarray(pc.fill_null(pc.add(year_month, pc.day(dates)), 0).to_numpy(), dtype=np.int32)
