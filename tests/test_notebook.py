"""The notebook of the documentation runs, reads only, and shows no personal value without a reason."""

import re
import socket
from pathlib import Path

import pyarrow.compute as pc
import pytest

import kehu
from kehu import wiring
from kehu.errors import NotFoundError
from kehu.flows import demo
from kehu.flows.analysis import segments
from kehu.flows.analysis.segments import Reader
from kehu.flows.insight.sight import CLEAR
from kehu.model import segments as model
from kehu.settings import reading
from kehu.store.audit import trail
from kehu.store.audit.trail import Act, Filter

DOCS = Path(__file__).parents[1] / "docs"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small town that went the whole way."""
    folder = tmp_path_factory.mktemp("notebook") / "town"
    demo.prepare(folder, records=300, seed=3)
    # Others make towns at the same time, and each takes the first port that it sees free.
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    written = (folder / "kehu.toml").read_text(encoding="utf-8")
    [theirs] = set(re.findall(r"127\.0\.0\.1:(\d+)", written))
    (folder / "kehu.toml").write_text(written.replace(theirs, str(port)), encoding="utf-8")
    from kehu.cli import running, screen  # noqa: PLC0415  (slow to load)

    found = reading.load(folder)
    with screen.watched() as progress, wiring.store(found, migrate=True) as database:
        running.whole(found, database, None, progress)
        students = model.parsed({"column": "customer.category", "is": "one_of", "values": ["student"]})
        reader = Reader(sees_persons=True, sight=CLEAR, smallest=0)
        segments.save(database, students, name="students", by=wiring.by(), reader=reader)
    return folder


def test_the_notebook_of_the_documentation_runs(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    [code] = re.findall(r"```python\n(.*?)```", (DOCS / "notebook.md").read_text(encoding="utf-8"), re.DOTALL)
    monkeypatch.chdir(project)
    exec(compile(code, "notebook.md", "exec"), {})
    told = capsys.readouterr().out
    assert re.search(r"^\d+ customers of \d+ records$", told, re.MULTILINE)
    assert "student" in told


def test_values_are_masked_unless_a_reason_is_given_which_the_trail_keeps(project: Path) -> None:
    with kehu.open(project) as held:
        masked = held.customers()
    with kehu.open(project / "kehu.toml", reason="a test of ours") as held:
        clear = held.customers()
    assert masked.num_rows == clear.num_rows > 50
    phones = pc.drop_null(masked["phone"])
    assert pc.all(pc.match_substring(phones, "*")).as_py()
    assert not pc.any(pc.match_substring(pc.drop_null(clear["phone"]), "*")).as_py()
    with wiring.store(reading.load(project)) as database, database.read() as tx:
        assert database.vault
        noted = trail.page(tx, Filter(act=Act.EXPORT), vault=database.vault)
    assert [one.why for one in noted] == ["a test of ours"]


def test_a_segment_is_read_as_its_customers(project: Path) -> None:
    with kehu.open(project) as held:
        students = held.segment("students")
        figure = held.figure("category")
        names = held.segments()["name"].to_pylist()
        with pytest.raises(NotFoundError):
            held.segment("nobody")
    assert set(students["category"].to_pylist()) == {"student"}
    counted = dict(zip(figure["code"].to_pylist(), figure["customers"].to_pylist(), strict=True))
    assert counted["student"] == students.num_rows
    assert names == ["students"]
