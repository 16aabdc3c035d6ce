"""Terms: what customers are found by, made of their records.

Terms that must be typed whole (phones, the last four digits) stand behind a `=`, out of the way of prefixes;
certificates behind `==`, as keyed hashes that only whoever holds the key can make. E-mails and doors stand behind a
`#`: those who see them masked must not find them by a beginning, letter by letter.
"""

import itertools
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from kehu.model import arrow
from kehu.store.dictionary.ground import LENGTHS

Mask = npt.NDArray[np.bool_]

TERMS = pa.schema([pa.field("term", pa.string(), nullable=False), pa.field("customer_id", pa.int64(), nullable=False)])
"""One row a term that finds a customer."""

NEEDS = ("customer_id", "name", "name_match", "surname", "given_name", "name_sound", "org_core", "id_number",
         "phone", "phone_2", "email", "road", "road_number", "building", "unit", "room")  # fmt: skip
"""The columns that `of` reads: `customer_id` and some of `CLEAN`."""

WHOLE = "="
"""Begins the terms that must be typed whole."""

PRIVATE = "#"
"""Begins the terms that some see masked: they find an e-mail by the whole of it, and a door not at all."""

CERTIFICATE = "=="
"""Stands before certificates; what is typed never begins so."""

LAST = "\U0010ffff"
"""Sorts after every character that a term holds."""

PIECE = 10_000
"""Up to so many terms one thread looks for those that come again."""

LONGEST = LENGTHS["term"]
"""Longer terms are cut: nobody types further."""


HANDFUL = 16
"""The terms of so few records are made one by one."""


def of(records: pa.Table, *, there: Mask | None = None) -> pa.Table:
    """What the customers of these records are found by: `TERMS`, each once; certificates in clear, until `kept`.

    Args:
        records: `customer_id` and the columns of `NEEDS`; one row a record.
        there: By which of them their customers are found already: what these tell is left out, and of few records also
            what the others tell as they do.
    """
    if records.num_rows <= HANDFUL:
        return _of_few(records, there)
    if there is not None:
        records = records.filter(pa.array(~there))
    surname_first = pc.binary_join_element_wise(records.column("surname"), records.column("given_name"), " ")
    latin = pc.is_null(records.column("name_sound"))
    texts = [
        folded(records.column("name")),
        records.column("name_match"),
        pc.if_else(latin, surname_first, pa.scalar(None, pa.string())),
        pc.replace_substring(records.column("name_sound"), " ", ""),
        pc.replace_substring_regex(records.column("name_sound"), r"([^ ])[^ ]* *", r"\1"),
        records.column("org_core"),
        behind_mark(PRIVATE, folded(records.column("email"))),
        behind_mark(PRIVATE, doors(records)),
        behind_mark(CERTIFICATE, folded(records.column("id_number"))),
        *(
            behind_mark(WHOLE, part)
            for name in ("phone", "phone_2")
            for part in (records.column(name), pc.utf8_slice_codeunits(records.column(name), -4))
        ),
    ]
    customer_ids = records.column("customer_id")
    long = pa.table(
        {
            "term": pa.chunked_array([chunk for text in texts for chunk in text.chunks], pa.string()),
            "customer_id": pa.chunked_array(customer_ids.chunks * len(texts), pa.int64()),
        }
    )
    long = long.filter(pc.greater(pc.fill_null(pc.utf8_length(long.column("term")), 0), 0))
    long = long.set_column(0, "term", pc.utf8_slice_codeunits(long.column("term"), 0, LONGEST))
    # A few are done before threads have begun.
    each = long.group_by(["term", "customer_id"], use_threads=long.num_rows > PIECE).aggregate([])
    return arrow.typed(each, TERMS)


def _of_few(records: pa.Table, there: Mask | None) -> pa.Table:
    """The same of few records, one by one: they are done before the kernels have begun."""
    rows = zip(*arrow.lists(records.select(NEEDS)), strict=True)
    is_there = itertools.repeat(False, records.num_rows) if there is None else there.tolist()
    told, known = set[_Said](), set[_Said]()
    for row, one in zip(rows, is_there, strict=True):
        (known if one else told).update(_said(*row))
    return in_order(
        {(text[:LONGEST], owner) for kind, owner, *said in told - known for text in _texts(kind, *said) if text}
    )


_Said: TypeAlias = tuple[Any, ...]
"""What of a record makes terms: its kind, whose it is, and the values."""


def _said(
    owner: int,
    name: str | None,
    name_match: str | None,
    surname: str | None,
    given_name: str | None,
    name_sound: str | None,
    org_core: str | None,
    id_number: str | None,
    phone: str | None,
    phone_2: str | None,
    email: str | None,
    *door: str | None,
) -> tuple[_Said, ...]:
    """What one record says."""
    return (
        ("name", owner, name),
        ("match", owner, name_match),
        ("latin", owner, surname, given_name) if name_sound is None else ("sound", owner, name_sound),
        ("match", owner, org_core),
        ("certificate", owner, id_number),
        ("phone", owner, phone),
        ("phone", owner, phone_2),
        ("email", owner, email),
        ("door", owner, *door),
    )


def _texts(kind: str, value: str | None, *more: str | None) -> Iterator[str]:
    """The terms of what a record says."""
    if value is None:
        return
    match kind:
        case "name":
            yield _folded(value)
        case "match":
            yield value
        case "sound":
            yield value.replace(" ", "")
            yield _INITIAL.sub(r"\1", value)
        case "latin" if more[0] is not None:
            yield f"{value} {more[0]}"
        case "certificate":
            yield CERTIFICATE + _folded(value)
        case "phone":
            yield WHOLE + value
            yield WHOLE + value[-4:]
        case "email":
            yield PRIVATE + _folded(value)
        case "door" if (door := _door(value, *more)) is not None:
            yield PRIVATE + door


_INITIAL = re.compile("([^ ])[^ ]* *")
_PLAIN = re.compile("[ -~一-鿿]*")
"""Texts whose folded form Python and Arrow agree upon, whatever Unicode each knows."""


def _folded(text: str) -> str:
    if _PLAIN.fullmatch(text):
        return text.lower().strip()
    told: str = folded(pa.chunked_array([[text]], pa.string()))[0].as_py()
    return told


def _door(road: str | None, number: str | None, building: str | None, unit: str | None, room: str | None) -> str | None:
    """As `doors`, of one record."""
    if road is None or number is None:
        return None
    rest = f"{building or ''}-{unit or ''}-{room or ''}".strip("-")
    if _HAN.search(road):
        return _folded(f"{road}{number}号{rest}")
    if not _PLAIN.fullmatch(road):
        one = {"road": road, "road_number": number, "building": building, "unit": unit, "room": room}
        told: str = doors(pa.Table.from_pylist([one], schema=_DOOR))[0].as_py()
        return told
    return _folded(f"{number} {f'{road} {rest}'.rstrip(' ')}")


_HAN = re.compile("[一-鿿]")
_DOOR = pa.schema([(name, pa.string()) for name in ("road", "road_number", "building", "unit", "room")])


def doors(records: pa.Table) -> pa.ChunkedArray:
    """The door of each record as it is typed: 文三路138号3-2-501, 12 stanley street; null without a house number."""
    road, number = records.column("road"), records.column("road_number")
    inside = [pc.fill_null(records.column(name), "") for name in ("building", "unit", "room")]
    rest = pc.utf8_trim(pc.binary_join_element_wise(*inside, "-"), characters="-")
    han = pc.match_substring_regex(road, r"\p{Han}")
    return folded(
        pc.if_else(
            han,
            pc.binary_join_element_wise(road, number, pc.binary_join_element_wise("号", rest, ""), ""),
            pc.binary_join_element_wise(number, pc.utf8_rtrim(pc.binary_join_element_wise(road, rest, " "), " "), " "),
        )
    )


def kept(terms: pa.Table, finder: Callable[[Sequence[str]], list[str]]) -> pa.Table:
    """`TERMS` as the store holds them: in their order, certificates as their keyed hashes, which a finder makes."""
    if terms.num_rows <= FEW:
        texts, whose = arrow.lists(terms)
        certificates = [text for text in texts if text.startswith(CERTIFICATE)]
        coded = dict(zip(certificates, finder([text.removeprefix(CERTIFICATE) for text in certificates]), strict=True))
        texts = [CERTIFICATE + coded[text] if text in coded else text for text in texts]
        return in_order(list(zip(texts, whose, strict=True)))
    texts = terms.column("term").combine_chunks()
    of_certificate = np.asarray(pc.starts_with(texts, CERTIFICATE))
    if of_certificate.any():
        coded = pc.utf8_slice_codeunits(texts.filter(pa.array(of_certificate)), len(CERTIFICATE)).dictionary_encode()
        hashed = pa.array([CERTIFICATE + one for one in finder(coded.dictionary.to_pylist())], pa.string())
        texts = pc.replace_with_mask(texts, pa.array(of_certificate), hashed.take(coded.indices))
        terms = terms.set_column(terms.schema.get_field_index("term"), TERMS.field("term"), texts)
    return terms.sort_by([(name, "ascending") for name in TERMS.names])


def of_certificates(held: pa.Table) -> pa.Table:
    """What customers are found by who have these certificates: `TERMS`, each once, in clear until `kept`.

    Args:
        held: The number of a certificate and a `customer_id` that has it.
    """
    terms = held.set_column(0, "term", behind_mark(CERTIFICATE, folded(held.column(0))))
    return arrow.typed(terms.group_by(TERMS.names).aggregate([]), TERMS)


def in_order(told: Collection[tuple[str, int]]) -> pa.Table:
    """Few `TERMS` in their order."""
    if not told:
        return arrow.empty(TERMS)
    columns = zip(*sorted(told), strict=True)
    return pa.table(list(map(pa.array, columns, TERMS.types)), schema=TERMS)


FEW = 500
"""So few terms are looked at one by one."""


def behind_mark(mark: str, values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Texts behind a mark; null for null."""
    return pc.binary_join_element_wise(mark, values, "")


def folded(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Texts as `find` folds what is typed."""
    return pc.utf8_trim_whitespace(pc.utf8_lower(pc.utf8_normalize(values, form="NFKC")))
