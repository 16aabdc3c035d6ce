"""The audit trail: noting what somebody is about to see or change, in the transaction that shows or changes it.

An entry names things by their numbers and fields by their names. Personal values have no place in it: the reason is
the one text that a person writes, so it is sealed.

    asked = Entry(at=now, who="lihua", act=Act.UNMASK, what="customer 17", why="he asked", detail={"fields": ["phone"]})
    trail.note(tx, asked, vault=vault)
"""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from kehu.store import fingerprints
from kehu.store.database import Transaction
from kehu.store.dictionary.audit import WHAT_LENGTH, WHENCE_LENGTH, WHO_LENGTH, audit
from kehu.store.sealing.vault import Vault

Detail = Mapping[str, int | bool | str | Sequence[str] | Sequence[int]]


class Act(StrEnum):
    """What can be noted."""

    SIGN_IN = "sign_in"
    """Somebody came in."""
    SIGN_IN_REFUSED = "sign_in_refused"
    """Somebody tried to come in."""
    SIGN_OUT = "sign_out"
    """Somebody left, or a session was revoked."""
    LOOK = "look"
    """A customer's page was opened."""
    UNMASK = "unmask"
    """Masked values were shown."""
    EXPORT = "export"
    """Values left in bulk."""
    MERGE = "merge"
    """Customers became one."""
    SPLIT = "split"
    """A customer became several."""
    REVIEW = "review"
    """A pair was judged."""
    PIN = "pin"
    """A golden value was set by hand."""
    UNDO = "undo"
    """A decision was taken back."""
    ARRIVE = "arrive"
    """Records were pushed: a batch, or the first that somebody sent to a channel one by one on a day."""
    MEND = "mend"
    """Quarantined rows were mended or replayed."""
    DISMISS = "dismiss"
    """Quarantined rows were closed as they are."""
    ADOPT = "adopt"
    """Another model was adopted."""
    NOTE = "note"
    """A note on a customer was written."""
    TICKET = "ticket"
    """A ticket was opened or changed."""
    CONSENT = "consent"
    """Consent was given or withdrawn."""
    RESTRICT = "restrict"
    """The use of a customer's data was restricted, or freed."""
    DISCLOSE = "disclose"
    """All that is held on a person was handed to them."""
    ERASE = "erase"
    """A person was erased."""
    AFFECTED = "affected"
    """It was found who a breach affects."""
    USERS = "users"
    """Our own users, their roles or keys were changed."""
    BACKUP = "backup"
    """The store was copied out."""
    RESTORE = "restore"
    """The store was made from a backup."""
    ROTATE = "rotate"
    """The keys were changed."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What is to be noted."""

    at: datetime
    """When."""
    who: str
    """A login, the name of an API key, or `cli:USER`."""
    act: Act
    """What is done."""
    what: str
    """To what: `customer 17`."""
    whence: str | None = None
    """From where: an address, or None for the command line."""
    why: str | None = None
    """The reason given; it is sealed."""
    detail: Detail = field(default_factory=dict)
    """Names of fields and counts; never a personal value."""


@dataclass(frozen=True, kw_only=True)
class Noted(Entry):
    """An entry as it stands in the trail."""

    audit_id: int
    """Its number."""


def note(tx: Transaction, entry: Entry, *, vault: Vault) -> None:
    """Add an entry; it stands where the transaction is committed.

    Raises:
        StoreError: The trail cannot be written: then what it tells of must not happen either.
    """
    note_all(tx, [entry], vault=vault)


def tell(tx: Transaction, entry: Entry) -> None:
    """As `note`, where the transaction's store has a trail: one without a vault has none.

    Raises:
        StoreError: The trail cannot be written.
    """
    vault: Vault | None = tx.get_execution_options().get("vault")
    if vault is not None:
        note(tx, entry, vault=vault)


def note_all(tx: Transaction, entries: Sequence[Entry], *, vault: Vault) -> None:
    """Add entries, in this order.

    Raises:
        StoreError: The trail cannot be written.
    """
    marks = [secrets.randbits(62) for _ in entries]
    whys = [entry.why for entry in entries]
    # A look at a page gives no reason: it asks nothing of the store beside.
    number = fingerprints.number(tx) if any(why is not None for why in whys) else None
    reasons = vault.seal(whys, column="audit.why", rows=marks, number=number)
    rows = [
        {
            "at": entry.at,
            "who": entry.who[:WHO_LENGTH],
            "act": entry.act.value,
            "what": entry.what[:WHAT_LENGTH],
            "whence": entry.whence and entry.whence[:WHENCE_LENGTH],
            "why": why,
            "detail": json.dumps(dict(entry.detail), ensure_ascii=False, sort_keys=True),
            "mark": mark,
        }
        for entry, why, mark in zip(entries, reasons, marks, strict=True)
    ]
    tx.execute(audit.insert(), rows)


def times(tx: Transaction, *, who: str, act: Act, since: datetime, limit: int) -> list[datetime]:
    """When somebody last did this since then, the latest first."""
    told = sa.select(audit.c.at).where(audit.c.who == who[:WHO_LENGTH], audit.c.act == act.value, audit.c.at > since)
    return list(tx.scalars(told.order_by(audit.c.at.desc()).limit(limit)))


@dataclass(frozen=True, kw_only=True)
class Filter:
    """Which entries are wanted; what is None does not matter."""

    who: str | None = None
    """Of one person."""
    act: Act | None = None
    """Of one kind."""
    what: str | None = None
    """On one thing."""
    since: datetime | None = None
    """Not before."""
    until: datetime | None = None
    """Before."""


def page(tx: Transaction, wanted: Filter, *, vault: Vault, before: int | None = None, limit: int = 50) -> list[Noted]:
    """The latest entries first; `before` is the number of the last entry of the page before."""
    asked = {audit.c.who: wanted.who, audit.c.act: wanted.act, audit.c.what: wanted.what}
    query = sa.select(audit).where(*(column == value for column, value in asked.items() if value is not None))
    if wanted.since is not None:
        query = query.where(audit.c.at >= wanted.since)
    if wanted.until is not None:
        query = query.where(audit.c.at < wanted.until)
    if before is not None:
        query = query.where(audit.c.audit_id < before)
    return opened(tx.execute(query.order_by(audit.c.audit_id.desc()).limit(limit)).all(), vault=vault)


def one(tx: Transaction, number: int, *, vault: Vault) -> Noted | None:
    """The entry of this number; None where there is none."""
    return next(iter(opened(tx.execute(sa.select(audit).where(audit.c.audit_id == number)).all(), vault=vault)), None)


def opened(rows: Sequence[sa.Row[Any]], *, vault: Vault) -> list[Noted]:
    """Rows of `audit` with their reasons opened."""
    reasons = vault.open([row.why for row in rows], column="audit.why", rows=[row.mark for row in rows])
    return [
        Noted(
            audit_id=row.audit_id, at=row.at, who=row.who, act=Act(row.act), what=row.what, whence=row.whence,
            why=why, detail=json.loads(row.detail),
        )
        for row, why in zip(rows, reasons, strict=True)
    ]  # fmt: skip
