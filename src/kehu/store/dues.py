"""When each channel is read next, as whoever runs at intervals says it: `kehu run --every`."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime

from kehu.store import facts, sequence
from kehu.store.database import Transaction

NAME = "next runs"
"""The fact that holds it: JSON, channel -> time."""


def of(tx: Transaction) -> dict[str, datetime]:
    """When each channel is due; a channel that nobody reads at intervals is not among them.

    A time that is over says that whoever runs is at it, or is gone.
    """
    told: Mapping[str, str] = json.loads(facts.get(tx, NAME) or "{}")
    return {channel: datetime.fromisoformat(at) for channel, at in told.items()}


def note(tx: Transaction, channels: Iterable[str], at: datetime | None) -> None:
    """Note when these channels are read next; None: nobody reads them at intervals any more."""
    sequence.held(tx, "load")  # Two that run at intervals, for channels of their own, note it one after the other.
    told = of(tx)
    for channel in channels:
        if at is None:
            told.pop(channel, None)
        else:
            told[channel] = at
    if told:
        facts.put(tx, NAME, json.dumps({channel: due.isoformat() for channel, due in sorted(told.items())}))
    else:
        facts.drop(tx, NAME)
