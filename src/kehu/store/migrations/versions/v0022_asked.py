"""What segments ask of customers and contacts is answered by indexes."""

from kehu.store.migrations.steps import create_index

revision = "0022"
down_revision = "0021"

ASKED = [
    "category", "province", "birth_date", "merged_into", "gender", "star_level", "kind", "id_type", "quality",
    "records", "city", "district", "updated_at", "phone", "email",
]  # fmt: skip


def upgrade() -> None:
    """Make the indexes."""
    # The whole of an e-mail address is longer than an index of MariaDB and MySQL may be.
    short = {"phone": 1, "email": 1}
    create_index("ix_customer_asked", "customer", ASKED, mysql_length=short, mariadb_length=short)
    create_index("ix_interaction_reason_started_at", "interaction", ["reason", "started_at"])
