"""The weekly report is written once a week, whole, by the first run after its hour."""

from datetime import UTC, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from kehu.errors import SourceError
from kehu.flows.analysis import weekly
from kehu.flows.analysis.segments import Reader
from kehu.flows.analysis.weekly import Weekly
from kehu.flows.insight import sight
from kehu.model.languages import Language
from kehu.store import database

ANYBODY = Reader(sees_persons=False, sight=sight.Sight(), smallest=10)
MONDAY = datetime(2026, 11, 23, tzinfo=UTC)


def _weekly(folder: Path) -> Weekly:
    return Weekly(folder=folder, day=1, hour=time(6), language=Language.EN, zone=ZoneInfo("Asia/Shanghai"))


@pytest.mark.parametrize(
    ("at", "named"),
    [
        pytest.param(datetime(2026, 11, 22, 21, 59, tzinfo=UTC), "2026-11-16", id="a minute before the hour"),
        pytest.param(datetime(2026, 11, 22, 22, 0, tzinfo=UTC), "2026-11-23", id="on Monday at six in China"),
        pytest.param(datetime(2026, 11, 26, 3, 0, tzinfo=UTC), "2026-11-23", id="days later"),
    ],
)
def test_a_report_is_of_the_hour_when_it_was_due(tmp_path: Path, at: datetime, named: str) -> None:
    assert _weekly(tmp_path).file(at).name == f"customers-{named}.html"


def test_a_report_is_written_once_and_failing_leaves_nothing_behind(tmp_path: Path) -> None:
    opened = database.connect("sqlite:///kehu.db", folder=tmp_path)
    database.migrate(opened)
    wanted = _weekly(tmp_path / "reports")
    path = weekly.write(opened, wanted, at=MONDAY, reader=ANYBODY)
    assert path is not None
    assert path.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert weekly.write(opened, wanted, at=MONDAY, reader=ANYBODY) is None
    assert [one.name for one in path.parent.iterdir()] == [path.name]
    blocked = _weekly(tmp_path / "kehu.db")
    with pytest.raises(SourceError, match="weekly report"):
        weekly.write(opened, blocked, at=MONDAY, reader=ANYBODY)
    opened.close()
