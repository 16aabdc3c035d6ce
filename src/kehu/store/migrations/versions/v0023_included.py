"""What segments ask of customers and contacts is answered by indexes alone on PostgreSQL, too."""

from alembic import op

from kehu.store.migrations.steps import create_index
from kehu.store.migrations.versions.v0022_asked import ASKED

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    """Make the indexes again, with the number that other databases keep in each."""
    if op.get_bind().dialect.name != "postgresql":
        return
    for name, table, columns, number in (
        ("ix_customer_asked", "customer", ASKED, "customer_id"),
        ("ix_interaction_reason_started_at", "interaction", ["reason", "started_at"], "record"),
    ):
        op.drop_index(name, table, if_exists=True)
        create_index(name, table, columns, postgresql_include=[number])
