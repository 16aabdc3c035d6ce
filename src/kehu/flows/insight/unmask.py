"""Unmask: personal values of one customer in clear, for a reason. It is noted before anything is shown.

Where the audit trail cannot be written, nothing is shown.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from kehu.errors import TooManyError
from kehu.flows.insight import insight
from kehu.flows.users.people import By
from kehu.model.codes import MediumKind
from kehu.store import views
from kehu.store.audit import trail
from kehu.store.audit.trail import Act, Entry
from kehu.store.database import Database
from kehu.store.sealing.vault import Vault

SHORTEST_REASON = 4
"""So many characters say why, at the least."""

HOUR = timedelta(hours=1)


class Field(StrEnum):
    """What can be unmasked."""

    ID_NUMBER = "id_number"
    """The certificate numbers."""
    PHONE = "phone"
    """The phones, and the numbers of its subscriptions."""
    EMAIL = "email"
    """The e-mail addresses."""
    ADDRESS = "address"
    """The addresses."""
    BIRTH_DATE = "birth_date"
    """The birth dates."""


@dataclass(frozen=True, kw_only=True)
class InClear:
    """One field of a customer, in clear."""

    field: Field
    values: tuple[str | date, ...]
    """All that is known, the golden value first."""


@dataclass(frozen=True, kw_only=True)
class Unmasked:
    """What was asked for, in clear."""

    customer_id: int
    """The living customer that was meant."""
    fields: tuple[InClear, ...]


def unmasked(
    database: Database,
    customer_id: int,
    wanted: Collection[Field],
    *,
    reason: str,
    by: By,
    vault: Vault,
    per_hour: int,
) -> Unmasked:
    """Values of a customer in clear, once it is noted who sees them and why.

    Args:
        database: The store.
        customer_id: Its number, or a retired one.
        wanted: What to show.
        reason: Why.
        by: Who asks.
        vault: Seals the reason.
        per_hour: So often somebody may ask within an hour; 0 lifts the limit.

    Raises:
        NotFoundError: The number was never given.
        TooManyError: They asked too often within an hour.
        StoreError: It cannot be noted; then nothing is shown.
    """
    asked = tuple(one for one in Field if one in wanted)
    with database.begin() as tx:
        number = views.customer_of(tx, customer_id).customer_id
        earlier = trail.times(tx, who=by.login, act=Act.UNMASK, since=by.at - HOUR, limit=per_hour) if per_hour else []
        if per_hour and len(earlier) >= per_hour:
            raise TooManyError(f"more than {per_hour} unmaskings an hour", wait=earlier[-1] + HOUR - by.at)
        entry = Entry(
            at=by.at, who=by.login, act=Act.UNMASK, what=f"customer {number}", whence=by.whence, why=reason.strip(),
            detail={"fields": [one.value for one in asked]},
        )  # fmt: skip
        trail.note(tx, entry, vault=vault)
    whole = insight.whole(database, number)
    return Unmasked(
        customer_id=whole.customer.customer_id,
        fields=tuple(InClear(field=one, values=tuple(dict.fromkeys(_values(whole, one)))) for one in asked),
    )


def _values(whole: insight.Whole, field: Field) -> Iterator[str | date]:
    """The golden values first, then what else is known."""
    attributes = insight.PHONES if field is Field.PHONE else (field.value,)
    values = [value for value in whole.values if value.attribute in attributes]
    yield from (value.value for value in values if value.value is not None)
    if field.value in set(MediumKind):
        yield from (medium.value for medium in whole.media if medium.kind == field.value)
    if field is Field.PHONE:
        yield from (one.msisdn for one in whole.subscriptions)
    yield from (other.value for value in values for other in value.others)
