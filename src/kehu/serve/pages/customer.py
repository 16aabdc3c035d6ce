"""One customer: golden values and where each came from, its records, why they are one, and how it came to be."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Annotated

from fastapi import Request
from starlette.responses import RedirectResponse, Response

from kehu.flows.decide import decide
from kehu.flows.insight import happened, insight, relations
from kehu.flows.insight.happened import Happened
from kehu.flows.service.sla import Class
from kehu.model.customers import GOLDEN_COLUMNS
from kehu.model.people import Permission
from kehu.serve.face import query
from kehu.serve.given import After, Number, Parts, Sees
from kehu.serve.looks import looked
from kehu.serve.threads import Router
from kehu.serve.who import Who, needs

router = Router(dependencies=[needs(Permission.FIND), looked()])

TOLD = frozenset({*GOLDEN_COLUMNS, "records", "merged_into"})
"""The changes that people want to hear of; sources and quality change with every record."""

DRAWN = 40
"""So many records are drawn at most: more would be a ball of wool. The table beside them has all."""


@dataclass(frozen=True, kw_only=True)
class Event:
    """One change in the life of a customer."""

    at: datetime
    why: str
    changed: tuple[str, ...]
    """The attributes it changed."""
    first: bool
    """Whether it brought the customer into being."""
    what: str = "change"


@dataclass(frozen=True, kw_only=True)
class Node:
    """A record in the drawing."""

    id: str
    name: str
    """Its channel and key."""
    kind: int
    """The place of its channel among those drawn."""
    mine: bool
    """Whether it belongs to this customer."""


@dataclass(frozen=True, kw_only=True)
class Edge:
    """A link in the drawing."""

    source: str
    target: str
    weight: float
    state: str


@dataclass(frozen=True, kw_only=True)
class Graph:
    """The records of a customer and their links, to be drawn."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


@dataclass(frozen=True, kw_only=True)
class CustomerPage:
    """What the page of a customer shows at sight."""

    whole: insight.Met
    behind: str
    """The address of the piece with the rest."""
    is_turned: bool
    """Somebody turned a page of the rest: it comes at once, else when it is looked at."""
    classes: Mapping[str, Class]
    """Of tickets."""
    now: datetime
    pinnable: tuple[str, ...] = decide.PINNABLE
    """What may be set by hand."""


@dataclass(frozen=True, kw_only=True)
class BehindPage:
    """What the piece shows that stands behind a customer."""

    whole: insight.Whole
    graph: Graph
    heaviest: float
    """The greatest evidence on the page, which the bars are drawn to."""
    marks: dict[tuple[int, str], str]
    """(Record, attribute) -> chosen, differs or unstated; nothing where it only agrees."""
    records_after: int | None
    timeline_after: int | None
    events: tuple[Event, ...]
    """The newest first."""
    timeline: tuple[Happened | Event, ...]
    """All that happened in the time of this page of the contacts, the newest first."""
    classes: Mapping[str, Class]
    """Of tickets."""


@dataclass(frozen=True, kw_only=True)
class RelationsPage:
    """What the piece of the relations shows."""

    related: tuple[relations.Related, ...]
    """Families, households and firms."""


@router.get("/customers/{customer_id}")
def one(
    request: Request, parts: Parts, customer_id: Number, records_after: After = None, timeline_after: After = None
) -> Response:
    """One customer at sight; a retired number leads to the living one."""
    now = parts.clock()
    seen = insight.met(parts.database, customer_id, at=now)
    living = seen.customer.customer_id
    if living != customer_id:
        return RedirectResponse(query(f"/customers/{living}"), status_code=301)
    page = CustomerPage(
        whole=seen,
        behind=query(f"/customers/{living}/behind", records_after=records_after, timeline_after=timeline_after),
        is_turned=bool(records_after or timeline_after),
        classes=parts.service.classes,
        now=now,
    )
    return parts.face.page(request, "customer.html", page)


@router.get("/customers/{customer_id}/behind")
def behind(
    request: Request,
    parts: Parts,
    sight: Sees,
    who: Annotated[Who, needs(Permission.FIND)],
    customer_id: Number,
    records_after: After = None,
    timeline_after: After = None,
) -> Response:
    """A piece of that page: all that happened, the records side by side, their links, and the history."""
    whole = insight.whole(
        parts.database, customer_id, model=parts.model, records_after=records_after, timeline_after=timeline_after
    )
    weights = [abs(told.weight) for tie in sight.of((*whole.ties, *whole.doubts)) for told in tie.evidence]
    events = tuple(_events(whole))
    stretch, met = happened.along(
        parts.database, whole.customer.customer_id, whole.timeline, after=timeline_after, serves=who.may("serve")
    )
    changed = (one for one in events if stretch.covers(one.at) and not one.first)
    page = BehindPage(
        whole=whole,
        graph=_graph(whole),
        heaviest=max(weights, default=1.0),
        marks=dict(_marks(whole)),
        records_after=records_after,
        timeline_after=timeline_after,
        events=events,
        timeline=tuple(sorted((*met, *changed), key=attrgetter("at"), reverse=True)),
        classes=parts.service.classes,
    )
    return parts.face.page(request, "customer_behind.html", page)


@router.get("/customers/{customer_id}/relations")
def related(request: Request, parts: Parts, customer_id: Number) -> Response:
    """A piece of that page: whom the customer belongs together with."""
    found = relations.relations(parts.database, customer_id, model=parts.model).related if parts.model else ()
    return parts.face.page(request, "customer_relations.html", RelationsPage(related=found))


def _graph(whole: insight.Whole) -> Graph:
    """The newest records and what ties them, to one another and to others."""
    ties = (*whole.ties, *whole.doubts)
    sides = {side.record: side for tie in ties for side in (tie.mine, tie.other)}
    own = {record.record: (record.channel, record.record_id) for record in whole.records.rows}
    named = {**own, **{number: (side.channel, side.record_id) for number, side in sides.items()}}
    mine = whole.customer.customer_id
    shown = sorted(named, key=lambda number: (number in sides and sides[number].customer_id != mine, -number))[:DRAWN]
    channels = sorted({named[number][0] for number in shown})
    nodes = tuple(
        Node(
            id=str(number),
            name=" ".join(named[number]),
            kind=channels.index(named[number][0]),
            mine=number not in sides or sides[number].customer_id == mine,
        )
        for number in shown
    )
    edges = tuple(
        Edge(source=str(tie.mine.record), target=str(tie.other.record), weight=round(tie.weight, 1), state=tie.state)
        for tie in ties
        if tie.mine.record in shown and tie.other.record in shown
    )
    return Graph(nodes=nodes, edges=edges)


def _events(whole: insight.Whole) -> Iterator[Event]:
    """Each state began with a change; what that changed is told by the state before it."""
    states = [(whole.customer.valid_from, whole.customer.why), *((past.valid_from, past.why) for past in whole.history)]
    changes = [*(past.changed for past in whole.history), ()]
    for (at, why), changed in zip(states, changes, strict=True):
        told = tuple(name for name in changed if name in TOLD)
        yield Event(at=at, why=why, changed=told, first=(at, why) == states[-1])


def _marks(whole: insight.Whole) -> Iterator[tuple[tuple[int, str], str]]:
    """How each value of each record stands to the golden values."""
    golden = {value.attribute: value for value in whole.values}
    for record in whole.records.rows:
        for attribute in golden:
            stated = getattr(record, attribute)
            same = [golden[name] for name in (insight.PHONES if attribute in insight.PHONES else (attribute,))]
            if stated is None:
                yield (record.record, attribute), "unstated"
            elif any(value.record == record.record and value.value == stated for value in same):
                yield (record.record, attribute), "chosen"
            elif stated not in [value.value for value in same]:
                yield (record.record, attribute), "differs"
