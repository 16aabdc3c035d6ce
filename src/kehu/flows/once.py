"""Once: a request that is sent again, because its answer was lost, makes nothing again.

Whoever asks draws a key for it. What was made for that key is noted in the transaction that makes it, so neither a
crash nor two that come at one time make it twice.
"""

from dataclasses import dataclass
from datetime import datetime

from kehu.store.database import Transaction
from kehu.store.service import asked


@dataclass(frozen=True, kw_only=True)
class Once:
    """A request that makes one thing, however often it comes."""

    who: str
    """Who asks: keys of others are others."""
    key: str
    """What they drew for it."""
    body: str
    """What they ask for."""
    at: datetime
    """When."""

    def made(self, tx: Transaction) -> int | None:
        """The number of what was made for it before; None where it comes for the first time.

        Raises:
            ConflictError: The key came with another request.
        """
        return asked.answered(tx, who=self.who, key=self.key, body=self.body)

    def note(self, tx: Transaction, number: int) -> None:
        """Remember what was made for it."""
        asked.note(tx, who=self.who, key=self.key, body=self.body, number=number, at=self.at)


def made(once: Once | None, tx: Transaction) -> int | None:
    """The number of what was made before; None where nobody asks for it once."""
    return None if once is None else once.made(tx)


def noted(once: Once | None, tx: Transaction, number: int) -> None:
    """Remember what was made, where somebody asks for it once."""
    if once is not None:
        once.note(tx, number)
