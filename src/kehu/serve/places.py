"""The places of the application, as the top of each page leads to them: whoever may go to many finds some in menus."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from kehu.model.people import Permission
from kehu.serve.words import marked

FEW = 8
"""So many places stand side by side on a screen of 1280 pixels; of more, some are put into menus."""


@dataclass(frozen=True)
class Place:
    """A page that the top leads to."""

    address: str
    sign: str
    words: str
    needed: Permission | None = None
    """What whoever goes there must be allowed to do."""


@dataclass(frozen=True)
class Menu:
    """Places that belong together."""

    sign: str
    words: str
    places: tuple[Place, ...]


BAR: tuple[Place | Menu, ...] = (
    Place("/", "overview", marked("Overview")),
    Place("/search", "search", marked("Search"), Permission.FIND),
    Place("/customers", "people", marked("Customers"), Permission.FIND),
    Place("/tickets", "ticket", marked("Tickets"), Permission.SERVE),
    Menu(
        "bars",
        marked("Insight"),
        (
            Place("/dashboard", "bars", marked("Analysis"), Permission.ANALYSE),
            Place("/segments", "target", marked("Segments"), Permission.ANALYSE),
        ),
    ),
    Menu(
        "layers",
        marked("Data"),
        (
            Place("/reviews", "link", marked("Review"), Permission.DECIDE),
            Place("/quarantine", "shield", marked("Quarantine"), Permission.MEND),
            Place("/quality", "layers", marked("Quality"), Permission.OPERATE),
            Place("/channels", "tray", marked("Channels"), Permission.OPERATE),
            Place("/loads", "tray", marked("Loads"), Permission.OPERATE),
        ),
    ),
    Menu(
        "key",
        marked("Oversight"),
        (
            Place("/privacy", "shield", marked("Privacy"), Permission.PRIVACY),
            Place("/audit", "shield", marked("Audit"), Permission.AUDIT),
            Place("/users", "key", marked("Users"), Permission.USERS),
        ),
    ),
)
USERS = "/users"
"""Leads somewhere only where people sign in."""


@cache
def shown(permissions: frozenset[Permission], *, is_gated: bool) -> tuple[Place | Menu, ...]:
    """What the top shows to somebody with these permissions.

    >>> [one.words for one in shown(frozenset({Permission.FIND, Permission.SERVE}), is_gated=True)]
    ['Overview', 'Search', 'Customers', 'Tickets']
    >>> [one.words for one in shown(frozenset(Permission), is_gated=True)]
    ['Overview', 'Search', 'Customers', 'Tickets', 'Insight', 'Data', 'Oversight']
    """
    open_to_them = {
        place
        for place in _every(BAR)
        if (place.needed is None or place.needed in permissions) and (is_gated or place.address != USERS)
    }
    return tuple(_within(open_to_them, in_menus=len(open_to_them) > FEW))


def current(path: str) -> str | None:
    """The address of the place that a page belongs to.

    >>> current("/customers/17"), current("/"), current("/me")
    ('/customers', '/', None)
    """
    found = (
        one.address
        for one in _every(BAR)
        if path == one.address or (one.address != "/" and path.startswith(one.address))
    )
    return next(found, None)


def _every(bar: tuple[Place | Menu, ...]) -> Iterator[Place]:
    for one in bar:
        yield from one.places if isinstance(one, Menu) else (one,)


def _within(places: set[Place], *, in_menus: bool) -> Iterator[Place | Menu]:
    for one in BAR:
        inside = tuple(place for place in _every((one,)) if place in places)
        if isinstance(one, Menu) and in_menus and len(inside) > 1:
            yield Menu(one.sign, one.words, inside)
        else:
            yield from inside
