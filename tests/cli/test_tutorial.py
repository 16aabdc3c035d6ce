"""docs/tutorial.md, from its first command to its last, as it stands there."""

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

Kehu = Callable[..., Any]
Database = Callable[[str], list[str]]
"""Runs the page's SQL on a server of ours, and answers with the lines that name it in kehu.toml."""

PAGE = (Path(__file__).parents[2] / "docs" / "tutorial.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(.+?)\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)
LINES_TO_EDIT = 12


def on_sqlite(tmp_path: Path) -> Database:
    def filled(script: str) -> list[str]:
        with closing(sqlite3.connect(tmp_path / "customers" / "calls.db")) as store:
            store.executescript(script)
        return ['url = "sqlite:///calls.db"']

    return filled


def on_mariadb(server: str) -> Database:
    url = sa.make_url(server)

    def filled(script: str) -> list[str]:
        engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
        with engine.connect() as connection:
            for statement in (
                "create or replace database callcentre character set utf8mb4",
                "create or replace user reader@'%%' identified by 'read-only'",
                "grant select on callcentre.* to reader@'%%'",
                "use callcentre",
                *filter(str.strip, script.split(";\n")),
            ):
                connection.exec_driver_sql(statement)
        engine.dispose()
        return [f'url = "mysql://reader@127.0.0.1:{url.port}/callcentre"', 'secret_env = "CALLS_PASSWORD"']

    return filled


@pytest.fixture(params=["sqlite", "mariadb"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    return on_sqlite(tmp_path) if request.param == "sqlite" else on_mariadb(request.getfixturevalue("mariadb_server"))


def edited(settings: str, block: str) -> str:
    """The settings with the lines of a block in the place of those with the same key, in the same table."""
    for table in re.split(r"\n(?=\[)", block.strip()):
        head, *lines = table.strip().splitlines()
        start = settings.index(f"{head}")
        end = settings.find("\n[", start) + 1 or len(settings)
        part = settings[start:end]
        for line in lines:
            key = line.partition(" =")[0]
            part, found = re.subn(rf"(?m)^{key} = .*$", lambda _, line=line: line, part)  # type: ignore[misc]
            if not found:
                part = part.replace("\n", f"\n{line}\n", 1)
        settings = settings[:start] + part + settings[end:]
    return settings


def test_the_walk_of_the_tutorial_works_as_it_is_told(
    kehu: Kehu, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, named, printed = tmp_path / "customers", [""], ""
    for kind, block in BLOCKS:
        match kind.split():
            case ["sh"]:
                printed = ""
                for command, *words in map(str.split, block.splitlines()):
                    match command:
                        case "kehu":
                            told = kehu(*words)
                            assert told.code == 0, (words, told.err)
                            printed += told.out
                        case "cd":
                            monkeypatch.chdir(folder)
                        case "rm":
                            Path(words[0]).unlink()
                        case "export":
                            monkeypatch.setenv(*words[0].split("="))
                        case _:
                            pytest.fail(f"the page runs {command}")
            case ["text"]:
                shown = [" ".join(line.split()) for line in printed.splitlines()]
                for line in block.splitlines():
                    assert any(" ".join(line.split()) in one for one in shown), (line, printed)
            case ["csv", place]:
                Path(place).write_text(block, encoding="gbk")
            case ["sql"]:
                named = database(block)
            case ["toml", "edit"]:
                lines = [line for line in block.splitlines() if line and not line.startswith("[")]
                assert len(lines) == LINES_TO_EDIT
                ours = re.sub(r"(?m)^(url|secret_env) = .*\n", "", block)
                ours = ours.replace("[channels.calls]\n", "\n".join(["[channels.calls]", *named, ""]))
                settings = Path("kehu.toml").read_text(encoding="utf-8")
                Path("kehu.toml").write_text(edited(settings, ours), encoding="utf-8")
            case ["toml"]:
                with Path("kehu.toml").open("a", encoding="utf-8") as stream:
                    stream.write(f"\n{block}")
            case _:
                pytest.fail(f"the page has a block of {kind}")
