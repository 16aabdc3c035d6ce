"""The package of docs/own.md, as it stands there: its cleaners and its channel, found by their entry points."""

import importlib
import re
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from kehu.process import own

Kehu = Callable[..., Any]

PAGE = (Path(__file__).parents[2] / "docs" / "own.md").read_text(encoding="utf-8")


def indented(head: str) -> str:
    """The block of the page that begins with this line."""
    (block,) = re.findall(rf"(?m)^    {re.escape(head)}\n(?:(?:    .*)?\n)+", PAGE)
    return dedent(block)


@pytest.fixture
def package(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The package, installed as pip would install it."""
    site = tmp_path_factory.mktemp("site")
    (site / "our_kehu").mkdir()
    for code in re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL):
        (site / re.match(r'"""(.+?)"""', code)[1]).write_text(code, encoding="utf-8")  # type: ignore[index]
    (site / "our_kehu" / "__init__.py").touch()
    described = indented("[project]")
    points = re.sub(r'\[project\.entry-points\."(.+)"\]', r"[\1]", described[described.index("[project.entry") :])
    (site / "our_kehu-1.0.dist-info").mkdir()
    (site / "our_kehu-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: our-kehu\nVersion: 1.0\n")
    (site / "our_kehu-1.0.dist-info" / "entry_points.txt").write_text(points.replace('"', ""))
    monkeypatch.syspath_prepend(site)
    yield site
    own._function.cache_clear()
    for name in [name for name in sys.modules if name.partition(".")[0] == "our_kehu"]:
        del sys.modules[name]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project that uses it."""
    (tmp_path / "kehu.toml").write_text(indented("[channels.billing]"), encoding="utf-8")
    (tmp_path / "billing.txt").write_text(
        "no=1;cust=张伟（已核）;tel=C/13912345678\nno=2;cust=李娜\n", encoding="utf-8"
    )
    return tmp_path


def stored(project: Path) -> list[tuple[str, str, str | None]]:
    with closing(sqlite3.connect(project / "kehu.db")) as store:
        return store.execute("select record_id, name, phone from record order by record_id").fetchall()


def test_the_channel_and_the_cleaners_of_the_page_work(kehu: Kehu, package: Path, project: Path) -> None:
    told = kehu("check")
    assert told.code == 0
    assert "2 would be accepted" in told.out
    assert kehu("run", "--json").json["accepted"] == 2
    assert stored(project) == [("1", "张伟", "13912345678"), ("2", "李娜", None)]


def test_the_next_run_goes_on_behind_the_cursor(kehu: Kehu, package: Path, project: Path) -> None:
    kehu("run")
    with (project / "billing.txt").open("a", encoding="utf-8") as stream:
        stream.write("no=3;cust=王芳;tel=T/13800000001\n")
    assert kehu("run", "--json").json["records"] == 1
    assert stored(project)[-1] == ("3", "王芳", "13800000001")


def test_a_source_that_cannot_be_read_fails_its_channel(kehu: Kehu, package: Path, project: Path) -> None:
    (project / "billing.txt").unlink()
    told = kehu("run")
    assert told.code == 1
    assert "billing.txt cannot be read" in told.err


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        pytest.param('"pairs"', '"pears"', ("[channels.billing]", "pears", "kehu.channels: pairs"), id="channel"),
        pytest.param(
            'clean = "without_remark"', 'clean = "without_remarks"',
            ("[channels.billing.mapping.name]", "'without_remarks'", "kehu.cleaners: bare_number, without_remark"),
            id="cleaner",
        ),
        pytest.param("file =", "path =", ("[channels.billing]", "no setting 'path'", "file"), id="setting"),
    ],
)  # fmt: skip
def test_what_no_package_has_is_refused_with_what_is_installed(
    kehu: Kehu, package: Path, project: Path, old: str, new: str, said: tuple[str, ...]
) -> None:
    settings = project / "kehu.toml"
    settings.write_text(settings.read_text("utf-8").replace(old, new), "utf-8")
    told = kehu("run")
    assert told.code == 2
    for words in said:
        assert words in told.err


def test_without_the_package_it_says_that_nothing_is_installed(kehu: Kehu, project: Path) -> None:
    told = kehu("check")
    assert told.code == 2
    assert "kehu.channels: none" in told.err
    assert "kehu.cleaners: none" in told.err


def test_a_cleaner_that_fails_is_named_and_the_value_is_not(
    kehu: Kehu, package: Path, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = importlib.import_module("our_kehu.cleaners")
    monkeypatch.setattr(module, "without_remark", lambda name: name.index("（"))
    told = kehu("run")
    assert told.code == 1
    assert "cleaner 'without_remark' failed with ValueError" in told.err
    assert "李娜" not in told.err
