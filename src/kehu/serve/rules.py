"""Whom each route serves. A route that does not say so is never served: the application does not start with it."""

from collections.abc import Iterator

from fastapi import APIRouter
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from kehu.model.people import Permission
from kehu.serve.threads import OnOneThread
from kehu.serve.who import Needs, open_to_all


class RuleError(Exception):
    """A route does not say whom it serves, or says two things."""


def required(router: APIRouter) -> APIRouter:
    """The router, if each of its routes says whom it serves.

    Raises:
        RuleError: Naming the route, and the way out.
    """
    for route in router.routes:
        if isinstance(route, APIRoute) and needed(route) is not None and not isinstance(route, OnOneThread):
            raise RuleError(f"{route.path} asks the store who asks: it must be a route of `threads.Router`")
    return router


def needed(route: APIRoute) -> frozenset[Permission] | None:
    """The permissions that a route needs, its router's among them; None where it is open to all.

    Raises:
        RuleError: It does not say whom it serves, or says two things.
    """
    told = [one for one in calls(route) if isinstance(one, Needs) or one is open_to_all]
    rules = [one.permissions for one in told if isinstance(one, Needs)]
    if not told or (rules and len(rules) < len(told)):
        raise RuleError(
            f"{', '.join(sorted(route.methods or ()))} {route.path} must say whom it serves: needs(Permission.…), "
            "needs() for whoever is signed in, or open_to_all; one of them, as an argument or among the dependencies"
        )
    return frozenset().union(*rules) if rules else None


def calls(route: APIRoute) -> Iterator[object]:
    """Whatever a route depends on, and what that depends on."""
    if isinstance(route, OnOneThread):
        yield from (call for _, call in route.first)
    yield from _inner(route.dependant)


def _inner(dependant: Dependant) -> Iterator[object]:
    for one in dependant.dependencies:
        yield one.call
        yield from _inner(one)
