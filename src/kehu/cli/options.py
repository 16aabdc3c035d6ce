"""The options that several commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="PATH",
        help="The settings file, or its folder; else KEHU_CONFIG, else kehu.toml in the current folder.",
        show_default=False,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line on stdout.")]
Channels = Annotated[
    list[str] | None,
    typer.Option("--channel", metavar="C", help="Only this channel; may be given again.", show_default=False),
]

Application = Callable[..., None]
"""Serves an open store until it is told to stop: `serve.listening.serve`, which this room must not import."""
