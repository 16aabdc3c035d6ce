"""The application, made of its parts; here alone errors become HTTP.

app = create(database, clock=lambda: datetime.now(UTC))
uvicorn.run(app, host="127.0.0.1", port=8500, access_log=False)
"""

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from http import HTTPStatus
from importlib.metadata import version

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from kehu.errors import (
    ConflictError,
    KehuError,
    NotFoundError,
    SettingsError,
    StoreError,
    TooManyError,
    UnstorableError,
)
from kehu.flows.arrive import arrive
from kehu.flows.board import Sources
from kehu.flows.insight.looks import Looks
from kehu.flows.privacy.erase import Room
from kehu.flows.service import sla
from kehu.flows.service.sla import Clock
from kehu.flows.users.pace import Pace, Paces
from kehu.resolve.model import Model
from kehu.serve import addresses, problems, rules
from kehu.serve.api import audit as api_audit
from kehu.serve.api import channels as api_channels
from kehu.serve.api import chosen as api_chosen
from kehu.serve.api import customers as api_customers
from kehu.serve.api import decisions as api_decisions
from kehu.serve.api import explanations as api_explanations
from kehu.serve.api import figures as api_figures
from kehu.serve.api import health, metrics
from kehu.serve.api import hot as api_hot
from kehu.serve.api import interactions as api_interactions
from kehu.serve.api import loads as api_loads
from kehu.serve.api import notes as api_notes
from kehu.serve.api import privacy as api_privacy
from kehu.serve.api import protection as api_protection
from kehu.serve.api import quarantine as api_quarantine
from kehu.serve.api import records as api_records
from kehu.serve.api import reviews as api_reviews
from kehu.serve.api import segments as api_segments
from kehu.serve.api import tickets as api_tickets
from kehu.serve.api import unmask as api_unmask
from kehu.serve.api import users as api_users
from kehu.serve.begun import Begun
from kehu.serve.bodies import Bounded
from kehu.serve.crowd import Crowd
from kehu.serve.describing import Described
from kehu.serve.door import SECURITY_HEADERS, Door
from kehu.serve.face import STATIC, Face, here, is_piece, query
from kehu.serve.given import Given
from kehu.serve.pages import (
    audit,
    calls,
    channels,
    chosen,
    customer,
    customers,
    dashboard,
    decisions,
    docs,
    edits,
    entry,
    explanation,
    home,
    loads,
    me,
    newcomer,
    past,
    preferences,
    privacy,
    protection,
    quality,
    quarantine,
    reviews,
    segments,
    sign_on,
    tickets,
    unmask,
    users,
)
from kehu.serve.watch import Watch, Watched
from kehu.serve.who import Gate, NotSignedIn
from kehu.store.database import Database

API = "/api/v1"

PAGES = (
    customers,
    newcomer,
    edits,
    customer,
    tickets,
    entry,
    sign_on,
    preferences,
    home,
    dashboard,
    chosen,
    past,
    explanation,
    decisions,
    reviews,
    quarantine,
    quality,
    loads,
    channels,
    docs,
    me,
    users,
    segments,
    calls,
    unmask,
    privacy,
    protection,
    audit,
)
"""Those that are asked for most stand first: one after the other is asked whether it is meant."""
API_FEATURES = (
    api_chosen,
    api_customers,
    api_audit,
    api_decisions,
    api_explanations,
    api_channels,
    api_figures,
    api_interactions,
    api_loads,
    api_hot,
    api_notes,
    api_privacy,
    api_protection,
    api_quarantine,
    api_records,
    api_reviews,
    api_tickets,
    api_segments,
    api_unmask,
    api_users,
)

BODY_LIMIT = 64 * 1024
"""Bytes; no form, no search and no record is longer."""

STATUSES: tuple[tuple[type[KehuError], int], ...] = (
    (NotFoundError, 404),
    (ConflictError, 409),
    (TooManyError, 429),
    (UnstorableError, 422),
    (StoreError, 503),
    (SettingsError, 422),
)
"""Which error is which status; any other of ours is a 500."""

LOST_WAIT_S = 5
"""After so long whoever found the store away may ask again."""

UNHURRIED = Paces(searches_per_minute=0, pushes_per_minute=0, unmaskings_per_hour=0)
"""Where nobody signs in, nobody has to wait."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class ErrorPage:
    """What the page of an error shows."""

    status: int
    detail: str


def create(
    database: Database,
    *,
    clock: Callable[[], datetime],
    model: Model | None = None,
    desk: arrive.Desk | None = None,
    room: Room | None = None,
    zone: tzinfo = UTC,
    gate: Gate | None = None,
    hosts: Collection[str] = (),
    service: Clock | None = None,
    smallest_group: int = 10,
    sources: Sources | None = None,
) -> FastAPI:
    """The application over a store.

    Args:
        database: An open store with our schema; the caller closes it.
        clock: Tells the time.
        model: What weighed the links; without it pages show their weights, but no evidence.
        desk: What arriving records need; without it none are taken.
        room: What erasing needs beside the desk; without it nobody is erased from here.
        zone: The zone in which pages write times.
        gate: How people come in; without it whoever reaches this machine may do everything.
        hosts: The names under which browsers on other machines reach it; none lets this machine in alone.
        service: When tickets are due; without it as the law and the default settings say.
        smallest_group: Groups of fewer customers are not told to those who may not see persons.
        sources: The channels of the settings; without them pages tell of those that brought something.
    """
    app = Described(
        title="kehu",
        version=version("kehu"),
        description="One trusted customer from the records of every channel.",
        docs_url=None,
        redoc_url=None,
        openapi_url=f"{API}/openapi.json",
        # Its own telemetry would read the environment and may send to another host.
        telemetry={"auto_configure": False, "tracing": False, "metrics": False, "logs": False},
    )
    app.state.given = Given(
        database=database, clock=clock, face=Face(zone=zone), model=model, desk=desk, gate=gate,
        room=room,
        service=service or sla.Tickets().clock(zone),
        smallest_group=smallest_group,
        sources=sources,
    )  # fmt: skip
    app.state.looks = Looks(database)
    app.state.pace = Pace(gate.paces) if gate else Pace(UNHURRIED)
    interface = Begun(prefix=API)
    for feature in API_FEATURES:
        interface.include_router(rules.required(feature.router))
    app.include_router(interface)
    for page in PAGES:
        app.include_router(rules.required(page.router), include_in_schema=False)
    for watched in (health, metrics):
        app.include_router(rules.required(watched.router))
    app.addresses = (
        *addresses.of(PAGES),
        *addresses.of(API_FEATURES, prefix=API),
        *addresses.of((health, metrics)),
    )
    app.state.methods = addresses.methods(app.addresses)
    app.mount("/static", _Kept(directory=STATIC))
    app.add_middleware(Bounded, limit=BODY_LIMIT, longer={f"{API}/records/batch": api_records.BATCH_BYTES})
    app.add_middleware(Crowd)
    app.add_middleware(Door, hosts=hosts)
    app.state.watch = Watch(database)
    app.add_middleware(Watched, watch=app.state.watch)
    app.add_exception_handler(KehuError, _refused)
    app.add_exception_handler(NotSignedIn, _unknown)
    app.add_exception_handler(RequestValidationError, _misread)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _failed)
    return app


class _Kept(StaticFiles):
    """Static files; those asked for by content (`?v=`) never change, so browsers may keep them."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        answer = await super().get_response(path, scope)
        if answer.status_code == 200 and scope["query_string"].startswith(b"v="):
            answer.headers["cache-control"] = "public, max-age=31536000, immutable"
        return answer


async def _refused(request: Request, error: Exception) -> Response:
    status = next((status for kind, status in STATUSES if isinstance(error, kind)), 500)
    if status >= 500:
        log.error("%s %s: %s", request.method, request.url.path, error)
    wait_s = error.wait_s if isinstance(error, TooManyError) else LOST_WAIT_S if status == 503 else None
    return _answer(request, status, str(error), wait_s=wait_s)


async def _unknown(request: Request, _: Exception) -> Response:
    if _for_machines(request):
        answer: Response = problems.response(401, "Sign in, or send a key: Authorization: Bearer KEY.")
        answer.headers["www-authenticate"] = "Bearer"
        return answer
    back = here(request) if request.method == "GET" else "/"
    address = query("/sign-in", back=back if back != "/" else None)
    if is_piece(request):
        # htmx follows a redirect by itself and would put the sign-in into the middle of a page.
        return Response(status_code=401, headers={"hx-redirect": address})
    return RedirectResponse(address, status_code=303)


async def _misread(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    if request.method not in (known := request.app.state.methods.at(request.url.path)):
        # `GET /customers/search` was taken for the customer whose number is `search`.
        return _unmet(request, known)
    # The values stay out: they may be somebody's.
    wrong = [{"at": ".".join(map(str, one["loc"])), "what": one["msg"]} for one in error.errors()]
    if _for_machines(request):
        return problems.response(422, "The request does not have the form that /docs describes.", wrong=wrong)
    if request.method == "POST":
        return _answer(request, 422, "The form lacks something, or holds what cannot be.")
    # A page of an impossible number is a page that is not there.
    return _answer(request, 404, "There is no such page.")


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 405:
        return _unmet(request, request.app.state.methods.at(request.url.path))
    answer = _answer(request, error.status_code, "There is no such page." if error.status_code == 404 else error.detail)
    answer.headers.update(error.headers or {})
    return answer


def _unmet(request: Request, known: Collection[str]) -> Response:
    """The answer to a method that an address does not know."""
    answer = _answer(request, 405, HTTPStatus(405).phrase)
    answer.headers["allow"] = ", ".join(sorted(known))
    return answer


async def _failed(request: Request, error: Exception) -> Response:
    log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    answer = _answer(request, 500, "The application failed; its log says why.")
    # This one answer is made outside the door.
    answer.headers.update(SECURITY_HEADERS)
    return answer


def _answer(request: Request, status: int, detail: str, *, wait_s: int | None = None) -> Response:
    """A problem document for machines, a page for people, or a piece of one."""
    if _for_machines(request):
        answer: Response = problems.response(status, detail)
    else:
        parts: Given = request.app.state.given
        template = "refusal.html" if is_piece(request) else "error.html"
        answer = parts.face.page(request, template, ErrorPage(status=status, detail=detail), status=status)
    if wait_s is not None:
        answer.headers["retry-after"] = str(wait_s)
    return answer


def _for_machines(request: Request) -> bool:
    return request.url.path.startswith((API, "/healthz", "/readyz")) or "text/html" not in request.headers.get(
        "accept", "text/html"
    )
