"""Finding a customer by what is typed: a name, its pinyin or initials, a phone, a certificate, a number.

Every customer has terms in one sorted table, so a query is one walk along an index, from the first term that starts
with what was typed. Shorter terms stand before longer ones with the same beginning: the closest come first. Terms that
must be typed whole (phones, the last four digits) stand behind a `=`, out of the way of prefixes; certificates behind
`==`, as keyed hashes that only whoever holds the key can make. E-mails and doors stand behind a `#`: those who see them
masked must not find them by a beginning, letter by letter.

The text typed is folded (NFKC, case, blanks) here; traditional characters are to be simplified by the caller, as
`name_match` was.
"""

import functools
import itertools
import re
import unicodedata
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from kehu.model import arrow
from kehu.store import asking, bulk, columns, finding, fingerprints
from kehu.store.database import Transaction
from kehu.store.dictionary.customers import customer, search_term
from kehu.store.dictionary.ground import LENGTHS

Mask = npt.NDArray[np.bool_]

TERMS = pa.schema([pa.field("term", pa.string(), nullable=False), pa.field("customer_id", pa.int64(), nullable=False)])
"""One row a term that finds a customer."""

NEEDS = ("customer_id", "name", "name_match", "surname", "given_name", "name_sound", "org_core", "id_number",
         "phone", "phone_2", "email", "road", "road_number", "building", "unit", "room")  # fmt: skip
"""The columns that `terms` reads: `customer_id` and some of `CLEAN`."""

WHOLE = "="
"""Begins the terms that must be typed whole."""

PRIVATE = "#"
"""Begins the terms that some see masked: they find an e-mail by the whole of it, and a door not at all."""

LAST = "\U0010ffff"
"""Sorts after every character that a term holds."""

CERTIFICATE = "=="
"""Stands before certificates; what is typed never begins so."""

PIECE = 10_000
"""Up to so many terms one thread looks for those that come again."""

LONGEST = LENGTHS["term"]
"""Longer terms are cut: nobody types further."""


@dataclass(frozen=True, kw_only=True)
class Page:
    """Customers found, the closest first."""

    customer_ids: tuple[int, ...]
    """Their numbers."""
    cursor: str | None
    """What to ask for the next page with; None where there is none."""


HANDFUL = 16
"""The terms of so few records are made one by one."""


def terms(records: pa.Table, *, there: Mask | None = None) -> pa.Table:
    """What the customers of these records are found by: `TERMS`, each once; certificates in clear, until `kept`.

    Args:
        records: `customer_id` and the columns of `NEEDS`; one row a record.
        there: By which of them their customers are found already: their terms are left out, as far as they tell of few
            records what the others tell as well.
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
        _behind_mark(PRIVATE, folded(records.column("email"))),
        _behind_mark(PRIVATE, doors(records)),
        _behind_mark(CERTIFICATE, folded(records.column("id_number"))),
        *(
            _behind_mark(WHOLE, part)
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
    return _table(
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


def _texts(kind: str, value: str | None, *more: str | None) -> Iterator[str | None]:
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
            yield CERTIFICATE + (_folded(value) or "")
        case "phone":
            yield WHOLE + value
            yield WHOLE + value[-4:]
        case "email":
            yield PRIVATE + (_folded(value) or "")
        case "door" if (door := _door(value, *more)) is not None:
            yield PRIVATE + door


_INITIAL = re.compile("([^ ])[^ ]* *")
_PLAIN = re.compile("[ -~一-鿿]*")
"""Texts whose folded form Python and Arrow agree upon, whatever Unicode each knows."""


def _folded(text: str | None) -> str | None:
    if text is None or _PLAIN.fullmatch(text):
        return text and text.lower().strip()
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


def sharing_doors(tx: Transaction, records: pa.Table, *, most: int) -> pa.Array:
    """The customers of doors that these records name, if not more than `most` share them."""
    wanted = pc.unique(pc.drop_null(pc.utf8_slice_codeunits(_behind_mark(PRIVATE, doors(records)), 0, LONGEST)))
    query = sa.select(search_term.c.term, search_term.c.customer_id)
    with bulk.among(tx, search_term.c.term, wanted) as one_of_them:
        found = bulk.read(tx, query.where(one_of_them).limit(most * 20), TERMS)
    sharing = found.group_by("term").aggregate([("customer_id", "count")])
    few = sharing.filter(pc.less_equal(sharing.column("customer_id_count"), most)).column("term")
    few_only = found.filter(pc.is_in(found.column("term"), value_set=few.combine_chunks()))
    return pc.unique(few_only.column("customer_id").combine_chunks())


def replace(tx: Transaction, customer_ids: pa.Array, terms: pa.Table, *, had: pa.Table | None = None) -> None:
    """Let these customers be found by these `TERMS`, as `kept` has them, and by nothing else; no terms: by nothing.

    Terms that are there are left alone: most customers are found by the same as before.

    Args:
        tx: The transaction.
        customer_ids: Their numbers.
        terms: What they are found by from now on.
        had: What they were found by until now, if somebody knows; of others, too.
    """
    is_known = had is not None
    had = of_customers(tx, customer_ids) if had is None else had
    if max(had.num_rows, terms.num_rows) <= FEW:
        old, new = (set(zip(*arrow.lists(one), strict=True)) for one in (had, terms))
        bulk.delete(tx, search_term, _table(old - new))
        bulk.insert(tx, search_term, _table(new - old), unless_there=is_known)
        return
    if had.num_rows:
        words, whose = (_codes(had.column(name), terms.column(name)) for name in TERMS.names)
        both = words * (whose.max(initial=0) + 1) + whose
        before, after = both[: had.num_rows], both[had.num_rows :]
        bulk.delete(tx, search_term, had.filter(pa.array(~np.isin(before, after))))
        terms = terms.filter(pa.array(~np.isin(after, before)))
    bulk.insert(tx, search_term, terms, unless_there=is_known)


def _table(told: Collection[tuple[str, int]]) -> pa.Table:
    """Few `TERMS` in their order."""
    if not told:
        return arrow.empty(TERMS)
    columns = zip(*sorted(told), strict=True)
    return pa.table(list(map(pa.array, columns, TERMS.types)), schema=TERMS)


FEW = 500
"""So few terms are looked at one by one."""


def kept(terms: pa.Table, finder: Callable[[Sequence[str]], list[str]]) -> pa.Table:
    """`TERMS` as the store holds them: in their order, certificates as their keyed hashes, which a finder makes."""
    if terms.num_rows <= FEW:
        texts, whose = arrow.lists(terms)
        certificates = [text for text in texts if text.startswith(CERTIFICATE)]
        coded = dict(zip(certificates, finder([text.removeprefix(CERTIFICATE) for text in certificates]), strict=True))
        texts = [CERTIFICATE + coded[text] if text in coded else text for text in texts]
        return _table(list(zip(texts, whose, strict=True)))
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
    terms = held.set_column(0, "term", _behind_mark(CERTIFICATE, folded(held.column(0))))
    return arrow.typed(terms.group_by(TERMS.names).aggregate([]), TERMS)


def of_customers(tx: Transaction, customer_ids: pa.Array) -> pa.Table:
    """What these customers are found by: `TERMS`."""
    if len(customer_ids) <= bulk.FEW:
        return bulk.read_few(tx, _OF_FEW, TERMS, few=customer_ids.to_pylist())
    if tx.scalar(sa.select(search_term.c.customer_id).limit(1)) is None:
        return arrow.empty(TERMS)
    with bulk.among(tx, search_term.c.customer_id, customer_ids) as one_of_them:
        return bulk.read(tx, sa.select(search_term.c.term, search_term.c.customer_id).where(one_of_them), TERMS)


_OF_FEW = sa.select(search_term.c.term, search_term.c.customer_id).where(bulk.few(search_term.c.customer_id))


def _codes(*parts: pa.ChunkedArray) -> npt.NDArray[np.int64]:
    """A number for each value of these columns, one behind the other; values are equal where their numbers are."""
    every = pa.chunked_array([chunk for part in parts for chunk in part.chunks]).combine_chunks()
    return np.asarray(every.dictionary_encode().indices.to_numpy(zero_copy_only=False), dtype=np.int64)


def find(tx: Transaction, typed: str, *, limit: int = 20, cursor: str | None = None, is_masked: bool = False) -> Page:
    """The living customers that what was typed may mean, a page at a time.

    First the customer of that number, then those that have a whole term typed, then those with a name that begins so,
    then those with an e-mail or a door that does.

    Args:
        tx: The transaction.
        typed: What was typed.
        limit: How many at most.
        cursor: The `cursor` of the page before.
        is_masked: Whoever typed it sees e-mails and doors masked: no beginning finds them.
    """
    text = unicodedata.normalize("NFKC", typed).lower().replace("\0", "").strip().lstrip(WHOLE + PRIVATE)[: LONGEST - 1]
    if not text:
        return Page(customer_ids=(), cursor=None)
    values = _values(text, finding.any_terms(tx, text))
    walks = _walks(is_masked=is_masked, has_at="@" in text, is_number="number" in values)
    stage, last = (int(part) for part in cursor.split(".")) if cursor is not None else (0, None)
    found: list[tuple[int, int]] = []
    while stage < len(walks) and len(found) <= limit:
        walk, asked = walks[stage], {**values, "most": limit + 1 - len(found)}
        if last is None:
            rows = asking.rows(tx, walk, asked)
        else:
            rows = [tuple(row) for row in tx.execute(walk.where(_behind(walk, last)), asked)]
            last = None
        found += [(stage, number) for _, number in rows]
        stage += 1
    if not found and cursor is None:
        # It may have been made with a key that was named since this program began: that is told, not passed over.
        fingerprints.number(tx)
    page = found[:limit]
    more = len(found) > limit
    return Page(
        customer_ids=tuple(number for _, number in page), cursor=f"{page[-1][0]}.{page[-1][1]}" if more else None
    )


def _values(text: str, certificates: list[str]) -> dict[str, str | int | list[str]]:
    """What the walks are asked with; a `number` only where what was typed is one."""
    told: dict[str, str | int | list[str]] = {
        "whole": [WHOLE + text, *(CERTIFICATE + one for one in certificates)], "named": text, "named_end": text + LAST,
        "private": PRIVATE + text, "private_end": PRIVATE + text + LAST,
    }  # fmt: skip
    return told | ({"number": int(text)} if text.isascii() and text.isdigit() and len(text) <= 18 else {})


_PLACE = (search_term.c.term, search_term.c.customer_id)


@functools.cache
def _walks(*, is_masked: bool, has_at: bool, is_number: bool) -> tuple[bulk.Query, ...]:
    """The walks, the closest first; each leaves out the customers that one before it finds.

    They are put together once: that costs more than asking them.
    """
    term, number = _PLACE
    named, named_end, private, private_end = (
        sa.bindparam(name, type_=term.type) for name in ("named", "named_end", "private", "private_end")
    )
    whole = sa.bindparam("whole", type_=term.type, expanding=True)
    earlier = search_term.alias()
    is_whole = earlier.c.term.in_(whole)
    is_named = sa.and_(earlier.c.term >= named, earlier.c.term < named_end)

    def beginning(
        start: sa.BindParameter[str], end: sa.BindParameter[str], *found_sooner: sa.ColumnElement[bool]
    ) -> bulk.Query:
        nearer = sa.and_(earlier.c.term >= start, earlier.c.term < term)
        before = sa.select(earlier.c.term).where(earlier.c.customer_id == number, sa.or_(nearer, *found_sooner))
        for family in columns.MYSQL_FAMILY:
            # They would walk all terms from the beginning, for each customer again.
            before = before.with_hint(earlier, "FORCE INDEX (ix_search_term_customer_id)", family)
        return sa.select(*_PLACE).where(term >= start, term < end, ~before.exists())

    walks: list[bulk.Query] = [
        sa.select(*_PLACE).where(term.in_(whole)), beginning(named, named_end, is_whole)
    ]  # fmt: skip
    by_private = beginning(private, private_end, is_whole, is_named)
    if not is_masked:
        walks.append(by_private)
    elif has_at:
        walks.append(by_private.where(term == private))
    if is_number:
        typed = sa.bindparam("number", type_=number.type)
        by_number = sa.select(sa.literal("").label("term"), customer.c.customer_id).where(
            customer.c.customer_id == typed, customer.c.merged_into.is_(None)
        )
        walks = [by_number, *(walk.where(number != typed) for walk in walks)]
    most = sa.bindparam("most", type_=sa.Integer)
    return tuple(walk.order_by(*walk.selected_columns).limit(most) for walk in walks)


def _behind(query: bulk.Query, last: int) -> sa.ColumnElement[bool]:
    """Behind the last customer of the page before; the cursor holds its number only, terms are personal."""
    term, number = _PLACE
    its_place = query.with_only_columns(sa.func.min(term)).where(number == last).order_by(None).limit(None)
    its_term = its_place.correlate(None).scalar_subquery()
    # Not a comparison of tuples, which MariaDB does not answer from the index.
    return sa.and_(term >= its_term, sa.or_(term > its_term, number > last))


def _behind_mark(mark: str, values: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.binary_join_element_wise(mark, values, "")


def folded(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Texts as `find` folds what is typed."""
    return pc.utf8_trim_whitespace(pc.utf8_lower(pc.utf8_normalize(values, form="NFKC")))
