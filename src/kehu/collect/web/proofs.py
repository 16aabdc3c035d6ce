"""How a channel proves who it is: the kinds of authentication, and what each adds to a request."""

from base64 import b64encode
from collections.abc import Callable, Generator
from datetime import datetime, timedelta
from typing import Annotated, Literal

import httpx
from pydantic import BaseModel, ConfigDict, Field, field_validator

from kehu.collect import flatten
from kehu.collect.web import hosts
from kehu.errors import SettingsError, SourceError

_EARLY = timedelta(seconds=30)
"""A token is renewed this long before it ends."""


class _Auth(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    @property
    def token_url(self) -> str | None:
        """A second host to speak to, for tokens."""
        return None


class NoAuth(_Auth):
    """The service asks for no proof."""

    kind: Literal["none"] = Field(default="none", description="No authentication.")
    secret_env: None = Field(default=None, description="There is no secret.")


class Bearer(_Auth):
    """A fixed token in the Authorization header."""

    kind: Literal["bearer"] = Field(description="A fixed token.")
    secret_env: str = Field(description="Name of the environment variable with the token.")


class ApiKey(_Auth):
    """A key in a header of its own."""

    kind: Literal["api_key"] = Field(description="A key in a header.")
    header: str = Field(default="X-API-Key", description="Name of the header.")
    secret_env: str = Field(description="Name of the environment variable with the key.")


class Basic(_Auth):
    """A user and a password."""

    kind: Literal["basic"] = Field(description="A user and a password.")
    user: str = Field(description="Name of the user.")
    secret_env: str = Field(description="Name of the environment variable with the password.")


class OAuth2(_Auth):
    """OAuth 2 client credentials: a token is fetched first, and renewed when it ends."""

    kind: Literal["oauth2"] = Field(description="OAuth 2 client credentials.")
    token_at: str = Field(description="URL that gives tokens; its host is allowed, too.")
    client_id: str = Field(description="Id of the client.")
    scope: str | None = Field(default=None, description="Scopes to ask for, separated by blanks.")
    secret_env: str = Field(description="Name of the environment variable with the client secret.")

    @field_validator("token_at")
    @classmethod
    def _is_web(cls, value: str) -> str:
        return hosts.web(value)

    @property
    def token_url(self) -> str | None:
        """Where tokens are fetched."""
        return self.token_at


Auth = Annotated[NoAuth | Bearer | ApiKey | Basic | OAuth2, Field(discriminator="kind")]


def proof(channel: str, auth: Auth, secret: str | None, now: Callable[[], datetime]) -> httpx.Auth | None:
    """What httpx puts on every request.

    Raises:
        SettingsError: The kind needs a secret, and there is none or it can stand in no header.
    """
    if isinstance(auth, NoAuth):
        return None
    if not secret:
        raise SettingsError(f"channel {channel!r}: set its secret in the environment as {auth.secret_env}")
    if isinstance(auth, Bearer | ApiKey) and not _is_sendable(secret):
        raise SettingsError(
            f"channel {channel!r}: the secret in {auth.secret_env} begins or ends with a blank, or holds a line break, "
            "which no header may; set it again without"
        )
    match auth:
        case Bearer():
            return _Header("Authorization", f"Bearer {secret}")
        case ApiKey():
            return _Header(auth.header, secret)
        case Basic():
            return httpx.BasicAuth(auth.user, secret)
        case OAuth2():
            return _ClientCredentials(channel, auth, secret, now)


def _is_sendable(secret: str) -> bool:
    """Whether a header may hold it. What sends it would refuse it, too, but with the secret in its complaint."""
    return secret.isprintable() and secret == secret.strip()


class _Header(httpx.Auth):
    def __init__(self, name: str, value: str) -> None:
        self._name = name
        self._value = value

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers[self._name] = self._value
        yield request


class _ClientCredentials(httpx.Auth):
    """RFC 6749 section 4.4, with the client's proof in the header (section 2.3.1)."""

    requires_response_body = True

    def __init__(self, channel: str, auth: OAuth2, secret: str, now: Callable[[], datetime]) -> None:
        self._channel = channel
        self._auth = auth
        self._secret = secret
        self._now = now
        self._token: str | None = None
        self._until: datetime | None = None

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        fresh = False
        if self._token is None or (self._until is not None and self._now() >= self._until):
            self._keep((yield self._asking()))
            fresh = True
        request.headers["Authorization"] = f"Bearer {self._token}"
        response = yield request
        if response.status_code == httpx.codes.UNAUTHORIZED and not fresh:  # Withdrawn before its time.
            self._keep((yield self._asking()))
            request.headers["Authorization"] = f"Bearer {self._token}"
            yield request

    def _asking(self) -> httpx.Request:
        form = {"grant_type": "client_credentials"} | ({"scope": self._auth.scope} if self._auth.scope else {})
        pair = b64encode(f"{self._auth.client_id}:{self._secret}".encode()).decode()
        headers = {"Authorization": f"Basic {pair}", "Accept": "application/json"}
        return httpx.Request("POST", self._auth.token_at, data=form, headers=headers)

    def _keep(self, response: httpx.Response) -> None:
        if response.status_code == httpx.codes.TOO_MANY_REQUESTS or response.is_server_error:
            raise httpx.RemoteProtocolError(f"the token server answers {response.status_code}")  # Worth another try.
        try:
            answer = flatten.parse(response.content)
        except ValueError:
            answer = None
        token = flatten.value_at(answer, "access_token")
        if response.is_error or not isinstance(token, str) or not _is_sendable(token):
            raise SourceError(
                f"channel {self._channel!r}: the token server answers {response.status_code} and gives no token; "
                f"check client_id, scope and {self._auth.secret_env}"
            )
        self._token = token
        lasts = flatten.value_at(answer, "expires_in")
        seconds = float(lasts) if isinstance(lasts, str) and lasts.isdecimal() else None
        self._until = None if seconds is None else self._now() + timedelta(seconds=seconds) - _EARLY
