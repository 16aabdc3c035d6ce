"""Requests: what people asked for, and when it was done, as the audit trail tells of it."""

from collections.abc import Sequence

import sqlalchemy as sa

from kehu.store.audit import trail
from kehu.store.audit.trail import Act, Noted
from kehu.store.database import Transaction
from kehu.store.dictionary.audit import audit
from kehu.store.sealing.vault import Vault

ACTS = (Act.CONSENT, Act.RESTRICT, Act.DISCLOSE, Act.ERASE, Act.AFFECTED)
"""The acts that answer what people, or the law, ask for."""


def page(
    tx: Transaction,
    *,
    vault: Vault,
    customers: Sequence[int] | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[Noted]:
    """The latest first: of everybody, or of one person's numbers; `before` is the last entry of the page before."""
    query = sa.select(audit).where(audit.c.act.in_([act.value for act in ACTS]))
    if customers is not None:
        query = query.where(audit.c.what.in_([f"customer {number}" for number in customers]))
    if before is not None:
        query = query.where(audit.c.audit_id < before)
    return trail.opened(tx.execute(query.order_by(audit.c.audit_id.desc()).limit(limit)).all(), vault=vault)
