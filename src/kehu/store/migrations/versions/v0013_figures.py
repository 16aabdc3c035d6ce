"""Figures that are kept."""

import sqlalchemy as sa

from kehu.store.columns import Word
from kehu.store.migrations.steps import NUMBER, create_table

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Add the table."""
    create_table(
        "kept_figure",
        sa.Column("name", Word(32), nullable=False, comment="Name of the figure: category, age"),
        sa.Column(
            "code", Word(200), nullable=False, comment="What is counted; empty for those of whom it is not known"
        ),
        sa.Column("customers", NUMBER, nullable=False, comment="How many"),
        sa.PrimaryKeyConstraint("name", "code"),
        comment="Figures as they were when last counted; the fact `figures at` in setting says when",
        sqlite_with_rowid=False,
    )
