"""The plan that a record states stands beside whose it is, and who has a plan is found there."""

import sqlalchemy as sa
from alembic import op

from kehu.store.columns import Word
from kehu.store.migrations.steps import add_column, create_index, drop_index

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    """Add the column, fill it, and let its index take the place of the one that told only which records."""
    add_column("member", sa.Column("plan", Word(200), comment="The plan that the record states"))
    member = sa.table("member", sa.column("record"), sa.column("plan"))
    subscription = sa.table("subscription", sa.column("record"), sa.column("plan"))
    same = sa.select(subscription.c.plan).where(subscription.c.record == member.c.record)
    states_one = member.c.record.in_(sa.select(subscription.c.record).where(subscription.c.plan.is_not(None)))
    op.execute(member.update().where(states_one).values(plan=same.scalar_subquery()))
    stated = sa.text("plan IS NOT NULL")
    create_index(
        "ix_member_plan_customer_id", "member", ["plan", "customer_id"], sqlite_where=stated, postgresql_where=stated
    )
    drop_index("ix_subscription_plan_record", "subscription")
