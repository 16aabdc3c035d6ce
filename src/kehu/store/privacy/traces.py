"""Traces: where somebody stands in tables that are not theirs: quarantine, decisions, the audit trail."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from kehu.model.masks import CERTIFICATES
from kehu.store import bulk
from kehu.store.audit import trail
from kehu.store.backup import kept
from kehu.store.database import Transaction
from kehu.store.dictionary.audit import audit
from kehu.store.dictionary.decisions import decision, decision_member
from kehu.store.dictionary.loads import quarantine
from kehu.store.dictionary.records import record
from kehu.store.privacy.persons import Whose
from kehu.store.sealing.vault import Vault


@dataclass(frozen=True, kw_only=True)
class Known:
    """By what somebody is known in rows that are not theirs."""

    keys: frozenset[tuple[str, str]]
    """The channels with the keys of their records."""
    certificates: frozenset[str]
    """The numbers of their valid certificates."""
    numbers: frozenset[str]
    """The numbers of all their certificates, wrong ones too."""
    names: frozenset[str]
    reached_by: frozenset[str]
    """Their phones and e-mails."""

    def is_in(self, row: dict[str, Any]) -> bool:
        """Whether a row in quarantine is theirs: by its key, a certificate, or a name with a phone or an e-mail."""
        mine = {(row["channel"], row["record_id"]), (row["channel"], row["replayed_as"])}
        raw = row["raw"]
        return (
            not self.keys.isdisjoint(mine)
            or any(number in raw.upper() for number in self.numbers)
            or (any(name in raw for name in self.names) and any(way in raw for way in self.reached_by))
        )


def written(raw: str) -> frozenset[str]:
    """The numbers in a row as it came that may be certificates, as cleaned ones are written.

    >>> sorted(written('{"证件号码": "11010119900307123x", "手机": "13812341234"}'))
    ['11010119900307123X']
    """
    return frozenset(found.upper() for found in CERTIFICATES.findall(raw))


def known_by(tx: Transaction, whose: Whose) -> Known:
    """By what somebody is known in rows that are not theirs."""
    texts = ("channel", "record_id", "id_number", "name", "phone", "phone_2", "email")
    schema = pa.schema([*((name, pa.string()) for name in texts), ("id_valid", pa.bool_())])
    with bulk.among(tx, record.c.record, whose.records) as one_of_them:
        rows = bulk.read(tx, sa.select(*(record.c[name] for name in schema.names)).where(one_of_them), schema)
    told = rows.to_pylist()

    def each(*names: str) -> frozenset[str]:
        return frozenset(row[name] for row in told for name in names if row[name])

    return Known(
        keys=frozenset((row["channel"], row["record_id"]) for row in told),
        certificates=frozenset(row["id_number"] for row in told if row["id_valid"] and row["id_number"]),
        numbers=each("id_number"),
        names=each("name"),
        reached_by=each("phone", "phone_2", "email"),
    )


def quarantined(tx: Transaction, known: Known) -> list[dict[str, Any]]:
    """The rows in quarantine that are somebody's."""
    schema = kept.schema_of(quarantine)
    found: list[dict[str, Any]] = []
    query = sa.select(*quarantine.c).order_by(quarantine.c.quarantine_id)
    for piece in bulk.batches(tx, query, schema):
        found += [row for row in piece.to_pylist() if known.is_in(row)]
    return found


def decisions(tx: Transaction, origins: pa.Array) -> list[dict[str, Any]]:
    """What was decided about these records."""
    with bulk.among(tx, decision_member.c.origin, origins) as one_of_them:
        about = sa.select(decision_member.c.decision_id).where(one_of_them)
        query = sa.select(*decision.c).where(decision.c.decision_id.in_(about)).order_by(decision.c.decision_id)
        return list(bulk.read(tx, query, kept.schema_of(decision)).to_pylist())


def looks(tx: Transaction, customers: list[int], *, vault: Vault) -> list[dict[str, Any]]:
    """Who saw or changed what of these customers, and why."""
    return [row for number in customers for row in _looks(tx, f"customer {number}", vault)]


def _looks(tx: Transaction, what: str, vault: Vault) -> Iterator[dict[str, Any]]:
    query = sa.select(*audit.c).where(audit.c.what == what).order_by(audit.c.audit_id)
    for row in tx.execute(query).all():
        [why] = vault.open([row.why], column="audit.why", rows=[row.mark])
        told = {"at": row.at, "who": row.who, "act": trail.Act(row.act).value, "what": row.what, "why": why}
        yield {**told, "detail": json.loads(row.detail)}
