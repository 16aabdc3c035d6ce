"""Customer service: tickets and what happened to them, arriving calls, notes, and what machines asked for."""

import sqlalchemy as sa

from kehu.store.columns import Digest, Instant, Real, Word, Writing
from kehu.store.migrations.steps import NUMBER, create_index, create_table, start_sequences

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add the tables."""
    create_table(
        "phone_call",
        sa.Column("call_id", NUMBER, autoincrement=False, nullable=False, comment="Number of the call"),
        sa.Column("at", Instant(), nullable=False, comment="When it arrived (UTC)"),
        sa.Column("channel", Word(64), nullable=False, comment="Where it arrived: a hotline"),
        sa.Column("number", Word(64), comment="The number that called, as cleaned; null where it was withheld"),
        sa.Column("agent", Word(200), comment="Who took it"),
        sa.Column("customer_id", NUMBER, comment="Who it was, once somebody said so; it may have been merged since"),
        sa.PrimaryKeyConstraint("call_id"),
        comment="Calls that arrived: interactions (接触记录) that no record tells of yet",
    )
    create_index("ix_phone_call_customer_id_call_id", "phone_call", ["customer_id", "call_id"])
    create_table(
        "ticket",
        sa.Column("ticket_id", NUMBER, autoincrement=False, nullable=False, comment="Number of the ticket"),
        sa.Column("title", Word(200), nullable=False, comment="What it is, in a line"),
        sa.Column("kind", Word(16), nullable=False, comment="complaint, fault, restoration, request or question"),
        sa.Column("sla", Word(64), nullable=False, comment="The class of [tickets.classes] that says when it is due"),
        sa.Column("severity", Word(16), nullable=False, comment="critical, major or minor"),
        sa.Column(
            "state",
            Word(16),
            nullable=False,
            comment="acknowledged, inProgress, pending, held, resolved, closed, cancelled or rejected",
        ),
        sa.Column("queue", Word(64), nullable=False, comment="The queue it waits in"),
        sa.Column(
            "assignee", Word(200), comment="The login of who works on it; null: whoever of the queue comes first"
        ),
        sa.Column("customer_id", NUMBER, comment="Whose it is; that customer may have been merged since"),
        sa.Column("call_id", NUMBER, sa.ForeignKey("phone_call.call_id"), comment="The call that it came by"),
        sa.Column("record", NUMBER, comment="The record of the interaction that it is about"),
        sa.Column("channel", Word(64), nullable=False, comment="How it came: page, or what a machine said"),
        sa.Column("opened_at", Instant(), nullable=False, comment="When it was opened (UTC)"),
        sa.Column("opened_by", Word(200), nullable=False, comment="Who opened it"),
        sa.Column("due_at", Instant(), comment="When it must be resolved (UTC); null while its clock stands still"),
        sa.Column("left_s", Real(), comment="Seconds that were left when its clock was stopped; null while it runs"),
        sa.Column("breached_at", Instant(), comment="When it was found to be late (UTC); null where it never was"),
        sa.Column("resolved_at", Instant(), comment="When it was resolved (UTC)"),
        sa.Column("ended_at", Instant(), comment="When it was closed, cancelled or rejected (UTC)"),
        sa.Column(
            "line_at",
            Instant(),
            nullable=False,
            comment="Its place in the line: when it is due; behind, while its clock stands still; last, once it ended",
        ),
        sa.PrimaryKeyConstraint("ticket_id"),
        comment="One row a ticket (工单)",
    )
    create_index("ix_ticket_assignee_line_at", "ticket", ["assignee", "line_at"])
    create_index("ix_ticket_customer_id_line_at", "ticket", ["customer_id", "line_at"])
    create_index("ix_ticket_line_at_ticket_id", "ticket", ["line_at", "ticket_id"])
    create_index("ix_ticket_queue_line_at", "ticket", ["queue", "line_at"])
    create_table(
        "ticket_event",
        sa.Column("ticket_id", NUMBER, sa.ForeignKey("ticket.ticket_id"), nullable=False, comment="The ticket"),
        sa.Column("place", NUMBER, nullable=False, comment="1 for its opening, then 2, 3, …"),
        sa.Column("at", Instant(), nullable=False, comment="When (UTC)"),
        sa.Column("who", Word(200), nullable=False, comment="Who did it; kehu, where nobody did"),
        sa.Column(
            "act", Word(16), nullable=False, comment="opened, comment, state, assignee, queue, severity or breached"
        ),
        sa.Column("was", Word(200), comment="What was there before"),
        sa.Column("became", Word(200), comment="What is there since"),
        sa.Column("text", Writing(), comment="What was written about it"),
        sa.PrimaryKeyConstraint("ticket_id", "place"),
        comment="What happened to tickets; rows are only added",
    )
    create_table(
        "note",
        sa.Column("note_id", NUMBER, autoincrement=False, nullable=False, comment="Number of the note"),
        sa.Column(
            "customer_id", NUMBER, nullable=False, comment="Whom it is about; that customer may have been merged since"
        ),
        sa.Column("at", Instant(), nullable=False, comment="When it was written (UTC)"),
        sa.Column("who", Word(200), nullable=False, comment="Who wrote it"),
        sa.Column("text", Writing(), nullable=False, comment="What was written"),
        sa.PrimaryKeyConstraint("note_id"),
        comment="Notes on customers; rows are only added",
    )
    create_index("ix_note_customer_id_note_id", "note", ["customer_id", "note_id"])
    create_table(
        "asked",
        sa.Column("who", Word(200), nullable=False, comment="Who asked"),
        sa.Column("key", Digest(32), nullable=False, comment="SHA-256 of the Idempotency-Key it sent"),
        sa.Column("body", Digest(32), nullable=False, comment="SHA-256 of what was asked"),
        sa.Column("number", NUMBER, nullable=False, comment="The number of what was made for it"),
        sa.Column("at", Instant(), nullable=False, comment="When (UTC)"),
        sa.PrimaryKeyConstraint("who", "key"),
        comment="What machines asked for lately: asked again, they are answered with what was made the first time",
        sqlite_with_rowid=False,
    )
    create_index("ix_asked_at", "asked", ["at"])
    start_sequences("phone_call", "ticket", "note")
