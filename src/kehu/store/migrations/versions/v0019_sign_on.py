"""Users come in by the word of an identity provider: whom it vouches for, and which sign-ins were made lately."""

import sqlalchemy as sa

from kehu.store.columns import Digest, Instant
from kehu.store.migrations.steps import add_column, create_index, create_table

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Add the column and the table."""
    told = "SHA-256 of issuer and subject by which an identity provider vouches for them; null where none does"
    add_column("person", sa.Column("subject", Digest(32), comment=told))
    create_index("ix_person_subject", "person", ["subject"], unique=True)
    create_table(
        "sign_on",
        sa.Column("state", Digest(32), primary_key=True, comment="SHA-256 of the state of the sign-in"),
        sa.Column("at", Instant(), nullable=False, comment="When (UTC)"),
        comment="Sign-ins by an identity provider lately: each is good once",
        sqlite_with_rowid=False,
    )
