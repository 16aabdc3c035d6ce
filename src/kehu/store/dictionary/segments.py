"""The tables of segments: what somebody asked for, in every version, and how many it meant when."""

from sqlalchemy import Column, ForeignKey, PrimaryKeyConstraint, Table, UniqueConstraint

from kehu.store.columns import Instant, Word, Writing
from kehu.store.dictionary.ground import MYSQL, NARROW, NUMBER, metadata

NAME_LENGTH = 200

segment = Table(
    "segment",
    metadata,
    Column("segment_id", NUMBER, primary_key=True, autoincrement=False, comment="Number of the segment"),
    Column("name", Word(NAME_LENGTH), nullable=False, comment="What it is called"),
    Column("version", NUMBER, nullable=False, comment="The version in force"),
    Column("every", Word(16), comment="How often it is counted: run (with each kehu run); null: when asked"),
    Column("deleted_at", Instant(), comment="When it was put away (UTC); null while it is in use"),
    UniqueConstraint("name"),
    comment="Segments (客群) that somebody saved",
    **MYSQL,
)

segment_version = Table(
    "segment_version",
    metadata,
    Column("segment_id", NUMBER, ForeignKey("segment.segment_id"), nullable=False, comment="The segment"),
    Column("version", NUMBER, nullable=False, comment="1 for the first, then 2, 3, …"),
    Column("condition", Writing(), nullable=False, comment="JSON: the tree of conditions"),
    Column("made_at", Instant(), nullable=False, comment="When it was saved (UTC)"),
    Column("made_by", Word(200), nullable=False, comment="Who saved it"),
    PrimaryKeyConstraint("segment_id", "version"),
    comment="What a segment meant in each version",
    **MYSQL,
)

segment_count = Table(
    "segment_count",
    metadata,
    Column("segment_id", NUMBER, ForeignKey("segment.segment_id"), nullable=False, comment="The segment"),
    Column("at", Instant(), nullable=False, comment="When it was counted (UTC)"),
    Column("version", NUMBER, nullable=False, comment="The version that was counted"),
    Column("customers", NUMBER, nullable=False, comment="How many customers it meant"),
    PrimaryKeyConstraint("segment_id", "at"),
    comment="How many customers a segment meant, over time",
    **NARROW,
)
