"""The tables of customer service: tickets and what happened to them, arriving calls, notes on customers."""

from sqlalchemy import Column, ForeignKey, Index, PrimaryKeyConstraint, Table

from kehu.store.columns import Digest, Instant, Real, Word, Writing
from kehu.store.dictionary.ground import MYSQL, NARROW, NUMBER, metadata

TITLE_LENGTH = 200
NAME_LENGTH = 64

phone_call = Table(
    "phone_call",
    metadata,
    Column("call_id", NUMBER, primary_key=True, autoincrement=False, comment="Number of the call"),
    Column("at", Instant(), nullable=False, comment="When it arrived (UTC)"),
    Column("channel", Word(NAME_LENGTH), nullable=False, comment="Where it arrived: a hotline"),
    Column("number", Word(64), comment="The number that called, as cleaned; null where it was withheld"),
    Column("agent", Word(200), comment="Who took it"),
    Column("customer_id", NUMBER, comment="Who it was, once somebody said so; it may have been merged since"),
    Index(None, "customer_id", "call_id"),
    comment="Calls that arrived: interactions (接触记录) that no record tells of yet",
    **MYSQL,
)

ticket = Table(
    "ticket",
    metadata,
    Column("ticket_id", NUMBER, primary_key=True, autoincrement=False, comment="Number of the ticket"),
    Column("title", Word(TITLE_LENGTH), nullable=False, comment="What it is, in a line"),
    Column("kind", Word(16), nullable=False, comment="complaint, fault, restoration, request or question"),
    Column("sla", Word(NAME_LENGTH), nullable=False, comment="The class of [tickets.classes] that says when it is due"),
    Column("severity", Word(16), nullable=False, comment="critical, major or minor"),
    Column(
        "state",
        Word(16),
        nullable=False,
        comment="acknowledged, inProgress, pending, held, resolved, closed, cancelled or rejected",
    ),
    Column("queue", Word(NAME_LENGTH), nullable=False, comment="The queue it waits in"),
    Column("assignee", Word(200), comment="The login of who works on it; null: whoever of the queue comes first"),
    Column("customer_id", NUMBER, comment="Whose it is; that customer may have been merged since"),
    Column("call_id", NUMBER, ForeignKey("phone_call.call_id"), comment="The call that it came by"),
    Column("record", NUMBER, comment="The record of the interaction that it is about"),
    Column("channel", Word(NAME_LENGTH), nullable=False, comment="How it came: page, or what a machine said"),
    Column("opened_at", Instant(), nullable=False, comment="When it was opened (UTC)"),
    Column("opened_by", Word(200), nullable=False, comment="Who opened it"),
    Column("due_at", Instant(), comment="When it must be resolved (UTC); null while its clock stands still"),
    Column("left_s", Real(), comment="Seconds that were left when its clock was stopped; null while it runs"),
    Column("breached_at", Instant(), comment="When it was found to be late (UTC); null where it never was"),
    Column("resolved_at", Instant(), comment="When it was resolved (UTC)"),
    Column("ended_at", Instant(), comment="When it was closed, cancelled or rejected (UTC)"),
    Column(
        "line_at",
        Instant(),
        nullable=False,
        comment="Its place in the line: when it is due; behind, while its clock stands still; last, once it ended",
    ),
    Index(None, "line_at", "ticket_id"),
    Index(None, "assignee", "line_at"),
    Index(None, "queue", "line_at"),
    Index(None, "customer_id", "line_at"),
    comment="One row a ticket (工单)",
    **MYSQL,
)

ticket_event = Table(
    "ticket_event",
    metadata,
    Column("ticket_id", NUMBER, ForeignKey("ticket.ticket_id"), nullable=False, comment="The ticket"),
    Column("place", NUMBER, nullable=False, comment="1 for its opening, then 2, 3, …"),
    Column("at", Instant(), nullable=False, comment="When (UTC)"),
    Column("who", Word(200), nullable=False, comment="Who did it; kehu, where nobody did"),
    Column(
        "act",
        Word(16),
        nullable=False,
        comment="opened, comment, state, assignee, queue, severity or breached",
    ),
    Column("was", Word(200), comment="What was there before"),
    Column("became", Word(200), comment="What is there since"),
    Column("text", Writing(), comment="What was written about it"),
    PrimaryKeyConstraint("ticket_id", "place"),
    comment="What happened to tickets; rows are only added",
    **MYSQL,
)

note = Table(
    "note",
    metadata,
    Column("note_id", NUMBER, primary_key=True, autoincrement=False, comment="Number of the note"),
    Column("customer_id", NUMBER, nullable=False, comment="Whom it is about; that customer may have been merged since"),
    Column("at", Instant(), nullable=False, comment="When it was written (UTC)"),
    Column("who", Word(200), nullable=False, comment="Who wrote it"),
    Column("text", Writing(), nullable=False, comment="What was written"),
    Index(None, "customer_id", "note_id"),
    comment="Notes on customers; rows are only added",
    **MYSQL,
)

asked = Table(
    "asked",
    metadata,
    Column("who", Word(200), nullable=False, comment="Who asked"),
    Column("key", Digest(32), nullable=False, comment="SHA-256 of the Idempotency-Key it sent"),
    Column("body", Digest(32), nullable=False, comment="SHA-256 of what was asked"),
    Column("number", NUMBER, nullable=False, comment="The number of what was made for it"),
    Column("at", Instant(), nullable=False, comment="When (UTC)"),
    PrimaryKeyConstraint("who", "key"),
    Index(None, "at"),
    comment="What machines asked for lately: asked again, they are answered with what was made the first time",
    **NARROW,
)
