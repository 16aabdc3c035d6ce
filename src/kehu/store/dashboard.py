"""The figures of the dashboard: how many customers of which kind, counted now or kept from when they last were."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from kehu.store import bulk, figures
from kehu.store.database import Transaction
from kehu.store.dictionary.figures import kept_figure
from kehu.store.figures import COUNTED
from kehu.store.segments import years_before
from kehu.store.tables import customer, customer_history, interaction, member, setting, subscription

AGES = (18, 25, 35, 45, 55, 65)
"""Where a band of ages begins; before the first are minors."""
MOST_RECORDS = 10
"""Customers with so many records or more are counted together; the same for numbers."""
AT = "figures at"
"""The fact that says when figures were last counted."""

Conditions = Sequence[sa.ColumnElement[bool]]
"""Which customers are counted: conditions on `customer`."""


def _column(name: str) -> Callable[[Transaction, Conditions, date], pa.Table]:
    return lambda tx, where, _: figures.by(tx, customer.c[name], *where)


def _ages(tx: Transaction, where: Conditions, today: date) -> pa.Table:
    born = customer.c.birth_date
    bands = [
        (born > years_before(today, age), _band(before, age - 1)) for before, age in zip((0, *AGES), AGES, strict=False)
    ]
    # The youngest first: each is asked only of those who are not in the band before.
    return figures.by(tx, sa.case((born.is_(None), None), *bands, else_=f"{AGES[-1]}+"), *where)


def _band(start: int, end: int) -> str:
    return f"{start}-{end}"


def _qualities(tx: Transaction, where: Conditions, _: date) -> pa.Table:
    quality = customer.c.quality
    bands = [(quality < end, f"{end - 20}-{end - 1}") for end in (20, 40, 60, 80)]
    return figures.by(tx, sa.case(*bands, else_="80-100"), *where)


def _records(tx: Transaction, where: Conditions, _: date) -> pa.Table:
    return figures.by(tx, _up_to(customer.c.records), *where)


def _up_to(number: Any) -> sa.ColumnElement[str]:
    """A number as a code: 1, 2, … 9, 10+."""
    few = [(number == many, str(many)) for many in range(MOST_RECORDS)]
    return sa.case(*few, else_=f"{MOST_RECORDS}+")


def _channels(tx: Transaction, where: Conditions, _: date) -> pa.Table:
    # The living alone are all that have members.
    return figures.customers_by_channel(tx, *(where if len(where) > 1 else ()))


def _numbers(tx: Transaction, where: Conditions, _: date) -> pa.Table:
    held = (
        sa.select(member.c.customer_id, sa.func.count(sa.distinct(subscription.c.msisdn)).label("numbers"))
        .join(subscription, subscription.c.record == member.c.record)
        .group_by(member.c.customer_id)
        .subquery()
    )
    code = _up_to(sa.func.coalesce(held.c.numbers, 0))
    joined = sa.outerjoin(customer, held, held.c.customer_id == customer.c.customer_id)
    query = sa.select(code, sa.func.count()).select_from(joined).where(*where).group_by(code)
    return bulk.read(tx, query, COUNTED)


def _reasons(tx: Transaction, where: Conditions, _: date) -> pa.Table:
    query = sa.select(interaction.c.reason, sa.func.count()).select_from(interaction)
    if len(where) > 1:
        query = query.join(member, member.c.record == interaction.c.record)
        query = query.join(customer, customer.c.customer_id == member.c.customer_id).where(*where)
    return bulk.read(tx, query.group_by(interaction.c.reason), COUNTED)


def _new(tx: Transaction, where: Conditions, _: date) -> pa.Table:
    """By the month in which they were first known."""
    first = (
        sa.select(customer_history.c.customer_id, sa.func.min(customer_history.c.valid_from).label("at"))
        .group_by(customer_history.c.customer_id)
        .subquery()
    )
    since = sa.func.coalesce(first.c.at, customer.c.valid_from)
    joined = sa.outerjoin(customer, first, first.c.customer_id == customer.c.customer_id)
    return _months(tx, since, joined, where)


def _lost(tx: Transaction, where: Conditions, _: date) -> pa.Table:
    """By the month in which they were merged into another."""
    # Those that live no more are the ones that are asked for.
    other = [one for one in where if not _asks_for_the_living(one)]
    return _months(tx, customer.c.valid_from, customer, [customer.c.merged_into.is_not(None), *other])


def _asks_for_the_living(condition: sa.ColumnElement[bool]) -> bool:
    return condition.compare(customer.c.merged_into.is_(None))


def _months(tx: Transaction, at: Any, source: Any, where: Conditions) -> pa.Table:
    year, month = sa.extract("year", at), sa.extract("month", at)
    query = sa.select(year, month, sa.func.count()).select_from(source).where(*where).group_by(year, month)
    rows = tx.execute(query).all()
    told = [(f"{int(row[0]):04}-{int(row[1]):02}", int(row[2])) for row in rows]
    return pa.table([[code for code, _ in told], [many for _, many in told]], schema=COUNTED)


FIGURES: dict[str, Callable[[Transaction, Conditions, date], pa.Table]] = {
    "category": _column("category"),
    "kind": _column("kind"),
    "gender": _column("gender"),
    "province": _column("province"),
    "age": _ages,
    "channel": _channels,
    "records": _records,
    "score": _qualities,
    "numbers": _numbers,
    "reason": _reasons,
    "new": _new,
    "lost": _lost,
}
"""Every figure by its name: `COUNTED`, in any order."""


def counted(tx: Transaction, name: str, *, where: Conditions, today: date) -> pa.Table:
    """A figure as it is now: `COUNTED`."""
    return FIGURES[name](tx, where, today)


def keep(tx: Transaction, counted_now: Iterable[tuple[str, pa.Table]], *, at: datetime) -> None:
    """Keep figures in place of those that were kept before."""
    tx.execute(kept_figure.delete())
    rows = [
        {"name": name, "code": code or "", "customers": many}
        for name, counts in counted_now
        for code, many in zip(counts["value"].to_pylist(), counts["count"].to_pylist(), strict=True)
    ]
    if rows:
        tx.execute(kept_figure.insert(), rows)
    tx.execute(setting.delete().where(setting.c.name == AT))
    tx.execute(setting.insert().values(name=AT, value=at.astimezone(UTC).isoformat()))


def kept_at(tx: Transaction) -> datetime | None:
    """When figures were last counted; None where they never were."""
    told = tx.scalar(sa.select(setting.c.value).where(setting.c.name == AT))
    return None if told is None else datetime.fromisoformat(told)


def kept(tx: Transaction, name: str) -> pa.Table:
    """A figure as it was when last counted: `COUNTED`."""
    code = sa.case((kept_figure.c.code == "", None), else_=kept_figure.c.code)
    return bulk.read(tx, sa.select(code, kept_figure.c.customers).where(kept_figure.c.name == name), COUNTED)
