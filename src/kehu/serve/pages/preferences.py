"""The switches of language and theme."""

from typing import Annotated

from fastapi import Depends, Form
from starlette.responses import RedirectResponse, Response

from kehu.model.languages import Language
from kehu.serve.face import LANGUAGE_COOKIE, THEME_COOKIE, Theme
from kehu.serve.threads import Router
from kehu.serve.who import open_to_all

router = Router(dependencies=[Depends(open_to_all)])

YEAR_S = 365 * 24 * 3600


@router.post("/preferences")
async def choose(
    language: Annotated[Language | None, Form()] = None,
    theme: Annotated[Theme | None, Form()] = None,
    back: Annotated[str, Form(max_length=2000)] = "/",
) -> Response:
    """Keep the choice for a year, and go back to the page it was made on."""
    answer = RedirectResponse(local(back), status_code=303)
    for name, value in ((LANGUAGE_COOKIE, language), (THEME_COOKIE, theme)):
        if value is not None:
            answer.set_cookie(name, value, max_age=YEAR_S, httponly=True, samesite="lax")
    return answer


def local(address: str) -> str:
    r"""The address where it leads to this application, else the first page.

    >>> [local(address) for address in ("/customers?after=3", "//evil.example", "/\\evil.example", "https://evil.example")]
    ['/customers?after=3', '/', '/', '/']
    """
    foreign = not address.startswith("/") or address[1:2] in ("/", "\\")
    return "/" if foreign or any(character < " " or character == "\x7f" for character in address) else address
