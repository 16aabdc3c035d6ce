"""The audit trail and its chain."""

import sqlalchemy as sa

from kehu.store.columns import Digest, Instant, Word, Writing
from kehu.store.migrations.steps import NUMBER, create_index, create_table, start_sequences

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the tables."""
    create_table(
        "audit",
        sa.Column("audit_id", NUMBER, autoincrement=True, nullable=False, comment="Number of the entry"),
        sa.Column("at", Instant(), nullable=False, comment="When (UTC)"),
        sa.Column("who", Word(200), nullable=False, comment="Who did it: a login, the name of an API key, or cli:USER"),
        sa.Column("act", Word(32), nullable=False, comment="What was done: unmask, export, merge, …"),
        sa.Column("what", Word(200), nullable=False, comment="To what: customer 17, load 4; never a personal value"),
        sa.Column("whence", Word(200), comment="From where: an address, or the command line"),
        sa.Column("why", Writing(), comment="The reason given, sealed: people write names into it"),
        sa.Column(
            "detail", Writing(), nullable=False, comment="JSON: names of fields and counts; never a personal value"
        ),
        sa.Column("mark", NUMBER, nullable=False, comment="A random number that the sealed reason is bound to"),
        sa.PrimaryKeyConstraint("audit_id"),
        comment="Who saw or changed what (审计): rows are only added",
        sqlite_autoincrement=True,
    )
    create_index("ix_audit_at", "audit", ["at"])
    create_index("ix_audit_what_audit_id", "audit", ["what", "audit_id"])
    create_table(
        "audit_chain",
        sa.Column("place", NUMBER, autoincrement=False, nullable=False, comment="Place in the chain: 1, 2, 3, …"),
        sa.Column(
            "audit_id", NUMBER, sa.ForeignKey("audit.audit_id"), nullable=False, comment="The entry that stands there"
        ),
        sa.Column("digest", Digest(32), nullable=False, comment="SHA-256 of the digest before it and of the entry"),
        sa.PrimaryKeyConstraint("place"),
        sa.UniqueConstraint("audit_id", name="uq_audit_chain_audit_id"),
        comment="The hash chain over the audit trail; its head stands, signed, outside the database",
        sqlite_with_rowid=False,
    )
    start_sequences("audit")
