"""The door: runs a command, and turns what kehu refuses into a clear line on stderr and an exit code."""

import sys
from collections.abc import Sequence

from kehu.cli import screen
from kehu.cli.commands import app
from kehu.cli.options import Application
from kehu.errors import KehuError


def main(arguments: Sequence[str] | None = None, *, application: Application) -> None:
    """Run `kehu` with these arguments (the process's own, where None), and leave with its exit code.

    0 says done, 1 that the work failed, 2 that the usage or the settings are wrong, 130 that Ctrl-C stopped it.
    """
    try:
        app(args=None if arguments is None else list(arguments), prog_name="kehu", obj=application)
    except KehuError as why:
        screen.complain(why)
        sys.exit(why.exit_code)
