"""`kehu train`: a model from a file, or from the store, and then adopted by it."""

import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from kehu import wiring
from kehu.cli import options, screen
from kehu.cli.offline import Threads, tell_unknown
from kehu.engine.engine import Engine
from kehu.errors import SettingsError
from kehu.flows import partition
from kehu.flows.identify import adopt as adopting
from kehu.flows.identify.adopt import Proposal, Shown
from kehu.flows.identify.grouping import Identified
from kehu.flows.upkeep import audit
from kehu.flows.upkeep.alone import RUN, alone
from kehu.resolve.model import Learned, Model, Rates
from kehu.settings import reading
from kehu.settings.sections import Settings
from kehu.store.database import Database


def train(
    records: Annotated[
        Path | None,
        typer.Argument(metavar="[IN]", help="Flat records, Parquet or CSV, with our column names.", show_default=False),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="MODEL.json", help="The model to write.", show_default=False)
    ] = None,
    threads: Threads = 0,
    config: options.Config = None,
    *,
    adopt: Annotated[
        bool,
        typer.Option("--adopt", help="Learn from the store's records, show what would merge and split, and adopt it."),
    ] = False,
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            metavar="M",
            help="With --adopt: this model and no new one; a file, or `shipped`.",
            show_default=False,
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="With --adopt: do not ask.")] = False,
    json: options.Json = False,
) -> None:
    """Learn a model from records, without labels; or adopt one for the store.

    With --adopt the records in force are learned from, and what stewards decided sharpens the model. Whom it would
    merge and split is shown; then it asks, or takes --yes for an answer. Where there is neither a terminal nor --yes,
    it only shows, and ends with 2. What is adopted is kept below models/, and all records are grouped by it at once:
    decisions hold, numbers last. `kehu serve` is to be started again then.

    Examples: kehu train records.parquet --out model.json · kehu train --adopt · kehu train --adopt --model shipped
    """
    if adopt:
        if records is not None or out is not None:
            raise SettingsError("--adopt learns from the store: it takes neither a file nor --out")
        raise typer.Exit(_adopt(reading.load(config), model, threads=threads, yes=yes, json=json))
    if records is None or out is None:
        raise SettingsError("name the records and, by --out, the model to write; or --adopt one for the store")
    if model is not None or yes:
        raise SettingsError("--model and --yes go with --adopt")
    with screen.watched() as progress:
        progress.task("train")
        made, report = partition.train_file(records, out, wiring.duck(threads), progress=progress.step)
    tell_unknown(report)
    if json:
        screen.print_json(report.as_json() | _about(made))
        return
    _print_learned(made)
    screen.stdout.print(f"{escape(made.learned)}: {escape(str(out))}")


def _adopt(settings: Settings, name: str | None, *, threads: int, yes: bool, json: bool) -> int:
    """Propose a model and, if that is wanted, adopt it; the exit code."""
    engine = wiring.duck(threads or settings.resolve.threads)
    given = None if name is None else wiring.named_model(name, folder=settings.folder)
    with wiring.store(settings, migrate=True) as database:
        with screen.watched() as progress:
            proposal = adopting.propose(
                database,
                engine,
                hot_key_limit=settings.resolve.hot_key_limit,
                given=given,
                threads=engine.threads,
                progress=progress,
            )
        told: dict[str, Any] = {"adopted": False, "model": None, **proposal.as_json()}
        told |= {} if given is not None else _about(proposal.model)
        # By another `hot_key_limit` the same model groups otherwise.
        changes = proposal.merging > 0 or proposal.splits > 0
        is_done = not changes and adopting.is_in_force(database, proposal.model)
        if not json:
            if given is None:
                _print_learned(proposal.model)
            _print_proposal(proposal)
        if is_done:
            code = 0
            screen.stderr.print("this model is in force already")
        elif yes or _wanted():
            told["model"], done = _adopted(settings, database, engine, proposal.model)
            told |= {"adopted": True, **{f"customers_{what}": getattr(done, what) for what in _DONE}}
            code = 0
            screen.stderr.print(f"{told['model']} is in force; start `kehu serve` again where it runs")
        else:
            code = 0 if sys.stdin.isatty() else SettingsError.exit_code
            screen.stderr.print("nothing was adopted" + ("" if code == 0 else ": say --yes where nobody can be asked"))
    if json:
        screen.print_json(told)
    return code


_DONE = ("created", "changed", "merged")
"""What is told of `Identified`."""


def _wanted() -> bool:
    return sys.stdin.isatty() and typer.confirm("Adopt it?", err=True)


def _adopted(settings: Settings, database: Database, engine: Engine, model: Model) -> tuple[str, Identified]:
    asked = adopting.Asked(who=wiring.by().login, instead_of=settings.resolve.model)
    with screen.watched() as progress, alone(database, RUN, clock=wiring.now) as guard:
        done = adopting.adopt(
            database,
            engine,
            model,
            folder=settings.folder,
            asked=asked,
            trust={channel.name: channel.trust for channel in settings.channels},
            survivorship=settings.survivorship,
            hot_key_limit=settings.resolve.hot_key_limit,
            clock=wiring.now,
            progress=guard.watched(progress),
        )
    audit.sealed(database, wiring.seal(settings, database), at=wiring.now())
    return done


def _print_proposal(proposal: Proposal) -> None:
    """What would merge and split, in words and in samples."""
    for title, samples in (("would merge", proposal.merge_samples), ("would split", proposal.split_samples)):
        if samples:
            screen.print_table(_samples(title, samples))
    screen.stdout.print(
        f"{proposal.records:,} records of {proposal.customers:,} customers would be {proposal.customers_then:,}: "
        f"{proposal.merging:,} customers would merge into {proposal.merges:,}, {proposal.splits:,} would split"
    )


def _samples(title: str, samples: Sequence[Sequence[Shown]]) -> Table:
    table = Table(title, "", "customer today", "record", "name", box=None, pad_edge=False)
    for number, sample in enumerate(samples, 1):
        for one in sample:
            today = "new" if one.customer is None else str(one.customer)
            record, name = escape(f"{one.channel}:{one.record_id}"), escape(one.name or "")
            table.add_row(f"sample {number}", f"part {one.part}", today, record, name)
    return table


def _about(model: Model) -> dict[str, Any]:
    """What is told of a model that was learned, for programs."""
    learned = model.training
    assert learned is not None, "it was learned here"
    levels = {name: _rates(of) for name, of in model.rates.items()}
    return asdict(learned) | {"learned": model.learned, "warnings": learned.warnings(), "levels": levels}


def _print_learned(model: Model) -> None:
    learned = model.training
    assert learned is not None, "it was learned here"
    screen.stdout.print(_learned(model.rates, learned))
    for warning in learned.warnings():
        screen.stdout.print(f"[yellow]{escape(warning)}[/]")


def _rates(levels: Mapping[str, Rates]) -> dict[str, dict[str, float]]:
    return {name: asdict(rates) | {"weight": _weight(rates)} for name, rates in levels.items()}


def _weight(rates: Rates) -> float:
    return round(math.log2(rates.same / rates.chance), 2)


def _learned(rates: Mapping[str, Mapping[str, Rates]], learned: Learned) -> Table:
    """How often each level is seen in each class of pairs, and among how many pairs it was seen."""
    table = Table("comparison", "level")
    for head in ("m: one customer", "kin", "u: chance", "weight", "pairs"):
        table.add_column(head, justify="right")
    for comparison, levels in rates.items():
        for level, of in levels.items():
            figures = (f"{of.same:.2g}", f"{of.kin:.2g}", f"{of.chance:.2g}", f"{_weight(of):+.1f}")
            table.add_row(comparison, level, *figures, f"{learned.seen[comparison][level]:,}")
        table.add_section()
    return table
