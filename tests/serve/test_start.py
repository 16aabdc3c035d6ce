"""What a start of the application takes."""

import subprocess
import sys

SPARED = ("pandas", "scipy", "alembic", "pypinyin", "psycopg", "duckdb", "matplotlib", "authlib", "xlsxwriter")
"""Libraries that take a tenth of a second or more to load, and that no start needs."""


def test_a_start_loads_nothing_that_it_does_not_need() -> None:
    code = (
        "import sys; from kehu import wiring; from kehu.cli import serving; from kehu.serve import app, listening; "
        f"print([name for name in {SPARED!r} if name in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
