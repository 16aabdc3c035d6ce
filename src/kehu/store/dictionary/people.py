"""The tables of our own users. Tokens and keys stand in them as hashes: who reads the database cannot use them."""

from sqlalchemy import Column, ForeignKey, Index, PrimaryKeyConstraint, Table, UniqueConstraint

from kehu.store.columns import Digest, Instant, Word, Writing
from kehu.store.dictionary.ground import MYSQL, NARROW, NUMBER, metadata

LOGIN_LENGTH = 100
NAME_LENGTH = 200
WHENCE_LENGTH = 200

person = Table(
    "person",
    metadata,
    Column("person_id", NUMBER, primary_key=True, autoincrement=False, comment="Number of the user"),
    Column("login", Word(LOGIN_LENGTH), nullable=False, comment="What they sign in with, in lower case"),
    Column("name", Word(NAME_LENGTH), nullable=False, comment="What they are called"),
    Column("roles", Word(200), nullable=False, comment="Their roles, parted by blanks, in the order of the alphabet"),
    Column("state", Word(16), nullable=False, comment="invited, active or disabled"),
    Column("password", Word(200), comment="Hash of the password (argon2id); null until they chose one"),
    Column("totp", Writing(), comment="Secret of the second factor, sealed; null where there is none"),
    Column("totp_step", NUMBER, comment="The last time step whose code was used: a code is good once"),
    Column("made_at", Instant(), nullable=False, comment="When they were invited (UTC)"),
    Column("made_by", Word(200), nullable=False, comment="Who invited them"),
    Column("signed_in_at", Instant(), comment="When they last signed in (UTC)"),
    Column(
        "subject",
        Digest(32),
        comment="SHA-256 of issuer and subject by which an identity provider vouches for them; null where none does",
    ),
    UniqueConstraint("login"),
    Index(None, "subject", unique=True),
    comment="Our own users: agents, stewards, analysts, privacy officers, administrators",
    **MYSQL,
)

session = Table(
    "session",
    metadata,
    Column("token", Digest(32), primary_key=True, comment="SHA-256 of the token in the browser's cookie"),
    Column("session_id", NUMBER, nullable=False, comment="Number of the session, to show and revoke it by"),
    Column("person_id", NUMBER, ForeignKey("person.person_id"), nullable=False, comment="Whose it is"),
    Column("started_at", Instant(), nullable=False, comment="When they signed in (UTC)"),
    Column("seen_at", Instant(), nullable=False, comment="When they last asked for something, to the minute (UTC)"),
    Column("expires_at", Instant(), nullable=False, comment="When it ends, however busy (UTC)"),
    Column("whence", Word(WHENCE_LENGTH), comment="The address they signed in from"),
    Column("browser", Word(200), comment="What their browser calls itself"),
    UniqueConstraint("session_id"),
    Index(None, "person_id"),
    comment="Where users are signed in; a row that is gone is a session that is over",
    **MYSQL,
)

one_time_link = Table(
    "one_time_link",
    metadata,
    Column("token", Digest(32), primary_key=True, comment="SHA-256 of the token in the link"),
    Column("person_id", NUMBER, ForeignKey("person.person_id"), nullable=False, comment="Who may choose a password"),
    Column("made_at", Instant(), nullable=False, comment="When it was made (UTC)"),
    Column("expires_at", Instant(), nullable=False, comment="When it is good no more (UTC)"),
    Index(None, "person_id"),
    comment="Links with which a user chooses a password, once",
    **MYSQL,
)

api_key = Table(
    "api_key",
    metadata,
    Column("key_id", NUMBER, primary_key=True, autoincrement=False, comment="Number of the key"),
    Column("name", Word(NAME_LENGTH), nullable=False, comment="What it is for: what stands in the audit trail"),
    Column("token", Digest(32), nullable=False, comment="SHA-256 of the key"),
    Column("permissions", Word(400), nullable=False, comment="What it may do, parted by blanks"),
    Column("made_at", Instant(), nullable=False, comment="When it was made (UTC)"),
    Column("made_by", Word(200), nullable=False, comment="Who made it"),
    Column("expires_at", Instant(), comment="When it ends (UTC); null: never"),
    Column("revoked_at", Instant(), comment="When it was revoked (UTC)"),
    Column("seen_at", Instant(), comment="When it was last used, to the minute (UTC)"),
    UniqueConstraint("token"),
    UniqueConstraint("name"),
    comment="Keys with which machines ask",
    **MYSQL,
)

refusal = Table(
    "refusal",
    metadata,
    Column("at", Instant(), nullable=False, comment="When (UTC)"),
    Column("whence", Word(WHENCE_LENGTH), nullable=False, comment="The address it came from"),
    Column("login", Digest(32), nullable=False, comment="SHA-256 of the login that was tried"),
    Column("mark", NUMBER, nullable=False, comment="A random number, for many at one time"),
    PrimaryKeyConstraint("at", "mark"),
    Index(None, "whence", "at"),
    Index(None, "login", "at"),
    comment="Sign-ins that were refused lately: too many of them, and the next has to wait",
    **NARROW,
)

sign_on = Table(
    "sign_on",
    metadata,
    Column("state", Digest(32), primary_key=True, comment="SHA-256 of the state of the sign-in"),
    Column("at", Instant(), nullable=False, comment="When (UTC)"),
    comment="Sign-ins by an identity provider lately: each is good once",
    **NARROW,
)
