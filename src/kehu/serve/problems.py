"""Errors as RFC 9457 problem documents."""

from http import HTTPStatus
from typing import Any, TypeAlias

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse

MEDIA_TYPE = "application/problem+json"


WAITED_FOR = frozenset({429, 503})
"""Who gets one of these may ask again, after a while."""

WAITING = {"Retry-After": {"description": "After so many seconds", "schema": {"type": "integer", "minimum": 1}}}

Responses: TypeAlias = dict[int | str, dict[str, Any]]
"""The `responses=` of a route."""


class Problem(BaseModel):
    """What went wrong."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(default="about:blank", description="The kind of problem; about:blank says it is the status's")
    title: str = Field(description="The status in words")
    status: int = Field(description="The HTTP status")
    detail: str = Field(description="What is wrong here, in a sentence")


def response(status: int, detail: str, **more: Any) -> JSONResponse:
    """A problem document; `more` are members of its own, such as the fields that are wrong."""
    problem = Problem(title=HTTPStatus(status).phrase, status=status, detail=detail, **more)
    return JSONResponse(problem.model_dump(), status_code=status, media_type=MEDIA_TYPE)


def documented(*statuses: int) -> Responses:
    """The `responses=` of a route that answers these problems."""
    # Not by `model=`, which would promise application/json.
    content = {MEDIA_TYPE: {"schema": Problem.model_json_schema()}}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": content}
        | ({"headers": WAITING} if status in WAITED_FOR else {})
        for status in statuses
    }
