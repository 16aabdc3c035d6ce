"""Segments (客群): which customers are meant by a condition, how many, who, and a list of them."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import FileResponse, Response

from kehu.flows.analysis import segments as flow
from kehu.flows.analysis.segments import Purpose, Reader
from kehu.flows.insight import sight as sights
from kehu.model import segments as model
from kehu.model.people import Permission
from kehu.model.privacy import Purpose as Consent
from kehu.serve import problems, taken
from kehu.serve.given import After, Limit, Number, Parts, Sees
from kehu.serve.looks import looked
from kehu.serve.once import Once
from kehu.serve.threads import Router
from kehu.serve.who import Who, needs
from kehu.store import views
from kehu.store.conditions import Today

router = Router(prefix="/segments", tags=["segments"])

Analyst = Annotated[Who, needs(Permission.ANALYSE)]

Tree = Annotated[
    dict[str, Any],
    Field(
        description="The conditions, as a tree: docs/segments.md",
        examples=[{"column": "customer.category", "is": "one_of", "values": ["student"]}],
    ),
]


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Asked(_Asked):
    """Whom to count."""

    condition: Tree


class Both(_Asked):
    """Whose overlap to count."""

    one: Tree
    other: Tree


class Wanted(_Asked):
    """What to save."""

    name: str = Field(min_length=1, max_length=200, description="What it is called", examples=["students"])
    condition: Tree
    with_each_run: bool = Field(default=False, strict=True, description="Count it with each run")


class TakenOut(_Asked):
    """How a list goes out, and why."""

    form: Literal["csv", "xlsx", "parquet"] = Field(default="csv", description="How it is written")
    purpose: str = Field(
        min_length=3, max_length=500, description="What it is for; the audit trail keeps it", examples=["a survey"]
    )
    recipient: str = Field(min_length=1, max_length=200, description="Who gets it", examples=["the survey team"])
    consent: Literal["service", "marketing", "profiling", "sharing", "abroad"] = Field(
        default="marketing",
        description="Who refused this is left out; for sharing and abroad all that did not consent. "
        "service: the contract itself needs it, nobody is asked. Children are on no list unless a guardian consented",
    )

    @property
    def why(self) -> Purpose:
        """Why, and to whom."""
        consent = None if self.consent == "service" else Consent(self.consent)
        return Purpose(purpose=self.purpose, recipient=self.recipient, consent=consent)


@router.get("", summary="List segments", responses=problems.documented(422))
def listed(parts: Parts, who: Analyst, after: After = None, limit: Limit = 50) -> views.Page[flow.Shown]:
    """A page of the saved segments, each with the size it last had."""
    found = flow.listed(parts.database, after=after or 0, limit=limit + 1, reader=reader(parts, who))
    following = found[limit - 1].segment_id if len(found) > limit else None
    return views.Page(rows=tuple(found[:limit]), following=following)


@router.post("", summary="Save a segment", status_code=201, responses=problems.documented(409, 422))
def save(parts: Parts, who: Analyst, once: Once, wanted: Wanted) -> flow.Shown:
    """Save a segment under a name of its own."""
    return flow.save(
        parts.database, model.parsed(wanted.condition), name=wanted.name, by=who.by(parts.clock()),
        with_each_run=wanted.with_each_run, reader=reader(parts, who), once=once,
    )  # fmt: skip


@router.post("/count", summary="Count a segment", responses=problems.documented(422))
def count(parts: Parts, who: Analyst, asked: Asked) -> flow.Counted:
    """How many customers a condition means today; `customers` is null where fewer than may be told."""
    return flow.count(parts.database, model.parsed(asked.condition), today(parts), reader=reader(parts, who))


@router.post("/overlap", summary="Count whom two segments share", responses=problems.documented(422))
def overlap(parts: Parts, who: Analyst, asked: Both) -> flow.Overlap:
    """How many customers both conditions mean, and how many each means alone; null where fewer than may be told."""
    one, other = model.parsed(asked.one), model.parsed(asked.other)
    return flow.overlap(parts.database, one, other, today(parts), reader=reader(parts, who))


@router.get("/{segment_id}", summary="One segment", responses=problems.documented(404, 422))
def one(parts: Parts, who: Analyst, segment_id: Number) -> flow.Shown:
    """A segment with its conditions, and its size over time."""
    return flow.one(parts.database, segment_id, reader=reader(parts, who))


@router.get("/{segment_id}/versions", summary="What it meant before", responses=problems.documented(404, 422))
def versions(parts: Parts, who: Analyst, segment_id: Number) -> tuple[flow.Version, ...]:  # noqa: ARG001  (the rule)
    """The newest hundred versions of a segment, the one in force first."""
    return flow.versions(parts.database, segment_id)


@router.put("/{segment_id}", summary="Save another version", responses=problems.documented(404, 409, 422))
def change(parts: Parts, who: Analyst, segment_id: Number, wanted: Wanted) -> flow.Shown:
    """Save another version of a segment; the earlier ones stay."""
    return flow.save(
        parts.database, model.parsed(wanted.condition), name=wanted.name, by=who.by(parts.clock()),
        segment_id=segment_id, with_each_run=wanted.with_each_run, reader=reader(parts, who),
    )  # fmt: skip


@router.delete("/{segment_id}", summary="Put a segment away", status_code=204, responses=problems.documented(404, 422))
def put_away(parts: Parts, who: Analyst, segment_id: Number) -> None:
    """Take a segment out of use; its versions and counts stay in the store."""
    flow.put_away(parts.database, segment_id, by=who.by(parts.clock()))


@router.get(
    "/{segment_id}/members",
    summary="Who is meant",
    responses=problems.documented(404, 422),
    dependencies=[needs(Permission.FIND)],
)
def members(
    parts: Parts, who: Analyst, sight: Sees, segment_id: Number, after: After = None, limit: Limit = 50
) -> views.Page[views.Customer]:
    """A page of the customers that a segment means, the newest first."""
    found = flow.one(parts.database, segment_id, reader=reader(parts, who))
    wanted = model.parsed(found.condition)
    return flow.members(parts.database, wanted, today(parts), sight=sight, after=after, limit=limit)


@router.get(
    "/{segment_id}/members/{customer_id}",
    summary="Why somebody is meant",
    responses=problems.documented(404, 422),
    dependencies=[needs(Permission.FIND), looked()],
)
def factors(parts: Parts, who: Analyst, segment_id: Number, customer_id: Number) -> tuple[flow.Factor, ...]:
    """Every condition of a segment, and whether it holds for one customer."""
    found = flow.one(parts.database, segment_id, reader=reader(parts, who))
    return flow.factors(parts.database, model.parsed(found.condition), today(parts), customer_id)


@router.post(
    "/{segment_id}/export",
    summary="Take a list out",
    response_class=FileResponse,
    responses=problems.documented(404, 422)
    | {200: {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}},
    dependencies=[needs(Permission.EXPORT)],
)
def export(parts: Parts, who: Analyst, segment_id: Number, asked: TakenOut) -> Response:
    """The customers of a segment as a file; who may not see persons gets tokens in place of numbers."""
    return taken_out(parts, who, segment_id, asked)


def taken_out(parts: Parts, who: Who, segment_id: int, asked: TakenOut) -> Response:
    """The file of an export; it is gone from here once it is sent."""
    seen = reader(parts, who)
    found = flow.one(parts.database, segment_id, reader=seen)
    return taken.sent(
        f"segment-{segment_id}.{asked.form}",
        lambda path: flow.export(
            parts.database, found, model.parsed(found.condition), today(parts), path, why=asked.why,
            by=who.by(parts.clock()), reader=seen,
        ),
    )  # fmt: skip


def reader(parts: Parts, who: Who) -> Reader:
    """What somebody who counts may know."""
    return Reader(
        sees_persons=who.may(Permission.FIND), sight=sights.by(who.permissions), smallest=parts.smallest_group
    )


def today(parts: Parts) -> Today:
    """The day, where the pages are read."""
    return flow.today(parts.clock(), parts.face.zone)
