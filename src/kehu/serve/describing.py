"""The description of the interface for machines: what every route has in common is said here, once.

A route says what it answers and which problems are its own. That it may refuse whoever is not signed in, lack its
store or find the body too long follows from what it is.
"""

import json
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from typing import Any

from fastapi import FastAPI

from kehu.serve import problems
from kehu.serve.addresses import Address
from kehu.serve.who import COOKIE

SCHEMES = {
    "key": {"type": "http", "scheme": "bearer", "description": "A key of a machine: docs/people.md"},
    "session": {"type": "apiKey", "in": "cookie", "name": COOKIE, "description": "The session of a browser"},
}
"""How somebody says who they are."""


class Described(FastAPI):
    """An application whose description tells whom each route serves, and every problem it may answer."""

    addresses: tuple[Address, ...] = ()
    """Its addresses; they are set before it is asked."""

    def openapi(self) -> dict[str, Any]:
        """The description; made once."""
        if self.openapi_schema is None:
            _complete(super().openapi(), self.addresses)
        assert self.openapi_schema is not None
        return self.openapi_schema


@cache
def examples() -> Mapping[str, Any]:
    """What the main routes answer, by method and path: taken from a made-up store, lists cut to their first row."""
    told: dict[str, Any] = json.loads(resources.files("kehu.serve").joinpath("examples.json").read_text("utf-8"))
    return told


def _complete(described: dict[str, Any], addresses: Iterable[Address]) -> None:
    described.setdefault("components", {})["securitySchemes"] = SCHEMES
    for address in addresses:
        operation = described["paths"].get(address.path, {}).get(address.method.lower())
        if operation is not None:
            _say(operation, address)


def _say(operation: dict[str, Any], address: Address) -> None:
    statuses: tuple[int, ...] = () if address.needed is None else (401, 403, 503)
    if address.needed is not None:
        operation["security"] = [{scheme: []} for scheme in SCHEMES]
        names = ", ".join(f"`{one}`" for one in sorted(address.needed)) or "a session or a key"
        operation["description"] = f"{operation.get('description', '')}\n\nNeeds {names}.".strip()
    if "requestBody" in operation:
        statuses += (400, 413)
    if address.is_paced:
        statuses += (429,)
    for status, said in problems.documented(*statuses).items():
        operation["responses"].setdefault(str(status), said)
    if example := examples().get(f"{address.method} {address.path}"):
        answer = next(answer for status, answer in operation["responses"].items() if status.startswith("2"))
        answer["content"]["application/json"]["example"] = example
    operation["responses"] = dict(sorted(operation["responses"].items()))
