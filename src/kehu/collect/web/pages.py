"""How a service cuts its answer into pages: what to ask for next, and where the next run goes on."""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import httpx
from pydantic import BaseModel, ConfigDict, Field

from kehu.collect import flatten
from kehu.errors import SourceError


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page as it was answered."""

    url: httpx.URL
    """What was asked."""
    answer: object
    """The JSON, numbers as text."""
    records: list[object]
    link: str
    """The Link header."""


@dataclass(frozen=True, kw_only=True)
class Ask:
    """What to ask for: another URL, or the configured one with these parameters."""

    url: str | None = None
    parameters: tuple[tuple[str, str], ...] = ()


class _Paging(BaseModel):
    """A mark is the place of a page, as text: a number, a cursor, a URL; None is the first page."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    may_end_missing: ClassVar[bool] = False
    """Whether "not found" may mean that the last page was passed."""

    def ask(self, mark: str | None) -> Ask:
        """What to ask for to get the page at a mark."""
        raise NotImplementedError

    def following(self, mark: str | None, page: Page) -> str | None:
        """The mark of the page after this one; None where this is the last."""
        raise NotImplementedError

    def rests_here(self, page: Page) -> bool:  # noqa: ARG002
        """Whether the next run starts at this page, the last; else at the one before it."""
        return True


class _Sized(_Paging):
    size: int | None = Field(default=None, gt=0, description="How many records a page to ask for.")
    size_parameter: str = Field(default="limit", description="Name of the parameter with the size.")

    @property
    def _size(self) -> tuple[tuple[str, str], ...]:
        return () if self.size is None else ((self.size_parameter, str(self.size)),)


class NoPaging(_Paging):
    """The whole answer is one page."""

    kind: Literal["none"] = Field(default="none", description="No paging.")

    def ask(self, mark: str | None) -> Ask:  # noqa: ARG002
        """Always the same."""
        return Ask()

    def following(self, mark: str | None, page: Page) -> None:
        """There is no other page."""


class PageNumber(_Sized):
    """Pages are numbered; the first empty one is the end.

    A page shorter than asked for is not taken for the end: a service may give fewer rows a page than it is asked for.
    """

    may_end_missing: ClassVar[bool] = True  # As Django's services do.

    kind: Literal["page"] = Field(description="Pages are numbered.")
    parameter: str = Field(default="page", description="Name of the parameter with the number.")
    first: int = Field(default=1, ge=0, description="Number of the first page.")

    def ask(self, mark: str | None) -> Ask:
        """The page by its number."""
        return Ask(parameters=((self.parameter, mark or str(self.first)), *self._size))

    def following(self, mark: str | None, page: Page) -> str | None:
        """The next number, unless the page is empty."""
        return str(int(mark or self.first) + 1) if page.records else None

    def rests_here(self, page: Page) -> bool:
        """Not at an empty page: the one before it may not have been full."""
        return bool(page.records)


class Offset(_Sized):
    """Pages start at a row number; an empty one is the end."""

    kind: Literal["offset"] = Field(description="Pages start at a row number.")
    parameter: str = Field(default="offset", description="Name of the parameter with the row number.")

    def ask(self, mark: str | None) -> Ask:
        """The page from a row on."""
        return Ask(parameters=((self.parameter, mark or "0"), *self._size))

    def following(self, mark: str | None, page: Page) -> str | None:
        """The row after the last one that came, however many were asked for."""
        return str(int(mark or 0) + len(page.records)) if page.records else None


class JsonCursor(_Sized):
    """The answer holds a cursor to ask for the next page with."""

    kind: Literal["cursor"] = Field(description="The answer holds a cursor.")
    parameter: str = Field(default="cursor", description="Name of the parameter with the cursor.")
    at: str = Field(default="next", description="Dotted path of the next cursor; rows.-1.id is the id of the last row.")
    more_at: str | None = Field(default=None, description="Dotted path of a flag that is false on the last page.")

    def ask(self, mark: str | None) -> Ask:
        """The page behind a cursor."""
        return Ask(parameters=(*(((self.parameter, mark),) if mark is not None else ()), *self._size))

    def following(self, mark: str | None, page: Page) -> str | None:
        """The cursor in the answer; an empty page that gives the same one again is the end."""
        if self.more_at is not None and flatten.value_at(page.answer, self.more_at) in (False, None, "0", "false"):
            return None
        found = flatten.value_at(page.answer, self.at)
        following = found if isinstance(found, str) and found else None
        return None if following == mark and not page.records else following


class _Linked(_Paging):
    def ask(self, mark: str | None) -> Ask:
        """The page at a link."""
        return Ask(url=mark)


class LinkHeader(_Linked):
    """The Link header names the next page (RFC 8288)."""

    kind: Literal["link_header"] = Field(description="The Link header names the next page.")

    def following(self, mark: str | None, page: Page) -> str | None:  # noqa: ARG002
        """The link with the relation `next`."""
        for link in httpx.Response(200, headers={"Link": page.link}).links.values():
            if "next" in link.get("rel", "").lower().split():
                return _joined(page.url, link["url"])
        return None


class JsonLink(_Linked):
    """The answer holds the URL of the next page."""

    kind: Literal["json_link"] = Field(description="The answer holds the URL of the next page.")
    at: str = Field(default="next", description="Dotted path of the URL.")

    def following(self, mark: str | None, page: Page) -> str | None:  # noqa: ARG002
        """The URL in the answer."""
        found = flatten.value_at(page.answer, self.at)
        return _joined(page.url, found) if isinstance(found, str) and found else None


def _joined(url: httpx.URL, link: str) -> str:
    """A link as a whole URL; behind a proxy that ends TLS, services write http where https is meant."""
    try:
        joined = url.join(link)
    except httpx.InvalidURL:
        raise SourceError(f"{url.host}: the link to the next page is no URL; check at under paging") from None
    if (joined.scheme, url.scheme, joined.host) == ("http", "https", url.host):
        joined = joined.copy_with(scheme="https", port=url.port)
    return str(joined)


Paging = Annotated[NoPaging | PageNumber | Offset | JsonCursor | LinkHeader | JsonLink, Field(discriminator="kind")]
