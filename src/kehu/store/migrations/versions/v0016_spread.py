"""SQLite learns how its indexes are spread: until now every one of them looked good to it.

Later `store.bulk` tells it, whenever many rows were written.
"""

from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Look at some rows of every index."""
    if op.get_context().dialect.name == "sqlite":
        op.execute("PRAGMA analysis_limit = 400")
        op.execute("ANALYZE")
