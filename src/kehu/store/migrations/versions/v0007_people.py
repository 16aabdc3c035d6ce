"""Our own users: who they are, where they are signed in, and the keys of machines."""

import sqlalchemy as sa

from kehu.store.columns import Digest, Instant, Word, Writing
from kehu.store.migrations.steps import NUMBER, create_index, create_table, start_sequences

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the tables."""
    create_table(
        "person",
        sa.Column("person_id", NUMBER, autoincrement=False, nullable=False, comment="Number of the user"),
        sa.Column("login", Word(100), nullable=False, comment="What they sign in with, in lower case"),
        sa.Column("name", Word(200), nullable=False, comment="What they are called"),
        sa.Column(
            "roles", Word(200), nullable=False, comment="Their roles, parted by blanks, in the order of the alphabet"
        ),
        sa.Column("state", Word(16), nullable=False, comment="invited, active or disabled"),
        sa.Column("password", Word(200), comment="Hash of the password (argon2id); null until they chose one"),
        sa.Column("totp", Writing(), comment="Secret of the second factor, sealed; null where there is none"),
        sa.Column("totp_step", NUMBER, comment="The last time step whose code was used: a code is good once"),
        sa.Column("made_at", Instant(), nullable=False, comment="When they were invited (UTC)"),
        sa.Column("made_by", Word(200), nullable=False, comment="Who invited them"),
        sa.Column("signed_in_at", Instant(), comment="When they last signed in (UTC)"),
        sa.PrimaryKeyConstraint("person_id"),
        sa.UniqueConstraint("login", name="uq_person_login"),
        comment="Our own users: agents, stewards, analysts, privacy officers, administrators",
    )
    create_table(
        "session",
        sa.Column("token", Digest(32), nullable=False, comment="SHA-256 of the token in the browser's cookie"),
        sa.Column("session_id", NUMBER, nullable=False, comment="Number of the session, to show and revoke it by"),
        sa.Column("person_id", NUMBER, sa.ForeignKey("person.person_id"), nullable=False, comment="Whose it is"),
        sa.Column("started_at", Instant(), nullable=False, comment="When they signed in (UTC)"),
        sa.Column(
            "seen_at", Instant(), nullable=False, comment="When they last asked for something, to the minute (UTC)"
        ),
        sa.Column("expires_at", Instant(), nullable=False, comment="When it ends, however busy (UTC)"),
        sa.Column("whence", Word(200), comment="The address they signed in from"),
        sa.Column("browser", Word(200), comment="What their browser calls itself"),
        sa.PrimaryKeyConstraint("token"),
        sa.UniqueConstraint("session_id", name="uq_session_session_id"),
        comment="Where users are signed in; a row that is gone is a session that is over",
    )
    create_index("ix_session_person_id", "session", ["person_id"])
    create_table(
        "one_time_link",
        sa.Column("token", Digest(32), nullable=False, comment="SHA-256 of the token in the link"),
        sa.Column(
            "person_id", NUMBER, sa.ForeignKey("person.person_id"), nullable=False, comment="Who may choose a password"
        ),
        sa.Column("made_at", Instant(), nullable=False, comment="When it was made (UTC)"),
        sa.Column("expires_at", Instant(), nullable=False, comment="When it is good no more (UTC)"),
        sa.PrimaryKeyConstraint("token"),
        comment="Links with which a user chooses a password, once",
    )
    create_index("ix_one_time_link_person_id", "one_time_link", ["person_id"])
    create_table(
        "api_key",
        sa.Column("key_id", NUMBER, autoincrement=False, nullable=False, comment="Number of the key"),
        sa.Column("name", Word(200), nullable=False, comment="What it is for: what stands in the audit trail"),
        sa.Column("token", Digest(32), nullable=False, comment="SHA-256 of the key"),
        sa.Column("permissions", Word(400), nullable=False, comment="What it may do, parted by blanks"),
        sa.Column("made_at", Instant(), nullable=False, comment="When it was made (UTC)"),
        sa.Column("made_by", Word(200), nullable=False, comment="Who made it"),
        sa.Column("expires_at", Instant(), comment="When it ends (UTC); null: never"),
        sa.Column("revoked_at", Instant(), comment="When it was revoked (UTC)"),
        sa.Column("seen_at", Instant(), comment="When it was last used, to the minute (UTC)"),
        sa.PrimaryKeyConstraint("key_id"),
        sa.UniqueConstraint("name", name="uq_api_key_name"),
        sa.UniqueConstraint("token", name="uq_api_key_token"),
        comment="Keys with which machines ask",
    )
    create_table(
        "refusal",
        sa.Column("at", Instant(), nullable=False, comment="When (UTC)"),
        sa.Column("whence", Word(200), nullable=False, comment="The address it came from"),
        sa.Column("login", Digest(32), nullable=False, comment="SHA-256 of the login that was tried"),
        sa.Column("mark", NUMBER, nullable=False, comment="A random number, for many at one time"),
        sa.PrimaryKeyConstraint("at", "mark"),
        comment="Sign-ins that were refused lately: too many of them, and the next has to wait",
        sqlite_with_rowid=False,
    )
    create_index("ix_refusal_login_at", "refusal", ["login", "at"])
    create_index("ix_refusal_whence_at", "refusal", ["whence", "at"])
    start_sequences("person", "session", "api_key")
