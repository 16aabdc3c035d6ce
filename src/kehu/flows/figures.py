"""The figures of the dashboard: from what is kept, or counted now where a filter asks for it."""

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from kehu.analyse import document, figures, picture
from kehu.analyse import report as reports
from kehu.analyse.figures import Figure
from kehu.analyse.report import Format
from kehu.errors import NotFoundError, SettingsError
from kehu.flows.segments import Reader
from kehu.model.languages import Language
from kehu.store import dashboard
from kehu.store.database import Database
from kehu.store.views import Filter

NAMES = tuple(dashboard.FIGURES)


@dataclass(frozen=True, kw_only=True)
class Dashboard:
    """Figures, and when they were counted."""

    figures: tuple[Figure, ...]
    at: datetime


def refresh(database: Database, *, at: datetime, zone: tzinfo, older_than: timedelta = timedelta(0)) -> bool:
    """Count every figure and keep it, unless what is kept is fresher than asked for; whether it was."""
    with database.read() as tx:
        before = dashboard.kept_at(tx)
        if before is not None and at - before < older_than:
            return False
        today, where = at.astimezone(zone).date(), Filter().conditions()
        now = [(name, dashboard.counted(tx, name, where=where, today=today)) for name in NAMES]
    with database.begin() as tx:
        dashboard.keep(tx, now, at=at)
    return True


def shown(
    database: Database, wanted: Filter, *, at: datetime, zone: tzinfo, reader: Reader, names: tuple[str, ...] = NAMES
) -> Dashboard:
    """The figures of the customers that are wanted; all of them as they were when last counted.

    Raises:
        NotFoundError: There is no figure of this name.
    """
    if unknown := [name for name in names if name not in NAMES]:
        raise NotFoundError(f"there is no figure {unknown[0]} (has: {', '.join(NAMES)})")
    today = at.astimezone(zone).date()
    with database.read() as tx:
        before = dashboard.kept_at(tx) if wanted == Filter() else None
        counts = {
            name: dashboard.counted(tx, name, where=wanted.conditions(), today=today)
            if before is None
            else dashboard.kept(tx, name)
            for name in names
        }
    smallest = 0 if reader.sees_persons else reader.smallest
    made = tuple(figures.figure(name, counts[name], smallest=smallest) for name in names)
    return Dashboard(figures=made, at=before or at)


def report(
    database: Database,
    form: Format,
    language: Language,
    *,
    at: datetime,
    zone: tzinfo,
    reader: Reader,
    names: tuple[str, ...] | None = None,
) -> bytes:
    """Figures as a file: all as a document or a picture, else the customers by category, unless others are named.

    Raises:
        NotFoundError: There is no figure of this name.
        SettingsError: The form needs what is not installed, or holds one figure only.
    """
    whole = form in (Format.HTML, Format.PNG)
    wanted = names or (NAMES if whole else ("category",))
    if not whole and len(wanted) > 1:
        raise SettingsError(f"--format {form} holds one figure: name one, or take html or png")
    told = shown(database, Filter(), at=at, zone=zone, reader=reader, names=wanted)
    if form is Format.HTML:
        return document.html(told.figures, language, at=told.at.astimezone(zone)).encode()
    if form is Format.PNG:
        return picture.png(told.figures, language)
    return reports.written(told.figures[0], form, language).encode()
