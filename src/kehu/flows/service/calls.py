"""Arriving calls: each is stored as an interaction, and told who may be calling."""

from dataclasses import dataclass, replace

from kehu.errors import SettingsError
from kehu.flows.once import Once, made, noted
from kehu.flows.users.people import By
from kehu.process import phones
from kehu.store import customers
from kehu.store.audit import trail
from kehu.store.audit.trail import Act, Entry
from kehu.store.database import Database, Transaction
from kehu.store.service import calls
from kehu.store.service.calls import Call, Candidate


@dataclass(frozen=True, kw_only=True)
class Told:
    """A call, and who may be calling."""

    call: Call
    candidates: tuple[Candidate, ...]
    """The likeliest first: who holds the number by a subscription, who names it, who held it before."""

    @property
    def caller(self) -> int | None:
        """The customer it is about: whoever was said to be calling, or is the only one who may be."""
        if self.call.customer_id is not None:
            return self.call.customer_id
        return self.candidates[0].customer.customer_id if len(self.candidates) == 1 else None


def arrived(
    database: Database, number: str | None, *, channel: str, home: str, by: By, once: Once | None = None
) -> Told:
    """Store a call that arrives now, and say who may be calling.

    Args:
        database: The store.
        number: The number that calls, as the exchange wrote it; None where it is withheld.
        channel: Where it arrives: a hotline.
        home: The country whose numbers are at home.
        by: Who takes it.
        once: Where it comes again, it is answered with the call that was stored then.

    Raises:
        ConflictError: The key came with another call.
        SettingsError: What was given is no number.
    """
    cleaned = phones.clean(number, home=home)[0] if number and number.strip() else None
    if number and number.strip() and cleaned is None:
        raise SettingsError("what was given as the number that calls is none; leave it out where it is withheld")
    with database.begin() as tx:
        if (before := made(once, tx)) is not None:
            return _told(tx, before)
        call = calls.add(
            tx, Call(call_id=0, at=by.at, channel=channel, number=cleaned, agent=by.login, customer_id=None)
        )
        noted(once, tx, call.call_id)
        told = _told(tx, call.call_id)
        if told.caller is None:
            return told
        # The only one who may be calling is taken for the caller, until somebody says otherwise.
        calls.known(tx, call.call_id, told.caller)
        return _told(tx, call.call_id)


def one(database: Database, call_id: int) -> Told:
    """A call, and who may be calling; who called is the living customer.

    Raises:
        NotFoundError: There is none of this number.
    """
    with database.read() as tx:
        return _told(tx, call_id)


def known(database: Database, call_id: int, customer_id: int, *, by: By) -> Told:
    """Remember which customer it was that called.

    Raises:
        NotFoundError: There is no such call, or no such customer.
    """
    with database.begin() as tx:
        calls.one(tx, call_id)
        number = customers.get(tx, customer_id).customer_id
        calls.known(tx, call_id, number)
        what, detail = f"customer {number}", {"call": call_id}
        trail.tell(tx, Entry(at=by.at, who=by.login, act=Act.LOOK, what=what, whence=by.whence, detail=detail))
        return _told(tx, call_id)


def _told(tx: Transaction, call_id: int) -> Told:
    call = calls.one(tx, call_id)
    if call.customer_id is not None:
        call = replace(call, customer_id=customers.get(tx, call.customer_id).customer_id)
    return Told(call=call, candidates=calls.candidates(tx, call.number) if call.number else ())
