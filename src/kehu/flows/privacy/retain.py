"""Retain: what law made us keep goes when its time is over, and erasures that were stopped are finished."""

from dataclasses import dataclass

from kehu.flows.arrive import Desk
from kehu.flows.privacy import erase
from kehu.flows.privacy.asked import Asked
from kehu.flows.privacy.erase import Room
from kehu.store.database import Database
from kehu.store.privacy import erasing, restrictions


@dataclass(frozen=True, kw_only=True)
class Due:
    """What is to be done."""

    records: int
    """Records whose time is over."""
    unfinished: int
    """Erasures whose copies outside the tables are left."""


def due(database: Database, *, asked: Asked) -> Due:
    """What is to be done today."""
    with database.read() as tx:
        return Due(records=len(restrictions.due(tx, asked.at)), unfinished=len(erasing.running(tx)))


def retain(database: Database, desk: Desk, *, asked: Asked, room: Room) -> Due:
    """Do it; returns what was done. Doing it again does nothing."""
    told = due(database, asked=asked)
    erase.over(database, desk, asked=asked, room=room)
    erase.again(database, desk, at=asked.at, room=room)
    return told
