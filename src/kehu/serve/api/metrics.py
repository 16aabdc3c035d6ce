"""Metrics: what Prometheus reads."""

from fastapi import Request
from starlette.responses import Response

from kehu.model.people import Permission
from kehu.serve import watch
from kehu.serve.threads import Router
from kehu.serve.who import needs

router = Router(tags=["health"])


@router.get(
    "/metrics",
    summary="How the application and its store fare",
    dependencies=[needs(Permission.OPERATE)],
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
def metrics(request: Request) -> Response:
    """Requests by route, rows by channel, what waits; as Prometheus reads it, with a key that may `operate`."""
    told: watch.Watch = request.app.state.watch
    return Response(told.text(), media_type=watch.MEDIA_TYPE)
