"""Our own users: list, invite, give other roles, shut out and let in again."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from kehu.flows.users import people
from kehu.model.people import Permission, Role
from kehu.serve import problems
from kehu.serve.given import After, Limit, Number, Parts
from kehu.serve.once import Once
from kehu.serve.threads import Router
from kehu.serve.who import Gated, Who, needs
from kehu.store import views
from kehu.store.people.users import Person

router = Router(prefix="/users", tags=["users"])

Admin = Annotated[Who, needs(Permission.USERS)]
Roles = Annotated[frozenset[Role], Field(min_length=1, description="What they are here for", examples=[["agent"]])]


class Invitation(BaseModel):
    """Whom to let in."""

    model_config = ConfigDict(extra="forbid")

    login: str = Field(pattern=r"^\S+$", max_length=100, description="What they will sign in with", examples=["lihua"])
    name: str = Field(default="", max_length=100, description="What they are called", examples=["李华"])
    roles: Roles


class Invited(BaseModel):
    """Somebody who was invited, or shall choose another password."""

    person: Person
    welcome: str = Field(description="Where they choose their password; told this once, good once")


class OtherRoles(BaseModel):
    """What somebody is here for from now on."""

    model_config = ConfigDict(extra="forbid")

    roles: Roles


@router.get("", summary="List our own users", responses=problems.documented(404, 422))
def listed(parts: Parts, gate: Gated, who: Admin, after: After = None, limit: Limit = 50) -> views.Page[Person]:  # noqa: ARG001  (the rule)
    """A page of users, in the order in which they were invited."""
    found = people.listed(gate.office, after=after or 0, limit=limit + 1)
    following = found[limit - 1].person_id if len(found) > limit else None
    return views.Page(rows=tuple(found[:limit]), following=following)


@router.post("", summary="Invite a user", status_code=201, responses=problems.documented(404, 409, 422))
def invite(parts: Parts, gate: Gated, who: Admin, once: Once, wanted: Invitation) -> Invited:
    """Add a user; they come in once they chose a password. Asked again by the same key, it answers another link."""
    by = who.by(parts.clock())
    person, token = people.invite(
        gate.office, login=wanted.login, name=wanted.name, roles=wanted.roles, by=by, once=once
    )
    return Invited(person=person, welcome=f"/welcome/{token}")


@router.get("/{person_id}", summary="One user", responses=problems.documented(404, 422))
def one(parts: Parts, gate: Gated, who: Admin, person_id: Number) -> Person:  # noqa: ARG001  (the rule)
    """A user: roles and state."""
    return people.page_of(gate.office, person_id, at=parts.clock(), limits=gate.limits)[0]


@router.put("/{person_id}/roles", summary="Give a user other roles", responses=problems.documented(404, 409, 422))
def change_roles(parts: Parts, gate: Gated, who: Admin, person_id: Number, wanted: OtherRoles) -> Person:
    """They hold from the user's next request on; 409 where nobody would be left who may let others in."""
    return people.change_roles(gate.office, person_id, wanted.roles, by=who.by(parts.clock()))


@router.post("/{person_id}/disable", summary="Shut a user out", responses=problems.documented(404, 409, 422))
def disable(parts: Parts, gate: Gated, who: Admin, person_id: Number) -> Person:
    """All their sessions end at once."""
    return people.disable(gate.office, person_id, by=who.by(parts.clock()))


@router.post("/{person_id}/enable", summary="Let a user in again", responses=problems.documented(404, 422))
def enable(parts: Parts, gate: Gated, who: Admin, person_id: Number) -> Person:
    """With the password that they had."""
    return people.enable(gate.office, person_id, by=who.by(parts.clock()))


@router.post("/{person_id}/reset", summary="Let a user choose a password", responses=problems.documented(404, 409, 422))
def reset(parts: Parts, gate: Gated, who: Admin, person_id: Number) -> Invited:
    """They are signed out, and choose another password by a one-time link; their second factor goes."""
    token = people.reset(gate.office, person_id, by=who.by(parts.clock()))
    person, _ = people.page_of(gate.office, person_id, at=parts.clock(), limits=gate.limits)
    return Invited(person=person, welcome=f"/welcome/{token}")
