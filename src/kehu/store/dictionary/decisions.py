"""What stewards decided, of pairs, of whole records and of values."""

from sqlalchemy import Column, ForeignKey, Index, PrimaryKeyConstraint, Table

from kehu.store.columns import Instant, Sealed, Word, Writing
from kehu.store.dictionary.ground import MYSQL, NARROW, NUMBER, metadata

decision = Table(
    "decision",
    metadata,
    Column("decision_id", NUMBER, primary_key=True, autoincrement=False, comment="Number of the decision"),
    Column("kind", Word(16), nullable=False, comment="together, apart, unsure or pin"),
    Column("decided_by", Word(200), nullable=False, comment="Who decided"),
    Column("why", Writing(), nullable=False, comment="The reason given"),
    Column("decided_at", Instant(), nullable=False, comment="When (UTC)"),
    Column("undone_by", Word(200), comment="Who took it back; null while it stands"),
    Column("undone_at", Instant(), comment="When it was taken back (UTC)"),
    Column("undone_why", Writing(), comment="The reason given for taking it back"),
    comment="What a steward decided (裁决)",
    **MYSQL,
)

decision_pair = Table(
    "decision_pair",
    metadata,
    Column("decision_id", NUMBER, ForeignKey("decision.decision_id"), nullable=False, comment="The decision"),
    Column("origin_l", NUMBER, nullable=False, comment="record.origin of one side: it holds for every version"),
    Column("origin_r", NUMBER, nullable=False, comment="record.origin of the other side"),
    Column(
        "kind",
        Word(16),
        nullable=False,
        server_default="together",
        comment="What it says of the pair: together, apart or unsure",
    ),
    PrimaryKeyConstraint("decision_id", "origin_l", "origin_r"),
    Index(None, "origin_l"),
    Index(None, "origin_r"),
    comment="The pairs of records that a decision joins or keeps apart",
    **NARROW,
)

decision_member = Table(
    "decision_member",
    metadata,
    Column("decision_id", NUMBER, ForeignKey("decision.decision_id"), nullable=False, comment="The decision"),
    Column("origin", NUMBER, nullable=False, comment="record.origin of a record that it is about"),
    Column("customer_id", NUMBER, nullable=False, comment="The customer of that record before it"),
    PrimaryKeyConstraint("decision_id", "origin"),
    Index(None, "origin"),
    comment="The records a decision is about, and where each belonged before: taking it back gives the ids back",
    **NARROW,
)

decision_pin = Table(
    "decision_pin",
    metadata,
    Column(
        "decision_id",
        NUMBER,
        ForeignKey("decision.decision_id"),
        primary_key=True,
        autoincrement=False,
        comment="The decision",
    ),
    Column("origin", NUMBER, nullable=False, comment="record.origin of the record that carries the value"),
    Column("attribute", Word(32), nullable=False, comment="The attribute of the customer: name, phone"),
    Column("value", Sealed(500), nullable=False, comment="The value that it shall have; sealed"),
    Index(None, "origin"),
    comment="Values that a steward pinned; they go with the record, whatever customer it belongs to",
    **MYSQL,
)
