"""What the views of one customer are going to ask of the store, asked at once: it travels to the server together.

Of a number that was merged away only the customer is of use, who leads to another: that happens seldom.
"""

from kehu.store import asking, customers, households, media, views
from kehu.store.database import Transaction
from kehu.store.service import numbers


def of_met(tx: Transaction, number: int, *, compared: int) -> None:
    """Ask what `insight.met` does; so many records are compared."""
    asking.ahead(tx, [*_at_sight(number, compared), numbers.question_of(number)])


def of_whole(tx: Transaction, number: int, *, compared: int, is_first: bool) -> None:
    """Ask what `insight.whole` does; `is_first`: it tells the latest contacts, which are the first of their pages."""
    contacts = [households.question_of_timeline(number)] if is_first else []
    asking.ahead(tx, [*_at_sight(number, compared), *views.questions_of_past(number), *contacts])


def _at_sight(number: int, compared: int) -> list[asking.Put]:
    return [
        customers.question_of(number),
        views.question_of_records(number, limit=compared),
        media.question_of(number),
        *households.questions_of(number),
    ]
