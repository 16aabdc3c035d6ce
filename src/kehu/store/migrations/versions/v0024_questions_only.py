"""Stewards are asked by `question`: no walk goes along the links in the order of their weights any more."""

from kehu.store.migrations.steps import drop_index

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    """Drop the index that such walks had: a load of a million records spends seconds on it."""
    drop_index("ix_link_state_weight_record_l_record_r", "link")
