"""What a channel is: something that hands on batches of text rows, and remembers how far it came."""

from collections.abc import Iterator
from typing import Protocol, runtime_checkable

from kehu.model.records import Batch


class Channel(Protocol):
    """A source of records: a REST service, a database, a drop folder, or one of your own.

    A channel keeps nothing itself. Every batch brings the cursor to store with it, in the same transaction; the next
    run passes the last stored cursor back. So a run that was killed resumes after the last batch that was stored, and
    a row may come twice but never be left out.
    """

    @property
    def name(self) -> str:
        """The name it has in `kehu.toml`."""

    def batches(self, *, after: str | None) -> Iterator[Batch]:
        """Read what is new since a cursor, a batch at a time, in bounded memory.

        Args:
            after: The cursor of the last batch that was stored; None reads everything.

        Raises:
            SourceError: It cannot be read; what was handed on before stays good.
        """

    def sample(self, rows: int) -> Batch:
        """Read the first rows only, without a cursor: enough to look at a mapping.

        Raises:
            SourceError: It cannot be read.
        """


@runtime_checkable
class Weighed(Protocol):
    """A channel that can tell how much it holds before it reads: whoever works on much can make ready meanwhile."""

    def waiting(self, *, after: str | None) -> int:
        """About how many bytes are new since a cursor.

        Raises:
            SourceError: It cannot be looked at.
        """
