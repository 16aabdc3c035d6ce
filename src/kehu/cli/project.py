"""`kehu init` and `kehu check`: a project folder, and a look at what its settings would do."""

import json
from importlib import resources
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from kehu import wiring
from kehu.cli import draft, options, screen
from kehu.errors import KehuError, SettingsError
from kehu.flows.intake.preview import Preview, Proposed, preview, proposed
from kehu.model.records import POSITION
from kehu.process import proposal
from kehu.settings import reading
from kehu.settings.sections import FILE_NAME, Channel, Settings

SAMPLE_ROWS = 200
"""So many rows of each channel are looked at."""
SHOWN_ROWS = 5
"""So many cleaned rows, and rows for the quarantine, are shown."""
SHOWN_COLUMNS = ("record_id", "kind", "name", "id_number", "id_valid", "phone", "birth_date", "city", "updated_at")
"""Of a cleaned row, these are shown."""

PROJECT = {"kehu.toml": "kehu.toml", "hall-example.csv": "hall/2026-01-05.csv"}
"""What `kehu init` writes: the file that ships with kehu, and its place in the project."""


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder to make; it may exist.")],
) -> None:
    """Make a project folder: kehu.toml with three example channels, and a drop folder with one file.

    Nothing that is there is overwritten.

    Example: kehu init customers && cd customers && kehu check --channel hall
    """
    if (folder / FILE_NAME).exists():
        raise SettingsError(f"{folder / FILE_NAME} is there already; edit it, or name another folder")
    examples = resources.files("kehu.cli").joinpath("examples")
    for name, place in PROJECT.items():
        path = folder / place
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.exists():
                path.write_bytes(examples.joinpath(name).read_bytes())
        except OSError as why:
            raise SettingsError(f"{path}: cannot be written: {why.strerror}") from None
    screen.stdout.print(f"made {folder / FILE_NAME}: three example channels; edit them, then:")
    if (key := wiring.made_key(folder)) is not None:
        screen.stdout.print(f"  {key} seals certificates: keep a copy elsewhere, and keep it out of git and of backups")
    screen.stdout.print(f"  cd {folder}")
    screen.stdout.print("  kehu check --channel hall    what the settings make of the first rows")
    screen.stdout.print("  kehu run --channel hall      collect, clean, resolve, store")


def check(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="A file that kehu.toml does not know yet.", show_default=False),
    ] = None,
    config: options.Config = None,
    channel: options.Channels = None,
) -> None:
    """Read the settings and a sample of each channel, and show what would be made of it; nothing is stored.

    Shows the mapping (source column, our column, a value before and after), the first cleaned rows, and what would
    go to quarantine and why. A channel without a mapping is proposed one, and a FILE a whole channel, as TOML to paste
    into kehu.toml. Ends with 1 where a channel cannot be read, with 2 where the settings are wrong.

    Examples: kehu check --channel hall · kehu check hall/2026-01-05.csv
    """
    if file is not None:
        _check_file(file, config)
        return
    settings = reading.load(config)
    wanted = [settings.channel(name) for name in channel] if channel else settings.channels
    if not wanted:
        raise SettingsError(f"{settings.folder / FILE_NAME}: there is no channel; describe one in [channels.NAME]")
    worst = 0
    with wiring.town(settings) as secrets:
        for one in wanted:
            screen.stdout.rule(f"[bold]{escape(one.name)}[/]", align="left")
            try:
                if one.mapping is None:
                    _propose(settings, one, secrets)
                else:
                    feed = wiring.feed(settings, one, secrets=secrets)
                    _show(preview(feed, rows=SAMPLE_ROWS, home=settings.kehu.home), one.name)
            except KehuError as why:
                screen.complain(why)
                worst = max(worst, why.exit_code)
    raise typer.Exit(worst)


def _check_file(file: Path, config: options.Config) -> None:
    """Propose a channel for a file, as the settings stand where there are some."""
    try:
        settings = reading.load(config)
    except SettingsError:
        if config is not None or Path(FILE_NAME).is_file():
            raise
        settings = Settings(folder=Path.cwd())
    if not file.is_file():
        raise SettingsError(f"{file}: there is no such file")
    kehu = settings.kehu
    found = proposed(wiring.file(file), rows=proposal.SAMPLE, home=kehu.home, zone=kehu.zone)
    _show_proposed(found, draft.name_of(file))
    screen.stdout.print("\nTo read such files, paste this into kehu.toml:\n")
    screen.print_text(draft.of_file(file.resolve(), found.suggestions, folder=settings.folder))


def _propose(settings: Settings, one: Channel, secrets: wiring.Secrets) -> None:
    channel, zone = wiring.channel(settings, one, secrets=secrets), one.zone or settings.kehu.zone
    found = proposed(channel, rows=proposal.SAMPLE, home=settings.kehu.home, zone=zone)
    _show_proposed(found, one.name)
    screen.stdout.print(f"\n{escape(one.name)} has no mapping yet; paste this into kehu.toml:\n")
    screen.print_text(proposal.as_toml(one.name, list(found.suggestions)))


def _show_proposed(found: Proposed, channel: str) -> None:
    if found.seen is not None:
        _show(found.seen, channel)
        return
    screen.stdout.print(f"columns: {escape(', '.join(found.columns))}")
    screen.stdout.print("none of them looks like the key of a row: say yourself which it is, in record_id = …")


def _show(seen: Preview, channel: str) -> None:
    mapping = Table("source column", "our column", "filled", "value", "cleaned", box=None, pad_edge=False)
    for row in seen.mapped:
        cells = (row.source, row.ours, f"{row.filled}", row.raw or "", row.cleaned or "")
        mapping.add_row(*(escape(cell) for cell in cells))
    screen.print_table(mapping)
    if seen.unused:
        screen.stdout.print(f"[dim]not used: {escape(', '.join(seen.unused))}[/]")
    if seen.proposed:
        screen.stdout.print(
            f"of these, the following could stand in [channels.{proposal.key(channel)}.mapping]:", markup=False
        )
        screen.print_text("\n".join(f"  {line}" for line in proposal.lines(list(seen.proposed))))
    accepted, faulty = seen.accepted.num_rows, seen.faulty.num_rows
    screen.stdout.print(
        f"\n{seen.read} rows read: {accepted} would be accepted ({seen.warned} warnings), {faulty} quarantined"
    )
    if accepted:
        names = [name for name in SHOWN_COLUMNS if seen.accepted[name].null_count < accepted]
        rows = Table(*names, box=None, pad_edge=False)
        for row in seen.accepted.slice(0, SHOWN_ROWS).select(names).to_pylist():
            rows.add_row(*(escape("" if value is None else str(value)) for value in row.values()))
        screen.print_table(rows)
    for row in seen.faulty.slice(0, SHOWN_ROWS).to_pylist():
        reasons = "; ".join(f"{reason['zh']} / {reason['en']}" for reason in json.loads(row["reasons"]))
        screen.stdout.print(f"  quarantine {escape(row[POSITION])}: {escape(reasons)}")
    if faulty > SHOWN_ROWS:
        screen.stdout.print(f"  … and {faulty - SHOWN_ROWS} more")
