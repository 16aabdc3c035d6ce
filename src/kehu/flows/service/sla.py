"""The clock of tickets (服务时限): when each is due, and what becomes of that while it stands still.

A class of `[tickets.classes]` says how many hours, and whether every hour counts or working time only. The defaults
are those of the law: MIIT Order 35 for complaints, the Telecommunications Regulations 32 and 34 for faults and for
service that comes back after a payment.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from pydantic import BaseModel, ConfigDict, Field

from kehu.errors import SettingsError
from kehu.model.calendar import Calendar
from kehu.model.tickets import TicketKind


class Class(BaseModel):
    """`[tickets.classes.NAME]`: how long some tickets may take."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: TicketKind = Field(description="What such tickets are about.")
    hours: float = Field(gt=0, le=24 * 366, description="A ticket must be resolved within so many hours.")
    working: bool = Field(default=False, description="Only working time counts; otherwise every hour does.")
    queue: str = Field(default="service", min_length=1, max_length=64, description="The queue it waits in at first.")
    zh: str = Field(default="", max_length=64, description="What it is called in Chinese; else its name.")
    en: str = Field(default="", max_length=64, description="What it is called in English; else its name.")


def _classes() -> dict[str, Class]:
    kind = TicketKind
    return {
        "complaint": Class(kind=kind.COMPLAINT, hours=15 * 24, zh="投诉", en="complaint"),
        "fault_town": Class(kind=kind.FAULT, hours=48, queue="network", zh="故障（城镇）", en="fault in town"),
        "fault_country": Class(
            kind=kind.FAULT, hours=72, queue="network", zh="故障（农村）", en="fault in the country"
        ),
        "restoration": Class(
            kind=kind.RESTORATION, hours=48, queue="billing", zh="缴费复机", en="service back after payment"
        ),
        "request": Class(kind=kind.REQUEST, hours=24, working=True, zh="业务办理", en="request"),
        "question": Class(kind=kind.QUESTION, hours=8, working=True, zh="咨询", en="question"),
    }


class Tickets(BaseModel):
    """`[tickets]`: customer service."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    opens: time = Field(default=time(9), description="When work begins, in the zone of `[serve]`.")
    closes: time = Field(default=time(18), description="When work ends.")
    days: tuple[int, ...] = Field(default=(1, 2, 3, 4, 5), min_length=1, description="The days of work; 1 is Monday.")
    holidays: tuple[date, ...] = Field(default=(), description="Days on which nobody works.")
    extra_days: tuple[date, ...] = Field(
        default=(), description="Days on which somebody works although it is a weekend (调休)."
    )
    classes: dict[str, Class] = Field(
        default_factory=_classes,
        min_length=1,
        description="How long tickets may take, by the name of their class; those named here take the place of all.",
    )

    def clock(self, zone: tzinfo) -> "Clock":
        """The clock that these settings describe.

        Raises:
            SettingsError: Work ends before it begins.
        """
        if self.opens >= self.closes:
            raise SettingsError(f"[tickets]: work opens at {self.opens} and closes at {self.closes}: it must end later")
        calendar = Calendar(
            zone=zone,
            opens=self.opens,
            closes=self.closes,
            days=frozenset(self.days),
            holidays=frozenset(self.holidays),
            extra_days=frozenset(self.extra_days),
        )
        return Clock(classes=self.classes, calendar=calendar)


@dataclass(frozen=True, kw_only=True)
class Clock:
    """When tickets are due."""

    classes: Mapping[str, Class]
    calendar: Calendar

    @property
    def queues(self) -> tuple[str, ...]:
        """The queues that tickets wait in."""
        return tuple(dict.fromkeys(one.queue for one in self.classes.values()))

    def named(self, sla: str) -> Class:
        """The class of this name.

        Raises:
            SettingsError: There is none; it names those there are.
        """
        if sla not in self.classes:
            raise SettingsError(f"there is no class of tickets {sla!r} (has: {', '.join(self.classes)})")
        return self.classes[sla]

    def of_kind(self, kind: TicketKind) -> str:
        """The class that tickets of a kind have where nobody chose one: the first.

        Raises:
            SettingsError: No class is about such tickets.
        """
        for name, one in self.classes.items():
            if one.kind is kind:
                return name
        raise SettingsError(f"no class of tickets is about a {kind} (has: {', '.join(self.classes)})")

    def due(self, sla: str, start: datetime) -> datetime:
        """When a ticket that is opened now must be resolved."""
        return self.resumed(sla, start, timedelta(hours=self.named(sla).hours))

    def left(self, sla: str, at: datetime, due: datetime) -> timedelta:
        """How much time there is until then, of that which counts."""
        return self.calendar.between(at, due) if self._is_working(sla) else due - at

    def resumed(self, sla: str, at: datetime, left: timedelta) -> datetime:
        """When a ticket is due that goes on now with so much time left."""
        return self.calendar.after(at, left) if self._is_working(sla) else at + left

    def _is_working(self, sla: str) -> bool:
        # A class that the settings no longer name counts every hour, so that its open tickets end some day.
        return sla in self.classes and self.classes[sla].working
