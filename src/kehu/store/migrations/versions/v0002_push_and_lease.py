"""Loads that pushed records share, and the lease of who is at work."""

import sqlalchemy as sa

from kehu.store.columns import Instant, Word
from kehu.store.migrations.steps import NUMBER, add_column, create_index, create_table

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the column and the table."""
    add_column(
        "load",
        sa.Column(
            "day",
            sa.Date(),
            comment="The day (UTC) whose records, pushed one by one, share this load; null for other loads",
        ),
    )
    create_index("ix_load_channel_day", "load", ["channel", "day"])
    add_column(
        "quarantine",
        sa.Column("replayed_as", Word(200), comment="The key of the record that it became; null before"),
    )
    create_table(
        "lease",
        sa.Column("name", Word(32), nullable=False, comment="What only one may do at a time: run"),
        sa.Column("token", Word(32), nullable=False, comment="Drawn anew each time it is taken"),
        sa.Column("host", Word(200), nullable=False, comment="The machine of its holder"),
        sa.Column("process", NUMBER, nullable=False, comment="The number of its holder's process there"),
        sa.Column("taken_at", Instant(), nullable=False, comment="Since when it is held (UTC)"),
        sa.Column(
            "expires_at", Instant(), nullable=False, comment="When anybody may take it, unless it is renewed (UTC)"
        ),
        sa.PrimaryKeyConstraint("name"),
        comment="Who is at work on what only one may do at a time",
    )
