"""`kehu segment`: which customers are meant by a condition, how many, and a list of them."""

import json as notation
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from rich.markup import escape
from rich.table import Table

from kehu import wiring
from kehu.cli import options, screen
from kehu.errors import SettingsError
from kehu.flows.analysis import segments
from kehu.flows.analysis.segments import Purpose, Reader
from kehu.flows.insight import sight as sights
from kehu.model import segments as model
from kehu.model.privacy import Purpose as Consent
from kehu.settings import reading
from kehu.settings.sections import Settings
from kehu.store import conditions
from kehu.store import segments as stored


class Use(StrEnum):
    """What a list is used for, of what people are asked to consent to."""

    MARKETING = "marketing"
    """Offers."""
    PROFILING = "profiling"
    """Putting people into segments, and scoring them."""
    SHARING = "sharing"
    """Handing it on to others."""
    ABROAD = "abroad"
    """Handing it on to another country."""
    SERVICE = "service"
    """The contract itself needs it; nobody is asked."""


app = typer.Typer(name="segment", help="Segments (客群): count and list customers by conditions.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="A saved segment, or a file of conditions (.json).")]


@app.command("list")
def listed(config: options.Config = None, *, json: options.Json = False) -> None:
    """Show the saved segments, each with the size it last had.

    Example: kehu segment list
    """
    settings = reading.load(config)
    with wiring.store(settings) as database:
        found = segments.listed(database, limit=1000, reader=_reader(settings))
    if json:
        screen.print_json({"segments": [_shown(one) for one in found]})
        return
    table = Table("name", "version", "customers", "saved by", "saved at")
    for one in found:
        size = _last(one)
        table.add_row(
            escape(one.name), str(one.version), "" if size is None else f"{size:,}", escape(one.made_by),
            f"{one.made_at:%Y-%m-%d %H:%M} UTC",
        )  # fmt: skip
    screen.stdout.print(table if found else "no segment yet: kehu segment add conditions.json --name NAME")


@app.command()
def count(name: Name, config: options.Config = None, *, json: options.Json = False) -> None:
    """Say how many customers are meant today.

    Example: kehu segment count students
    """
    settings = reading.load(config)
    with wiring.store(settings) as database:
        wanted, _ = _meant(database, name)
        counted = segments.count(database, wanted, _today(settings), reader=_reader(settings))
    if json:
        screen.print_json({"customers": counted.customers, "of": counted.of})
        return
    screen.stdout.print(f"{counted.customers:,} of {counted.of:,} customers")


@app.command()
def add(
    conditions: Annotated[Path, typer.Argument(metavar="FILE.json", help="The conditions, as docs/segments.md tells.")],
    name: Annotated[str, typer.Option("--name", help="What it is called; a name that is there gets another version.")],
    *,
    with_each_run: Annotated[bool, typer.Option("--with-each-run", help="Count it with each kehu run.")] = False,
    config: options.Config = None,
) -> None:
    """Save a segment from a file of conditions.

    Example: kehu segment add students.json --name students
    """
    settings, wanted = reading.load(config), _read(conditions)
    with wiring.store(settings) as database:
        there = {one.name: one.segment_id for one in segments.listed(database, limit=1000, reader=_reader(settings))}
        saved = segments.save(
            database, wanted, name=name, by=wiring.by(), segment_id=there.get(name.strip()),
            with_each_run=with_each_run, reader=_reader(settings),
        )  # fmt: skip
    screen.stdout.print(f"saved {escape(saved.name)}, version {saved.version}")


@app.command()
def export(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name of a saved segment.")],
    out: Annotated[Path, typer.Argument(metavar="FILE", help="The file to write: .csv, .xlsx or .parquet.")],
    purpose: Annotated[str, typer.Option("--purpose", help="What the list is for; the audit trail keeps it.")],
    recipient: Annotated[str, typer.Option("--recipient", help="Who gets it.")],
    consent: Annotated[
        Use,
        typer.Option(
            "--for",
            help="What it is used for: who refused that is left out, for sharing and abroad all that did not consent.",
        ),
    ] = Use.MARKETING,
    *,
    mask: Annotated[
        bool, typer.Option("--mask/--no-mask", help="Hide most of certificates, phones, e-mails and addresses.")
    ] = True,
    config: options.Config = None,
    json: options.Json = False,
) -> None:
    """Write the customers of a segment to a file.

    Example: kehu segment export students students.xlsx --purpose "summer plan" --recipient "hall 7"
    """
    settings = reading.load(config)
    reader = _reader(settings, is_clear=not mask)
    with screen.watched() as progress, wiring.store(settings) as database:
        wanted, found = _meant(database, name)
        if found is None:
            raise SettingsError(f"{name} is a file: save it first by kehu segment add, so that the trail can name it")
        why = Purpose(
            purpose=purpose, recipient=recipient, consent=None if consent is Use.SERVICE else Consent(consent.value)
        )
        taken = segments.export(
            database, found, wanted, _today(settings), out, why=why, by=wiring.by(), reader=reader, progress=progress
        )
    if json:
        screen.print_json({"file": str(out), "rows": taken.customers, "left_out": taken.left_out, "masked": mask})
        return
    screen.stdout.print(f"{taken.customers:,} customers are in {escape(str(out))}{', masked' if mask else ''}")
    if taken.left_out:
        screen.stdout.print(f"{taken.left_out:,} are left out: {_why_not(consent)}")


def _why_not(consent: Use) -> str:
    children = "children whose guardian has not consented"
    if consent is Use.SERVICE:
        return children
    asked = "did not consent to" if consent in (Use.SHARING, Use.ABROAD) else "refused"
    return f"they {asked} {consent.value}, or are {children}"


def _meant(database: Any, name: str) -> tuple[model.Segment, stored.Saved | None]:
    if name.endswith(".json"):
        return _read(Path(name)), None
    with database.read() as tx:
        found = stored.named(tx, name)
    return found.segment, found


def _read(path: Path) -> model.Segment:
    try:
        tree = notation.loads(path.read_text(encoding="utf-8"))
    except OSError as why:
        raise SettingsError(f"{path}: cannot be read: {why.strerror}") from None
    except ValueError as why:
        raise SettingsError(f"{path}: this is not JSON: {why}") from None
    return model.parsed(tree)


def _reader(settings: Settings, *, is_clear: bool = False) -> Reader:
    sight = sights.CLEAR if is_clear else sights.Sight()
    return Reader(sees_persons=True, sight=sight, smallest=settings.analyse.smallest_group)


def _today(settings: Settings) -> conditions.Today:
    return segments.today(wiring.now(), ZoneInfo(settings.serve.zone))


def _shown(one: segments.Shown) -> dict[str, Any]:
    return {"name": one.name, "version": one.version, "customers": _last(one), "condition": one.condition}


def _last(one: segments.Shown) -> int | None:
    return one.sizes[-1].customers if one.sizes else None
