"""Coming in and going out: sign-in, the one-time link with which a password is chosen, sign-out."""

import math
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Annotated

from fastapi import Depends, Form, Path, Query, Request
from starlette.responses import RedirectResponse, Response

from kehu.errors import ConflictError
from kehu.flows.users import people
from kehu.flows.users.people import By
from kehu.serve.given import Parts
from kehu.serve.pages.preferences import local
from kehu.serve.threads import Router
from kehu.serve.who import COOKIE, Gate, Gated, open_to_all
from kehu.store.people import passwords

router = Router(dependencies=[Depends(open_to_all)])

Token = Annotated[str, Path(max_length=100)]
Password = Annotated[str, Form(max_length=passwords.LONGEST)]


@dataclass(frozen=True, kw_only=True)
class SignInPage:
    """What the page shows."""

    login: str = ""
    """What was typed."""
    back: str = "/"
    """Where they wanted to go."""
    was_refused: bool = False
    needs_code: bool = False
    wait_min: int | None = None
    """So many minutes to wait before the next try."""
    provider: str | None = None
    """What the button of the identity provider says; None where there is none."""
    trouble: str | None = None
    """What became of a sign-in by it."""


@dataclass(frozen=True, kw_only=True)
class WelcomePage:
    """What the page of a one-time link shows."""

    login: str
    shortest: int = passwords.SHORTEST
    complaint: str | None = None


@router.get("/sign-in")
def ask(request: Request, parts: Parts, back: Annotated[str, Query(max_length=2000)] = "/") -> Response:
    """The form."""
    return parts.face.page(request, "sign_in.html", SignInPage(back=local(back), provider=provider_of(parts)))


@router.post("/sign-in")
def sign_in(
    request: Request,
    parts: Parts,
    gate: Gated,
    login: Annotated[str, Form(max_length=100)] = "",
    password: Password = "",
    code: Annotated[str, Form(max_length=20)] = "",
    back: Annotated[str, Form(max_length=2000)] = "/",
) -> Response:
    """Let them in, or say that something was wrong."""
    came = people.sign_in(
        gate.office,
        login=login,
        password=password,
        code=code or None,
        browser=request.headers.get("user-agent"),
        by=_by(request, parts, login),
        limits=gate.limits,
    )
    if came.token is None:
        page = SignInPage(
            login=login, back=local(back), needs_code=came.needs_code,
            was_refused=came.wait is None and not came.needs_code, provider=provider_of(parts),
        )  # fmt: skip
        return out(request, parts, page, wait=came.wait)
    return let_in(gate, came.token, back=back)


@router.post("/sign-out")
def sign_out(request: Request, parts: Parts, gate: Gated) -> Response:
    """End the session."""
    if token := request.cookies.get(COOKIE):
        people.sign_out(gate.office, token, by=_by(request, parts, ""), limits=gate.limits)
    answer = RedirectResponse("/sign-in", status_code=303)
    answer.delete_cookie(COOKIE)
    # Whatever the browser kept of our pages goes with the session.
    answer.headers["clear-site-data"] = '"cache"'
    return answer


@router.get("/welcome/{token}")
def welcome(request: Request, parts: Parts, gate: Gated, token: Token) -> Response:
    """The form in which a user chooses a password."""
    who = people.whose_link(gate.office, token, at=parts.clock())
    return parts.face.page(request, "welcome.html", WelcomePage(login=who.login))


@router.post("/welcome/{token}")
def choose(
    request: Request, parts: Parts, gate: Gated, token: Token, password: Password = "", again: Password = ""
) -> Response:
    """Keep the password, and lead to the sign-in."""
    who = people.whose_link(gate.office, token, at=parts.clock())
    complaint = None if password == again else "the two are not the same"
    if complaint is None:
        try:
            people.choose_password(gate.office, token, password, by=_by(request, parts, who.login))
        except ConflictError as why:
            complaint = str(why)
    if complaint is not None:
        page = WelcomePage(login=who.login, complaint=complaint)
        return parts.face.page(request, "welcome.html", page, status=409)
    return RedirectResponse("/sign-in", status_code=303)


def let_in(gate: Gate, token: str, *, back: str) -> Response:
    """The way to where they wanted to go, with the cookie of their session."""
    answer = RedirectResponse(local(back), status_code=303)
    # Without an age it ends with the browser; the database ends it when it is over.
    answer.set_cookie(COOKIE, token, httponly=True, samesite="lax", secure=gate.is_secure)
    return answer


def out(request: Request, parts: Parts, page: SignInPage, *, wait: timedelta | None, status: int = 401) -> Response:
    """The form again, for who is not in; with the minutes to wait, where they have to."""
    if wait is None:
        return parts.face.page(request, "sign_in.html", page, status=status)
    wait_s = math.ceil(wait.total_seconds())
    answer = parts.face.page(request, "sign_in.html", replace(page, wait_min=math.ceil(wait_s / 60)), status=429)
    answer.headers["retry-after"] = str(wait_s)
    return answer


def provider_of(parts: Parts) -> str | None:
    """What the button of the identity provider says."""
    return parts.gate.provider.terms.name if parts.gate and parts.gate.provider else None


def _by(request: Request, parts: Parts, login: str) -> By:
    return By(login=login, at=parts.clock(), whence=request.client.host if request.client else None)
