"""`kehu run` and its halves, `kehu collect` and `kehu identify`."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from rich.markup import escape
from rich.table import Table

from kehu import wiring
from kehu.cli import options, schedule, screen
from kehu.cli.screen import Watched
from kehu.errors import KehuError, SettingsError
from kehu.flows import meanwhile
from kehu.flows import run as runs
from kehu.flows.analysis import figures, segments
from kehu.flows.analysis import weekly as reports
from kehu.flows.analysis.segments import Reader
from kehu.flows.identify import hot
from kehu.flows.insight import sight
from kehu.flows.run import Ran
from kehu.flows.service import tickets
from kehu.flows.upkeep.alone import RUN, alone
from kehu.settings import reading
from kehu.settings.sections import FILE_NAME, Settings
from kehu.store import dues, holdings, planner
from kehu.store.database import Database


def run(
    config: options.Config = None,
    channel: options.Channels = None,
    every: Annotated[
        str | None,
        typer.Option(
            "--every",
            metavar="TIME",
            help="Run again at this interval (30s, 15m, 1h), until Ctrl-C.",
            show_default=False,
        ),
    ] = None,
    *,
    json: options.Json = False,
) -> None:
    """Collect what is new in the channels, clean and check it, find the customers, store them.

    Run it again whenever you like: what is known already changes nothing, and what was stored before a crash is not
    asked for again. A channel that fails does not keep the others from running; the command then ends with 1.

    Only one runs at a time: a second one says who is at work, and ends with 1. With --every, whatever fails is told
    and tried again next time; kehu.toml is read anew each time.

    Examples: kehu run · kehu run --channel hall --json · kehu run --every 15m
    """
    if every is None:
        code = _once(config, channel, json=json)
        raise typer.Exit(code)

    def work() -> None:
        try:
            _once(config, channel, json=json)
        except KehuError as why:
            screen.complain(why)

    interval = schedule.interval(every)
    _settings_with_channels(config)  # What is wrong from the start is no reason to wait for the next time.
    schedule.repeat(work, every=interval, told=lambda due: _announce(config, channel, due))


def _announce(config: options.Config, names: options.Channels, due: datetime | None) -> None:
    """Let the page of the channels tell when they are read next; that it cannot keeps nobody from reading them."""
    try:
        settings = reading.load(config)
        with wiring.store(settings) as database, database.begin() as tx:
            dues.note(tx, names or [one.name for one in settings.asked], due)
    except KehuError as why:
        screen.complain(why)


def _once(config: options.Config, channel: options.Channels, *, json: bool) -> int:
    """One run; its exit code."""
    settings = _settings_with_channels(config)
    with screen.watched() as progress, wiring.store(settings, migrate=True) as database:
        ran = whole(settings, database, channel, progress)
        return _finish(settings, database, ran, progress, json=json)


def collect(config: options.Config = None, channel: options.Channels = None, *, json: options.Json = False) -> None:
    """Only the first half of `kehu run`: records are collected, cleaned, checked and stored, but get no customer yet.

    Example: kehu collect --channel calls
    """
    settings = _settings_with_channels(config)
    with screen.watched() as progress, wiring.store(settings, migrate=True) as database:
        with wiring.town(settings) as secrets, alone(database, RUN, clock=wiring.now) as guard:
            feeds = wiring.feeds(settings, channel, secrets=secrets)
            ran = runs.collect(
                database,
                feeds,
                raw_in=wiring.raw(settings),
                home=settings.kehu.home,
                clock=wiring.now,
                threads=wiring.engine(settings).threads,
                progress=guard.watched(progress),
            )
        code = _finish(settings, database, ran, progress, json=json)
    raise typer.Exit(code)


def identify(config: options.Config = None, *, json: options.Json = False) -> None:
    """Only the second half of `kehu run`: stored records that wait get their customers.

    Example: kehu identify --json
    """
    settings = reading.load(config)
    with screen.watched() as progress, wiring.store(settings, migrate=True) as database:
        with alone(database, RUN, clock=wiring.now) as guard:
            ran = runs.whole(database, [], **wiring.parts(settings, database), progress=guard.watched(progress))
        code = _finish(settings, database, ran, progress, json=json)
    raise typer.Exit(code)


def whole(
    settings: Settings,
    database: Database,
    channels: list[str] | None,
    progress: Watched,
    *,
    then: Callable[[], object] = lambda: None,
) -> Ran:
    """Do all that `kehu run` does, with the parts that the settings choose; `then` comes before figures are counted."""
    with wiring.town(settings) as secrets, alone(database, RUN, clock=wiring.now) as guard:
        feeds = wiring.feeds(settings, channels, secrets=secrets)
        ran = runs.whole(database, feeds, **wiring.parts(settings, database), progress=guard.watched(progress))
    tickets.sweep(database, at=wiring.now())
    then()
    _count(settings, database, is_new=ran.is_new)
    _report(settings, database)
    return ran


def _count(settings: Settings, database: Database, *, is_new: bool) -> None:
    """Count what people look at, so that nobody waits for it."""
    at, zone = wiring.now(), ZoneInfo(settings.serve.zone)
    if is_new:
        meanwhile.attempt(lambda: planner.settle(database), name="telling PostgreSQL which rows everybody sees")
    segments.recount(database, at=at, zone=zone, is_changed=is_new)
    enough = timedelta(minutes=settings.analyse.figures_minutes)
    figures.refresh(database, at=at, zone=zone, older_than=enough, is_changed=is_new)


def _report(settings: Settings, database: Database) -> None:
    """Write the weekly report, where one is wished for and due; what hinders it is told, and tried by the next run."""
    weekly = wiring.weekly(settings)
    if weekly is None:
        return
    reader = Reader(sees_persons=False, sight=sight.Sight(), smallest=settings.analyse.smallest_group)
    try:
        path = reports.write(database, weekly, at=wiring.now(), reader=reader)
    except KehuError as why:
        screen.complain(why)
        return
    if path is not None:
        screen.stderr.print(f"the weekly report is in {escape(str(path))}")


def seconds(progress: Watched) -> dict[str, float]:
    """The seconds of each step of the channels, and those of identifying as one."""
    spent: dict[str, float] = {}
    for (task, step), lasted in progress.seconds.items():
        name = "identify" if task == "identify" else step
        spent[name] = spent.get(name, 0.0) + lasted
    return {name: round(lasted, 3) for name, lasted in {**spent, "total": sum(spent.values())}.items()}


def answer(ran: Ran, held: holdings.Counts, progress: Watched) -> dict[str, Any]:
    """What `--json` prints."""
    counts, identified = ran.counts, ran.identified
    return {
        "records": counts.read,
        "accepted": counts.accepted,
        "quarantined": counts.quarantined,
        "duplicates": counts.duplicate,
        "changed": counts.changed,
        "warned": counts.warned,
        "identified": identified.records,
        "customers": held.customers,
        "customers_created": identified.created,
        "customers_changed": identified.changed,
        "customers_merged": identified.merged,
        "hot_keys": identified.hot_keys,
        "failed": ran.failures,
        "seconds": seconds(progress),
    }


def print_counts(ran: Ran) -> None:
    """Print what each channel brought, as a table."""
    table = Table(box=None, pad_edge=False)
    table.add_column("channel")
    for name in ("read", "accepted", "changed", "duplicate", "quarantined", "warnings"):
        table.add_column(name, justify="right")
    for one in ran.brought:
        c = one.counts
        counts = (c.read, c.accepted, c.changed, c.duplicate, c.quarantined, c.warned)
        table.add_row(escape(one.channel), *(f"{count:,}" for count in counts))
    screen.print_table(table)


def _settings_with_channels(config: options.Config) -> Settings:
    settings = reading.load(config)
    if not settings.channels:
        raise SettingsError(f"{settings.folder / FILE_NAME}: describe a channel first, in [channels.NAME]")
    return settings


def _finish(settings: Settings, database: Database, ran: Ran, progress: Watched, *, json: bool) -> int:
    """Print what came of it; the exit code."""
    progress.finish()
    for channel, reason in ran.failures.items():
        screen.stderr.print(f"[red]kehu:[/] channel {escape(repr(channel))} failed: {escape(reason)}")
    with database.read() as tx:
        held = holdings.counts(tx)
    hot_values = sight.Sight().of(hot.of(database, ran.identified.hot))
    for one in hot_values:
        screen.stderr.print(
            f"[yellow]kehu:[/] {one.records:,} records share the {one.column} {escape(str(one.value))}: it says of "
            "nobody who he is"
        )
    if json:
        screen.print_json(answer(ran, held, progress) | {"hot_values": [asdict(one) for one in hot_values]})
    else:
        if ran.brought:
            print_counts(ran)
        screen.stdout.print(_sentence(ran, held))
    if held.records == ran.identified.records >= ENOUGH and wiring.groups_as_shipped(settings, database):
        _advise()
    return 1 if ran.failures else 0


ENOUGH = 1_000
"""So many records are enough to learn from."""


def _advise() -> None:
    """Tell that the model may be fitted to a first load: nobody looks for what they do not know of."""
    screen.stderr.print(
        "[yellow]kehu:[/] these records were grouped by the model as it is shipped; `kehu train --adopt` fits it to "
        "them, and first shows whom it would merge and split"
    )


def _sentence(ran: Ran, held: holdings.Counts) -> str:
    """What changed, in words."""
    store = f"the store holds {held.records:,} records of {held.customers:,} customers"
    if held.waiting:
        store += f", {held.waiting:,} records wait for `kehu identify`"
    if not ran.is_new:
        return f"nothing new; {store}"
    done = ran.identified
    customers = f"{done.created:,} customers are new, {done.changed:,} changed, {done.merged:,} merged"
    return f"{ran.counts.accepted:,} records are new; {customers}; {store}"
