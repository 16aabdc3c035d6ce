"""Questions: which two customers are in doubt, kept as customers change, so that nobody waits for a million links.

What is asked follows from links, customers and decisions alone. Whoever changes one of them for some customers lets
the questions about these be made anew, in the same transaction.
"""

import functools
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from kehu.model import arrow
from kehu.model.codes import Flaw
from kehu.store import bulk, customers, decisions
from kehu.store.database import Transaction
from kehu.store.decisions import Kind
from kehu.store.dictionary.customers import customer
from kehu.store.dictionary.questions import question
from kehu.store.dictionary.records import link, member
from kehu.store.links import State

CERTAIN = 1_000
"""A chance is told in so many parts, so that the order of the queue is one of whole numbers."""

REFUSED = 300
"""The chance that a refused pair is one customer: its evidence asks for it, and its groups contradict each other."""

CERTIFICATES = 20
"""The same where two valid certificates differ, of the records or of their customers: now and then one was replaced, or
misread."""

CONTRADICTED = 250
"""What is left of the chance of a doubtful pair for each thing that lasts for life in which the customers differ: often
it is a record of neither, by a phone that both of them use."""

SLIPS = 2
"""Dates in which so many digits differ may be one."""

MANY = 100_000
"""From so many customers on it is quicker to ask anew about all."""

_PAIRS = pa.schema(
    [
        pa.field("record_l", pa.int64()),
        pa.field("record_r", pa.int64()),
        pa.field("weight", pa.float64()),
        pa.field("state", pa.string()),
        pa.field("reason", pa.string()),
        pa.field("of_l", pa.int64()),
        pa.field("of_r", pa.int64()),
    ]
)
"""One row a pair of records of two customers that nobody has answered, and its customers."""

_KNOWN = pa.schema(
    [
        pa.field("customer_id", pa.int64()),
        pa.field("records", pa.int64()),
        pa.field("id_number", pa.string()),
        pa.field("birth_date", pa.date32()),
        pa.field("gender", pa.string()),
        pa.field("flaws", pa.string()),
    ]
)
"""What is known of the customers that are asked about: how many records would move, and what would speak against it."""

_RECORDS = ("record_l", "record_r")
_CUSTOMERS = ("of_l", "of_r")
_LINKS = pa.schema([_PAIRS.field(name) for name in (*_RECORDS, "weight", "state", "reason")])

_MADE = pa.schema([(column.name, pa.int64()) for column in question.c])


class Known(NamedTuple):
    """What somebody knows who changed customers a moment ago."""

    links: pa.Table
    """`store.links.STORED`: all links of the records of these customers."""
    owned: pa.Table
    """`customers.MEMBERS`: whose those records are, and others; null for nobody's."""


def renew(
    tx: Transaction,
    concerned: pa.Array | None,
    *,
    review_from: float,
    link_from: float,
    known: Known | None = None,
) -> None:
    """Ask anew about these customers, or about all.

    Args:
        tx: The transaction.
        concerned: Numbers, living or retired; None for all.
        review_from: The weight from which a pair is in doubt.
        link_from: The weight from which it would be joined.
        known: What need not be asked.
    """
    if concerned is None or len(concerned) >= MANY:
        tx.execute(question.delete())
        pairs = _of_all(tx)
    elif len(concerned) == 0:
        return
    else:
        for side in ("customer_l", "customer_r"):
            bulk.delete(tx, question, pa.table({side: concerned}))
        pairs = _of(tx, concerned) if known is None else _of_known(tx, concerned, known)
    pairs = _unanswered(tx, pairs)
    if pairs.num_rows:
        told = _known(tx, _once(pairs, _CUSTOMERS))
        bulk.insert(tx, question, _questions(pairs, told, review_from=review_from, link_from=link_from))


_OPEN = [State.DOUBTFUL.value, State.REFUSED.value]


def _of_all(tx: Transaction) -> pa.Table:
    """The pairs in doubt of all customers: `_PAIRS`.

    Few links are open, and most of those stand inside one customer. So they are read first, and what else is to be
    known is looked up for them: asked for at once, SQLite goes through the members, and for each through its links.
    """
    found = bulk.read(tx, sa.select(*(link.c[name] for name in _LINKS.names)).where(link.c.state.in_(_OPEN)), _LINKS)
    owned = customers.memberships(tx, _once(found, _RECORDS))
    for name, side in zip(_CUSTOMERS, _RECORDS, strict=True):
        found = found.append_column(name, _looked_up(found.column(side), owned))
    return found.filter(pc.not_equal(*(found.column(name) for name in _CUSTOMERS))).cast(_PAIRS)


def _once(found: pa.Table, columns: Sequence[str]) -> pa.Array:
    """The numbers in some columns, each once."""
    return pc.unique(pa.chunked_array([chunk for name in columns for chunk in found.column(name).chunks], pa.int64()))


def _looked_up(numbers: pa.ChunkedArray, known: pa.Table) -> pa.ChunkedArray:
    """What a table has in its second column beside each of these numbers; null where its first does not hold them."""
    return known.column(1).take(pc.index_in(numbers, known.column(0).combine_chunks()))


def _known(tx: Transaction, numbers: pa.Array) -> dict[int, dict[str, Any]]:
    """What is known of some customers, by their numbers: `_KNOWN`."""
    if len(numbers) <= bulk.FEW:
        found = bulk.read_few(tx, _OF_NUMBERS, _KNOWN, few=numbers.to_pylist())
    else:
        with bulk.among(tx, customer.c.customer_id, numbers) as one_of_them:
            found = bulk.read(tx, _ASKED_ABOUT.where(one_of_them), _KNOWN)
    return {one["customer_id"]: one for one in found.to_pylist()}


_ASKED_ABOUT = sa.select(*(customer.c[name] for name in _KNOWN.names))
_OF_NUMBERS = _ASKED_ABOUT.where(bulk.few(customer.c.customer_id))


def _of(tx: Transaction, concerned: pa.Array) -> pa.Table:
    """The pairs in doubt of these customers: `_PAIRS`; one between two of them may stand twice."""
    if len(concerned) <= bulk.FEW:
        found = bulk.read_few(tx, _of_few(), _PAIRS, few=concerned.to_pylist())
        # Asked for the state, too, SQLite would walk all links of that state.
        return arrow.where(found, _are_open(found.column("state")))
    pieces = []
    for side in (_LEFT, _RIGHT):
        with bulk.among(tx, side.c.customer_id, concerned) as one_of_them:
            pieces.append(bulk.read(tx, _between(side).where(link.c.state.in_(_OPEN), one_of_them), _PAIRS))
    return pa.concat_tables(pieces)


def _of_known(tx: Transaction, concerned: pa.Array, known: Known) -> pa.Table:
    """As `_of`, out of what is known."""
    found = arrow.where(known.links.select(_LINKS.names), _are_open(known.links.column("state")))
    if not found.num_rows:
        return arrow.empty(_PAIRS)
    owned = known.owned
    missing = arrow.without(_once(found, _RECORDS), owned.column("record").combine_chunks())
    if len(missing):
        owned = pa.concat_tables([owned, customers.memberships(tx, missing).cast(owned.schema)])
    of_each = [_looked_up(found.column(side), owned) for side in _RECORDS]
    for name, side in zip(_CUSTOMERS, of_each, strict=True):
        found = found.append_column(name, side)
    mine = pc.or_(*(pc.is_in(side, value_set=concerned) for side in of_each))
    # Somebody who waits is nobody's yet: neither different nor the same.
    return found.filter(pc.and_(mine, pc.not_equal(*of_each))).cast(_PAIRS)


def _are_open(states: pa.ChunkedArray) -> npt.NDArray[np.bool_]:
    """Which links of these states are open."""
    if len(states) <= arrow.ONE_BY_ONE:
        return np.array([state in _OPEN for state in states.to_pylist()], dtype=np.bool_)
    return np.asarray(pc.is_in(states, value_set=pa.array(_OPEN)).to_numpy())


_LEFT, _RIGHT = member.alias("member_l"), member.alias("member_r")


@functools.cache
def _of_few() -> bulk.Query:
    sides = [_between(side).where(bulk.few(side.c.customer_id)) for side in (_LEFT, _RIGHT)]
    every = sa.union_all(*sides).subquery("either_side")
    return sa.select(*(every.c[name] for name in _PAIRS.names))


def _unanswered(tx: Transaction, pairs: pa.Table) -> pa.Table:
    """The pairs of which no steward said that they are two, or that nobody can tell."""
    if not pairs.num_rows:
        return pairs
    left, right = (pairs.column(name).to_numpy() for name in _RECORDS)
    numbers = pa.array(np.unique(np.concatenate([left, right])))
    told = decisions.said(tx, numbers if len(numbers) <= bulk.FEW else None)
    told = told.filter(pc.is_in(told.column("kind"), value_set=pa.array([Kind.UNSURE.value, Kind.APART.value])))
    answered = set(zip(*(told.column(name).to_pylist() for name in _RECORDS), strict=True))
    if not answered:
        return pairs
    lesser, greater = np.minimum(left, right).tolist(), np.maximum(left, right).tolist()
    return pairs.filter(pa.array([pair not in answered for pair in zip(lesser, greater, strict=True)]))


def _between(first_side: sa.FromClause) -> sa.Select[tuple[object, ...]]:
    """The pairs between two customers; looked for from the members of one side.

    Of few tables: from nine on PostgreSQL joins them in the order in which they are written.
    """
    columns = [
        link.c.record_l, link.c.record_r, link.c.weight, link.c.state, link.c.reason,
        _LEFT.c.customer_id.label("of_l"), _RIGHT.c.customer_id.label("of_r"),
    ]  # fmt: skip
    left, right = _LEFT.c.record == link.c.record_l, _RIGHT.c.record == link.c.record_r
    if first_side is _LEFT:
        joined = sa.select(*columns).select_from(_LEFT).join(link, left).join(_RIGHT, right)
    else:
        joined = sa.select(*columns).select_from(_RIGHT).join(link, right).join(_LEFT, left)
    return joined.where(_LEFT.c.customer_id != _RIGHT.c.customer_id)


def _questions(
    pairs: pa.Table, known: Mapping[int, Mapping[str, Any]], *, review_from: float, link_from: float
) -> pa.Table:
    """One row for any two customers between which pairs are in doubt: the columns of `question`."""
    of_l, of_r, record_l, record_r = (pairs.column(name).to_numpy() for name in ("of_l", "of_r", *_RECORDS))
    weight = pairs.column("weight").to_numpy()
    lesser, greater = np.minimum(of_l, of_r), np.maximum(of_l, of_r)
    # The heaviest pair of any two customers first; one that was found from both sides stands beside itself.
    order = np.lexsort((record_r, record_l, -weight, greater, lesser))
    again = _same_as_before(record_l[order], record_r[order], lesser[order], greater[order])
    order = order[~again]
    first = ~_same_as_before(lesser[order], greater[order])
    starts = np.flatnonzero(first)
    heaviest = order[starts]
    chance = np.clip(CERTAIN * (weight[heaviest] - review_from) / (link_from - review_from), 0, CERTAIN)
    chance = chance.astype(np.int64)
    top = pairs.take(pa.array(heaviest))
    sides = (lesser[heaviest].tolist(), greater[heaviest].tolist())
    chance[pc.equal(top.column("state"), State.REFUSED.value).to_numpy()] = REFUSED
    chance[pc.fill_null(pc.equal(top.column("reason"), "certificate"), fill_value=False).to_numpy()] = CERTIFICATES
    is_doubtful = pc.equal(top.column("state"), State.DOUBTFUL.value).to_pylist()
    value = [
        _value(known[one], known[other], chance, doubtful=doubtful)
        for one, other, chance, doubtful in zip(*sides, chance.tolist(), is_doubtful, strict=True)
    ]
    made = {
        "customer_l": lesser[heaviest],
        "customer_r": greater[heaviest],
        "value": value,
        "pairs": np.diff(np.append(starts, len(order))),
        "record_l": record_l[heaviest],
        "record_r": record_r[heaviest],
    }
    return pa.table(made, schema=_MADE)


def _value(one: Mapping[str, Any], other: Mapping[str, Any], chance: int, *, doubtful: bool) -> int:
    """The records that would move, times the chance that they should, which all that the customers know cuts down.

    A pair of records tells of itself alone: a nameless call leads with one weight to both who share a phone. That a
    refused pair was refused tells of the groups already, but for certificates that came since.
    """
    contradictions = 0
    if (left := one["id_number"]) and (right := other["id_number"]) and left != right:
        if _UNVERIFIED not in (one["flaws"] or "") and _UNVERIFIED not in (other["flaws"] or ""):
            chance = min(chance, CERTIFICATES)
        else:
            contradictions += 1
    if doubtful:
        contradictions += _differ(one["birth_date"], other["birth_date"], slips=SLIPS)
        contradictions += _differ(one["gender"], other["gender"])
        chance = chance * CONTRADICTED**contradictions // CERTAIN**contradictions
    return chance * int(min(one["records"], other["records"]))


_UNVERIFIED = Flaw.UNVERIFIED_CERTIFICATE.value


def _differ(one: object, other: object, *, slips: int = 0) -> bool:
    """Whether both are known and differ in more than so many places."""
    if one is None or other is None:
        return False
    return sum(x != y for x, y in zip(str(one), str(other), strict=False)) > slips


def _same_as_before(*columns: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Whether each row is the row before it."""
    return np.asarray(np.logical_and.reduce([np.diff(column, prepend=-1) == 0 for column in columns]), dtype=np.bool_)
