"""A customer's rights (权利): consents, the switch that restricts, disclosure and erasure, on one page."""

from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import Form, Request
from starlette.responses import RedirectResponse, Response

from kehu.flows.privacy import foresee
from kehu.flows.privacy.asked import SHORTEST_REASON
from kehu.flows.privacy.foresee import Foreseen
from kehu.flows.privacy.standing import Standing
from kehu.model.people import Permission
from kehu.model.privacy import PURPOSES
from kehu.serve.api import privacy as api
from kehu.serve.api.privacy import Checked, Consent, Erase, Switch
from kehu.serve.given import Desk, Number, Parts
from kehu.serve.looks import looked
from kehu.serve.threads import Router
from kehu.serve.who import Who, needs

router = Router(prefix="/customers/{customer_id}", dependencies=[needs(Permission.FIND), looked()])

Officer = Annotated[Who, needs(Permission.PRIVACY)]


@dataclass(frozen=True, kw_only=True)
class PrivacyPage:
    """What the page shows."""

    standing: Standing
    acts: bool
    """Whether whoever looks may act."""
    purposes: dict[str, tuple[str, str]]
    notice: str
    """The version of the notice that was shown last, to fill in."""


@dataclass(frozen=True, kw_only=True)
class ErasurePage:
    """What the page before an erasure shows."""

    standing: Standing
    foreseen: Foreseen


@router.get("/privacy")
def stands(request: Request, parts: Parts, who: Annotated[Who, needs()], customer_id: Number) -> Response:
    """How a customer stands with their rights; a retired number leads to the living one."""
    found = api.of_customer(parts, who, customer_id)
    if found.customer_id != customer_id:
        return RedirectResponse(f"/customers/{found.customer_id}/privacy", status_code=301)
    page = PrivacyPage(
        standing=found,
        acts=who.may(Permission.PRIVACY),
        purposes={purpose.value: texts for purpose, texts in PURPOSES.items()},
        notice=found.history[0].notice if found.history else "",
    )
    return parts.face.page(request, "privacy.html", page)


@router.post("/consents")
def noted(parts: Parts, who: Officer, customer_id: Number, wanted: Annotated[Consent, Form()]) -> Response:
    """Note what they said of a purpose, and come back."""
    api.note(parts, who, customer_id, wanted)
    return _back(customer_id, "consents")


@router.post("/restriction")
def switch(
    parts: Parts,
    who: Officer,
    customer_id: Number,
    restricted: Annotated[Literal["true", "false"], Form()],
    reason: Annotated[str, Form(min_length=SHORTEST_REASON, max_length=2_000)],
) -> Response:
    """Restrict them, or free them, and come back."""
    # Machines send true, and nothing that may be taken for it; a form knows texts only.
    wanted = Switch(restricted=restricted == "true", reason=reason)
    return _back(api.restricted(parts, who, customer_id, wanted), "restriction")


@router.post("/disclosure")
def disclosed(parts: Parts, who: Officer, customer_id: Number, wanted: Annotated[Checked, Form()]) -> Response:
    """All that is held on them, as a file."""
    return api.disclosure(parts, who, customer_id, wanted)


@router.get("/erasure")
def foreseen(request: Request, parts: Parts, who: Officer, customer_id: Number) -> Response:
    """What erasing them would take away, before anybody does."""
    told = foresee.erasing(parts.database, customer_id, room=parts.erasing, at=parts.clock())
    page = ErasurePage(standing=api.of_customer(parts, who, told.customer_id), foreseen=told)
    return parts.face.page(request, "erasure.html", page)


@router.post("/erasure")
def erased(parts: Parts, desk: Desk, who: Officer, customer_id: Number, wanted: Annotated[Erase, Form()]) -> Response:
    """Erase them, and show the receipt."""
    receipt, rest = api.begin_erasing(parts, desk, who, customer_id, wanted)
    return RedirectResponse(f"/privacy/receipts/{receipt.erasure_id}", status_code=303, background=rest)


def _back(customer_id: int, part: str) -> Response:
    return RedirectResponse(f"/customers/{customer_id}/privacy#{part}", status_code=303)
