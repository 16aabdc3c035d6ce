"""Segments: what somebody asked for, in every version, and how many it meant when."""

import sqlalchemy as sa

from kehu.store.columns import Instant, Word, Writing
from kehu.store.migrations.steps import NUMBER, create_table, start_sequences

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add the tables."""
    create_table(
        "segment",
        sa.Column("segment_id", NUMBER, autoincrement=False, nullable=False, comment="Number of the segment"),
        sa.Column("name", Word(200), nullable=False, comment="What it is called"),
        sa.Column("version", NUMBER, nullable=False, comment="The version in force"),
        sa.Column("every", Word(16), comment="How often it is counted: run (with each kehu run); null: when asked"),
        sa.Column("deleted_at", Instant(), comment="When it was put away (UTC); null while it is in use"),
        sa.PrimaryKeyConstraint("segment_id"),
        sa.UniqueConstraint("name", name="uq_segment_name"),
        comment="Segments (客群) that somebody saved",
    )
    create_table(
        "segment_version",
        sa.Column("segment_id", NUMBER, sa.ForeignKey("segment.segment_id"), nullable=False, comment="The segment"),
        sa.Column("version", NUMBER, nullable=False, comment="1 for the first, then 2, 3, …"),
        sa.Column("condition", Writing(), nullable=False, comment="JSON: the tree of conditions"),
        sa.Column("made_at", Instant(), nullable=False, comment="When it was saved (UTC)"),
        sa.Column("made_by", Word(200), nullable=False, comment="Who saved it"),
        sa.PrimaryKeyConstraint("segment_id", "version"),
        comment="What a segment meant in each version",
    )
    create_table(
        "segment_count",
        sa.Column("segment_id", NUMBER, sa.ForeignKey("segment.segment_id"), nullable=False, comment="The segment"),
        sa.Column("at", Instant(), nullable=False, comment="When it was counted (UTC)"),
        sa.Column("version", NUMBER, nullable=False, comment="The version that was counted"),
        sa.Column("customers", NUMBER, nullable=False, comment="How many customers it meant"),
        sa.PrimaryKeyConstraint("segment_id", "at"),
        comment="How many customers a segment meant, over time",
        sqlite_with_rowid=False,
    )
    start_sequences("segment")
