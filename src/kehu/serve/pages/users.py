"""Our own users (用户管理): invite them, change their roles, shut them out; and the keys of machines."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Annotated

from fastapi import Form, Request
from starlette.responses import RedirectResponse, Response

from kehu.errors import ConflictError
from kehu.flows.users import people
from kehu.model.people import Permission, Role
from kehu.serve.given import After, Number, Parts
from kehu.serve.threads import Router
from kehu.serve.who import Gate, Gated, Who, needs
from kehu.store.people.keys import Key
from kehu.store.people.sessions import Session
from kehu.store.people.users import Person

router = Router()

Admin = Annotated[Who, needs(Permission.USERS)]
Name = Annotated[str, Form(max_length=200)]
Roles = Annotated[list[Role], Form(default_factory=list)]

PAGE = 50


@dataclass(frozen=True, kw_only=True)
class UsersPage:
    """What the list shows."""

    people: list[Person]
    following: int | None
    after: int | None
    roles: tuple[Role, ...] = tuple(Role)
    complaint: str | None = None
    invited: Person | None = None
    link: str | None = None
    """The one-time link of who was just invited; shown this once."""


@dataclass(frozen=True, kw_only=True)
class UserPage:
    """What the page of one user shows."""

    person: Person
    sessions: list[Session]
    roles: tuple[Role, ...] = tuple(Role)
    complaint: str | None = None
    link: str | None = None


@dataclass(frozen=True, kw_only=True)
class KeysPage:
    """What the page of keys shows."""

    keys: list[Key]
    permissions: tuple[Permission, ...] = tuple(Permission)
    complaint: str | None = None
    made: str | None = None
    """The key that was just made; shown this once."""


@router.get("/users")
def listed(request: Request, parts: Parts, gate: Gated, who: Admin, after: After = None) -> Response:  # noqa: ARG001  (the rule)
    """A page of users."""
    return parts.face.page(request, "users.html", _users(gate, after))


@router.post("/users")
def invite(
    request: Request, parts: Parts, gate: Gated, who: Admin, roles: Roles, login: Name = "", name: Name = ""
) -> Response:
    """Add a user, and show the link with which they choose a password."""
    try:
        invited, token = people.invite(gate.office, login=login, name=name, roles=roles, by=who.by(parts.clock()))
    except ConflictError as why:
        return parts.face.page(request, "users.html", replace(_users(gate, None), complaint=str(why)), status=409)
    page = replace(_users(gate, None), invited=invited, link=_link(request, token))
    return parts.face.page(request, "users.html", page)


@router.get("/users/{person_id}")
def one(request: Request, parts: Parts, gate: Gated, who: Admin, person_id: Number) -> Response:  # noqa: ARG001  (the rule)
    """A user, and where they are signed in."""
    return parts.face.page(request, "user.html", _user(parts, gate, person_id))


@router.post("/users/{person_id}/roles")
def change_roles(request: Request, parts: Parts, gate: Gated, who: Admin, person_id: Number, roles: Roles) -> Response:
    """Give a user other roles."""
    return _tried(
        request, parts, gate, person_id,
        lambda: people.change_roles(gate.office, person_id, roles, by=who.by(parts.clock())),
    )  # fmt: skip


@router.post("/users/{person_id}/disable")
def disable(request: Request, parts: Parts, gate: Gated, who: Admin, person_id: Number) -> Response:
    """Shut a user out, at once."""
    return _tried(
        request, parts, gate, person_id, lambda: people.disable(gate.office, person_id, by=who.by(parts.clock()))
    )


@router.post("/users/{person_id}/enable")
def enable(request: Request, parts: Parts, gate: Gated, who: Admin, person_id: Number) -> Response:
    """Let a user in again."""
    return _tried(
        request, parts, gate, person_id, lambda: people.enable(gate.office, person_id, by=who.by(parts.clock()))
    )


@router.post("/users/{person_id}/reset")
def reset(request: Request, parts: Parts, gate: Gated, who: Admin, person_id: Number) -> Response:
    """Show a link with which they choose another password."""
    try:
        token = people.reset(gate.office, person_id, by=who.by(parts.clock()))
    except ConflictError as why:
        refused = replace(_user(parts, gate, person_id), complaint=str(why))
        return parts.face.page(request, "user.html", refused, status=409)
    page = replace(_user(parts, gate, person_id), link=_link(request, token))
    return parts.face.page(request, "user.html", page)


@router.post("/users/{person_id}/sessions/{session_id}/revoke")
def revoke_session(parts: Parts, gate: Gated, who: Admin, person_id: Number, session_id: Number) -> Response:
    """End one session of a user."""
    people.revoke_session(gate.office, person_id, session_id, by=who.by(parts.clock()), limits=gate.limits)
    return RedirectResponse(f"/users/{person_id}", status_code=303)


@router.get("/keys")
def keys(request: Request, parts: Parts, gate: Gated, who: Admin) -> Response:  # noqa: ARG001  (the rule)
    """The keys of machines."""
    return parts.face.page(request, "keys.html", KeysPage(keys=people.api_keys(gate.office)))


@router.post("/keys")
def make_key(
    request: Request,
    parts: Parts,
    gate: Gated,
    who: Admin,
    permissions: Annotated[list[Permission], Form(default_factory=list)],
    name: Name = "",
    days: Annotated[int, Form(ge=1, le=3660)] = 365,
) -> Response:
    """Make a key, and show it once; it may at most what its maker may."""
    at = parts.clock()
    allowed = set(permissions) & who.permissions
    try:
        made = people.make_key(
            gate.office, name=name, permissions=allowed, until=at + timedelta(days=days), by=who.by(at)
        )
    except ConflictError as why:
        page = KeysPage(keys=people.api_keys(gate.office), complaint=str(why))
        return parts.face.page(request, "keys.html", page, status=409)
    return parts.face.page(request, "keys.html", KeysPage(keys=people.api_keys(gate.office), made=made))


@router.post("/keys/{key_id}/revoke")
def revoke_key(parts: Parts, gate: Gated, who: Admin, key_id: Number) -> Response:
    """End a key, at once."""
    people.revoke_key(gate.office, key_id, by=who.by(parts.clock()))
    return RedirectResponse("/keys", status_code=303)


def _tried(request: Request, parts: Parts, gate: Gate, person_id: int, change: Callable[[], object]) -> Response:
    """Make a change and come back to the user; or say why not."""
    try:
        change()
    except ConflictError as why:
        refused = replace(_user(parts, gate, person_id), complaint=str(why))
        return parts.face.page(request, "user.html", refused, status=409)
    return RedirectResponse(f"/users/{person_id}", status_code=303)


def _users(gate: Gate, after: int | None) -> UsersPage:
    found = people.listed(gate.office, after=after or 0, limit=PAGE + 1)
    shown = found[:PAGE]
    return UsersPage(people=shown, following=shown[-1].person_id if len(found) > PAGE else None, after=after)


def _user(parts: Parts, gate: Gate, person_id: int) -> UserPage:
    person, sessions = people.page_of(gate.office, person_id, at=parts.clock(), limits=gate.limits)
    return UserPage(person=person, sessions=sessions)


def _link(request: Request, token: str) -> str:
    return f"{str(request.base_url).rstrip('/')}/welcome/{token}"
