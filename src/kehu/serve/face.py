"""What pages are made with: the templates, and the language and theme a request asks for."""

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, fields, is_dataclass
from datetime import date, datetime, time, tzinfo
from enum import StrEnum
from functools import cache, lru_cache, partial
from gettext import NullTranslations
from importlib import resources
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from jinja2 import Environment, PackageLoader, StrictUndefined
from jinja2.ext import Extension
from markupsafe import Markup
from starlette.responses import HTMLResponse

from kehu.flows.insight.sight import Sight
from kehu.model.codes import MediumKind
from kehu.model.languages import Language
from kehu.model.people import Permission
from kehu.serve import language as languages
from kehu.serve import places, words
from kehu.serve.compiling import Compiled
from kehu.serve.who import Who
from kehu.store.media import Medium

LANGUAGE_COOKIE = "kehu_language"
THEME_COOKIE = "kehu_theme"

STATIC = Path(str(resources.files("kehu.serve").joinpath("static")))
"""The files that browsers fetch."""


class Theme(StrEnum):
    """How a page looks."""

    AUTO = "auto"
    """As the reader's system does."""
    LIGHT = "light"
    """Dark on light."""
    DARK = "dark"
    """Light on dark."""


@dataclass(frozen=True, kw_only=True)
class Face:
    """Makes pages."""

    zone: tzinfo
    """The zone in which times are written."""

    def page(self, request: Request, template: str, page: Any, *, status: int = 200) -> HTMLResponse:
        """A page, or a piece of one, in the language and theme that the request asks for, as its reader may see it.

        Args:
            request: What the browser sent.
            template: The file in `templates/`.
            page: A dataclass; its fields are what the template sees.
            status: The HTTP status.
        """
        language = language_of(request)
        theme = theme_of(request)
        who = getattr(request.state, "who", None)
        page = (who.sight if who else Sight()).of(page)
        values = {field.name: getattr(page, field.name) for field in fields(page)} if is_dataclass(page) else dict(page)
        text = (
            _environment(language, self.zone)
            .get_template(template)
            .render(
                request_path=request.url.path,
                who=who,
                here=here(request),
                theme=theme,
                tag=languages.TAGS[language],
                **values,
            )
        )
        # One address answers a page or a piece of it, in either language.
        return HTMLResponse(text, status_code=status, headers={"vary": "HX-Request, Accept-Language, Cookie"})

    def moment(self, told: datetime | date | None) -> datetime | None:
        """The time that an address means: a day means its end, and what has no offset is of our zone."""
        if told is None:
            return None
        if not isinstance(told, datetime):
            return datetime.combine(told, time.max, self.zone)
        return told if told.tzinfo else told.replace(tzinfo=self.zone)


def here(request: Request) -> str:
    """The address to come back to after a switch."""
    asked = request.url.query if request.method == "GET" else ""
    return f"{request.url.path}?{asked}" if asked else request.url.path


def language_of(request: Request) -> Language:
    """The language that a request asks for."""
    return languages.choose(request.cookies.get(LANGUAGE_COOKIE), request.headers.get("accept-language"))


def theme_of(request: Request) -> Theme:
    """The theme that a request asks for."""
    chosen = request.cookies.get(THEME_COOKIE)
    return Theme(chosen) if chosen in set(Theme) else Theme.AUTO


def is_piece(request: Request) -> bool:
    """Whether htmx wants a piece of the page only."""
    return request.headers.get("hx-request") == "true" and request.headers.get("hx-request-type") != "full"


@cache
def _environment(language: Language, zone: tzinfo) -> Environment:
    """The templates in one language."""
    environment = Compiled(
        loader=PackageLoader("kehu.serve"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # They come with the program: looking at each file for each page whether it changed costs more than it helps.
        auto_reload=False,
        extensions=["jinja2.ext.i18n", Folded],
    )
    catalogue = languages.translations(language)
    environment.install_gettext_callables(  # type: ignore[attr-defined]  # put there by the i18n extension
        catalogue.gettext, catalogue.ngettext, newstyle=True
    )
    environment.globals["_"] = partial(_translated, catalogue)
    environment.filters["number"] = partial(languages.number, language=language)
    environment.filters["percent"] = partial(languages.percent, language=language)
    environment.filters["day"] = partial(languages.day, language=language)
    environment.filters["moment"] = partial(languages.moment, language=language, zone=zone)
    environment.filters["lasting"] = partial(languages.lasting, language=language)
    environment.filters["code"] = partial(words.code, language=language)
    environment.filters["attribute"] = _sayer(words.ATTRIBUTES, catalogue)
    environment.filters["rule"] = _sayer(words.RULES, catalogue)
    environment.filters["row_state"] = _sayer(words.ROW_STATES, catalogue)
    environment.filters["link_state"] = _sayer(words.LINK_STATES, catalogue)
    environment.filters["link_reason"] = _sayer(words.LINK_REASONS, catalogue)
    environment.filters["role"] = _sayer(words.ROLES, catalogue)
    environment.filters["role_words"] = _sayer(words.ROLE_WORDS, catalogue)
    environment.filters["permission"] = _sayer(words.PERMISSIONS, catalogue)
    environment.filters["source_kind"] = _sayer(words.SOURCE_KINDS, catalogue)
    environment.filters["act"] = _sayer(words.ACTS, catalogue)
    environment.filters["user_state"] = _sayer(words.USER_STATES, catalogue)
    environment.filters["complaint"] = catalogue.gettext
    environment.filters["weight"] = languages.weight
    environment.filters["because"] = partial(_because, catalogue)
    environment.filters["key"] = _sayer(words.KEYS, catalogue)
    environment.filters["plain"] = asdict
    environment.filters["by_kind"] = by_kind
    environment.globals["static"] = static
    environment.globals["icon"] = icon
    environment.globals["places"] = partial(_places, environment)
    environment.globals["nothing"] = nothing
    environment.globals["channel_mark"] = channel_mark
    environment.globals["written"] = partial(written, language=language)
    environment.globals["language"] = language
    environment.globals["query"] = query
    environment.globals["zone"] = str(zone)
    return environment


_FOLDED = re.compile(r"""\{\{ (_|static|icon|nothing)\((?:(["'])([^"'\\{}]*)\2)?\) \}\}""")
"""A text, a sign or the address of a file that stands in a template as it is, with no value in it."""


def _places(environment: Environment, who: Who, path: str) -> Markup:
    """Where the top of a page leads whoever asks."""
    return _drawn(environment, who.permissions, who.is_gated, places.current(path))


@cache
def _drawn(environment: Environment, permissions: frozenset[Permission], is_gated: bool, current: str | None) -> Markup:  # noqa: FBT001  (cached)
    shown = places.shown(permissions, is_gated=is_gated)
    said = environment.globals["_"]
    drawn = environment.get_template("places.html").render(shown=shown, current=current, said=said)
    return Markup(drawn)  # noqa: S704  (it was escaped when it was drawn)


class Folded(Extension):
    """Puts texts in their language, and addresses of files, into templates when they are compiled.

    Half of what pages would call is this.
    """

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:  # noqa: ARG002  (its shape)
        """The template with what does not depend on the page in its place."""
        told: dict[str, Any] = dict(self.environment.globals)
        return _FOLDED.sub(lambda found: str(told[found[1]](*filter(None, [found[3]]))), source)


def _translated(catalogue: NullTranslations, message: str, **values: Any) -> Markup:
    """A text of a template; most name no values, and are looked up once."""
    if not values:
        return _plain(catalogue, message)
    return Markup(catalogue.gettext(message)) % values  # noqa: S704  (our own text; values are escaped)


@cache
def _plain(catalogue: NullTranslations, message: str) -> Markup:
    return Markup(catalogue.gettext(message)) % {}  # noqa: S704  (our own text)


def _sayer(table: Mapping[str, str], catalogue: NullTranslations) -> Callable[[str], str]:
    """Says the words for a name; a name that has none stands for itself."""
    said = {name: catalogue.gettext(text) for name, text in table.items()}
    return lambda name: said.get(name, name)


def _because(catalogue: NullTranslations, why: str) -> str:
    """What brought a change, as the store notes it: `load 17, load 18`, `decision 4`."""
    return ", ".join(_cause(catalogue, cause) for cause in why.split(", "))


def _cause(catalogue: NullTranslations, why: str) -> str:
    kind, _, number = why.partition(" ")
    text = words.CAUSES.get(kind)
    return (catalogue.gettext(text) % {"number": number}).strip() if text else why


@cache
def static(name: str) -> str:
    """The address of a static file; it changes with its content, so browsers may keep it for ever."""
    return f"/static/{name}?v={hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]}"


@cache
def icon(name: str) -> Markup:
    """A sign."""
    return Markup('<svg class="sign" aria-hidden="true" width="18" height="18"><use href="%s#%s"></use></svg>') % (
        static("signs.svg"),
        name,
    )


def nothing(value: str = "—") -> Markup:
    """What stands where there is nothing."""
    return Markup('<span class="nothing">%s</span>') % value


_CODED = frozenset({"kind", "gender", "id_type", "category", "star_level"})
_IN_FIGURES = frozenset({"birth_date", "id_number", "phone", "phone_2"})
_FIGURES = Markup('<span class="figures">%s</span>')


def written(attribute: str, value: str | date | None, *, language: Language) -> str:
    """A value as people read it.

    >>> written("kind", "organization", language=Language.EN), written("phone", "138****1234", language=Language.EN)
    ('organization', Markup('<span class="figures">138****1234</span>'))
    """
    if value is None:
        return nothing()
    told = languages.day(value, language) if isinstance(value, date) else value
    if attribute in _IN_FIGURES:
        return _FIGURES % told
    return words.code(told, attribute, language) if attribute in _CODED else told


@lru_cache(maxsize=1_000)
def channel_mark(name: str) -> Markup:
    """The name of a channel."""
    return Markup('<span class="channel">%s</span>') % name


def by_kind(media: Iterable[Medium]) -> list[tuple[MediumKind, list[Medium]]]:
    """Contact media that stand in their order, those of a kind together."""
    return [(kind, list(those)) for kind, those in groupby(media, attrgetter("kind"))]


def query(path: str, **parameters: Any) -> str:
    """An address with those parameters that are given.

    >>> query("/customers", category="student", after=None)
    '/customers?category=student'
    """
    given = {name: value for name, value in parameters.items() if value is not None and value != ""}
    return f"{path}?{urlencode(given)}" if given else path
