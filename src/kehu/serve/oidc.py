"""The identity provider (OpenID Connect): where to send somebody, and whether what they bring back is its word.

The authorization code flow with PKCE, state and nonce. Authlib forms the requests and knows the claims; httpx carries
them. The provider's addresses and keys are looked up when they are first wanted, so that an application whose provider
is away starts all the same.

Source:
    OpenID Connect Core 1.0, Discovery 1.0; RFC 6749, 7636 (PKCE), 9207 (who answers), 9700 (best current practice).
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from authlib.oidc.discovery import get_well_known_url
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from kehu.flows.users.sign_on import Terms, Word
from kehu.serve.vouching import AwayError, Begun, UnprovenError

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
"""How tokens may be signed: by a key that the provider alone has. Never `none`, never by a secret that we have, too."""

TIMEOUT_S = 5
"""Whoever signs in does not wait longer for each answer of the provider."""
LOOKED_UP = timedelta(hours=1)
"""So long its addresses and keys are taken to be the same."""
AGAIN = timedelta(minutes=1)
"""Keys are not looked up more often, whatever key a token names."""
LEEWAY_S = 60
"""So much its clock may differ from ours."""


@dataclass(frozen=True, kw_only=True)
class _Known:
    """What was looked up."""

    at: datetime
    authorize: str
    token: str
    keys_at: str
    names_itself: bool
    """It says in its answers who it is."""
    wants_form: bool
    """Our secret goes in the form; else in a header."""
    keys: KeySet
    keys_of: datetime


@dataclass
class Provider:
    """An identity provider, and what it said of itself lately: a `vouching.Provider`."""

    terms: Terms
    clock: Callable[[], datetime]
    transport: httpx.BaseTransport | None = None
    _known: _Known | None = field(default=None, repr=False)

    def address(self, begun: Begun) -> str:
        """Where to send somebody who wants to sign in."""
        told: str = prepare_grant_uri(
            self._now().authorize,
            client_id=self.terms.client_id,
            response_type="code",
            redirect_uri=begun.redirect,
            scope=self.terms.scope,
            state=begun.state,
            nonce=begun.nonce,
            code_challenge=create_s256_code_challenge(begun.verifier),
            code_challenge_method="S256",
        )
        return told

    def word(self, begun: Begun, *, code: str, issuer: str | None) -> Word:
        """What the provider says of whoever came back with this code."""
        known = self._now()
        if issuer != self.terms.issuer and (issuer is not None or known.names_itself):
            raise UnprovenError("another provider answered")
        token = self._exchanged(known, begun, code)
        return self._read(self._claims(token, begun))

    def _now(self) -> _Known:
        at = self.clock()
        if self._known is None or at - self._known.at > LOOKED_UP:
            self._known = self._look_up(at)
        return self._known

    def _look_up(self, at: datetime) -> _Known:
        said = self._json("GET", get_well_known_url(self.terms.issuer, external=True))
        if said.get("issuer") != self.terms.issuer:
            raise AwayError(
                f"it calls itself {said.get('issuer')!r}: let issuer in [serve.oidc] be that, to the letter"
            )
        authorize, token, keys_at = (
            self._guarded(said.get(name)) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")
        )
        proofs = said.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        return _Known(
            at=at, authorize=authorize, token=token, keys_at=keys_at,
            names_itself=said.get("authorization_response_iss_parameter_supported") is True,
            wants_form="client_secret_basic" not in proofs,
            keys=self._keys(keys_at), keys_of=at,
        )  # fmt: skip

    def _guarded(self, place: object) -> str:
        if not isinstance(place, str) or urlsplit(place).scheme not in {"https", urlsplit(self.terms.issuer).scheme}:
            raise AwayError("it does not tell its addresses, or not by https")
        return place

    def _keys(self, keys_at: str) -> KeySet:
        keys = self._json("GET", keys_at).get("keys")
        signing = [
            key
            for key in (keys if isinstance(keys, list) else [])
            # A secret among them would be none: whoever reads the set could sign.
            if isinstance(key, dict) and key.get("kty") in {"RSA", "EC"} and key.get("use", "sig") == "sig"
        ]
        try:
            return KeySet.import_key_set({"keys": signing})
        except (JoseError, ValueError) as why:
            raise AwayError(f"its keys cannot be read: {why}") from None

    def _exchanged(self, known: _Known, begun: Begun, code: str) -> str:
        """The token that the code stands for."""
        mine = {"client_id": self.terms.client_id, "client_secret": self.terms.secret} if known.wants_form else {}
        form = prepare_token_request(
            "authorization_code", code=code, redirect_uri=begun.redirect, code_verifier=begun.verifier, **mine
        )
        proof = None if mine else (quote(self.terms.client_id, safe=""), quote(self.terms.secret, safe=""))
        headers = {"content-type": "application/x-www-form-urlencoded"}
        said = self._json("POST", known.token, content=form, headers=headers, auth=proof)
        token = said.get("id_token")
        if not isinstance(token, str):
            raise UnprovenError("it sent no id_token: is openid in scope?")
        return token

    def _claims(self, token: str, begun: Begun) -> CodeIDToken:
        """What a token says, once it is proven."""
        try:
            read = self._decoded(token)
            claims = CodeIDToken(
                read.claims,
                read.header,
                {
                    "iss": {"essential": True, "value": self.terms.issuer},
                    "aud": {"essential": True, "value": self.terms.client_id},
                    "nonce": {"essential": True, "value": begun.nonce},
                },
                {"nonce": begun.nonce, "client_id": self.terms.client_id},
            )
            claims.validate(now=int(self.clock().timestamp()), leeway=LEEWAY_S)
        except (JoseError, ValueError) as why:
            # Its sentences name claims, never their values.
            raise UnprovenError(str(why)) from None
        return claims

    def _decoded(self, token: str) -> jwt.Token:
        known = self._now()
        try:
            return jwt.decode(token, known.keys, algorithms=ALGORITHMS)
        except InvalidKeyIdError:
            # It has taken another key since.
            at = self.clock()
            if at - known.keys_of < AGAIN:
                raise
            fresh = self._keys(known.keys_at)
            self._known = _Known(**{**vars(known), "keys": fresh, "keys_of": at})
            return jwt.decode(token, fresh, algorithms=ALGORITHMS)

    def _read(self, claims: Mapping[str, Any]) -> Word:
        login = _at(claims, self.terms.login_claim)
        if not isinstance(login, str) or not login.strip():
            raise UnprovenError(f"it has no claim {self.terms.login_claim}: see login_claim and scope in [serve.oidc]")
        if self.terms.login_claim == "email" and claims.get("email_verified") is not True:
            raise UnprovenError("the e-mail address is not verified there")
        groups = _at(claims, self.terms.roles_claim)
        return Word(subject=str(claims["sub"]), login=login, groups=_texts(groups))

    def _json(
        self,
        method: str,
        url: str,
        *,
        content: str | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
    ) -> dict[str, Any]:
        """The object that an address of the provider answers."""
        # A redirect is not followed: it could lead our secret elsewhere. The environment could name a proxy.
        try:
            with httpx.Client(timeout=TIMEOUT_S, transport=self.transport, trust_env=False) as client:
                answer = client.request(method, url, content=content, headers=headers, auth=auth)
        except httpx.HTTPError as why:
            raise AwayError(f"{urlsplit(url).netloc} does not answer ({type(why).__name__})") from None
        try:
            told = answer.json()
        except ValueError:
            told = None
        if method == "POST" and answer.status_code in {400, 401} and isinstance(told, dict):
            raise UnprovenError(f"it refused the code: {str(told.get('error'))[:40]}")
        if answer.status_code != 200 or not isinstance(told, dict):
            raise AwayError(f"{urlsplit(url).netloc} answered {answer.status_code}, and not what its standard says")
        return told


def _at(claims: Mapping[str, Any], path: str) -> Any:
    """What stands in a claim; a dot leads into it, unless it is part of the claim's name.

    >>> _at({"realm_access": {"roles": ["agent"]}}, "realm_access.roles"), _at({"a.b": 1}, "a.b"), _at({}, "a.b")
    (['agent'], 1, None)
    """
    if path in claims:
        return claims[path]
    found: Any = claims
    for step in path.split("."):
        found = found.get(step) if isinstance(found, Mapping) else None
    return found


def _texts(told: Any) -> Collection[str]:
    """One text, or those of a list.

    >>> _texts("agents"), _texts(["agents", 7]), _texts(None)
    (('agents',), ('agents',), ())
    """
    if isinstance(told, str):
        return (told,)
    return tuple(one for one in told if isinstance(one, str)) if isinstance(told, list) else ()
