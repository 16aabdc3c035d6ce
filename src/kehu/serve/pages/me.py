"""One's own page: password, second factor, and where one is signed in."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import Form, Request
from starlette.responses import RedirectResponse, Response

from kehu.errors import ConflictError, NotFoundError
from kehu.flows.users import people
from kehu.serve.given import Number, Parts
from kehu.serve.threads import Router
from kehu.serve.who import Gate, Gated, Who, needs
from kehu.store.people import codes, passwords
from kehu.store.people.sessions import Session
from kehu.store.people.users import Person

router = Router(prefix="/me")

Me = Annotated[Who, needs()]
Password = Annotated[str, Form(max_length=passwords.LONGEST)]


@dataclass(frozen=True, kw_only=True)
class MePage:
    """What the page shows."""

    person: Person
    sessions: list[Session]
    current: int | None
    """The session they ask in."""
    secret: str
    """A new secret for their app; it holds once they show a code."""
    app: str
    """The same, as an app reads it."""
    shortest: int = passwords.SHORTEST
    complaint: str | None = None
    done: bool = False


@router.get("")
def page(request: Request, parts: Parts, gate: Gated, who: Me) -> Response:
    """Who I am here."""
    return parts.face.page(request, "me.html", _page(parts, gate, who))


@router.post("/password")
def change_password(
    request: Request, parts: Parts, gate: Gated, who: Me, old: Password = "", new: Password = ""
) -> Response:
    """Set another password."""
    return _tried(
        request, parts, gate, who,
        lambda number: people.change_password(
            gate.office, number, old=old, new=new, session_id=who.session_id, by=who.by(parts.clock())
        ),
    )  # fmt: skip


@router.post("/second-factor")
def set_second_factor(
    request: Request,
    parts: Parts,
    gate: Gated,
    who: Me,
    code: Annotated[str, Form(max_length=20)] = "",
    secret: Annotated[str, Form(max_length=64, pattern="^[A-Z2-7]*$")] = "",
) -> Response:
    """Ask for a code from now on; without a secret, ask no more."""
    return _tried(
        request, parts, gate, who,
        lambda number: people.set_second_factor(
            gate.office, number, secret or None, code=code, by=who.by(parts.clock())
        ),
    )  # fmt: skip


@router.post("/sessions/{session_id}/revoke")
def revoke(parts: Parts, gate: Gated, who: Me, session_id: Number) -> Response:
    """End one of my sessions."""
    people.revoke_session(gate.office, _number(who), session_id, by=who.by(parts.clock()), limits=gate.limits)
    return RedirectResponse("/me", status_code=303)


def _tried(request: Request, parts: Parts, gate: Gate, who: Who, change: Callable[[int], None]) -> Response:
    """Make a change, and show the page with what came of it."""
    try:
        change(_number(who))
    except ConflictError as why:
        refused = replace(_page(parts, gate, who), complaint=str(why))
        return parts.face.page(request, "me.html", refused, status=409)
    return parts.face.page(request, "me.html", replace(_page(parts, gate, who), done=True))


def _page(parts: Parts, gate: Gate, who: Who) -> MePage:
    person, sessions = people.page_of(gate.office, _number(who), at=parts.clock(), limits=gate.limits)
    secret = codes.drawn()
    return MePage(
        person=person, sessions=sessions, current=who.session_id, secret=secret,
        app=codes.address(secret, login=person.login),
    )  # fmt: skip


def _number(who: Who) -> int:
    if who.person_id is None:
        raise NotFoundError("nobody signed in here: make a user by `kehu user add`")
    return who.person_id
