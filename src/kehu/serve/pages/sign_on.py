"""Coming in by an identity provider: off to it, and back.

What was begun travels with the browser in a sealed cookie, so that nothing is written for whoever only knocks.
"""

import hmac
import json
import logging
import secrets
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import Depends, Query, Request
from starlette.responses import RedirectResponse, Response

from kehu.errors import NotFoundError, StoreError
from kehu.flows.users import sign_on
from kehu.flows.users.people import By
from kehu.flows.users.sign_on import Why
from kehu.serve.given import Parts
from kehu.serve.pages import entry
from kehu.serve.pages.preferences import local
from kehu.serve.threads import Router
from kehu.serve.vouching import AwayError, Begun, Provider, UnprovenError
from kehu.serve.who import Gate, Gated, open_to_all
from kehu.serve.words import marked
from kehu.store.people import sign_ons
from kehu.store.sealing.vault import Vault

router = Router(prefix="/sign-in/provider", dependencies=[Depends(open_to_all)])

COOKIE = "kehu_sign_on"
"""The cookie of a sign-in that was begun."""

Told = Annotated[str, Query(max_length=4000)]

AWAY = marked("The company's sign-in does not answer: try again in a moment, or sign in by your password.")
STALE = marked("This sign-in was not begun here, or took too long: begin again.")
NOT_INVITED = marked("Nobody was invited here by this account, or it has no role here: ask an administrator.")
DENIED = marked("The company's sign-in did not let you through: begin again, or ask an administrator.")

SAID = {
    Why.USED: STALE,
    Why.DENIED: DENIED,
    Why.UNPROVEN: DENIED,
    Why.LAST: marked("Your groups there would leave nobody here who may let others in: ask an administrator."),
}
"""What they are told; who is not known, or shut out, is told the same."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class _Carried(Begun):
    """What the cookie carries."""

    back: str
    """Where they wanted to go."""
    at: datetime
    """When they began."""


@router.get("")
def begin(request: Request, parts: Parts, gate: Gated, back: Annotated[str, Query(max_length=2000)] = "/") -> Response:
    """Send them to the provider."""
    provider = _provider(gate)
    begun = _Carried(
        state=secrets.token_urlsafe(32), nonce=secrets.token_urlsafe(32), verifier=secrets.token_urlsafe(48),
        redirect=_here(request, gate), back=local(back), at=parts.clock(),
    )  # fmt: skip
    try:
        address = provider.address(begun)
    except AwayError as why:
        return _away(request, parts, why, back=begun.back)
    answer = RedirectResponse(address, status_code=303)
    # The way back comes from another site, so `strict` would lose it.
    answer.set_cookie(
        COOKIE, _sealed(parts.vault, begun), max_age=int(sign_ons.LASTS.total_seconds()), path=router.prefix,
        httponly=True, samesite="lax", secure=gate.is_secure,
    )  # fmt: skip
    return answer


@router.get("/back")
def come_back(
    request: Request,
    parts: Parts,
    gate: Gated,
    state: Told = "",
    code: Told = "",
    error: Told = "",
    iss: Annotated[str | None, Query(max_length=2000)] = None,
) -> Response:
    """Let them in by the word of the provider, or say why not."""
    provider = _provider(gate)
    by = By(login="", at=parts.clock(), whence=request.client.host if request.client else None)
    begun = _opened(parts.vault, request.cookies.get(COOKIE), at=by.at)
    # Only who began here is heard: another's code would sign them in as somebody else.
    if begun is None or not hmac.compare_digest(state, begun.state):
        return _out(request, parts, STALE)
    if wait := sign_on.wait(gate.office, by=by):
        return _out(request, parts, None, back=begun.back, wait=wait)
    try:
        if error or not code:
            raise UnprovenError(f"it says {error[:40]!r}")  # noqa: TRY301  (one way out)
        word = provider.word(begun, code=code, issuer=iss)
    except AwayError as why:
        return _away(request, parts, why, back=begun.back)
    except UnprovenError as why:
        log.warning("sign-in by %s was refused: %s", provider.terms.issuer, why)
        came = sign_on.refused(gate.office, Why.DENIED if error else Why.UNPROVEN, by=by)
    else:
        came = sign_on.come_in(
            gate.office, provider.terms, word,
            state=begun.state, browser=request.headers.get("user-agent"), by=by, limits=gate.limits,
        )  # fmt: skip
    if came.token is None:
        return _out(request, parts, SAID.get(came.why or Why.UNKNOWN, NOT_INVITED), back=begun.back)
    answer = entry.let_in(gate, came.token, back=begun.back)
    answer.delete_cookie(COOKIE, path=router.prefix)
    return answer


def _provider(gate: Gate) -> Provider:
    if gate.provider is None:
        raise NotFoundError("nobody signs in here by an identity provider: [serve.oidc] in kehu.toml names one")
    return gate.provider


def _here(request: Request, gate: Gate) -> str:
    """Where the provider sends them back to; the door knows the host, and the provider has a list of its own."""
    scheme = "https" if gate.is_secure else request.url.scheme
    return f"{scheme}://{request.headers['host']}{router.prefix}/back"


def _away(request: Request, parts: Parts, why: AwayError, *, back: str) -> Response:
    log.error("the identity provider of [serve.oidc]: %s", why)
    return _out(request, parts, AWAY, status=503, back=back)


def _out(
    request: Request,
    parts: Parts,
    trouble: str | None,
    *,
    status: int = 401,
    back: str = "/",
    wait: timedelta | None = None,
) -> Response:
    page = entry.SignInPage(back=back, trouble=trouble, provider=entry.provider_of(parts))
    answer = entry.out(request, parts, page, wait=wait, status=status)
    answer.delete_cookie(COOKIE, path=router.prefix)
    return answer


def _sealed(vault: Vault, begun: _Carried) -> str:
    text = json.dumps({**asdict(begun), "at": begun.at.isoformat()})
    [sealed] = vault.seal([text], column="cookie.sign_on", rows=[0])
    return str(sealed)


def _opened(vault: Vault, sealed: str | None, *, at: datetime) -> _Carried | None:
    """The sign-in that was begun in this browser; None where none was, or it took too long."""
    try:
        [text] = vault.open([sealed], column="cookie.sign_on", rows=[0])
    except StoreError:
        return None
    if text is None:
        return None
    told = json.loads(text)
    begun = _Carried(**{**told, "at": datetime.fromisoformat(told["at"])})
    return begun if at - begun.at <= sign_ons.LASTS else None
