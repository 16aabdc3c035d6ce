"""The threshold: a load that is mostly bad is stopped, because not its rows are wrong but its file or its mapping."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

import pyarrow as pa

from kehu.errors import SourceError

LOOKED_AT = 10_000
"""So many bad rows of a batch are looked at to tell the rule that is broken most."""


@dataclass(frozen=True, kw_only=True)
class Limit:
    """How many rows of a load may be bad."""

    share: float = 0.5
    """More than this share stops the load; 1 lets every load pass."""
    rows: int = 100
    """Fewer rows say nothing yet."""

    def is_broken_by(self, *, bad: int, read: int) -> bool:
        """Whether so many bad rows are too many.

        >>> most = Limit(share=0.5, rows=100)
        >>> most.is_broken_by(bad=51, read=100), most.is_broken_by(bad=50, read=100), most.is_broken_by(bad=9, read=9)
        (True, False, False)
        """
        return read >= self.rows and bad > self.share * read


class _Judged(Protocol):
    @property
    def faulty(self) -> pa.Table: ...
    @property
    def read(self) -> int: ...


Judged = TypeVar("Judged", bound=_Judged)


@dataclass(kw_only=True)
class Gate(Generic[Judged]):
    """Lets judged batches through to the store, unless too many of their rows are bad.

    What is good so far goes through at once, so that a run that is killed resumes after it. Batches that begin badly
    are held back until there are enough rows to tell; so a load that is bad from its start leaves nothing behind.
    """

    channel: str
    limit: Limit
    held: list[Judged] = field(default_factory=list)
    read: int = 0
    bad: int = 0
    passed_rows: int = 0
    rules: Counter[str] = field(default_factory=Counter)

    def passed(self, judged: Judged) -> Iterable[Judged]:
        """The batches that may be stored now.

        Raises:
            SourceError: Too many rows are bad, of the load or of this batch alone; what was held back is given up.
        """
        self.read += judged.read
        self.bad += judged.faulty.num_rows
        self._count(judged.faulty)
        self.held.append(judged)
        for bad, read in ((self.bad, self.read), (judged.faulty.num_rows, judged.read)):
            if self.limit.is_broken_by(bad=bad, read=read):
                self.held.clear()
                raise SourceError(self._complaint(bad, read))
        return [] if self.bad > self.limit.share * self.read else self.rest()

    def rest(self) -> list[Judged]:
        """What was held back, where there will be no more rows."""
        rest, self.held = self.held, []
        self.passed_rows += sum(one.read for one in rest)
        return rest

    def _count(self, faulty: pa.Table) -> None:
        for reasons in faulty["reasons"].slice(0, LOOKED_AT).to_pylist():
            # A set: two breaches of one rule by one row are one row that breaks it.
            self.rules.update({f"{told['rule']} ({told['column']})" for told in json.loads(reasons)})

    def _complaint(self, bad: int, read: int) -> str:
        most = self.rules.most_common(1)[0][0].removesuffix(" ()")
        kept = f"the {self.passed_rows:,} rows before them are kept" if self.passed_rows else "nothing of it was stored"
        return (
            f"{bad:,} of {read:,} rows are bad, more than quarantine_limit = {self.limit.share} allows; most break the "
            f"rule {most}. {kept[0].upper()}{kept[1:]}: mend the source, or the mapping and the rules in "
            f"[channels.{self.channel}] (`kehu check --channel {self.channel}` shows what they make of some rows), "
            "or raise quarantine_limit, and run again"
        )
