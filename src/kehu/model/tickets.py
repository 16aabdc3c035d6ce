"""Tickets (工单): what they are about, how bad it is, and which state may follow which; words of TM Forum's TMF621."""

from enum import StrEnum

from kehu.model.codes import Texts


class TicketKind(StrEnum):
    """What a ticket is about."""

    COMPLAINT = "complaint"
    """投诉."""
    FAULT = "fault"
    """故障."""
    RESTORATION = "restoration"
    """复机: service comes back after a payment."""
    REQUEST = "request"
    """办理."""
    QUESTION = "question"
    """咨询."""


class TicketSeverity(StrEnum):
    """How bad it is for the customer."""

    CRITICAL = "critical"
    """紧急: nothing works, or somebody is in danger."""
    MAJOR = "major"
    """严重: something that matters does not work."""
    MINOR = "minor"
    """一般."""


class TicketState(StrEnum):
    """How far a ticket came."""

    ACKNOWLEDGED = "acknowledged"
    """已受理: it is there, and nobody works on it yet."""
    IN_PROGRESS = "inProgress"
    """处理中."""
    PENDING = "pending"
    """待客户: the customer has to do or say something; the clock stands still."""
    HELD = "held"
    """挂起: somebody else has to do something first; the clock stands still."""
    RESOLVED = "resolved"
    """已解决: done, as we believe; the customer may say otherwise."""
    CLOSED = "closed"
    """已关闭: done, and nobody objected."""
    CANCELLED = "cancelled"
    """已撤销: the customer takes it back."""
    REJECTED = "rejected"
    """已拒绝: not ours to do."""


class TicketAct(StrEnum):
    """What can happen to a ticket."""

    OPENED = "opened"
    """It came into being."""
    COMMENT = "comment"
    """Somebody wrote something."""
    STATE = "state"
    """It went from one state to another."""
    ASSIGNEE = "assignee"
    """Somebody took it, was given it, or put it back."""
    QUEUE = "queue"
    """It went to another queue."""
    SEVERITY = "severity"
    """It is better or worse than it seemed."""
    BREACHED = "breached"
    """It was not resolved in time."""


S = TicketState
MOVES: dict[TicketState, tuple[TicketState, ...]] = {
    S.ACKNOWLEDGED: (S.IN_PROGRESS, S.PENDING, S.HELD, S.REJECTED, S.CANCELLED),
    S.IN_PROGRESS: (S.RESOLVED, S.PENDING, S.HELD, S.CANCELLED),
    S.PENDING: (S.IN_PROGRESS, S.HELD, S.RESOLVED, S.CANCELLED),
    S.HELD: (S.IN_PROGRESS, S.PENDING, S.CANCELLED),
    S.RESOLVED: (S.CLOSED, S.IN_PROGRESS),
    S.CLOSED: (),
    S.CANCELLED: (),
    S.REJECTED: (),
}
"""Which states may follow each, the likeliest first; those that nothing follows are final."""

OPEN = (S.ACKNOWLEDGED, S.IN_PROGRESS, S.PENDING, S.HELD)
"""Somebody has to do something yet."""

PAUSED = (S.PENDING, S.HELD)
"""The clock stands still."""

TEXTS = Texts(
    (TicketKind.COMPLAINT, "投诉", "complaint"),
    (TicketKind.FAULT, "故障", "fault"),
    (TicketKind.RESTORATION, "缴费复机", "restoration"),
    (TicketKind.REQUEST, "业务办理", "request"),
    (TicketKind.QUESTION, "咨询", "question"),
    (TicketSeverity.CRITICAL, "紧急", "critical"),
    (TicketSeverity.MAJOR, "严重", "major"),
    (TicketSeverity.MINOR, "一般", "minor"),
    (TicketState.ACKNOWLEDGED, "已受理", "acknowledged"),
    (TicketState.IN_PROGRESS, "处理中", "in progress"),
    (TicketState.PENDING, "待客户", "pending"),
    (TicketState.HELD, "挂起", "held"),
    (TicketState.RESOLVED, "已解决", "resolved"),
    (TicketState.CLOSED, "已关闭", "closed"),
    (TicketState.CANCELLED, "已撤销", "cancelled"),
    (TicketState.REJECTED, "已拒绝", "rejected"),
    (TicketAct.OPENED, "受理", "opened"),
    (TicketAct.COMMENT, "备注", "comment"),
    (TicketAct.STATE, "状态", "state"),
    (TicketAct.ASSIGNEE, "处理人", "assignee"),
    (TicketAct.QUEUE, "队列", "queue"),
    (TicketAct.SEVERITY, "严重程度", "severity"),
    (TicketAct.BREACHED, "超时", "breached"),
)
"""The zh and the en text of every code."""
