"""`kehu report`: figures as text, a document or a picture."""

import sys
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.markup import escape

from kehu import wiring
from kehu.analyse.report import Format
from kehu.cli import options, screen
from kehu.errors import SettingsError, SourceError
from kehu.flows.analysis import figures
from kehu.flows.analysis.segments import Reader
from kehu.flows.insight import sight
from kehu.model.languages import Language
from kehu.settings import reading


def report(
    config: options.Config = None,
    form: Annotated[Format, typer.Option("--format", help="How it is written.")] = Format.MERMAID,
    language: Annotated[Language, typer.Option("--language", help="The language of titles and labels.")] = Language.ZH,
    figure: Annotated[
        list[str] | None,
        typer.Option(
            "--figure",
            metavar="NAME",
            help=f"One of {', '.join(figures.NAMES)}; may be given again.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Where to write; else stdout.", show_default=False)
    ] = None,
) -> None:
    """Write figures of the customers: mermaid, JSON or CSV of one, HTML or PNG of all.

    The HTML file holds its charts; it works with the network off.

    Examples: kehu report --format mermaid > categories.md · kehu report --format html --out report.html
    """
    settings = reading.load(config)
    if form is Format.PNG and out is None and sys.stdout.isatty():
        raise SettingsError("a picture is nothing for a terminal: say --out report.png")
    reader = Reader(sees_persons=True, sight=sight.CLEAR, smallest=0)
    with wiring.store(settings) as database:
        text = figures.report(
            database, form, language, at=wiring.now(), zone=ZoneInfo(settings.serve.zone), reader=reader,
            names=tuple(figure) if figure else None,
        )  # fmt: skip
    if out is not None:
        try:
            out.write_bytes(text)
        except OSError as why:
            raise SourceError(f"{out}: cannot be written: {why.strerror}") from None
        screen.stdout.print(f"the report is in {escape(str(out))}")
    elif form is Format.PNG:
        sys.stdout.buffer.write(text)
    else:
        screen.print_text(text.decode())
