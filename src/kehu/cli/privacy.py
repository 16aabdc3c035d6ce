"""`kehu disclose`, `consent`, `restrict`, `erase` and `retain`: what people may ask for, from the command line."""

import getpass
import json as jsons
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from kehu import wiring
from kehu.cli import options, screen
from kehu.flows.privacy import consents as consenting
from kehu.flows.privacy import disclose as disclosing
from kehu.flows.privacy import erase as erasing
from kehu.flows.privacy import restrict as restricting
from kehu.flows.privacy import retain as retaining
from kehu.flows.privacy.asked import Asked
from kehu.flows.upkeep import audit as auditing
from kehu.model.privacy import PURPOSES, Purpose, Said
from kehu.settings import reading

Customer = Annotated[int, typer.Argument(metavar="CUSTOMER", help="Its number.", show_default=False)]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; it is kept, sealed.", show_default=False)]

consents = typer.Typer(help="Consent (同意): what a customer said of each purpose.", no_args_is_help=True)


def disclose(
    customer: Customer,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="The file to write.", show_default=False)],
    checked: Annotated[
        str, typer.Option("--checked", metavar="TEXT", help="How it was checked who they are.", show_default=False)
    ],
    config: options.Config = None,
    *,
    json: options.Json = False,
) -> None:
    """Write all that is held on a customer to a file, for them.

    Every version of their records, golden values with the record each came from, contact media, numbers, accounts,
    contacts, tickets, consents, decisions, quarantined rows, and who looked at them; with what each column means.

    Example: kehu disclose 17 --out 17.json --checked "resident card, hall 3"
    """
    settings = reading.load(config)
    with wiring.store(settings) as database:
        told = disclosing.disclose(database, customer, asked=asked(checked))
        disclosing.write(told, out)
        auditing.sealed(database, wiring.seal(settings, database), at=wiring.now())
    rows = {name: len(held) for name, held in told["held"].items()}
    if json:
        screen.print_json({"file": str(out), "customer_id": told["customer_id"], "rows": rows})
        return
    screen.stdout.print(f"{sum(rows.values()):,} rows of {len(rows)} tables are in {escape(str(out))}")


@consents.command("list")
def listed(customer: Customer, config: options.Config = None, *, json: options.Json = False) -> None:
    """List what a customer said, the latest first.

    Example: kehu consent list 17
    """
    with wiring.store(reading.load(config)) as database:
        told = consenting.of_customer(database, customer)
    if json:
        screen.print_json(jsons.loads(jsons.dumps(asdict(told), default=str)))
        return
    table = Table("purpose", "said", "notice", "by", "on", "noted by", box=None, pad_edge=False)
    for one in told.history:
        cells = (PURPOSES[one.purpose][1], one.said, one.notice, one.channel, f"{one.at:%Y-%m-%d %H:%M}", one.noted_by)
        table.add_row(*(escape(cell) for cell in cells))
    screen.print_table(table)


@consents.command("note")
def noted(
    customer: Customer,
    purpose: Annotated[Purpose, typer.Argument(metavar="PURPOSE", help="What it is about.", show_default=False)],
    said: Annotated[Said, typer.Argument(metavar="SAID", help="given or withdrawn.", show_default=False)],
    notice: Annotated[
        str, typer.Option("--notice", metavar="V", help="Version of the notice they were shown.", show_default=False)
    ],
    channel: Annotated[str, typer.Option("--channel", metavar="C", help="The way they said it.")] = "command line",
    config: options.Config = None,
    *,
    json: options.Json = False,
) -> None:
    """Note what a customer said of a purpose: the latest word holds, the earlier ones are kept.

    Example: kehu consent note 17 marketing withdrawn --notice 2026-03
    """
    settings = reading.load(config)
    with wiring.store(settings) as database:
        told = consenting.note(
            database, customer, purpose=purpose, said=said, notice=notice, channel=channel, asked=asked("")
        )
        auditing.sealed(database, wiring.seal(settings, database), at=wiring.now())
    if json:
        screen.print_json(jsons.loads(jsons.dumps(asdict(told), default=str)))
        return
    screen.stdout.print(f"{PURPOSES[purpose][1]}: {said}")


def restrict(
    customer: Customer,
    reason: Reason,
    config: options.Config = None,
    *,
    free: Annotated[bool, typer.Option("--free", help="Let it be used again.")] = False,
    json: options.Json = False,
) -> None:
    """Let what is held on a customer be stored and not used, or free it again.

    Lists, search, segments and exports leave restricted customers out; privacy officers see them.

    Examples: kehu restrict 17 --reason "disputes her address" · kehu restrict 17 --free --reason "settled"
    """
    settings = reading.load(config)
    with wiring.store(settings) as database:
        act = restricting.free if free else restricting.restrict
        living = act(database, customer, asked=asked(reason))
        auditing.sealed(database, wiring.seal(settings, database), at=wiring.now())
    if json:
        screen.print_json({"customer_id": living, "restricted": not free})
        return
    screen.stdout.print(f"customer {living} is {'free' if free else 'restricted'} now")


def erase(customer: Customer, reason: Reason, config: options.Config = None, *, json: options.Json = False) -> None:
    """Erase a customer from every copy; what law makes us keep is locked away.

    What goes: records in all versions, golden values and their past, keys, links, contact media, search terms,
    consents, tickets, notes, quarantined rows, raw files. Marks (keyed hashes) stay, by which rows of theirs are left
    out when they come again. Exports and backups that were taken before are files of yours: the audit trail says who
    has them.

    Example: kehu erase 17 --reason "asked for it by letter of 20 November"
    """
    settings = reading.load(config)
    with wiring.store(settings) as database:
        desk, room = wiring.desk(settings, database), wiring.room(settings)
        receipt = erasing.erase(database, desk, customer, asked=asked(reason), room=room)
        auditing.sealed(database, wiring.seal(settings, database), at=wiring.now())
    if json:
        screen.print_json({"erasure_id": receipt.erasure_id, "state": receipt.state, **receipt.told})
        return
    screen.stdout.print(
        f"erasure {receipt.erasure_id} is {receipt.state}: {receipt.told['rows']:,} rows and "
        f"{receipt.told['raw_rows']:,} raw rows are gone, {receipt.told['kept_by_law']:,} records are kept by law"
    )


def retain(
    config: options.Config = None,
    *,
    ended: Annotated[bool, typer.Option("--ended", help="Also erase customers whose service ended long ago.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    json: options.Json = False,
) -> None:
    """Erase what law makes us keep no longer, and finish erasures that were stopped.

    Customers whose every number ended more than keep_years ago, and of whom nothing came since, are told, and erased
    with --ended: a feed that stopped looks like that, too. Run it daily; doing it again does nothing.

    Examples: kehu retain --dry-run · kehu retain --ended
    """
    settings = reading.load(config)
    with wiring.store(settings) as database:
        due_by = asked("its time is over")
        if dry_run:
            due = retaining.due(database, asked=due_by, room=wiring.room(settings))
        else:
            desk = wiring.desk(settings, database)
            due = retaining.retain(database, desk, asked=due_by, room=wiring.room(settings), with_ended=ended)
            auditing.sealed(database, wiring.seal(settings, database), at=wiring.now())
    if json:
        screen.print_json({**asdict(due), "done": not dry_run})
        return
    verb = "would be" if dry_run else "are"
    screen.stdout.print(f"{due.records:,} records {verb} erased, {due.unfinished:,} erasures {verb} finished")
    if due.ended:
        numbers = ", ".join(str(number) for number in due.ended[:10]) + (", …" if len(due.ended) > 10 else "")
        what = f"{verb} erased" if ended else "wait for --ended"
        screen.stdout.print(f"{len(due.ended):,} customers whose service ended long ago {what}: {numbers}")


def asked(why: str) -> Asked:
    """Who sits at the command line, now, and why."""
    return Asked(who=f"cli:{getpass.getuser()}", at=wiring.now(), why=why)
