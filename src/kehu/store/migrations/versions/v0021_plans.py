"""Who has a plan is found by an index."""

from kehu.store.migrations.steps import create_index

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    """Make the index."""
    create_index("ix_subscription_plan_record", "subscription", ["plan", "record"])
