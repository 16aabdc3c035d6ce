"""Finding a customer by what is typed: a name, its pinyin or initials, a phone, a certificate, a number.

Every customer has terms in one sorted table, so a query is one walk along an index, from the first term that starts
with what was typed. Shorter terms stand before longer ones with the same beginning: the closest come first. Terms that
must be typed whole stand behind a mark, out of the way of prefixes: `terms` tells which.

The text typed is folded (NFKC, case, blanks) here; traditional characters are to be simplified by the caller, as
`name_match` was.
"""

import functools
import unicodedata
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from kehu.model import arrow
from kehu.store import asking, bulk, columns, finding, fingerprints
from kehu.store.database import Transaction
from kehu.store.dictionary.customers import customer, search_term
from kehu.store.terms import CERTIFICATE, FEW, LAST, LONGEST, PRIVATE, TERMS, WHOLE, behind_mark, doors, in_order


@dataclass(frozen=True, kw_only=True)
class Page:
    """Customers found, the closest first."""

    customer_ids: tuple[int, ...]
    """Their numbers."""
    cursor: str | None
    """What to ask for the next page with; None where there is none."""


def sharing_doors(tx: Transaction, records: pa.Table, *, most: int) -> pa.Array:
    """The customers of doors that these records name, if not more than `most` share them."""
    wanted = pc.unique(pc.drop_null(pc.utf8_slice_codeunits(behind_mark(PRIVATE, doors(records)), 0, LONGEST)))
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
        bulk.delete(tx, search_term, in_order(old - new))
        bulk.insert(tx, search_term, in_order(new - old), unless_there=is_known)
        return
    if had.num_rows:
        words, whose = (_codes(had.column(name), terms.column(name)) for name in TERMS.names)
        both = words * (whose.max(initial=0) + 1) + whose
        before, after = both[: had.num_rows], both[had.num_rows :]
        bulk.delete(tx, search_term, had.filter(pa.array(~np.isin(before, after))))
        terms = terms.filter(pa.array(~np.isin(after, before)))
    bulk.insert(tx, search_term, terms, unless_there=is_known)


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
