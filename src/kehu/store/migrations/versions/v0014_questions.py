"""What stewards are asked is kept as customers change: the queue is read by an index, however many links there are.

A store that holds customers already gets its questions with the next `kehu run`.
"""

import sqlalchemy as sa

from kehu.store.dictionary.ground import NUMBER
from kehu.store.migrations.steps import create_index, create_table

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Add the table."""
    create_table(
        "question",
        sa.Column("customer_l", NUMBER, nullable=False, comment="The lesser number of the two customers"),
        sa.Column("customer_r", NUMBER, nullable=False, comment="The greater number of the two customers"),
        sa.Column("value", NUMBER, nullable=False, comment="Thousandths of records that an answer may move"),
        sa.Column("pairs", NUMBER, nullable=False, comment="How many pairs of records are in doubt between the two"),
        sa.Column("record_l", NUMBER, nullable=False, comment="The heaviest of these pairs: its lesser record number"),
        sa.Column("record_r", NUMBER, nullable=False, comment="Its greater record number"),
        sa.PrimaryKeyConstraint("customer_l", "customer_r"),
        comment="Whether two customers are one: what stewards are asked (复核), made anew with the customers",
        sqlite_with_rowid=False,
    )
    create_index("ix_question_customer_r", "question", ["customer_r"])
    create_index("ix_question_value_record_l_record_r", "question", ["value", "record_l", "record_r"])
