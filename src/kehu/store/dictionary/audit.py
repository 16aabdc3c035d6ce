"""The tables of the audit trail; rows are only ever added."""

from sqlalchemy import Column, ForeignKey, Index, Table, UniqueConstraint

from kehu.store.columns import Digest, Instant, Word, Writing
from kehu.store.dictionary.ground import MYSQL, NARROW, NUMBER, metadata

WHO_LENGTH = 200
WHENCE_LENGTH = 200
WHAT_LENGTH = 200

audit = Table(
    "audit",
    metadata,
    # Numbered by the database: a number drawn from `sequence` would let only one transaction note at a time.
    Column("audit_id", NUMBER, primary_key=True, autoincrement=True, comment="Number of the entry"),
    Column("at", Instant(), nullable=False, comment="When (UTC)"),
    Column("who", Word(WHO_LENGTH), nullable=False, comment="Who did it: a login, the name of an API key, or cli:USER"),
    Column("act", Word(32), nullable=False, comment="What was done: unmask, export, merge, …"),
    Column("what", Word(WHAT_LENGTH), nullable=False, comment="To what: customer 17, load 4; never a personal value"),
    Column("whence", Word(WHENCE_LENGTH), comment="From where: an address, or the command line"),
    Column("why", Writing(), comment="The reason given, sealed: people write names into it"),
    Column("detail", Writing(), nullable=False, comment="JSON: names of fields and counts; never a personal value"),
    Column("mark", NUMBER, nullable=False, comment="A random number that the sealed reason is bound to"),
    Index(None, "at"),
    Index(None, "who", "at"),
    Index(None, "what", "audit_id"),
    comment="Who saw or changed what (审计): rows are only added",
    sqlite_autoincrement=True,
    **MYSQL,
)

audit_chain = Table(
    "audit_chain",
    metadata,
    Column("place", NUMBER, primary_key=True, autoincrement=False, comment="Place in the chain: 1, 2, 3, …"),
    Column("audit_id", NUMBER, ForeignKey("audit.audit_id"), nullable=False, comment="The entry that stands there"),
    Column("digest", Digest(32), nullable=False, comment="SHA-256 of the digest before it and of the entry"),
    UniqueConstraint("audit_id"),
    comment="The hash chain over the audit trail; its head stands, signed, outside the database",
    **NARROW,
)
