"""The pages and answers about a restricted customer open for privacy officers only, whatever their address."""

from collections.abc import Iterable

from fastapi import HTTPException, Request

from kehu.flows.privacy import restrict
from kehu.model.people import Permission
from kehu.serve.who import who_asks


async def is_free(request: Request) -> None:
    """Refuse what is about one customer, named in the address, whose data may not be used.

    Raises:
        HTTPException: 403.
    """
    told = request.path_params.get("customer_id")
    if told is None or not str(told).isdecimal() or len(str(told)) > LONGEST:
        return
    who = who_asks(request)
    # In most stores nobody is, and whoever is signed in asked that with their session.
    if Permission.PRIVACY in who.permissions or not who.is_anybody_restricted:
        return
    if not restrict.is_free(request.app.state.given.database, int(told)):
        raise HTTPException(403, REFUSAL)


LONGEST = 18
"""No number has more digits."""


def require_free(request: Request, customers: Iterable[int | None]) -> None:
    """Refuse what is about customers, not named in the address, of whom the data of one may not be used.

    Raises:
        HTTPException: 403.
    """
    if Permission.PRIVACY in who_asks(request).permissions:
        return
    database = request.app.state.given.database
    if any(number is not None and restrict.of_customer(database, number) for number in customers):
        raise HTTPException(403, REFUSAL)


REFUSAL = "This customer's data is restricted: it is stored and not used. Ask a privacy officer."
