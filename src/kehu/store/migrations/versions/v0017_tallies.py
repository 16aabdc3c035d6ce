"""Figures are kept for every filter: what was kept before goes, and is counted anew by the next `kehu run`."""

import sqlalchemy as sa
from alembic import op

from kehu.store.columns import Word
from kehu.store.migrations.steps import NUMBER, create_table

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Add the table, drop the one before it, and forget when that was counted."""
    create_table(
        "tally",
        sa.Column(
            "category", Word(64), nullable=False, comment="Of customers of this category; - of none, empty of any"
        ),
        sa.Column("province", Word(64), nullable=False, comment="Who live here; - where nobody says, empty anywhere"),
        sa.Column("channel", Word(64), nullable=False, comment="Known or told by this channel; empty by any"),
        sa.Column("name", Word(32), nullable=False, comment="Name of the figure: category, age"),
        sa.Column(
            "month", Word(7), nullable=False, comment="When it happened: 2026-11; empty where it is a state of today"
        ),
        sa.Column("code", Word(200), nullable=False, comment="What is counted; - where it is not known"),
        sa.Column("many", NUMBER, nullable=False, comment="How many"),
        sa.PrimaryKeyConstraint("category", "province", "channel", "name", "month", "code"),
        comment="Figures of every filter as they were when last counted; the fact `figures at` in setting says when",
        sqlite_with_rowid=False,
    )
    op.drop_table("kept_figure", if_exists=True)
    setting = sa.table("setting", sa.column("name"))
    op.execute(setting.delete().where(setting.c.name == "figures at"))
