"""The line of tickets, as people look at it: a page with the names of the customers, and how many wait where."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from kehu.errors import NotFoundError
from kehu.store import customers, views
from kehu.store.database import Database, Transaction
from kehu.store.service import tickets
from kehu.store.service.tickets import Filter, Page


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A page of the line."""

    page: Page
    """Its tickets; their customers are the living ones."""
    names: dict[int, str]
    """Customer -> name, where it has one."""


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """How many open tickets there are, none counted beyond `tickets.COUNTED`."""

    mine: int
    nobodys: int
    late: int
    all: int


def listed(database: Database, wanted: Filter, *, after: int | None = None, limit: int = 50) -> Listed:
    """A page of tickets, those due first before the others."""
    with database.read() as tx:
        page = tickets.page(tx, wanted, after=after, limit=limit)
        living = _living(tx, {one.customer_id for one in page.rows if one.customer_id is not None})
        rows = tuple(
            one if one.customer_id is None else replace(one, customer_id=living.get(one.customer_id))
            for one in page.rows
        )
        known = views.customers_of(tx, sorted(set(living.values())))
    names = {one.customer_id: one.name for one in known if one.name is not None}
    return Listed(page=replace(page, rows=rows), names=names)


def waiting(database: Database, *, login: str, at: datetime) -> Waiting:
    """How many open tickets somebody has, nobody has, are late, and there are."""
    with database.read() as tx:
        return Waiting(
            mine=tickets.count(tx, Filter(assignee=login)),
            nobodys=tickets.count(tx, Filter(assignee="")),
            late=tickets.count(tx, Filter(late_at=at)),
            all=tickets.count(tx, Filter()),
        )


def _living(tx: Transaction, numbers: Iterable[int]) -> dict[int, int]:
    """The living customer that each number means today; one that is gone altogether is left out."""
    found = {}
    for number in numbers:
        try:
            found[number] = customers.get(tx, number).customer_id
        except NotFoundError:
            continue
    return found
