"""Figures count everybody once, kept or fresh, and tell no small group to those who may not see persons."""

from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
import pytest

from kehu.analyse import picture
from kehu.analyse.figures import COUNTS, REST, Figure, figure
from kehu.analyse.report import Format
from kehu.errors import NotFoundError, SettingsError
from kehu.flows.analysis import figures, profile
from kehu.flows.analysis.segments import Reader
from kehu.flows.insight import sight
from kehu.model.customers import CUSTOMERS
from kehu.model.languages import Language
from kehu.store import customers
from kehu.store.database import Database
from kehu.store.quality import Broken, Day, Filled, Quality
from kehu.store.tallies import Cut

NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
EVERYBODY = Reader(sees_persons=True, sight=sight.CLEAR, smallest=10)
ANALYST = Reader(sees_persons=False, sight=sight.Sight(), smallest=10)


@pytest.fixture
def people(store: Database) -> Database:
    """Thirty customers, of whom one was merged away."""
    rows = [
        {
            "customer_id": at, "kind": "individual" if at % 5 else "organization",
            "category": (None, "student", "ordinary")[at % 3], "province": ("浙江省", "北京市")[at % 2],
            "birth_date": None if at % 7 == 0 else date(1950 + 2 * at, 11, 22), "sources": "{}",
            "records": at % 12 + 1, "quality": float(at % 11) * 10,
        }
        for at in range(1, 31)
    ]  # fmt: skip
    with store.begin() as tx:
        customers.new_ids(tx, len(rows))
        customers.write(tx, pa.Table.from_pylist(rows, schema=CUSTOMERS), at=NOW - timedelta(days=40), why="load 1")
        merged = pa.table({"customer_id": pa.array([30], pa.int64()), "survivor": pa.array([1], pa.int64())})
        customers.merge_into(tx, merged, at=NOW, why="decision 1")
    return store


def _shown(store: Database, wanted: Cut | None = None, *, reader: Reader = EVERYBODY) -> dict[str, dict[str, int]]:
    told = figures.shown(store, wanted or Cut(), at=NOW, zone=UTC, reader=reader)
    return {
        figure.name: {part.code: part.customers for part in figure.slices}
        for figure in told.figures
        if isinstance(figure, Figure)
    }


def test_every_figure_of_customers_counts_the_living_once(people: Database) -> None:
    told = _shown(people)
    for name in ("category", "kind", "gender", "province", "age", "records", "score", "new"):
        assert sum(told[name].values()) == 29, name
    assert told["category"] == {"student": 10, "ordinary": 10, "-": 9}
    assert told["new"] == {"2026-10": 29}
    # Who was merged away is nobody that was lost.
    assert told["lost"] == {}
    assert list(told["records"])[-1] == "10+"
    # Born on 22 November 2008, so 18 today; the year after, 16.
    assert told["age"]["18-24"] == sum(at % 7 != 0 and 18 <= 2026 - (1950 + 2 * at) <= 24 for at in range(1, 30))
    assert list(told["age"])[-1] == "-"


def test_a_filter_counts_those_alone(people: Database) -> None:
    told = _shown(people, Cut(province="北京市"))
    assert told["province"] == {"北京市": 15}
    assert sum(told["age"].values()) == 15


def test_kept_figures_are_those_that_were_counted_until_they_are_refreshed(people: Database) -> None:
    fresh = _shown(people)
    assert figures.refresh(people, at=NOW, zone=UTC)
    assert _shown(people) == fresh
    with people.begin() as tx:
        merged = pa.table({"customer_id": pa.array([29], pa.int64()), "survivor": pa.array([1], pa.int64())})
        customers.merge_into(tx, merged, at=NOW, why="decision 2")
    assert _shown(people) == fresh
    later = NOW + timedelta(minutes=5)
    assert not figures.refresh(people, at=later, zone=UTC, older_than=timedelta(hours=1))
    assert figures.refresh(people, at=later, zone=UTC, older_than=timedelta(minutes=5))
    assert sum(_shown(people)["kind"].values()) == 28


def test_figures_are_counted_by_a_run_that_brings_nothing_if_the_one_before_was_too_early(store: Database) -> None:
    enough, at = timedelta(minutes=15), NOW
    assert figures.refresh(store, at=at, zone=UTC, older_than=enough, is_changed=False)
    assert not figures.refresh(store, at=at + enough, zone=UTC, older_than=enough, is_changed=False)
    assert not figures.refresh(store, at=at + timedelta(minutes=1), zone=UTC, older_than=enough, is_changed=True)
    assert figures.refresh(store, at=at + enough, zone=UTC, older_than=enough, is_changed=False)
    with store.begin() as tx:
        customers.new_ids(tx, 1)
    assert figures.refresh(store, at=at + 2 * enough, zone=UTC, older_than=enough, is_changed=False)


def test_an_analyst_is_told_no_small_group_and_cannot_work_one_out(people: Database) -> None:
    told = _shown(people, reader=ANALYST)
    for name, slices in told.items():
        assert all(count >= 10 and count % 10 == 0 for count in slices.values()), name
    # Nine state no category: told alone, or as what is missing from all, they would be known.
    assert told["category"] == {"student": 10, REST: 20}
    assert told["lost"] == {}


def test_a_report_is_one_file_that_fetches_nothing(people: Database) -> None:
    for language in Language:
        text = figures.report(people, Format.HTML, language, at=NOW, zone=UTC, reader=EVERYBODY).decode()
        assert text.count("<svg") == text.count("<table")
        assert text.count("<section>") == len(figures.NAMES)
        for outside in ("http://", "https://", "<script", "<link", "url("):
            assert outside not in text.replace("http://www.w3.org/2000/svg", "")


def test_a_report_is_a_picture_too(people: Database, caplog: pytest.LogCaptureFixture) -> None:
    assert figures.report(people, Format.PNG, Language.ZH, at=NOW, zone=UTC, reader=EVERYBODY).startswith(b"\x89PNG")
    assert "font weight" not in caplog.text


def test_a_picture_of_shares_is_a_ring_of_their_colours() -> None:
    canvas = pytest.importorskip("matplotlib.figure").Figure()
    counts = pa.table({"value": ["student", None], "count": [3, 1]}, schema=COUNTS)
    place = canvas.subplots()
    picture.ring(figure("category", counts), place, Language.EN)
    assert [text.get_text() for text in place.texts] == ["student  75.0%", "not stated  25.0%", "4"]
    assert len({wedge.get_facecolor() for wedge in place.patches}) == 2


def test_what_no_report_holds_is_refused(people: Database) -> None:
    asked = {"at": NOW, "zone": UTC, "reader": EVERYBODY}
    with pytest.raises(NotFoundError, match="no figure weather"):
        figures.report(people, Format.CSV, Language.EN, names=("weather",), **asked)  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match="holds one figure"):
        figures.report(people, Format.CSV, Language.EN, names=("age", "kind"), **asked)  # type: ignore[arg-type]


def test_quality_is_told_analysts_without_a_few_rows() -> None:
    day = date(2026, 11, 22)
    days = [
        Day(day=day, channel=name, read=many, accepted=many - 4, quarantined=4) for name, many in (("a", 3), ("b", 34))
    ]
    filled = [
        Filled(channel="b", attribute="phone", rows=30, filled=26, valid=3),
        Filled(channel="a", attribute="phone", rows=3, filled=1, valid=1),
    ]
    broken = [Broken(day=day, channel="b", rule="required", severity="reject", rows=4)]
    told = profile.protected(
        Quality(since=day, until=day, days=tuple(days), broken=tuple(broken), filled=tuple(filled)), 10
    )
    assert [(one.channel, one.read, one.accepted, one.quarantined) for one in told.days] == [("b", 30, 30, 0)]
    assert told.broken == ()
    assert [(one.rows, one.filled, one.valid) for one in told.filled] == [(30, 30, 0)]
