"""How good the rows of each load were, and what was pushed as it came."""

import sqlalchemy as sa
from alembic import op

from kehu.store.columns import Word, Writing
from kehu.store.migrations.steps import NUMBER, create_table

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the tables, and tell of the new state of a load."""
    if op.get_bind().dialect.name != "sqlite":  # It keeps no comments.
        told = "running, done, failed or interrupted"
        op.alter_column("load", "state", comment=told, existing_type=Word(16), existing_nullable=False)
    create_table(
        "quality",
        sa.Column(
            "load_id", NUMBER, sa.ForeignKey("load.load_id"), nullable=False, comment="The load that brought the rows"
        ),
        sa.Column("rule", Word(64), nullable=False, comment="The rule that they broke"),
        sa.Column(
            "severity", Word(16), nullable=False, comment="reject: they lie in quarantine; warn: they were accepted"
        ),
        sa.Column("rows", NUMBER, nullable=False, comment="Rows that broke it, each counted once"),
        sa.PrimaryKeyConstraint("load_id", "rule", "severity"),
        comment="How many rows of a load broke which rule; counted as they came, so mending a row changes nothing here",
        sqlite_with_rowid=False,
    )
    create_table(
        "completeness",
        sa.Column(
            "load_id", NUMBER, sa.ForeignKey("load.load_id"), nullable=False, comment="The load that brought the rows"
        ),
        sa.Column("attribute", Word(64), nullable=False, comment="An attribute of records: phone, id_number"),
        sa.Column("filled", NUMBER, nullable=False, comment="Accepted rows in which the source wrote something"),
        sa.Column(
            "valid", NUMBER, nullable=False, comment="Those of them whose value says something and passes its check"
        ),
        sa.PrimaryKeyConstraint("load_id", "attribute"),
        comment="How full and how valid the attributes of a load's accepted rows were",
        sqlite_with_rowid=False,
    )
    create_table(
        "pushed",
        sa.Column("record", NUMBER, primary_key=True, autoincrement=False, comment="The record that it became"),
        sa.Column("raw", Writing(), nullable=False, comment="The record as it was sent: JSON"),
        comment="Records sent one by one, as they came; batches are kept as Parquet under raw/",
    )
