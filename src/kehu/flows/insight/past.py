"""The past of a customer: its state at any time, and what changed, when, why and by whom."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import pyarrow as pa

from kehu.errors import NotFoundError
from kehu.model import masks
from kehu.model.customers import GOLDEN_COLUMNS
from kehu.store import customers, decisions, records
from kehu.store.database import Database, Transaction

TOLD = (*GOLDEN_COLUMNS, "records", "quality", "merged_into")
"""What is told of a state, and of what changed."""

SHOWN_RECORDS = 200
"""So many records of a past state are named."""

Told = str | date | int | float | None


@dataclass(frozen=True, kw_only=True)
class Altered:
    """One attribute before and after a change."""

    attribute: str
    before: Told = field(metadata=masks.told_by("attribute"))
    after: Told = field(metadata=masks.told_by("attribute"))


@dataclass(frozen=True, kw_only=True)
class Changed:
    """One change in the life of a customer."""

    at: datetime
    why: str
    """What brought it: load 17, decision 4, undo 4, settings."""
    by: str | None
    """Who decided; None where no person did."""
    reason: str | None
    """The reason that person gave."""
    first: bool
    """Whether it brought the customer into being."""
    altered: tuple[Altered, ...]


@dataclass(frozen=True, kw_only=True)
class Belonged:
    """A record that belonged to the customer then."""

    record: int
    channel: str
    record_id: str


@dataclass(frozen=True, kw_only=True)
class State:
    """What a customer was at a time."""

    values: Mapping[str, Told]
    """The golden values, how many records it had, its quality."""
    valid_from: datetime
    valid_to: datetime | None
    """Until when it held; None: it holds now."""
    merged_into: int | None
    """The customer that it had been merged into by then."""
    records: tuple[Belonged, ...]


@dataclass(frozen=True, kw_only=True)
class Past:
    """The past of a customer, of a retired number too."""

    customer_id: int
    as_of: datetime | None
    """The time asked about; None: now."""
    state: State | None
    """What it was then; None where it did not exist yet."""
    changes: tuple[Changed, ...]
    """All changes up to then, the newest first."""


def past(database: Database, customer_id: int, *, as_of: datetime | None = None) -> Past:
    """What a customer was at a time, and everything that changed until then. A retired number tells its own past.

    Raises:
        NotFoundError: The number was never given.
    """
    with database.read() as tx:
        states = customers.history(tx, customer_id).to_pylist()
        if not states:
            raise NotFoundError(f"there is no customer {customer_id}")
        known = [state for state in states if as_of is None or state["valid_from"] <= as_of]
        changes = tuple(reversed(list(_changes(tx, known))))
        state = _state(tx, known[-1], as_of) if known else None
    return Past(customer_id=customer_id, as_of=as_of, state=state, changes=changes)


def _state(tx: Transaction, state: Mapping[str, Any], as_of: datetime | None) -> State:
    if as_of is None:
        numbers = customers.members(tx, pa.array([state["customer_id"]], pa.int64())).column("record").combine_chunks()
    else:
        numbers = customers.members_as_of(tx, state["customer_id"], as_of)
    named = records.read(tx, numbers.slice(0, SHOWN_RECORDS), columns=("record", "channel", "record_id"))
    return State(
        values={name: state[name] for name in TOLD if name != "merged_into"},
        valid_from=state["valid_from"],
        valid_to=state["valid_to"],
        merged_into=state["merged_into"],
        records=tuple(Belonged(**row) for row in named.to_pylist()),
    )


def _changes(tx: Transaction, states: Sequence[Mapping[str, Any]]) -> Iterator[Changed]:
    """The changes that led from state to state, the oldest first."""
    before: Mapping[str, Any] = {}
    for state in states:
        by, reason = _author(tx, state["why"])
        altered = [
            Altered(attribute=name, before=before.get(name), after=state[name])
            for name in TOLD
            if before.get(name) != state[name]
        ]
        yield Changed(
            at=state["valid_from"],
            why=state["why"],
            by=by,
            reason=reason,
            first=not before,
            altered=tuple(altered),
        )
        before = state


def _author(tx: Transaction, why: str) -> tuple[str | None, str | None]:
    """Who decided, and why, where a person did."""
    if not (found := re.fullmatch(r"(decision|undo) (\d+)", why)):
        return None, None
    try:
        decided = decisions.get(tx, int(found[2]))
    except NotFoundError:
        return None, None
    return (decided.undone_by, decided.undone_why) if found[1] == "undo" else (decided.decided_by, decided.why)
