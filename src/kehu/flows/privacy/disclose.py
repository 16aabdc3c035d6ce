"""Disclose: all that is held on a person, for them, in a form that machines read."""

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

from kehu.flows.privacy import asked as asking
from kehu.flows.privacy import paper
from kehu.flows.privacy.asked import Asked
from kehu.model import purposes
from kehu.store import customers
from kehu.store.audit import trail
from kehu.store.audit.trail import Act
from kehu.store.database import Database
from kehu.store.dictionary.whole import metadata
from kehu.store.privacy import persons, traces

FORM = "kehu disclosure 2"
"""What such a file calls itself."""

OUT_OF_REACH = frozenset({"match_key", "fresh"})
"""Tables that hold nothing that a person could read: hashes of what is told elsewhere."""


def disclose(database: Database, customer_id: int, *, asked: Asked) -> dict[str, Any]:
    """All that is held on a customer, table by table, with what each is held for, how long, and what its columns mean.

    That is every version of their records, golden values with the record each came from, contact media, numbers,
    accounts, contacts, tickets, consents, decisions, quarantined rows, and who looked.

    Args:
        database: The store.
        customer_id: The customer; a retired number stands for the living one.
        asked: Who discloses it, when, and how the person was known to be who they say: it is noted before anything
            is read.

    Raises:
        NotFoundError: The number was never given.
        SettingsError: Nobody says how the person was known.
    """
    asking.require_reason(asked, of="disclosing what is held on a person (how was it checked who they are?)")
    vault = asking.keys(database)
    with database.begin() as tx:
        living = customers.get(tx, customer_id).customer_id
        trail.note(tx, asked.entry(Act.DISCLOSE, living), vault=vault)
    with database.snapshot() as tx:
        living = customers.get(tx, customer_id).customer_id
        whose = persons.of_customer(tx, living)
        told = dict(persons.rows(tx, whose))
        told["decision"] = traces.decisions(tx, whose.origins)
        told["quarantine"] = traces.quarantined(tx, traces.known_by(tx, whose))
        told["audit"] = traces.looks(tx, whose.customers.to_pylist(), vault=vault)
    return {
        "form": FORM,
        "customer_id": living,
        "made_at": asked.at.isoformat(),
        "held": {name: rows for name, rows in told.items() if rows and name not in OUT_OF_REACH},
        "tables": {name: _meant(name) for name, rows in told.items() if rows and name not in OUT_OF_REACH},
    }


def text(told: dict[str, Any]) -> str:
    """A disclosure as JSON."""
    return json.dumps(told, ensure_ascii=False, indent=1, default=_plain)


def write(told: dict[str, Any], path: Path) -> None:
    """Write a disclosure to a file that only its owner reads.

    Raises:
        SourceError: It is there already, or cannot be written.
    """
    paper.write(path, text(told))


def _meant(name: str) -> dict[str, Any]:
    """What a table is held for, how long, and what each of its columns is."""
    table, told = metadata.tables[name], purposes.HELD[name]
    (use_zh, use), (period_zh, period) = purposes.USES[told.use], purposes.PERIODS[told.period]
    columns = {column.name: {"what": column.comment, "class": told.class_of(column.name).value} for column in table.c}
    return {"purpose": use, "目的": use_zh, "kept": period, "保存期限": period_zh, "columns": columns}


def _plain(value: Any) -> str:
    match value:
        case datetime() | date():
            return value.isoformat()
        case bytes():
            return value.hex()
        case _:
            return str(value)
