"""A REST service as a channel: pages of JSON records, each page with the cursor behind it."""

import hashlib
import json
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field, field_validator

from kehu.collect import flatten
from kehu.collect.web import fetch, hosts, pages, proofs
from kehu.errors import SourceError
from kehu.model.records import BadRow, Batch

MAX_EMPTY_PAGES = 100
"""A service that gives so many pages without a record, each naming another, will never end."""


class Since(BaseModel):
    """A service that can be asked for what changed since a time."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    parameter: str = Field(description="Name of the parameter with the time.")
    at: str = Field(description="Dotted path, in a record, of the time it was last changed.")
    overlap_s: float = Field(default=0, ge=0, description="How many seconds each run goes back, for late rows.")


class RestSource(BaseModel):
    """A REST service, as `kehu.toml` describes it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str = Field(description="URL of the list of records; no other host is spoken to.")
    records_at: str = Field(default="", description="Dotted path of the list in the answer; empty if it is the answer.")
    parameters: dict[str, str] = Field(default_factory=dict, description="Query parameters of every request.")
    headers: dict[str, str] = Field(default_factory=dict, description="Headers of every request; no secrets here.")
    paging: pages.Paging = Field(default_factory=pages.NoPaging, description="How the answer is cut into pages.")
    auth: proofs.Auth = Field(default_factory=proofs.NoAuth, description="How the channel proves who it is.")
    since: Since | None = Field(default=None, description="How to ask only for what changed.")
    total_at: str | None = Field(
        default=None, description="Dotted path of the number of all records; fewer received is an error."
    )
    allow_private: bool = Field(default=False, description="Whether the host may have a private or loopback address.")
    ca_file: Path | None = Field(
        default=None, description="PEM file of the authority that signs the service's certificate, if it is your own."
    )
    timeout_s: float = Field(default=30, gt=0, description="How long to wait for a connection, and for each next byte.")
    attempts: int = Field(default=6, ge=1, description="How often a request is sent before the run fails.")
    max_wait_s: float = Field(default=120, ge=0, description="The longest wait between two attempts.")
    max_answer_mb: int = Field(default=64, gt=0, description="A larger answer is refused.")

    @field_validator("url")
    @classmethod
    def _is_web(cls, value: str) -> str:
        return hosts.web(value)

    @field_validator("headers")
    @classmethod
    def _are_sendable(cls, value: dict[str, str]) -> dict[str, str]:
        if odd := [name for name, text in value.items() if not (text.isascii() and text.isprintable())]:
            raise ValueError(f"{odd[0]} holds a letter or sign that no header may")
        return value


@dataclass(frozen=True, kw_only=True)
class _Place:
    """How far a channel has come."""

    mark: str | None = None
    """The page to ask for next."""
    before: int = 0
    """How many records came before that page."""
    since: str | None = None
    """The time this walk through the pages asked from."""
    latest: str | None = None
    """The latest change among the records of this walk."""


@dataclass(frozen=True, kw_only=True)
class _Step:
    """A page as rows, and the places of it and of what comes after."""

    rows: pa.Table
    bad: tuple[BadRow, ...]
    place: _Place
    after: _Place
    is_last: bool = False

    def batch(self, place: _Place) -> Batch:
        return Batch(rows=self.rows, bad=self.bad, cursor=_written(place))


class RestChannel:
    """Reads a REST service page by page."""

    def __init__(
        self,
        name: str,
        source: RestSource,
        *,
        folder: Path = Path(),
        secret: str | None = None,
        transport: httpx.BaseTransport | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.name = name
        self._source = source
        self._ca_file = folder / source.ca_file if source.ca_file else None
        self._auth = proofs.proof(name, source.auth, secret, now)
        self._transport = transport
        self._now = now
        self._sleep = sleep

    def batches(self, *, after: str | None) -> Iterator[Batch]:
        """A batch for every page with records, from the page at the cursor on.

        The last page is read again by the next run, as records may have joined it. Where the service says how many
        records there are and fewer came, rows have moved between the pages while they were read: the last batch sends
        the next run back to the first page, and the run fails.
        """
        held: _Step | None = None
        with self._fetcher(attempts=self._source.attempts) as fetcher:
            try:
                # A page is held until the one behind it is there: whether it was the last decides its cursor.
                for step in self._walk(fetcher, _read_place(after, self.name)):
                    if step.rows.num_rows or step.bad:
                        if held:
                            yield held.batch(held.after)
                        held = step
                    elif held:
                        held = replace(held, after=step.after, is_last=step.is_last)
            except SourceError:
                if held:
                    yield held.batch(held.after if held.is_last else held.place)
                raise
            if held:
                yield held.batch(held.after)

    def sample(self, rows: int) -> Batch:
        """The first records of the first page."""
        with self._fetcher(attempts=min(self._source.attempts, 3)) as fetcher:  # Somebody is waiting for it.
            page = self._page(fetcher, _Place())
        page = replace(page, records=page.records[:rows])
        table, bad = flatten.table(page.records, _positions(None, page))
        return Batch(rows=table, cursor=None, bad=bad)

    @contextmanager
    def _fetcher(self, *, attempts: int) -> Iterator[fetch.Fetcher]:
        source = self._source
        urls = [source.url, *([source.auth.token_url] if source.auth.token_url else [])]
        allowed = [hosts.resolved(self.name, url, allow_private=source.allow_private) for url in urls]
        inner = self._transport or httpx.HTTPTransport(verify=self._trusted(), trust_env=False)
        with httpx.Client(
            transport=hosts.PinnedTransport(self.name, allowed, inner),
            auth=self._auth,
            headers={"Accept": "application/json", **source.headers},
            timeout=source.timeout_s,
            follow_redirects=True,
            max_redirects=5,
            trust_env=False,
        ) as client:
            yield fetch.Fetcher(
                self.name,
                client,
                attempts=attempts,
                max_wait_s=source.max_wait_s,
                max_answer_bytes=source.max_answer_mb << 20,
                now=self._now,
                sleep=self._sleep,
            )

    def _trusted(self) -> ssl.SSLContext:
        try:
            return ssl.create_default_context(cafile=self._ca_file)
        except OSError:  # SSLError is one, too.
            raise SourceError(
                f"channel {self.name!r}: {self._ca_file} is no file of certificates; mend ca_file"
            ) from None

    def _walk(self, fetcher: fetch.Fetcher, place: _Place) -> Iterator[_Step]:
        """Page after page to the last, refusing to go in a circle."""
        asked: set[str | None] = set()
        behind, last_print, empty, total = place, b"", 0, 0
        while True:
            page = self._page(fetcher, place)
            asked.add(place.mark)
            this_print = hashlib.sha256(repr(page.records).encode("utf-8", "surrogatepass")).digest()
            following = self._source.paging.following(place.mark, page)
            if (page.records and this_print == last_print) or (following is not None and following in asked):
                raise SourceError(
                    f"channel {self.name!r}: the page behind page {len(asked)} of this run is one that was already "
                    "sent; check the parameter and path under paging"
                )
            empty = 0 if page.records else empty + 1
            if empty > MAX_EMPTY_PAGES:
                raise SourceError(
                    f"channel {self.name!r}: {empty} pages in a row are empty; check records_at and paging"
                )
            latest = self._latest(place.latest or place.since, page.records)
            total = self._total(page, total)
            rows, bad = flatten.table(page.records, _positions(place.mark, page))
            step = _Step(rows=rows, bad=bad, place=place, after=place)
            if following is None:
                break
            after = replace(place, mark=following, before=place.before + len(page.records), latest=latest)
            yield replace(step, after=after)
            behind, place, last_print = place, after, this_print
        missing = max(0, total - place.before - len(page.records))
        rest = place if self._source.paging.rests_here(page) else behind
        if self._source.since and latest:
            rest = _Place(since=latest)
        yield replace(step, after=_Place(since=place.since) if missing else rest, is_last=True)
        if missing:
            raise SourceError(
                f"channel {self.name!r}: {missing} of the records the service tells of did not come; rows moved while "
                "the pages were read, and the next run reads all of them again"
            )

    def _page(self, fetcher: fetch.Fetcher, place: _Place) -> pages.Page:
        ask = self._source.paging.ask(place.mark)
        url = httpx.URL(ask.url or self._source.url)
        if ask.url is None:
            parameters = {**self._source.parameters, **dict(ask.parameters)}
            if self._source.since and place.since:
                parameters[self._source.since.parameter] = _earlier(
                    place.since, self._source.since.overlap_s, self.name
                )
            url = url.copy_merge_params(parameters)
        response, body = fetcher.get(url)
        if response.status_code == httpx.codes.NOT_FOUND and place.mark and self._source.paging.may_end_missing:
            return pages.Page(url=url, answer=None, records=[], link="")
        self._check(response)
        try:
            answer = flatten.parse(body)
        except ValueError:
            kind = response.headers.get("Content-Type", "no type")
            raise SourceError(f"channel {self.name!r}: the answer is not JSON ({kind}); check url") from None
        records = flatten.records_at(answer, self._source.records_at, what=f"channel {self.name!r}")
        return pages.Page(url=response.url, answer=answer, records=records, link=response.headers.get("Link", ""))

    def _check(self, response: httpx.Response) -> None:
        status = response.status_code
        if status in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
            secret = self._source.auth.secret_env
            way_out = f"check the secret in {secret}" if secret else "set auth"
            raise SourceError(f"channel {self.name!r}: the service refuses the channel ({status}); {way_out}")
        if not response.is_success:
            raise SourceError(f"channel {self.name!r}: the service answers {status}; check url and parameters")

    def _total(self, page: pages.Page, before: int) -> int:
        """How many records the service tells of; what it told before where an empty page tells nothing."""
        if self._source.total_at is None:
            return 0
        total = flatten.value_at(page.answer, self._source.total_at)
        if isinstance(total, str) and total.isdecimal():
            return int(total)
        if page.records:
            raise SourceError(f"channel {self.name!r}: there is no number at total_at = {self._source.total_at!r}")
        return before

    def _latest(self, latest: str | None, records: list[object]) -> str | None:
        if self._source.since is None:
            return None
        found = (flatten.value_at(record, self._source.since.at) for record in records)
        times = [time for time in found if isinstance(time, str) and _moment(time) is not None]
        return max([*times, *([latest] if latest else [])], key=lambda time: _moment(time) or _NEVER, default=None)


_NEVER = datetime.min.replace(tzinfo=UTC)


def _positions(mark: str | None, page: pages.Page) -> list[str]:
    """Where records stand, for people; a link is told by its path and query, and only the start of what is long."""
    shown = httpx.URL(mark).raw_path.decode() if mark and "://" in mark else mark
    where = "first page" if shown is None else f"page {shown if len(shown) <= 60 else shown[:60] + '…'}"
    return [f"{where}, row {row}" for row in range(1, len(page.records) + 1)]


def _written(place: _Place) -> str:
    return json.dumps({key: value for key, value in asdict(place).items() if value}, ensure_ascii=False)


def _read_place(cursor: str | None, channel: str) -> _Place:
    try:
        return _Place(**json.loads(cursor or "{}"))
    except (ValueError, TypeError):
        raise SourceError(f"channel {channel!r}: its stored cursor is not one of a REST service") from None


def _moment(written: str) -> datetime | None:
    """A time as services write it: ISO 8601, or seconds or milliseconds since 1970."""
    try:
        if written.isdecimal():
            return datetime.fromtimestamp(int(written) / (1000 if len(written) > 11 else 1), UTC)
        moment = datetime.fromisoformat(written)
    except (ValueError, OverflowError, OSError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _earlier(written: str, overlap_s: float, channel: str) -> str:
    """A time less the overlap, written as it was.

    >>> _earlier("2024-01-02T03:04:05Z", 60, "online"), _earlier("1704164645", 60, "online")
    ('2024-01-02T03:03:05Z', '1704164585')
    """
    if written.isdecimal():
        return str(int(written) - int(overlap_s * (1000 if len(written) > 11 else 1)))
    try:
        moment = datetime.fromisoformat(written) - timedelta(seconds=overlap_s)
    except ValueError:
        raise SourceError(f"channel {channel!r}: its stored cursor holds no time") from None
    text = moment.isoformat(written[10:11] or "T")
    return text.removesuffix("+00:00") + "Z" if written.endswith("Z") else text
