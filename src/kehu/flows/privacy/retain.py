"""Retain: what was kept long enough goes, and erasures that were stopped are finished.

What law made us keep of the erased goes by itself when its time is over, and so does what was kept for a moment. Whose
service ended so long ago that nothing makes us keep them is told, and erased where that is asked for: a feed that
stopped looks like a service that ended.
"""

from dataclasses import dataclass

from kehu.flows.arrive.arrive import Desk
from kehu.flows.privacy import erase
from kehu.flows.privacy.asked import Asked
from kehu.flows.privacy.erase import Room
from kehu.store.database import Database
from kehu.store.people import links, refusals, sessions
from kehu.store.privacy import erasing, lawful, restrictions
from kehu.store.service import asked as questions

MOST = 1000
"""So many customers whose service ended are told, and erased, at a time."""


@dataclass(frozen=True, kw_only=True)
class Due:
    """What is to be done."""

    records: int
    """Records of the erased that law makes us keep no longer."""
    unfinished: int
    """Erasures whose copies outside the tables are left."""
    ended: tuple[int, ...]
    """Customers whose service ended longer ago than law makes us keep them."""


def due(database: Database, *, asked: Asked, room: Room) -> Due:
    """What is to be done today."""
    with database.read() as tx:
        return Due(
            records=len(restrictions.due(tx, asked.at)),
            unfinished=len(erasing.running(tx)),
            ended=tuple(lawful.over(tx, room.keep, at=asked.at, limit=MOST)),
        )


def retain(database: Database, desk: Desk, *, asked: Asked, room: Room, with_ended: bool = False) -> Due:
    """Do it; returns what was to be done. Doing it again does nothing.

    Args:
        database: The store.
        desk: What makes the customers anew that are left.
        asked: Who has it done, when and why.
        room: Where the ledger is, and what is kept.
        with_ended: Also erase the customers whose service ended.
    """
    told = due(database, asked=asked, room=room)
    erase.over(database, desk, asked=asked, room=room)
    for number in told.ended if with_ended else ():
        erase.begin(database, desk, number, asked=asked, room=room)
    erase.again(database, desk, at=asked.at, room=room)
    with database.begin() as tx:
        for swept in (sessions, links, refusals):
            swept.sweep(tx, at=asked.at)
        questions.sweep(tx, at=asked.at)
    return told
