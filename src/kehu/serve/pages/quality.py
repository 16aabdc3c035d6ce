"""Quality over time: which rules the rows of each channel broke, and how full and valid their attributes were."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from starlette.responses import Response

from kehu.analyse import trends
from kehu.analyse.trends import Point
from kehu.flows.analysis import profile
from kehu.flows.identify import hot
from kehu.flows.identify.hot import HotValue
from kehu.model.codes import Severity
from kehu.model.people import Permission
from kehu.serve import face, words
from kehu.serve.api.figures import Days
from kehu.serve.given import Desk, Parts
from kehu.serve.pages.filters import Channel, Filters
from kehu.serve.threads import Router
from kehu.serve.who import needs
from kehu.store import loads
from kehu.store.quality import Quality

router = Router(dependencies=[needs(Permission.OPERATE)])

WINDOWS = (7, 30, 90, 365)
"""How many days a reader may choose; any other number may stand in the address."""


@dataclass(frozen=True, kw_only=True)
class Breach:
    """How many rows of a channel broke a rule, all days together."""

    channel: str
    rule: str
    severity: str
    rows: int
    percent: float
    """Of all rows that were read from the channel."""


@dataclass(frozen=True, kw_only=True)
class QualityPage:
    """What the page shows."""

    quality: Quality
    filters: Filters
    days: int
    windows: tuple[int, ...]
    breaches: tuple[Breach, ...]
    """The commonest first."""
    by_rule: dict[str, Any]
    """The chart of rows that broke a rule, by day."""
    by_channel: dict[str, Any]
    """The chart of the share of rows in quarantine, by day."""
    rule_links: dict[str, str]
    """Series of the first chart -> the rows that it counts, where they lie in quarantine."""
    channel_links: dict[str, str]
    """The same, for the second chart."""
    tells_hot: bool
    """The application takes records, so it knows when a value is hot."""


@dataclass(frozen=True, kw_only=True)
class HotPage:
    """What the piece about hot values shows."""

    hot: tuple[HotValue, ...]
    limit: int
    """A value that more records share is hot."""


@router.get("/quality")
def shown(request: Request, parts: Parts, channel: Channel = None, days: Days = profile.DAYS) -> Response:
    """The quality of the last days."""
    wanted = channel or None
    quality = profile.quality(parts.database, at=parts.clock(), days=days, channel=wanted)
    with parts.database.read() as tx:
        filters = Filters(channel=wanted, channels=loads.channels(tx))
    say = words.speaker(face.language_of(request))
    page = QualityPage(
        quality=quality,
        tells_hot=parts.desk is not None,
        filters=filters,
        days=days,
        windows=tuple(sorted({*WINDOWS, days})),
        breaches=_breaches(quality),
        by_rule=trends.bars(_by_rule(quality, say), title=say.text(words.marked("Rows that broke a rule, by day"))),
        by_channel=trends.lines(
            _by_channel(quality), title=say.text(words.marked("Share of rows in quarantine, by day, in percent"))
        ),
        rule_links={
            say.rule(one.rule): face.query("/quarantine", rule=one.rule, channel=wanted, state="all")
            for one in quality.broken
            if one.severity == Severity.REJECT
        },
        channel_links={
            one.channel: face.query("/quarantine", channel=one.channel, state="all") for one in quality.days
        },
    )
    return parts.face.page(request, "quality.html", page)


@router.get("/quality/hot")
def hot_values(request: Request, parts: Parts, desk: Desk) -> Response:
    """A piece of the page: the values that too many records share. It reads every key once, so it comes by itself."""
    found = hot.values(parts.database, hot_key_limit=desk.hot_key_limit)
    return parts.face.page(request, "hot.html", HotPage(hot=found, limit=desk.hot_key_limit))


def _breaches(quality: Quality) -> tuple[Breach, ...]:
    rows, read = Counter[tuple[str, str, str]](), Counter[str]()
    for day in quality.days:
        read[day.channel] += day.read
    for one in quality.broken:
        rows[one.channel, one.rule, one.severity] += one.rows
    told = [
        Breach(channel=channel, rule=rule, severity=severity, rows=many, percent=100 * many / max(read[channel], 1))
        for (channel, rule, severity), many in rows.items()
    ]
    return tuple(sorted(told, key=lambda one: (-one.rows, one.channel, one.rule)))


def _by_rule(quality: Quality, say: words.Speaker) -> list[Point]:
    rows = Counter[tuple[Any, str]]()
    for one in quality.broken:
        rows[one.day, say.rule(one.rule)] += one.rows
    return [Point(day=day, series=series, value=many) for (day, series), many in rows.items()]


def _by_channel(quality: Quality) -> list[Point]:
    return [
        Point(day=one.day, series=one.channel, value=round(100 * one.quarantined / one.read, 2))
        for one in quality.days
        if one.read
    ]
