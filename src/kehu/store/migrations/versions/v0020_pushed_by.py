"""Loads tell who pushed them."""

import sqlalchemy as sa

from kehu.store.columns import Word
from kehu.store.migrations.steps import add_column

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    """Add the column; who pushed what is there already, nobody knows."""
    told = "Who pushed its records: a login, or the name of an API key; null where they were fetched"
    add_column("load", sa.Column("pushed_by", Word(200), comment=told))
