"""Requests that make something, and may be sent again: the header `Idempotency-Key`."""

import json
from typing import Annotated

from fastapi import Depends, Header, Request

from kehu.flows import once
from kehu.serve.given import Parts
from kehu.serve.who import asked_by

HEADER = "Idempotency-Key"

Key = Annotated[
    str | None,
    Header(
        alias=HEADER,
        min_length=1,
        max_length=200,
        description="Drawn anew for each thing to make. The same request with the same key, within seven days, makes "
        "nothing again: it is answered with what was made the first time, as it is now. Another request with that key "
        "is a 409",
        examples=["5f0c2a4e-7b1d-4f6a-9a51-0d4c8f0f2f11"],
    ),
]


async def _once(request: Request, parts: Parts, key: Key = None) -> once.Once | None:
    if key is None:
        return None
    who = await asked_by(request)
    told = await request.body()
    # The same values in another order, or with other blanks, are the same request.
    values = json.dumps(json.loads(told), sort_keys=True) if told else ""
    return once.Once(who=who.login, key=key, body=f"{request.method} {request.url.path} {values}", at=parts.clock())


Once = Annotated[once.Once | None, Depends(_once)]
"""A handler's argument: that what it makes is made once; None where nobody asks for that."""
