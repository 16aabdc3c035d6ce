"""The star level of records and customers; `kehu run` fills it, as the golden values are made in a new way."""

import sqlalchemy as sa

from kehu.store.columns import Word
from kehu.store.migrations.steps import add_column

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """Add the column to what the channels gave, and to customers as they are and as they were."""
    says = "Star level (客户星级): 1 to 5, 5_silver, 5_gold, 5_diamond, or the operator's own grade"
    for table in ("record", "customer", "customer_history"):
        add_column(table, sa.Column("star_level", Word(64), comment=says))
