"""Children: of whom a guardian has to consent (PIPL 31), by what certificates or records say of their age."""

from datetime import date, datetime

import sqlalchemy as sa

from kehu.model.codes import Kind
from kehu.model.privacy import CHILD_YEARS, Guard, Purpose
from kehu.store import asking
from kehu.store.database import Transaction
from kehu.store.dictionary.customers import customer
from kehu.store.privacy import consents


def born_after(day: date) -> date:
    """Whoever was born after this is a child on that day.

    >>> born_after(date(2026, 11, 22)), born_after(date(2024, 2, 29))
    (datetime.date(2012, 11, 22), datetime.date(2010, 2, 28))
    """
    year = day.year - CHILD_YEARS
    return date(year, 2, 28) if (day.month, day.day) == (2, 29) else day.replace(year=year)


def are_children(day: date) -> sa.ColumnElement[bool]:
    """The condition on `customer`: a child. The golden birth date is what a valid certificate says, if there is one."""
    return sa.and_(customer.c.kind == Kind.INDIVIDUAL.value, customer.c.birth_date > born_after(day))


def may_be_named(day: date) -> sa.ColumnElement[bool]:
    """The condition on `customer` of whatever hands lists on: no child whose guardian has not consented."""
    agreed = consents.consenting(Purpose.GUARDIAN)
    # A birth date that is not known is no child's: nobody can be asked for what nobody knows.
    return sa.or_(customer.c.birth_date.is_(None), sa.not_(are_children(day)), customer.c.customer_id.in_(agreed))


def guard(tx: Transaction, customer_id: int, *, at: datetime) -> Guard:
    """Whether a living customer is a child, and whether a guardian has consented."""
    columns = sa.select(customer.c.kind, customer.c.birth_date)
    row = tx.execute(columns.where(customer.c.customer_id == customer_id)).first()
    return Guard.NONE if row is None else guard_of(tx, customer_id, kind=row.kind, birth_date=row.birth_date, at=at)


def guard_of(tx: Transaction, customer_id: int, *, kind: str | None, birth_date: object, at: datetime) -> Guard:
    """The same, of one whose kind and golden birth date are known."""
    if kind != Kind.INDIVIDUAL or not isinstance(birth_date, date) or birth_date <= born_after(at.date()):
        return Guard.NONE
    return Guard.AGREED if asking.rows(tx, _AGREED, {"number": customer_id}) else Guard.LACKING


_AGREED = consents.consenting(Purpose.GUARDIAN, customer_id=sa.bindparam("number", type_=sa.BigInteger))
