"""The pages and answers about a restricted customer open for privacy officers only, whatever their address."""

from fastapi import HTTPException, Request

from kehu.errors import NotFoundError
from kehu.flows.privacy import restrict
from kehu.model.people import Permission
from kehu.serve.who import who_asks


def is_free(request: Request) -> None:
    """Refuse what is about one customer, named in the address, whose data may not be used.

    Raises:
        HTTPException: 403.
    """
    told = request.path_params.get("customer_id")
    if told is None or not str(told).isdecimal() or len(str(told)) > LONGEST:
        return
    if Permission.PRIVACY in who_asks(request).permissions:
        return
    try:
        held = restrict.of_customer(request.app.state.given.database, int(told))
    except NotFoundError:
        return  # The route itself says so.
    if held is not None:
        raise HTTPException(
            403, "This customer's data is restricted: it is stored and not used. Ask a privacy officer."
        )


LONGEST = 18
"""No number has more digits."""
