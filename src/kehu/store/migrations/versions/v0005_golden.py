"""What decided each golden value, what the quality of a customer lacks, and every way to reach it."""

import sqlalchemy as sa
from alembic import op

from kehu.store.columns import Instant, Real, Word
from kehu.store.migrations.steps import NUMBER, add_column, create_index, create_table

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the columns and the table; `kehu run` fills them, as the golden values are made in a new way."""
    for table in ("customer", "customer_history"):
        add_column(
            table,
            sa.Column(
                "decided",
                Word(32),
                comment="For each attribute a letter: what decided its value; - where nobody tells it",
            ),
        )
        add_column(
            table,
            sa.Column("flaws", Word(400), comment="What its quality lacks, each behind a comma: ,no_email,one_record"),
        )
        if op.get_bind().dialect.name != "sqlite":  # It keeps no comments.
            told = "0 to 100: 100 less the points of its flaws"
            op.alter_column(table, "quality", comment=told, existing_type=Real(), existing_nullable=False)
    create_index("ix_customer_merged_into_quality", "customer", ["merged_into", "quality"])
    create_table(
        "contact_medium",
        sa.Column("customer_id", NUMBER, nullable=False, comment="The customer it reaches"),
        sa.Column("kind", Word(16), nullable=False, comment="phone, email or address"),
        sa.Column("rank", NUMBER, nullable=False, comment="1 is the best of its kind"),
        sa.Column("value", Word(500), nullable=False, comment="The number or the address, as cleaned"),
        sa.Column("first_seen", Instant(), comment="When the oldest of its records was changed at its source (UTC)"),
        sa.Column("last_seen", Instant(), comment="When the newest was (UTC)"),
        sa.Column("records", NUMBER, nullable=False, comment="How many of the customer's records state it"),
        sa.Column("record", NUMBER, nullable=False, comment="The newest of them"),
        sa.PrimaryKeyConstraint("customer_id", "kind", "rank"),
        comment="How a customer can be reached (联系方式): every phone, e-mail and address, the best first",
        sqlite_with_rowid=False,
    )
