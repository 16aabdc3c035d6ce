"""Verifying a live store: what must always be true of it, asked of the database itself.

The invariants have the numbers of the promises in the documentation. What can only be told by doing the work again, or
from outside the database, is checked by `flows.upkeep.verify`.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import sqlalchemy as sa

from kehu.store import bulk
from kehu.store.database import Transaction
from kehu.store.dictionary.audit import audit
from kehu.store.dictionary.customers import contact_medium, customer, customer_history, search_term
from kehu.store.dictionary.decisions import decision, decision_member
from kehu.store.dictionary.households import account, interaction, subscription
from kehu.store.dictionary.loads import load, quarantine, sequence
from kehu.store.dictionary.people import person
from kehu.store.dictionary.records import fresh, link, member, record
from kehu.store.dictionary.whole import metadata
from kehu.store.sealed import columns as sealed_columns
from kehu.store.sealed import row_of
from kehu.store.sealing.vault import Vault

EXAMPLES = 5
"""So many of the rows that are wrong are named."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """An invariant that does not hold."""

    invariant: str
    """Its number: I1 to I7."""
    broken: str
    """What is wrong, in a sentence about the rows named."""
    count: int
    """How many rows are wrong."""
    examples: tuple[int, ...]
    """The numbers of some of them."""


@dataclass(frozen=True, kw_only=True)
class _Check:
    invariant: str
    broken: str
    wrong: Callable[[Transaction], list[int]]


def findings(tx: Transaction) -> Iterator[Finding]:
    """Every invariant that does not hold; nothing where the store is sound."""
    for check in _CHECKS:
        if wrong := sorted(check.wrong(tx)):
            yield Finding(
                invariant=check.invariant,
                broken=check.broken,
                count=len(wrong),
                examples=tuple(wrong[:EXAMPLES]),
            )


def sealed(tx: Transaction, vault: Vault) -> Iterator[Finding]:
    """Values that do not open with our keys where they stand: they were changed, or moved there."""
    for value, number in _SEALED:
        name = f"{value.table.name}.{value.name}"
        wrong: list[int] = []
        as_it_stands = sa.type_coerce(value, sa.String)
        query = sa.select(*value.table.primary_key, number.label("bound_to"), as_it_stands).where(value.is_not(None))
        for rows in tx.execute(query, execution_options={"yield_per": bulk.PAGE}).partitions():
            wrong += [row[0] for row in rows if not vault.opens(row[-1], column=name, row=row.bound_to)]
        if wrong:
            yield Finding(
                invariant="I1",
                broken=f"rows of {name} that do not open: changed, moved from another row, or sealed with other keys",
                count=len(wrong),
                examples=tuple(sorted(wrong)[:EXAMPLES]),
            )


def _asked(query: bulk.Query) -> Callable[[Transaction], list[int]]:
    """The first column of a query for the rows that are wrong."""
    return lambda tx: [int(number) for number in tx.scalars(query)]


def _unless(table: sa.Table, *where: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    return ~sa.exists(sa.select(sa.literal(1)).select_from(table).where(*where))


def _lost_chains(tx: Transaction) -> list[int]:
    """Retired customers whose way does not end at a living one."""
    retired = tx.execute(sa.select(customer.c.customer_id, customer.c.merged_into).where(~_LIVES))
    into = {int(number): int(survivor) for number, survivor in retired}
    living = set(tx.scalars(sa.select(customer.c.customer_id).where(_LIVES, customer.c.customer_id.in_(_SURVIVORS))))

    def end(number: int) -> int:
        seen = set[int]()
        while number in into and number not in seen:
            seen.add(number)
            number = into[number]
        return number

    return [number for number in into if end(number) not in living]


def _foreign_sources(tx: Transaction) -> list[int]:
    """Living customers with a golden value from a record that is not theirs."""
    schema = pa.schema([("record", pa.int64()), ("customer_id", pa.int64())])
    owned = bulk.read(tx, sa.select(member.c.record, member.c.customer_id).order_by(member.c.record), schema)
    numbers, owners = (owned.column(name).to_numpy() for name in schema.names)
    told = pa.schema([("customer_id", pa.int64()), ("sources", pa.string())])
    wrong: list[int] = []
    for piece in bulk.batches(tx, sa.select(customer.c.customer_id, customer.c.sources).where(_LIVES), told):
        sources = [json.loads(text) for text in piece.column("sources").to_pylist()]
        many = [len(source) for source in sources]
        claims = np.repeat(piece.column("customer_id").to_numpy(), many)
        claimed = np.fromiter((number for source in sources for number in source.values()), np.int64, sum(many))
        place = np.searchsorted(numbers, claimed)
        found = np.append(owners, -1)[np.where(place < len(numbers), place, -1)]
        is_there = np.append(numbers, -1)[np.where(place < len(numbers), place, -1)] == claimed
        wrong += np.unique(claims[~(is_there & (found == claims))]).tolist()
    return wrong


_SEALED: tuple[tuple[sa.Column[str], sa.ColumnElement[int]], ...] = (
    (audit.c.why, audit.c.mark),
    (person.c.totp, person.c.person_id),
    *((column, row_of(table)) for table in metadata.sorted_tables for column in sealed_columns(table)),
)
"""What is sealed, and the number of its row that it is bound to."""

_LIVES = customer.c.merged_into.is_(None)
_SURVIVORS = sa.select(customer.alias("retired").c.merged_into)
_ONE = sa.case((record.c.current, 1), else_=0)
_MANY = sa.select(sa.func.count()).select_from(member).where(member.c.customer_id == customer.c.customer_id)
_BROUGHT = sa.select(sa.func.count()).select_from(record).where(record.c.load_id == load.c.load_id)
_ACCOUNTED_FOR = load.c.accepted + load.c.duplicate + load.c.quarantined + load.c.erased


def _beyond(name: str, number: sa.Column[int]) -> bulk.Query:
    following = sa.select(sequence.c.next).where(sequence.c.name == name).scalar_subquery()
    return sa.select(number).where(number >= following)


_CHECKS = (
    _Check(
        invariant="I1",
        broken="records of which not exactly one version is in force",
        wrong=_asked(sa.select(record.c.origin).group_by(record.c.origin).having(sa.func.sum(_ONE) != 1)),
    ),
    _Check(
        invariant="I1",
        broken="records that lack a version between the first and the last",
        wrong=_asked(
            sa.select(record.c.origin)
            .group_by(record.c.origin)
            .having(sa.or_(sa.func.max(record.c.version) != sa.func.count(), sa.func.min(record.c.version) != 1))
        ),
    ),
    _Check(
        invariant="I2",
        broken="records in force that neither belong to a customer nor wait for one",
        wrong=_asked(
            sa.select(record.c.record).where(
                record.c.current,
                _unless(member, member.c.record == record.c.record),
                _unless(fresh, fresh.c.record == record.c.record),
            )
        ),
    ),
    _Check(
        invariant="I2",
        broken="members of a customer that are no records in force",
        wrong=_asked(
            sa.select(member.c.record).where(_unless(record, record.c.record == member.c.record, record.c.current))
        ),
    ),
    _Check(
        invariant="I2",
        broken="records that belong to a customer that is not there or was merged into another",
        wrong=_asked(
            sa.select(member.c.record).where(
                _unless(customer, customer.c.customer_id == member.c.customer_id, _LIVES),
            )
        ),
    ),
    _Check(
        invariant="I2",
        broken="members of a customer with another plan than their record states",
        wrong=_asked(
            sa.select(member.c.record)
            .outerjoin(subscription, subscription.c.record == member.c.record)
            .where(member.c.plan.is_distinct_from(subscription.c.plan))
        ),
    ),
    _Check(
        invariant="I2",
        broken="links of records that are no longer in force",
        wrong=_asked(
            sa.select(link.c.record_l).where(
                sa.or_(
                    _unless(record, record.c.record == link.c.record_l, record.c.current),
                    _unless(record, record.c.record == link.c.record_r, record.c.current),
                )
            )
        ),
    ),
    _Check(
        invariant="I2",
        broken="records that wait for a customer though they are not in force",
        wrong=_asked(
            sa.select(fresh.c.record).where(_unless(record, record.c.record == fresh.c.record, record.c.current))
        ),
    ),
    _Check(
        invariant="I2",
        broken="numbers, accounts and contacts told by records that are not there",
        wrong=lambda tx: [
            int(number)
            for table in (subscription, account, interaction)
            for number in tx.scalars(
                sa.select(table.c.record).where(_unless(record, record.c.record == table.c.record))
            )
        ],
    ),
    _Check(
        invariant="I3",
        broken="customers that have a past and are not there",
        wrong=_asked(
            sa.select(customer_history.c.customer_id)
            .where(_unless(customer, customer.c.customer_id == customer_history.c.customer_id))
            .distinct()
        ),
    ),
    _Check(
        invariant="I3",
        broken="decisions about records that are not there",
        wrong=_asked(
            sa.select(decision_member.c.decision_id)
            .where(_unless(record, record.c.origin == decision_member.c.origin))
            .distinct()
        ),
    ),
    _Check(
        invariant="I3",
        broken="merged customers whose way does not lead to a living one",
        wrong=_lost_chains,
    ),
    _Check(
        invariant="I3",
        broken="customers with a number that is still to be given",
        wrong=_asked(_beyond("customer", customer.c.customer_id)),
    ),
    _Check(
        invariant="I1",
        broken="records with a number that is still to be given",
        wrong=_asked(_beyond("record", record.c.record)),
    ),
    *(
        _Check(
            invariant="I1",
            broken=f"rows of {number.table.name} with a number that is still to be given",
            wrong=_asked(_beyond(number.table.name, number)),
        )
        for number in (load.c.load_id, quarantine.c.quarantine_id, decision.c.decision_id)
    ),
    _Check(
        invariant="I4",
        broken="customers with another number of records than they say",
        wrong=_asked(sa.select(customer.c.customer_id).where(_LIVES, customer.c.records != _MANY.scalar_subquery())),
    ),
    _Check(
        invariant="I4",
        broken="customers with a golden value from a record that is not theirs",
        wrong=_foreign_sources,
    ),
    _Check(
        invariant="I4",
        broken="customers that are found by a term though they do not live",
        wrong=_asked(
            sa.select(search_term.c.customer_id)
            .where(_unless(customer, customer.c.customer_id == search_term.c.customer_id, _LIVES))
            .distinct()
        ),
    ),
    _Check(
        invariant="I4",
        broken="customers that can be reached though they do not live, or by a record that is not theirs",
        wrong=_asked(
            sa.select(contact_medium.c.customer_id)
            .where(
                sa.or_(
                    _unless(customer, customer.c.customer_id == contact_medium.c.customer_id, _LIVES),
                    _unless(
                        member,
                        member.c.record == contact_medium.c.record,
                        member.c.customer_id == contact_medium.c.customer_id,
                    ),
                )
            )
            .distinct()
        ),
    ),
    _Check(
        invariant="I7",
        broken="loads whose counts do not add up",
        wrong=_asked(sa.select(load.c.load_id).where(load.c.read != _ACCOUNTED_FOR)),
    ),
    _Check(
        invariant="I7",
        broken="loads that say another number of accepted rows than they brought",
        wrong=_asked(sa.select(load.c.load_id).where(load.c.accepted != _BROUGHT.scalar_subquery())),
    ),
)
