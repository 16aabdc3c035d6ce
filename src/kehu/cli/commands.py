"""Every command, by name."""

from typing import Annotated

import typer

from kehu import __version__
from kehu.cli import demo, explaining, exporting, offline, profiling, project, quarantine, running, serving

app = typer.Typer(
    name="kehu",
    help="One trusted customer (客户) from the records of every channel.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode="rich",
)


def _version(wanted: bool) -> None:  # noqa: FBT001 - typer calls it so
    if wanted:
        typer.echo(f"kehu {__version__}")
        raise typer.Exit


@app.callback()
def kehu(
    *,
    version: Annotated[  # Its callback acts.
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """One trusted customer (客户) from the records of every channel."""


app.command()(demo.demo)
app.command()(project.init)
app.command()(project.check)
app.command()(running.run)
app.command()(running.collect)
app.command()(running.identify)
app.command()(offline.resolve)
app.command()(offline.train)
app.command()(offline.evaluate)
app.add_typer(quarantine.app, name="quarantine")
app.command()(explaining.explain)
app.command()(profiling.profile)
app.command()(exporting.export)
app.command()(exporting.verify)
app.command()(serving.report)
app.command()(serving.serve)
