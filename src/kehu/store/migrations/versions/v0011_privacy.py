"""Privacy: consent, restriction, and what is left of the erased."""

import sqlalchemy as sa

from kehu.store.columns import Digest, Instant, Word, Writing
from kehu.store.migrations.steps import NUMBER, add_column, create_index, create_table, start_sequences

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Add the tables, and the count of rows that are left out."""
    create_table(
        "consent",
        sa.Column("consent_id", NUMBER, autoincrement=False, nullable=False, comment="Number of the statement"),
        sa.Column("origin", NUMBER, nullable=False, comment="record.origin of the record that carries it"),
        sa.Column(
            "purpose", Word(16), nullable=False, comment="What for: marketing, profiling, sharing, abroad or guardian"
        ),
        sa.Column("said", Word(16), nullable=False, comment="given or withdrawn"),
        sa.Column("notice", Word(64), nullable=False, comment="Version of the notice that they were shown"),
        sa.Column("channel", Word(64), nullable=False, comment="The way they said it: hall, 10086, page"),
        sa.Column("at", Instant(), nullable=False, comment="When they said it (UTC)"),
        sa.Column("noted_at", Instant(), nullable=False, comment="When it was noted here (UTC)"),
        sa.Column("noted_by", Word(200), nullable=False, comment="Who noted it"),
        sa.PrimaryKeyConstraint("consent_id"),
        comment="What people consented to, and withdrew (同意): rows are only added, the latest of a purpose holds",
    )
    create_index("ix_consent_origin", "consent", ["origin"])
    create_table(
        "restriction",
        sa.Column("origin", NUMBER, nullable=False, comment="record.origin of a record whose use is restricted"),
        sa.Column("since", Instant(), nullable=False, comment="Since when (UTC)"),
        sa.Column(
            "bound", Word(16), nullable=False, comment="asked: by the person; law: kept though its person was erased"
        ),
        sa.Column("noted_by", Word(200), nullable=False, comment="Who restricted it"),
        sa.Column(
            "until", Instant(), comment="Until when law makes us keep it (UTC); null where nobody asked for erasure"
        ),
        sa.Column("freed_at", Instant(), comment="When it was freed (UTC); null while it is restricted"),
        sa.Column("freed_by", Word(200), comment="Who freed it"),
        sa.PrimaryKeyConstraint("origin", "since"),
        comment="Records that may be stored and not used (限制处理); a customer with one of them is restricted whole",
        sqlite_with_rowid=False,
    )
    create_index("ix_restriction_freed_at_origin", "restriction", ["freed_at", "origin"])
    create_table(
        "erasure",
        sa.Column("erasure_id", NUMBER, autoincrement=False, nullable=False, comment="Number of the receipt"),
        sa.Column("at", Instant(), nullable=False, comment="When (UTC)"),
        sa.Column("erased_by", Word(200), nullable=False, comment="Who did it"),
        sa.Column("state", Word(16), nullable=False, comment="running: copies outside the tables are left; done"),
        sa.Column("finished_at", Instant(), comment="When the last copy was gone (UTC)"),
        sa.Column(
            "receipt", Writing(), nullable=False, comment="JSON: how many rows of which table; never a personal value"
        ),
        sa.PrimaryKeyConstraint("erasure_id"),
        comment="Persons that were erased (删除): what proves it, without saying who they were",
    )
    create_table(
        "tombstone",
        sa.Column("kind", Word(16), nullable=False, comment="Of what: key, certificate, content, customer"),
        sa.Column("digest", Digest(16), nullable=False, comment="Keyed hash of the channel and key, or of the number"),
        sa.Column("key_number", NUMBER, nullable=False, comment="Number of the key it was hashed with"),
        sa.Column(
            "erasure_id", NUMBER, sa.ForeignKey("erasure.erasure_id"), nullable=False, comment="By which erasure"
        ),
        sa.Column("at", Instant(), nullable=False, comment="When that was (UTC)"),
        sa.PrimaryKeyConstraint("kind", "digest"),
        comment="By what the erased are known when they come again: such rows are left out",
        sqlite_with_rowid=False,
    )
    create_index("ix_tombstone_erasure_id", "tombstone", ["erasure_id"])
    add_column(
        "load",
        sa.Column(
            "erased",
            NUMBER,
            nullable=False,
            server_default="0",
            comment="Rows of people who are erased, left out as they came or erased since; read counts them too",
        ),
    )
    start_sequences("consent", "erasure")
