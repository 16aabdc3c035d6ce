"""The weekly report: one HTML file of all figures, written by the first run after its hour."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from pathlib import Path

from kehu.analyse.report import Format
from kehu.errors import SourceError
from kehu.flows.analysis import figures
from kehu.flows.analysis.segments import Reader
from kehu.model.languages import Language
from kehu.store.database import Database


@dataclass(frozen=True, kw_only=True)
class Weekly:
    """When a report is due, and where it goes."""

    folder: Path
    day: int
    """The day of the week; 1 is Monday."""
    hour: time
    language: Language
    zone: tzinfo
    """In which the hour is told."""

    def last(self, at: datetime) -> datetime:
        """When the newest report that is due by now was due."""
        here = at.astimezone(self.zone)
        day = here.date() - timedelta(days=(here.isoweekday() - self.day) % 7)
        due = datetime.combine(day, self.hour, self.zone)
        return due if due <= here else due - timedelta(days=7)

    def file(self, at: datetime) -> Path:
        """The file of that report, named by the day on which it was due."""
        return self.folder / f"customers-{self.last(at):%Y-%m-%d}.html"


def write(database: Database, weekly: Weekly, *, at: datetime, reader: Reader) -> Path | None:
    """Write the report that is due, unless it is there; its file, if it was written now.

    Raises:
        SourceError: It cannot be written.
    """
    path = weekly.file(at)
    if path.exists():
        return None
    text = figures.report(database, Format.HTML, weekly.language, at=at, zone=weekly.zone, reader=reader)
    half = path.with_suffix(".half")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        half.write_bytes(text)
        # Whole or not at all: who opens it finds no half of a report, and a run that was killed writes it again.
        half.replace(path)
    except OSError as why:
        raise SourceError(f"the weekly report {path} cannot be written: {why.strerror or why}") from None
    finally:
        with suppress(OSError):
            half.unlink()
    return path
