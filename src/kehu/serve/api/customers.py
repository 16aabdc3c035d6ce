"""Customers: find, list, and one whole."""

from dataclasses import replace
from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import RedirectResponse, Response

from kehu.flows.insight import graph, insight, relations
from kehu.flows.users.pace import Asked
from kehu.model.codes import Flaw
from kehu.model.people import Permission
from kehu.serve import answers, problems
from kehu.serve.given import After, Limit, Number, Parts, Sees
from kehu.serve.looks import looked
from kehu.serve.pace import paced
from kehu.serve.threads import Router
from kehu.serve.who import needs
from kehu.store import filters, households

MOVED: problems.Responses = {301: {"description": "A retired number: the customer it was merged into stands elsewhere"}}

router = Router(prefix="/customers", tags=["customers"], dependencies=[needs(Permission.FIND), looked()])


class Search(BaseModel):
    """What to search for. It travels in the body, because addresses end up in logs."""

    model_config = ConfigDict(extra="forbid")

    q: str = Field(
        min_length=1,
        max_length=200,
        description="A name (in part, in pinyin, by initials), a phone or its last 4 digits, a certificate, an e-mail",
        examples=["张伟", "zhangwei", "1234"],
    )
    limit: int = Field(default=20, ge=1, le=100, description="How many customers at most")
    cursor: str | None = Field(default=None, max_length=1000, description="The `cursor` of the page before")


@router.post(
    "/search",
    summary="Find customers",
    responses=problems.documented(422, 429),
    response_model=insight.Found,
    dependencies=[paced(Asked.SEARCH)],
)
def search(parts: Parts, sight: Sees, wanted: Search) -> Response:
    """The customers that `q` may mean, the closest first."""
    found = insight.find(parts.database, wanted.q, sight=sight, limit=wanted.limit, cursor=wanted.cursor)
    return answers.told(insight.Found, sight.of(found))


@router.get("", summary="List customers", responses=problems.documented(422))
def listed(
    parts: Parts,
    sight: Sees,
    category: Annotated[str | None, Query(max_length=64, description="A category; `-` for none stated")] = None,
    channel: Annotated[str | None, Query(max_length=64, description="At least one record came by it")] = None,
    province: Annotated[str | None, Query(max_length=64, description="The province they live in")] = None,
    quality_to: Annotated[float | None, Query(ge=0, le=100, description="A quality of so much at the most")] = None,
    flaw: Annotated[Flaw | None, Query(description="Their quality lacks this")] = None,
    after: After = None,
    limit: Limit = 50,
) -> insight.Listed:
    """A page of the living customers, the newest first."""
    wanted = replace(filter_of(category, channel, province), quality_to=quality_to, flaw=flaw)
    return sight.of(insight.listed(parts.database, wanted, after=after, limit=limit))


@router.get(
    "/{customer_id}",
    summary="One customer whole",
    response_model=insight.Whole,
    responses=problems.documented(404, 422) | MOVED,
)
def one(
    parts: Parts, sight: Sees, customer_id: Number, records_after: After = None, timeline_after: After = None
) -> Response:
    """Golden values with their sources, records, links, history, subscriptions, accounts and contacts."""
    found = insight.whole(
        parts.database,
        customer_id,
        model=parts.model,
        records_after=records_after,
        timeline_after=timeline_after,
    )
    if found.customer.customer_id != customer_id:
        return RedirectResponse(f"/api/v1/customers/{found.customer.customer_id}", status_code=301)
    return answers.told(insight.Whole, sight.of(found))


@router.get(
    "/{customer_id}/timeline",
    summary="The contacts with a customer",
    response_model=households.Timeline,
    responses=problems.documented(404, 422) | MOVED,
)
def timeline(
    parts: Parts, sight: Sees, customer_id: Number, after: After = None, limit: Limit = 50
) -> households.Timeline | Response:
    """Calls, visits and applications, the newest first."""
    lived = insight.timeline(parts.database, customer_id, after=after, limit=limit)
    if lived.customer_id != customer_id:
        return RedirectResponse(f"/api/v1/customers/{lived.customer_id}/timeline", status_code=301)
    return sight.of(lived.timeline)


@router.get(
    "/{customer_id}/links",
    summary="How the records of a customer are tied",
    response_model=graph.Links,
    responses=problems.documented(404, 422) | MOVED,
)
def links(parts: Parts, sight: Sees, customer_id: Number) -> graph.Links | Response:
    """Its records and their links, as a graph; refused and doubtful links to other customers, too."""
    found = graph.links(parts.database, customer_id)
    if found.customer_id != customer_id:
        return RedirectResponse(f"/api/v1/customers/{found.customer_id}/links", status_code=301)
    return sight.of(found)


@router.get(
    "/{customer_id}/relations",
    summary="Whom a customer belongs together with",
    response_model=relations.Relations,
    responses=problems.documented(404, 422) | MOVED,
)
def related(parts: Parts, sight: Sees, customer_id: Number) -> relations.Relations | Response:
    """Families, households and firms: they share a phone, an e-mail or a door. They are never merged for it."""
    found = relations.relations(parts.database, customer_id, model=parts.weighing)
    if found.customer_id != customer_id:
        return RedirectResponse(f"/api/v1/customers/{found.customer_id}/relations", status_code=301)
    return sight.of(found)


def filter_of(category: str | None, channel: str | None, province: str | None) -> filters.Filter:
    """The filter that an address asks for; `-` stands for none stated, an empty text for no wish."""
    category, province = ("" if wish == insight.NONE else wish or None for wish in (category, province))
    return filters.Filter(category=category, channel=channel or None, province=province)
