"""The addresses that the application answers: which methods each knows, and whom each serves."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.routing import compile_path

from kehu.model.people import Permission
from kehu.serve import rules
from kehu.serve.pace import Paced


class Feature(Protocol):
    """A module with routes."""

    @property
    def router(self) -> APIRouter:
        """Its routes."""


@dataclass(frozen=True, kw_only=True)
class Address:
    """An address, and one method that it knows."""

    method: str
    path: str
    """With its parameters in braces."""
    needed: frozenset[Permission] | None
    """The permissions that it needs; None where it is open to all."""
    is_paced: bool
    """Whoever asks too often has to wait."""
    pattern: re.Pattern[str] = field(repr=False)
    """Which paths it means."""


def of(features: Iterable[Feature], *, prefix: str = "") -> Iterator[Address]:
    """The addresses of these features.

    Raises:
        RuleError: One does not say whom it serves.
    """
    for feature in features:
        for route in feature.router.routes:
            if isinstance(route, APIRoute):
                path = prefix + route.path
                for method in sorted(route.methods or ()):
                    yield Address(
                        method=method,
                        path=path,
                        needed=rules.needed(route),
                        is_paced=any(isinstance(one, Paced) for one in rules.calls(route)),
                        pattern=compile_path(path)[0],
                    )


@dataclass(frozen=True)
class Methods:
    """Which methods an address knows: what a 405 tells."""

    known: Mapping[re.Pattern[str], frozenset[str]]
    """By pattern, those of an address without parameters first."""

    def at(self, path: str) -> frozenset[str]:
        """Those of a path; `/customers/search` is not the customer whose number is `search`."""
        return next((methods for pattern, methods in self.known.items() if pattern.match(path)), frozenset())


def methods(addresses: Iterable[Address]) -> Methods:
    """The methods of all these addresses."""
    known: dict[re.Pattern[str], frozenset[str]] = {}
    for one in sorted(addresses, key=lambda one: one.path.count("{")):
        known[one.pattern] = known.get(one.pattern, frozenset()) | {one.method}
    return Methods(known)
