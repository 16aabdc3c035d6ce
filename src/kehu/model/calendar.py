"""The working calendar: which days and hours count, where only working time does."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

LONGEST = 3_660
"""So many days are looked ahead at most: a calendar without a working day would never end."""


@dataclass(frozen=True, kw_only=True)
class Calendar:
    """When people work.

    >>> office = Calendar(zone=UTC, opens=time(9), closes=time(17), days=frozenset({1, 2, 3, 4, 5}))
    >>> friday = datetime(2026, 11, 20, 16, tzinfo=UTC)
    >>> office.after(friday, timedelta(hours=2)).isoformat()
    '2026-11-23T10:00:00+00:00'
    >>> office.between(friday, datetime(2026, 11, 23, 10, tzinfo=UTC))
    datetime.timedelta(seconds=7200)
    """

    zone: tzinfo
    """Where the office is."""
    opens: time
    """When work begins."""
    closes: time
    """When it ends."""
    days: frozenset[int]
    """The days of the week, 1 for Monday."""
    holidays: frozenset[date] = frozenset()
    """Nobody works on these."""
    extra_days: frozenset[date] = frozenset()
    """Somebody works on these, whichever day of the week they are (调休)."""

    def is_working(self, day: date) -> bool:
        """Whether somebody works on this day."""
        return day in self.extra_days or (day.isoweekday() in self.days and day not in self.holidays)

    def after(self, start: datetime, lasting: timedelta) -> datetime:
        """The time at which so much working time has passed."""
        end = start
        for begins, ends in self._spans(start):
            if lasting <= ends - begins:
                return begins + lasting
            lasting -= ends - begins
            end = ends
        return end

    def between(self, start: datetime, end: datetime) -> timedelta:
        """How much working time lies between two times; none, where the second is the earlier."""
        passed = timedelta()
        for begins, ends in self._spans(start):
            if begins >= end:
                break
            passed += min(ends, end) - begins
        return passed

    def _spans(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The working hours from a time on, in UTC."""
        first = start.astimezone(self.zone).date()
        for days in range(LONGEST):
            day = first + timedelta(days=days)
            if not self.is_working(day):
                continue
            begins, ends = (datetime.combine(day, at, self.zone).astimezone(UTC) for at in (self.opens, self.closes))
            if ends > start:
                yield max(begins, start), ends
