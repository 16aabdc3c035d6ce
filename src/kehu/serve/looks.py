"""Looks at a person are noted before it is shown: `dependencies=[looked()]` on a route, or on its whole router."""

from typing import Any

from fastapi import Depends, Request

from kehu.flows.insight.looks import Looks
from kehu.serve.who import asked_by
from kehu.store.audit.trail import Act, Entry

NUMBERS = {"customer_id": "customer", "record_l": "record", "quarantine_id": "quarantine"}
"""What a number in an address counts."""


async def _looked(request: Request) -> None:
    # A search, a list or a form names nobody in its address, and what changes something is noted as what it is.
    named = next((name for name in NUMBERS if name in request.path_params), None)
    if named is None or request.method not in {"GET", "HEAD"}:
        return
    who, looks = await asked_by(request), request.app.state.looks
    assert isinstance(looks, Looks)
    entry = Entry(
        at=request.app.state.given.clock(),
        who=who.login,
        act=Act.LOOK,
        what=f"{NUMBERS[named]} {request.path_params[named]}",
        whence=who.whence,
        detail={"route": request.scope["route"].path, "clear": who.sight.is_clear},
    )
    looks.note(entry)


def looked() -> Any:
    """The dependency of routes that show a person."""
    return Depends(_looked)
