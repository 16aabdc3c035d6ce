"""Every command, by name. What a command needs is loaded when it runs: `kehu --help` waits for none of it."""

import gc
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version as version_of
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup


@dataclass(frozen=True, kw_only=True)
class Late:
    """A command that is loaded when it runs."""

    module: str
    """The file in `cli/` that holds it."""
    attribute: str
    """Its function there, or the Typer of a group."""
    help: str
    """The line that the list of commands shows; the first sentence of its own help."""


COMMANDS: dict[str, Late] = {
    "demo": Late(
        module="demo",
        attribute="demo",
        help="Invent a town, take its records the whole way, say how right the customers are, and serve the page.",
    ),
    "init": Late(
        module="project",
        attribute="init",
        help="Make a project folder: kehu.toml with three example channels, and a drop folder with one file.",
    ),
    "check": Late(
        module="project",
        attribute="check",
        help="Read the settings and a sample of each channel, and show what would be made of it; nothing is stored.",
    ),
    "run": Late(
        module="running",
        attribute="run",
        help="Collect what is new in the channels, clean and check it, find the customers, store them.",
    ),
    "collect": Late(
        module="running",
        attribute="collect",
        help="Only the first half of `kehu run`: records are collected, cleaned, checked and stored, but get no "
        "customer yet.",
    ),
    "identify": Late(
        module="running",
        attribute="identify",
        help="Only the second half of `kehu run`: stored records that wait get their customers.",
    ),
    "resolve": Late(
        module="offline",
        attribute="resolve",
        help="Put every record of a flat file into one customer; no store, no settings.",
    ),
    "train": Late(
        module="training",
        attribute="train",
        help="Learn a model from records, without labels; or adopt one for the store.",
    ),
    "evaluate": Late(
        module="offline",
        attribute="evaluate",
        help="Say how right a partition is, where the truth is known: precision, recall and F1, over pairs and "
        "B-cubed.",
    ),
    "quarantine": Late(
        module="quarantine",
        attribute="app",
        help="The rows that broke a rule: list them, show one, replay or dismiss them.",
    ),
    "decide": Late(
        module="deciding",
        attribute="app",
        help="Merge customers, split one, pin a value, take a decision back, and see what was decided.",
    ),
    "explain": Late(
        module="explaining",
        attribute="explain",
        help="Tell why two stored records are one customer, or two: the verdict and every piece of evidence.",
    ),
    "profile": Late(
        module="profiling",
        attribute="profile",
        help="Show what stands in the records, column by column, and the quality of what came in the last days.",
    ),
    "export": Late(
        module="exporting",
        attribute="export",
        help="Write the customers with their golden values, the records in force, or the links to a file.",
    ),
    "verify": Late(
        module="exporting",
        attribute="verify",
        help="Check what must always be true of the store, and print what is not; ends with 1 where anything is.",
    ),
    "backup": Late(
        module="backup",
        attribute="backup",
        help="Write all that the store holds at this moment to a file, from which any of the databases is made again.",
    ),
    "rotate-key": Late(
        module="keys",
        attribute="rotate",
        help="Bring all that is sealed under a new key, while others go on working; stopped, it goes on when run "
        "again.",
    ),
    "restore": Late(
        module="backup",
        attribute="restore",
        help="Make the store that kehu.toml names from a backup, whichever of the databases that came from.",
    ),
    "report": Late(
        module="reporting",
        attribute="report",
        help="Write figures of the customers: mermaid, JSON or CSV of one, HTML or PNG of all.",
    ),
    "serve": Late(
        module="serving",
        attribute="serve",
        help="Serve the pages and the interface for machines, until Ctrl-C.",
    ),
    "segment": Late(
        module="segments",
        attribute="app",
        help="Segments (客群): count and list customers by conditions.",
    ),
    "disclose": Late(
        module="privacy",
        attribute="disclose",
        help="Write all that is held on a customer to a file, for them.",
    ),
    "consent": Late(
        module="privacy",
        attribute="consents",
        help="Consent (同意): what a customer said of each purpose.",
    ),
    "restrict": Late(
        module="privacy",
        attribute="restrict",
        help="Let what is held on a customer be stored and not used, or free it again.",
    ),
    "erase": Late(
        module="privacy",
        attribute="erase",
        help="Erase a customer from every copy; what law makes us keep is locked away.",
    ),
    "retain": Late(
        module="privacy",
        attribute="retain",
        help="Erase what law makes us keep no longer, and finish erasures that were stopped.",
    ),
    "affected": Late(
        module="breach",
        attribute="affected",
        help="Write whom a breach affects, how they are reached, and which of their values leaked.",
    ),
    "user": Late(
        module="users",
        attribute="app",
        help="Our own users (用户管理), and the keys of machines.",
    ),
}
"""The commands in the order in which they are listed."""


class Group(TyperGroup):
    """Lists commands without loading them, and loads the one that runs.

    Typer keeps the types of its contexts and commands to itself, so some of them stand here as Any.
    """

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002  (click's signature)
        """The names of all commands."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> TyperCommand | None:  # noqa: ARG002  (click's signature)
        """What the list shows of a command."""
        late = COMMANDS.get(cmd_name)
        return None if late is None else TyperCommand(cmd_name, help=late.help)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that the arguments name, loaded, and what is left for it."""
        if args and args[0] in COMMANDS:
            return args[0], loaded(args[0]), args[1:]
        return super().resolve_command(ctx, args)


def loaded(name: str) -> Any:
    """A command with all it needs."""
    found = _found(COMMANDS[name])
    if not isinstance(found, typer.Typer):
        alone = typer.Typer(**_LOOKS)
        alone.command(name)(found)
        found = alone
    return typer.main.get_command(found)


def _found(late: Late) -> Callable[..., Any] | typer.Typer:
    # What is loaded stays, so nothing is gained by looking for garbage meanwhile; that took a fifth of the time.
    gc.disable()
    try:
        from kehu.model import arrow  # noqa: PLC0415 - the list of commands does without pyarrow

        arrow.without_pandas()
        found: Callable[..., Any] | typer.Typer = getattr(import_module(f"kehu.cli.{late.module}"), late.attribute)
    finally:
        gc.enable()
    return found


_LOOKS: dict[str, Any] = {
    "pretty_exceptions_enable": False,
    "add_completion": False,
    "rich_markup_mode": "rich",
}

app = typer.Typer(
    name="kehu",
    cls=Group,
    help="One trusted customer (客户) from the records of every channel.",
    no_args_is_help=True,
    **_LOOKS,
)


def _version(wanted: bool) -> None:  # noqa: FBT001 - typer calls it so
    if wanted:
        typer.echo(f"kehu {version_of('kehu')}")
        raise typer.Exit


@app.callback()
def kehu(
    *,
    version: Annotated[  # Its callback acts.
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """One trusted customer (客户) from the records of every channel."""
