"""What a decision says of each pair, whom it is about, and the values that stewards pin."""

import sqlalchemy as sa
from alembic import op

from kehu.store.columns import Word, Writing
from kehu.store.migrations.steps import NUMBER, add_column, create_index, create_table

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the columns and the tables."""
    if op.get_bind().dialect.name != "sqlite":  # It keeps no comments.
        told = "together, apart, unsure or pin"
        op.alter_column("decision", "kind", comment=told, existing_type=Word(16), existing_nullable=False)
    add_column("decision", sa.Column("undone_why", Writing(), comment="The reason given for taking it back"))
    add_column(
        "decision_pair",
        sa.Column(
            "kind",
            Word(16),
            nullable=False,
            server_default="together",
            comment="What it says of the pair: together, apart or unsure",
        ),
    )
    # Decisions made before had one kind for all their pairs.
    decision = sa.table("decision", sa.column("decision_id"), sa.column("kind"))
    pair = sa.table("decision_pair", sa.column("decision_id"), sa.column("kind"))
    apart = sa.select(decision.c.decision_id).where(decision.c.kind == "apart")
    op.execute(pair.update().where(pair.c.decision_id.in_(apart)).values(kind="apart"))
    create_table(
        "decision_member",
        sa.Column("decision_id", NUMBER, sa.ForeignKey("decision.decision_id"), nullable=False, comment="The decision"),
        sa.Column("origin", NUMBER, nullable=False, comment="record.origin of a record that it is about"),
        sa.Column("customer_id", NUMBER, nullable=False, comment="The customer of that record before it"),
        sa.PrimaryKeyConstraint("decision_id", "origin"),
        comment="The records a decision is about, and where each belonged before: taking it back gives the ids back",
        sqlite_with_rowid=False,
    )
    create_index("ix_decision_member_origin", "decision_member", ["origin"])
    create_table(
        "decision_pin",
        sa.Column(
            "decision_id",
            NUMBER,
            sa.ForeignKey("decision.decision_id"),
            primary_key=True,
            autoincrement=False,
            comment="The decision",
        ),
        sa.Column("origin", NUMBER, nullable=False, comment="record.origin of the record that carries the value"),
        sa.Column("attribute", Word(32), nullable=False, comment="The attribute of the customer: name, phone"),
        sa.Column("value", Word(500), nullable=False, comment="The value that it shall have"),
        comment="Values that a steward pinned; they go with the record, whatever customer it belongs to",
    )
    create_index("ix_decision_pin_origin", "decision_pin", ["origin"])
