"""Decide: stewards merge customers, split one, pin a value, and take each of it back.

A decision is stored with its reason and its author, and what it touches is grouped again, in one transaction. It is
about records, so it survives new versions of them, re-runs and other models. Of two decisions about one pair of
records the later one counts; the answer names what it overrides.

Taking a decision back restores what was: the same customers, with the same ids and the same golden values. A number
that was given in between stays given: it leads to the customer that its records went back to.
"""

from collections.abc import Sequence
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from kehu.errors import ConflictError, NotFoundError, SettingsError
from kehu.flows.arrive.arrive import Desk
from kehu.flows.decide import decision, pairs_of
from kehu.flows.decide.decision import Answer
from kehu.flows.once import Once
from kehu.model import masks
from kehu.model.links import PAIRS
from kehu.process import clean
from kehu.store import customers, decisions, records
from kehu.store.audit.trail import Act
from kehu.store.database import Database, Transaction
from kehu.store.decisions import Kind

PINNABLE = ("kind", "name", "phone", "phone_2", "birth_date", "gender", "email", "address", "category", "star_level")
"""What may be pinned. A certificate is corrected in its channel: a pin would keep its number where nothing seals it."""


def merge(
    database: Database, desk: Desk, ids: Sequence[int], *, reason: str, by: str, once: Once | None = None
) -> Answer:
    """Let customers be one; it keeps the id of the one with most records.

    Args:
        database: The store.
        desk: What weighs and makes customers.
        ids: Two customers or more; a retired number stands for the customer it leads to.
        reason: Why.
        by: Who decides.
        once: Where it comes again, it is answered with what was decided then.

    Raises:
        NotFoundError: There is no such customer.
        ConflictError: They are one already.
        SettingsError: There is no reason.
    """

    def decided(tx: Transaction, at: datetime) -> Answer:
        living, before = decision.whole(tx, desk, ids, at=at)
        if len(living) < 2:
            raise ConflictError(f"{', '.join(map(str, ids))}: customer {living[0]} already; name two to merge")
        numbers = before.column("record").combine_chunks()
        pairs = pairs_of.star(numbers)
        # What other decisions say of pairs inside must be overridden pair by pair.
        denied = pairs_of.inside(decisions.said(tx, numbers), numbers, Kind.APART)
        pairs = pa.concat_tables([pairs, denied.select(PAIRS.names)])
        return decision.of_pairs(tx, desk, Kind.TOGETHER, pairs, before, reason=reason, by=by, at=at)

    return decision.make(
        database, desk, Act.MERGE, decision.named("customers", ids), decided, reason=reason, by=by, once=once
    )


def split(
    database: Database,
    desk: Desk,
    customer_id: int,
    record_numbers: Sequence[int],
    *,
    reason: str,
    by: str,
    once: Once | None = None,
) -> Answer:
    """Let some records of a customer be another customer, and the rest stay one; the greater part keeps the id.

    Args:
        database: The store.
        desk: What weighs and makes customers.
        customer_id: The customer; a retired number stands for the one it leads to.
        record_numbers: The numbers of the records that are somebody else.
        reason: Why.
        by: Who decides.
        once: Where it comes again, it is answered with what was decided then.

    Raises:
        NotFoundError: There is no such customer, or a record is not one of its.
        ConflictError: No record would stay, or none would go.
        SettingsError: There is no reason.
    """

    def decided(tx: Transaction, at: datetime) -> Answer:
        (customer,), before = decision.whole(tx, desk, [customer_id], at=at)
        going = pa.array(sorted(set(record_numbers)), pa.int64())
        numbers = before.column("record").combine_chunks()
        if strange := going.filter(pc.invert(pc.is_in(going, value_set=numbers))).to_pylist():
            raise NotFoundError(f"customer {customer} has no record {', '.join(map(str, strange))}")
        staying = numbers.filter(pc.invert(pc.is_in(numbers, value_set=going)))
        if not len(going) or not len(staying):
            raise ConflictError(f"customer {customer}: a split takes some of its records, and leaves some")
        kinds = {
            Kind.APART: pairs_of.between(going, staying),
            Kind.TOGETHER: pa.concat_tables([pairs_of.star(going), pairs_of.star(staying)]),
        }
        return decision.of_pairs(tx, desk, Kind.APART, pairs_of.told(kinds), before, reason=reason, by=by, at=at)

    return decision.make(database, desk, Act.SPLIT, f"customer {customer_id}", decided, reason=reason, by=by, once=once)


def review(
    database: Database,
    desk: Desk,
    left: int,
    right: int,
    *,
    verdict: Kind,
    reason: str,
    by: str,
    once: Once | None = None,
) -> Answer:
    """Say of the customers of two records in doubt whether they are one: together, apart, or nobody can tell.

    Args:
        database: The store.
        desk: What weighs and makes customers.
        left: The number of a record, of any version of it.
        right: The number of the other one.
        verdict: `TOGETHER` merges their customers, `APART` keeps them apart for good, `UNSURE` changes nothing.
        reason: Why.
        by: Who decides.
        once: Where it comes again, it is answered with what was decided then.

    Raises:
        NotFoundError: A record is not there, or waits for its customer still.
        ConflictError: They are one customer already.
        SettingsError: There is no reason.
    """

    def decided(tx: Transaction, at: datetime) -> Answer:
        pair = pa.array([_current(tx, left), _current(tx, right)], pa.int64())
        asked = customers.memberships(tx, pair).column("customer_id").to_pylist()
        if len(asked) < 2:
            raise NotFoundError(f"records {left} and {right}: one waits for its customer still; `kehu identify` first")
        owners, before = decision.whole(tx, desk, asked, at=at)
        if len(owners) < 2:
            raise ConflictError(f"records {left} and {right} are one customer already; split it to part them")
        sides = [before.filter(pc.equal(before.column("customer_id"), owner)).column("record") for owner in owners]
        if verdict is not Kind.TOGETHER:
            pairs = pairs_of.between(*(side.combine_chunks() for side in sides))
        else:
            numbers = before.column("record").combine_chunks()
            denied = pairs_of.inside(decisions.said(tx, numbers), numbers, Kind.APART)
            pairs = pa.concat_tables([pairs_of.star(numbers), denied.select(PAIRS.names)])
        return decision.of_pairs(tx, desk, verdict, pairs, before, reason=reason, by=by, at=at)

    what = decision.named("records", (left, right))
    return decision.make(database, desk, Act.REVIEW, what, decided, reason=reason, by=by, once=once)


def pin(
    database: Database,
    desk: Desk,
    customer_id: int,
    attribute: str,
    value: str,
    *,
    reason: str,
    by: str,
    once: Once | None = None,
) -> Answer:
    """Let a customer have this value, whatever its records say; undoing the decision unpins it.

    The pin goes with a record: with the newest that states the value, else with the customer's oldest. So it lasts
    when customers merge, and follows that record when they split.

    Raises:
        NotFoundError: There is no such customer.
        SettingsError: The attribute cannot be pinned, the value is none, or there is no reason.
    """

    def decided(tx: Transaction, at: datetime) -> Answer:
        wanted = cleaned(attribute, value, home=desk.home)
        _, before = decision.whole(tx, desk, [customer_id], at=at)
        rows = records.read(tx, before.column("record").combine_chunks(), columns=("record", attribute)).to_pylist()
        stating = [row["record"] for row in rows if row[attribute] is not None and str(row[attribute]) == wanted]
        carrier = max(stating, default=min(row["record"] for row in rows))
        held = decisions.pinned(tx, before.column("record").combine_chunks())
        same = held.filter(pc.equal(held.column("attribute"), attribute))
        number = decisions.pin(
            tx, attribute, wanted, by=by, why=masks.in_text(reason), at=at, record=carrier, before=before
        )
        return decision.regroup(
            tx, desk, number, Kind.PIN, before, at=at, overrides=same.column("decision_id").to_pylist()
        )

    return decision.make(database, desk, Act.PIN, f"customer {customer_id}", decided, reason=reason, by=by, once=once)


def cleaned(attribute: str, value: str, *, home: str = "CN") -> str:
    """A value to pin, as records have it.

    Raises:
        SettingsError: The attribute cannot be pinned, or the value is none.

    >>> cleaned("phone", "+86 139 1234 5678"), cleaned("birth_date", "1990/3/7"), cleaned("gender", "女")
    ('13912345678', '1990-03-07', 'female')
    """
    if attribute not in PINNABLE:
        raise SettingsError(f"{attribute} cannot be pinned (can be: {', '.join(PINNABLE)})")
    column = "phone" if attribute == "phone_2" else attribute  # A second phone alone is cleaned into the first.
    made = clean.clean(pa.table({"record_id": ["0"], column: [value]}), home=home).column(column)[0].as_py()
    if made is None or (attribute == "kind" and made != value.strip().lower()):
        raise SettingsError(f"{attribute}: what was given says nothing that can be kept")
    return str(made)


def undo(database: Database, desk: Desk, number: int, *, reason: str, by: str, once: Once | None = None) -> Answer:
    """Take a decision back; what other decisions say goes on.

    Raises:
        NotFoundError: There is none of that number.
        ConflictError: It was taken back before, or a later decision builds on it.
        SettingsError: There is no reason.
    """

    def decided(tx: Transaction, at: datetime) -> Answer:
        kind = decisions.get(tx, number).kind
        decisions.undo(tx, number, by=by, at=at, why=masks.in_text(reason))
        return decision.regroup(tx, desk, number, kind, decisions.members(tx, number), at=at, undone=True)

    return decision.make(database, desk, Act.UNDO, f"decision {number}", decided, reason=reason, by=by, once=once)


def _current(tx: Transaction, number: int) -> int:
    """The version in force of a record."""
    found = records.versions(tx, number)
    return int(found.filter(found.column("current")).column("record")[0].as_py())
