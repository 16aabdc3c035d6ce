"""`kehu rotate-key`: another key for all that is sealed."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table

from kehu import wiring
from kehu.cli import options, screen
from kehu.flows.upkeep import rotate as rotating
from kehu.flows.upkeep.backup import Asked
from kehu.flows.upkeep.rotate import Rotated, Standing
from kehu.settings import reading


def rotate(
    config: options.Config = None,
    reason: Annotated[
        str | None, typer.Option("--reason", metavar="WHY", help="Why, for the audit trail.", show_default=False)
    ] = None,
    *,
    drops: Annotated[
        bool, typer.Option("--drop-old", help="Afterwards forget the old keys that nothing needs any more.")
    ] = False,
    makes: Annotated[
        bool,
        typer.Option(
            "--new/--no-new", help="With --no-new no new key is made: what was stopped is finished, and no more."
        ),
    ] = True,
    dry: Annotated[
        bool, typer.Option("--dry-run", help="Only count what each key is needed for; nothing is changed.")
    ] = False,
    json: options.Json = False,
) -> None:
    """Bring all that is sealed under a new key, while others go on working; stopped, it goes on when run again.

    The new key is put into the key file beside the old ones. In one transaction, for which whoever wants to write
    waits, all keyed hashes are made anew; then sealed values, a few at a time, and the batches as they came. Until the
    end each value is opened by its own key. Not while `kehu run` is at work.

    Reasons in the audit trail and marks of the erased cannot be made anew, and backups are what they are: they go on
    needing their keys. So --drop-old keeps an old key as long as anything in the store needs it, and says what; keep a
    copy of the key file beside old backups.

    Examples: kehu rotate-key · kehu rotate-key --dry-run · kehu rotate-key --no-new --drop-old
    """
    settings = reading.load(config)
    with screen.watched() as progress, wiring.store(settings) as database:
        cupboard = wiring.cupboard(settings)
        if dry:
            _tell_standing(rotating.standing(database, cupboard), json=json)
            return
        by = wiring.by()
        done = rotating.rotate(
            database,
            cupboard,
            asked=Asked(who=by.login, at=by.at, why=reason),
            seal=wiring.seal(settings, database),
            clock=wiring.now,
            makes=makes,
            drops=drops,
            progress=progress,
        )
    _tell_done(done, json=json)
    if done.dropped and settings.key_text is not None:
        screen.stderr.print(f"Take the lines of these keys out of KEHU_KEY: {', '.join(map(str, done.dropped))}")


def _tell_standing(now: Standing, *, json: bool) -> None:
    if json:
        screen.print_json(asdict(now))
        return
    table = Table("key", "needed for", "times")
    for number, needs in now.needs.items():
        for name, count in needs.items():
            table.add_row(f"{number} (in force)" if number == now.key else str(number), name, f"{count:,}")
    screen.print_table(table)
    if now.is_under_way:
        screen.stdout.print("A rotation was stopped: `kehu rotate-key` finishes it.")


def _tell_done(done: Rotated, *, json: bool) -> None:
    if json:
        screen.print_json(asdict(done))
        return
    screen.stdout.print(
        f"Key {done.key} is in force: {_sum(done.hashes)} hashes and {_sum(done.sealed)} values were made anew, "
        f"{done.raw_files:,} files closed anew."
    )
    if done.dropped:
        screen.stdout.print(f"Forgotten: key {', '.join(map(str, done.dropped))}.")
    for number, needs in done.kept.items():
        told = ", ".join(f"{count:,} x {name}" for name, count in needs.items())
        screen.stdout.print(
            f"Key {number} stays, for {told}." if told else f"Key {number} is needed no more: --drop-old"
        )


def _sum(counts: Mapping[str, int]) -> str:
    return f"{sum(counts.values()):,}"
