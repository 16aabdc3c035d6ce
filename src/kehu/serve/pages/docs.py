"""The description of the interface for machines, drawn by Swagger UI from our own files."""

from fastapi import Request
from starlette.responses import Response

from kehu.serve.given import Parts
from kehu.serve.threads import Router
from kehu.serve.who import needs

router = Router(dependencies=[needs()])


@router.get("/docs")
async def docs(request: Request, parts: Parts) -> Response:
    """Swagger UI; FastAPI's own page would load it from elsewhere."""
    return parts.face.page(request, "docs.html", {})
