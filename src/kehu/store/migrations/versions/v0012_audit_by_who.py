"""What one person did last is found at once: how often they unmasked, and their page of the audit trail."""

from kehu.store.migrations.steps import create_index

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Add the index."""
    create_index("ix_audit_who_at", "audit", ["who", "at"])
