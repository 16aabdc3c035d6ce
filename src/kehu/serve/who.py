"""Who asks, and what they may: every route says by `needs(...)` or `open_to_all` whom it serves.

@router.post("/merge")
def merge(parts: Parts, who: Annotated[Who, needs(Permission.DECIDE)], wanted: Merge) -> Merged:
"""

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Annotated, Any

from fastapi import Depends, HTTPException, Request

from kehu.errors import NotFoundError
from kehu.flows.insight import sight
from kehu.flows.insight.sight import Sight
from kehu.flows.users import people
from kehu.flows.users.pace import Paces
from kehu.flows.users.people import By, Office
from kehu.model.people import Permission
from kehu.serve.vouching import Provider
from kehu.store.people.sessions import Limits

COOKIE = "kehu_session"
"""The cookie that holds the token of a session."""


class NotSignedIn(Exception):  # noqa: N818  (it says who, not what went wrong)
    """Nobody we know asks for what only those get who are signed in."""


@dataclass(frozen=True, kw_only=True)
class Gate:
    """How people come in."""

    office: Office
    """Where users stand."""
    limits: Limits
    """How long a session lasts."""
    is_open_at_first: bool
    """Whoever reaches this machine's loopback may do everything, as long as there is no user: for a made-up town."""
    is_secure: bool
    """Browsers come by HTTPS, so cookies must not travel without."""
    provider: Provider | None = None
    """Who vouches for people; None: they come in by password alone."""
    paces: Paces = field(default_factory=Paces)
    """How often they may ask."""


@dataclass(frozen=True, kw_only=True)
class Who:
    """Somebody, or a machine, that asks."""

    login: str
    """The login, or the name of the API key: what stands in the audit trail and beside decisions."""
    name: str
    """What they are called."""
    person_id: int | None = None
    """Their number among our users; None for a key, and where nobody has to sign in."""
    session_id: int | None = None
    """The session they ask in."""
    permissions: frozenset[Permission]
    """What they may do."""
    whence: str | None
    """The address they ask from."""
    is_gated: bool = True
    """Users can be made here."""
    is_anybody_restricted: bool = True
    """Whether the data of any customer may not be used, as far as was asked."""

    def may(self, permission: str) -> bool:
        """Whether they may do this; templates ask it to show a button."""
        return permission in self.permissions

    @cached_property
    def sight(self) -> Sight:
        """What they may see."""
        return sight.by(self.permissions)

    def by(self, at: datetime) -> By:
        """They, as the author of what is done now."""
        return By(login=self.login, at=at, whence=self.whence)


@dataclass(frozen=True)
class Needs:
    """A rule of a route: all of these permissions; none lets everybody in who is signed in."""

    permissions: frozenset[Permission]

    async def __call__(self, request: Request) -> Who:
        """Let them in.

        Raises:
            NotSignedIn: Nobody we know.
            HTTPException: They lack a permission: 403.
        """
        who = await asked_by(request)
        if missing := self.permissions - who.permissions:
            raise HTTPException(403, f"This needs the permission {', '.join(sorted(missing))}.")
        return who


def needs(*permissions: Permission) -> Any:
    """The dependency of a route that serves those only who have all these permissions."""
    return Depends(Needs(frozenset(permissions)))


async def open_to_all() -> None:
    """The dependency of a route that serves everybody, signed in or not."""


async def _gate(request: Request) -> Gate:
    gate: Gate | None = request.app.state.given.gate
    if gate is None:
        raise NotFoundError("nobody has to sign in here: this application was started without users")
    return gate


Gated = Annotated[Gate, Depends(_gate)]
"""A handler's argument: how people come in."""


async def asked_by(request: Request) -> Who:
    """Whoever sent the request.

    What a route depends on is awaited, or FastAPI would take a thread for it; it waits for nothing (`threads`).

    Raises:
        NotSignedIn: Nobody we know.
    """
    return who_asks(request)


def who_asks(request: Request) -> Who:
    """Whoever sent the request; asked of the database once a request, which makes others wait meanwhile.

    Raises:
        NotSignedIn: Nobody we know.
    """
    if not hasattr(request.state, "who"):
        request.state.who = _who_asks(request)
    who: Who = request.state.who
    return who


def _who_asks(request: Request) -> Who:
    gate: Gate | None = request.app.state.given.gate
    whence = request.client.host if request.client else None
    if gate is None:
        return _anybody(whence, is_gated=False)
    at: datetime = request.app.state.given.clock()
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and (found := people.whose_key(gate.office, key.strip(), at=at)):
        named = f"key {found.name}"
        return Who(login=named, name=named, permissions=found.permissions, whence=whence)
    token = None if scheme else request.cookies.get(COOKIE)
    seen = people.whose_session(gate.office, token, at=at, limits=gate.limits) if token else None
    if seen:
        return Who(
            login=seen.person.login, name=seen.person.name, person_id=seen.person.person_id,
            session_id=seen.session.session_id, permissions=seen.person.permissions, whence=whence,
            is_anybody_restricted=seen.is_anybody_restricted,
        )  # fmt: skip
    if gate.is_open_at_first and not people.are_there(gate.office):
        return _anybody(whence, is_gated=True)
    raise NotSignedIn


def _anybody(whence: str | None, *, is_gated: bool) -> Who:
    everything = frozenset(Permission)
    return Who(login="local", name="local", permissions=everything, whence=whence, is_gated=is_gated)
