"""A newcomer at the counter: a form that says, while it is filled in, whom they may already be."""

import secrets
from dataclasses import dataclass
from typing import Annotated

from fastapi import Form, Request
from starlette.responses import RedirectResponse, Response

from kehu.flows.arrive import arrive, newcomer
from kehu.flows.arrive.arrive import ArrivedOne, Row, Status
from kehu.flows.users.pace import Asked
from kehu.model.people import Permission
from kehu.serve.given import Desk, Parts, Sees
from kehu.serve.pace import paced
from kehu.serve.threads import Router
from kehu.serve.who import Who, needs

Clerk = Annotated[Who, needs(Permission.ARRIVE, Permission.FIND)]

router = Router(prefix="/customers/new", dependencies=[needs(Permission.ARRIVE, Permission.FIND)])

CHANNEL = "counter"
"""The push channel that newcomers come by; its rules and its trust stand in the settings, as of any other."""

FIELDS = ("name", "phone", "id_number", "birth_date", "email", "address")

Value = Annotated[str, Form(max_length=500)]


@dataclass(frozen=True, kw_only=True)
class NewcomerPage:
    """What the form shows."""

    typed: tuple[tuple[str, str], ...]
    """Field and value, as they were typed: whoever typed them may see them."""
    key: str
    """The key of the record that it becomes: a form that is sent twice becomes one."""
    met: newcomer.Met | None
    """Whom they may be; None before anything is filled in."""
    heaviest: float = 1.0
    """The greatest evidence, which the bars are drawn to."""
    refused: ArrivedOne | None = None
    """What became of the record, where it lies in quarantine."""


@router.get("")
def form(request: Request, parts: Parts, desk: Desk) -> Response:  # noqa: ARG001  (without a desk there is no form)
    """The form, empty."""
    page = NewcomerPage(typed=(), key=secrets.token_hex(8), met=None)
    return parts.face.page(request, "newcomer.html", page)


@router.post("/likely", dependencies=[paced(Asked.SEARCH)])
def likely(
    request: Request, parts: Parts, desk: Desk, sight: Sees, key: Value = "", name: Value = "", phone: Value = "",
    id_number: Value = "", birth_date: Value = "", email: Value = "", address: Value = "",
) -> Response:  # fmt: skip
    """Whom they may be, by what is filled in so far; nothing is stored."""
    values = dict(zip(FIELDS, (name, phone, id_number, birth_date, email, address), strict=True))
    met = newcomer.meet(parts.database, desk, _row(values, key)) if any(map(str.strip, values.values())) else None
    seen = sight.of(met.likely) if met else ()
    weights = [abs(told.weight) for one in seen for told in one.evidence]
    page = NewcomerPage(typed=(), key="", met=met, heaviest=max(weights, default=1.0) or 1.0)
    return parts.face.page(request, "newcomer_likely.html", page)


@router.post("")
def stored(
    request: Request, parts: Parts, desk: Desk, who: Clerk, key: Annotated[str, Form(pattern="^[0-9a-f]{16}$")],
    name: Value = "", phone: Value = "", id_number: Value = "", birth_date: Value = "", email: Value = "",
    address: Value = "",
) -> Response:  # fmt: skip
    """Store the record, and show whose it is."""
    values = dict(zip(FIELDS, (name, phone, id_number, birth_date, email, address), strict=True))
    told = arrive.one(parts.database, desk, _row(values, key), by=who.by(parts.clock()))
    if told.status is Status.QUARANTINED:
        page = NewcomerPage(typed=tuple(values.items()), key=secrets.token_hex(8), met=None, refused=told)
        return parts.face.page(request, "newcomer.html", page, status=422)
    return RedirectResponse(f"/customers/{told.customer_id}", status_code=303)


def _row(values: dict[str, str], key: str) -> Row:
    return {
        "channel": CHANNEL,
        "record_id": key or "new",
        **{name: value.strip() or None for name, value in values.items()},
    }
