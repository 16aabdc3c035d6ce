"""`kehu export` and `kehu verify`: the store as a file, and whether what must always be true of it is."""

import getpass
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from kehu import wiring
from kehu.cli import options, screen
from kehu.errors import SettingsError
from kehu.flows.analysis import export as exports
from kehu.flows.upkeep import verify as checking
from kehu.settings import reading
from kehu.store.exports import What
from kehu.store.verify import Finding


def export(
    out: Annotated[
        Path, typer.Argument(metavar="FILE", help="The file to write: .csv, .xlsx or .parquet.", show_default=False)
    ],
    config: options.Config = None,
    what: Annotated[What, typer.Option("--what", help="What is written.")] = What.CUSTOMERS,
    *,
    mask: Annotated[
        bool, typer.Option("--mask/--no-mask", help="Hide most of certificates, phones, e-mails and addresses.")
    ] = True,
    reason: Annotated[
        str | None,
        typer.Option("--reason", metavar="WHY", help="Why they are taken out in clear.", show_default=False),
    ] = None,
    json: options.Json = False,
) -> None:
    """Write the customers with their golden values, the records in force, or the links to a file.

    Certificates, phones, e-mails, addresses and birth dates are masked unless --no-mask is given, with
    a --reason. The audit trail says who took out what, when and why. In CSV a text that a
    spreadsheet would run as a formula begins with an apostrophe; in XLSX every text stays a text, also a number of 18
    digits. The file can be read by its owner only.

    Examples: kehu export customers.csv · kehu export records.parquet --what records --no-mask --reason "yearly report"
    """
    if not mask and not (reason or "").strip():
        raise SettingsError("--no-mask takes personal values out in clear: say why with --reason")
    asked = exports.Asked(who=f"cli:{getpass.getuser()}", at=wiring.now(), why=reason)
    with screen.watched() as progress, wiring.store(reading.load(config)) as database:
        rows = exports.export(database, what, out, asked=asked, is_masked=mask, progress=progress)
    if json:
        screen.print_json({"file": str(out), "what": what, "rows": rows, "masked": mask})
        return
    screen.stdout.print(f"{rows:,} {what} are in {escape(str(out))}{', masked' if mask else ''}")


def verify(
    config: options.Config = None,
    *,
    reruns: Annotated[
        bool,
        typer.Option(
            "--rerun", help="Also group all records again, compare, and take it back; writers wait meanwhile."
        ),
    ] = False,
    json: options.Json = False,
) -> None:
    """Check what must always be true of the store, and print what is not; ends with 1 where anything is.

    I1: each record is stored once, with every version, and what is sealed opens. I2: each is in one living customer, or
    waits. I3: numbers are not reused, and merged ones lead to a living customer. I4: golden values, contact media and
    search terms are made again out of the records, and must be the same. I5: the audit trail is what was chained, to
    its head outside the database. I6 (--rerun): grouping again changes nothing. I7: the counts of each load add up.
    Nothing is changed; the numbers printed are those of the rows that are wrong.

    Examples: kehu verify --json · kehu verify --rerun
    """
    settings = reading.load(config)
    with screen.watched() as progress, wiring.store(settings) as database:
        found = checking.verify(
            database, wiring.rules(settings), seal=wiring.seal(settings, database), progress=progress
        )
        findings = list(found.findings)
        if reruns:
            findings += checking.rerun(
                database,
                wiring.rules(settings),
                wiring.model(settings, database),
                hot_key_limit=settings.resolve.hot_key_limit,
                at=wiring.now(),
                progress=progress,
            )
    if json:
        told = [asdict(one) for one in findings]
        screen.print_json({"sound": not findings, "findings": told, "remarks": found.remarks})
    else:
        _tell(findings, found.remarks)
    raise typer.Exit(1 if findings else 0)


def _tell(findings: list[Finding], remarks: Iterable[str]) -> None:
    for remark in remarks:
        screen.stdout.print(f"[yellow]not checked[/]  {remark}")
    if not findings:
        screen.stdout.print("sound: every invariant that was checked holds")
    for one in findings:
        rest = ", …" if one.count > len(one.examples) else ""
        examples = ", ".join(str(number) for number in one.examples)
        screen.stdout.print(f"[red]{one.invariant}[/]  {one.count:,} {one.broken}: {examples}{rest}")
