"""One request that is sent until it is answered: timeouts, retries, and an end to both."""

import email.utils
from collections.abc import Callable
from datetime import UTC, datetime

import httpx
import tenacity

from kehu.errors import SourceError

_RETRIED = frozenset({408, 425, 429, 500, 502, 503, 504})


class Busy(Exception):  # noqa: N818 - it is how the service feels, and never leaves this file.
    """The service asks to come again later."""

    def __init__(self, status: int, wait_s: float | None) -> None:
        super().__init__(f"it answers {status}")
        self.wait_s = wait_s


class Fetcher:
    """Gets answers from one service."""

    def __init__(
        self,
        channel: str,
        client: httpx.Client,
        *,
        attempts: int,
        max_wait_s: float,
        max_answer_bytes: int,
        now: Callable[[], datetime],
        sleep: Callable[[float], None],
    ) -> None:
        self._channel = channel
        self._client = client
        self._attempts = attempts
        self._max_wait_s = max_wait_s
        self._max_answer_bytes = max_answer_bytes
        self._now = now
        self._sleep = sleep

    def get(self, url: httpx.URL) -> tuple[httpx.Response, bytes]:
        """The answer to a request, with its body.

        Raises:
            SourceError: The service refuses, or could not be reached in all attempts.
        """
        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(self._attempts),
            wait=self._wait,
            retry=tenacity.retry_if_exception_type((Busy, httpx.TransportError)),
            sleep=self._sleep,
            reraise=True,
        )
        try:
            return retrying(self._once, url)
        except (Busy, httpx.HTTPError) as why:
            told = f"{str(why) or type(why).__name__}, {self._attempts} attempts"
            where = f"{url.scheme}://{url.netloc.decode()}{url.path}"
            raise SourceError(f"channel {self._channel!r}: {where} cannot be read ({told}); run again later") from None

    def _once(self, url: httpx.URL) -> tuple[httpx.Response, bytes]:
        with self._client.stream("GET", url) as response:
            if response.status_code in _RETRIED:
                raise Busy(response.status_code, self._retry_after(response))
            body = bytearray()
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > self._max_answer_bytes:
                    raise SourceError(
                        f"channel {self._channel!r}: an answer has more than {self._max_answer_bytes >> 20} MB; "
                        "ask for smaller pages, or raise max_answer_mb"
                    )
            return response, bytes(body)

    def _retry_after(self, response: httpx.Response) -> float | None:
        """The seconds a service asks to wait: as a number or as a time (RFC 9110 section 10.2.3)."""
        stated = response.headers.get("Retry-After", "").strip()
        if stated.isdecimal():
            seconds = float(stated)
        else:
            try:
                until = email.utils.parsedate_to_datetime(stated)
            except ValueError:
                return None
            seconds = max(0.0, (until.replace(tzinfo=until.tzinfo or UTC) - self._now()).total_seconds())
        if seconds > self._max_wait_s:
            raise SourceError(
                f"channel {self._channel!r}: it asks to wait {seconds:.0f} s; run again then, or raise max_wait_s"
            )
        return seconds

    def _wait(self, state: tenacity.RetryCallState) -> float:
        why = state.outcome.exception() if state.outcome else None
        if isinstance(why, Busy) and why.wait_s is not None:
            return why.wait_s
        return float(tenacity.wait_exponential_jitter(multiplier=0.5, max=self._max_wait_s, jitter=0.5)(state))
