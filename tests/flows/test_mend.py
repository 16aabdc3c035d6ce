"""Mend: rows in quarantine, replayed with mended values or a mended mapping, in real stores."""

import dataclasses
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from kehu.engine.duck import Duck
from kehu.errors import NotFoundError, SettingsError
from kehu.flows import mend
from kehu.flows.arrive import arrive
from kehu.flows.arrive.arrive import Desk
from kehu.flows.intake.intake import Brought, Feed, intake
from kehu.flows.mend import Replayed
from kehu.flows.users.people import By
from kehu.model.records import POSITION, BadRow, Batch, Reason
from kehu.process.checks import Required
from kehu.process.mapping import Mapping
from kehu.resolve import model as models
from kehu.store import contents, loads, quarantine, records, verify
from kehu.store.audit import trail
from kehu.store.audit.trail import Act, Filter
from kehu.store.database import Database
from kehu.store.quarantine import State
from kehu.store.sealing import keyring
from kehu.store.sealing.vault import Vault

CLOCK = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
NAMELESS = {"channel": "hall", "record_id": "8", "phone": "13700000001"}
NAME = Required(rule="required", columns=("name",))
ROWS = pa.table(
    {
        "no": ["1", "2", "3"],
        "name": ["张伟", None, None],
        "who": [None, "李娜", "王芳"],
        "tel": ["13912345678", "13912345679", "13912345670"],
        POSITION: ["a.csv:2", "a.csv:3", "a.csv:4"],
    },
    schema=pa.schema([(name, pa.string()) for name in ("no", "name", "who", "tel", POSITION)]),
)
WRONG = Mapping.model_validate({"record_id": "no", "name": "name", "phone": "tel"})
RIGHT = Mapping.model_validate({"record_id": "no", "name": {"columns": ["name", "who"]}, "phone": "tel"})


def desk(folder: Path, mapping: Mapping = WRONG) -> Desk:
    return Desk(
        engine=Duck(threads=1),
        model=models.shipped(),
        home="CN",
        trust={},
        hot_key_limit=100,
        mappings={"given": mapping},
        rules={"given": (NAME,), "hall": (NAME,)},
        raw_in=folder / "raw",
        clock=lambda: CLOCK,
    )


class Given:
    """A channel that hands on one batch."""

    name = "given"

    def __init__(self, batch: Batch) -> None:
        self.batch = batch

    def batches(self, *, after: str | None) -> Iterator[Batch]:
        yield self.batch

    def sample(self, rows: int) -> Batch:
        return self.batch


def bring(store: Database, what: Feed, tmp_path: Path) -> Brought:
    return intake(store, what, raw_in=tmp_path / "raw", home="CN", clock=lambda: CLOCK)


@pytest.fixture
def with_bad_rows(store: Database, tmp_path: Path) -> Database:
    """One good row, two without a name (which stands in another column), and one that was no row at all."""
    bad = (
        BadRow(
            position="a.csv:5", raw="4,no", reason=Reason(zh="有 2 列，应为 4 列", en="has 2 columns in place of 4")
        ),
    )
    feed = Feed(channel=Given(Batch(rows=ROWS, cursor="1", bad=bad)), mapping=WRONG, rules=(NAME,))
    assert bring(store, feed, tmp_path).counts.quarantined == 3
    return store


def dump(store: Database) -> list[str]:
    with store.read() as tx:
        return list(contents.lines(tx))


def states(store: Database) -> list[State]:
    with store.read() as tx:
        return [row.state for row in quarantine.page(tx, state=None)]


def test_a_mended_mapping_brings_what_it_mends_and_only_once(with_bad_rows: Database, tmp_path: Path) -> None:
    assert mend.replay(with_bad_rows, desk(tmp_path, RIGHT)) == Replayed(rows=3, accepted=2, bad=1)
    assert states(with_bad_rows) == [State.REPLAYED, State.REPLAYED, State.OPEN]
    with with_bad_rows.read() as tx:
        assert (records.count(tx), len(records.waiting(tx))) == (3, 1)
        assert loads.recent(tx)[0].counts == loads.Counts(read=2, accepted=2)
        assert {row["source_position"] for row in records.read(tx).to_pylist()} == {"a.csv:2", "a.csv:3", "a.csv:4"}
        assert list(verify.findings(tx)) == []
    before = dump(with_bad_rows)
    assert mend.replay(with_bad_rows, desk(tmp_path, RIGHT)) == Replayed(rows=1, bad=1)
    assert dump(with_bad_rows) == before


def test_rows_that_are_still_bad_stay_with_the_reasons_they_have_now(with_bad_rows: Database, tmp_path: Path) -> None:
    stricter = dataclasses.replace(desk(tmp_path), rules={"given": (Required(rule="required", columns=("email",)),)})
    assert mend.replay(with_bad_rows, stricter) == Replayed(rows=3, bad=3)
    with with_bad_rows.read() as tx:
        rows = quarantine.page(tx)
        assert len(loads.recent(tx)) == 1
    assert [[reason["column"] for reason in row.reasons] for row in rows] == [["email"], ["email"], [""]]
    assert json.loads(rows[0].raw) == {"no": "2", "who": "李娜", "tel": "13912345679"}


def test_a_mended_value_makes_one_row_a_record_with_a_customer(with_bad_rows: Database, tmp_path: Path) -> None:
    one = mend.replay_one(with_bad_rows, desk(tmp_path), 1, mended={"name": "李娜"})
    assert (one.row.state, one.row.replayed_as, one.replayed.accepted) == (State.MENDED, "2", 1)
    assert one.customer_id is not None
    assert mend.replay_one(with_bad_rows, desk(tmp_path), 1, mended={"name": "李雷"}).replayed == Replayed()
    assert states(with_bad_rows) == [State.MENDED, State.OPEN, State.OPEN]
    with with_bad_rows.read() as tx:
        assert records.count(tx) == 2


def test_a_dismissed_row_stays_closed_also_when_it_comes_again(with_bad_rows: Database, tmp_path: Path) -> None:
    by = By(login="ann", at=CLOCK)
    assert mend.dismiss(with_bad_rows, [1, 3], reason="sent again", by=by) == 2
    assert states(with_bad_rows) == [State.DISMISSED, State.OPEN, State.DISMISSED]
    assert mend.dismiss(with_bad_rows, [1], reason="twice", by=by) == 0
    assert mend.replay(with_bad_rows, desk(tmp_path, RIGHT)) == Replayed(rows=1, accepted=1)
    again = Feed(channel=Given(Batch(rows=ROWS, cursor="2")), mapping=WRONG, rules=(NAME,))
    assert bring(with_bad_rows, again, tmp_path).counts.read == 3
    assert states(with_bad_rows) == [State.DISMISSED, State.REPLAYED, State.DISMISSED]  # No row lies there twice.
    with pytest.raises(NotFoundError, match="no row 99"):
        mend.dismiss(with_bad_rows, [2, 99], reason="none", by=by)
    with with_bad_rows.read() as tx:
        assert list(verify.findings(tx)) == []


def test_a_row_that_came_again_in_the_meantime_is_no_second_record(with_bad_rows: Database, tmp_path: Path) -> None:
    mended = ROWS.set_column(1, "name", pa.array(["张伟", "李娜", "王芳"]))
    feed = Feed(channel=Given(Batch(rows=mended, cursor="2")), mapping=WRONG, rules=(NAME,))
    assert bring(with_bad_rows, feed, tmp_path).counts.accepted == 2
    assert mend.replay(with_bad_rows, desk(tmp_path, RIGHT)) == Replayed(rows=3, duplicate=2, bad=1)
    with with_bad_rows.read() as tx:
        assert records.count(tx) == 3


def test_what_was_pushed_is_read_with_our_columns(store: Database, tmp_path: Path) -> None:
    arrive.one(store, desk(tmp_path), NAMELESS)
    one = mend.replay_one(store, desk(tmp_path), 1, mended={"name": "王芳"})
    assert (one.row.state, one.row.replayed_as) == (State.MENDED, "8")


def test_only_the_channel_that_was_asked_for_is_replayed(with_bad_rows: Database, tmp_path: Path) -> None:
    assert mend.replay(with_bad_rows, desk(tmp_path, RIGHT), channel="hall") == Replayed()
    assert mend.replay(with_bad_rows, desk(tmp_path, RIGHT), channel="given", numbers=[2]).accepted == 1


def test_a_column_a_row_or_a_channel_that_is_not_there_is_refused(with_bad_rows: Database, tmp_path: Path) -> None:
    before = dump(with_bad_rows)
    with pytest.raises(SettingsError, match="has: name, no, tel, who"):
        mend.replay(with_bad_rows, desk(tmp_path), numbers=[1], mended={"nmae": "李娜"})
    with pytest.raises(SettingsError, match="what could not be read as a row has no columns to mend"):
        mend.replay(with_bad_rows, desk(tmp_path), numbers=[3], mended={"name": "李娜"})
    with pytest.raises(NotFoundError):
        mend.replay(with_bad_rows, desk(tmp_path), numbers=[1, 99])
    with pytest.raises(SettingsError, match="not in the settings"):
        mend.replay(with_bad_rows, dataclasses.replace(desk(tmp_path), mappings={}))
    assert dump(with_bad_rows) == before


def test_the_list_is_filtered_by_rule_and_state(with_bad_rows: Database, tmp_path: Path) -> None:
    mend.replay(with_bad_rows, desk(tmp_path), numbers=[1], mended={"name": "李娜"})
    with with_bad_rows.read() as tx:
        found = [
            [row.quarantine_id for row in quarantine.page(tx, rule=rule, state=state)]
            for rule, state in (
                ("required", State.OPEN),
                ("readable", None),
                (None, State.MENDED),
                ("require%", None),
            )
        ]
        assert quarantine.count(tx, rule="required", state=None) == 2
    assert found == [[2], [3], [1], []]


def test_what_came_in_the_meantime_stays_in_force_when_an_old_row_is_replayed(
    with_bad_rows: Database, tmp_path: Path
) -> None:
    newer = ROWS.slice(1, 1).set_column(1, "name", pa.array(["李雷"]))
    feed = Feed(channel=Given(Batch(rows=newer, cursor="2")), mapping=WRONG, rules=(NAME,))
    later = CLOCK + timedelta(hours=1)
    intake(with_bad_rows, feed, raw_in=tmp_path / "raw", home="CN", clock=lambda: later)
    at_last = dataclasses.replace(desk(tmp_path, RIGHT), clock=lambda: later + timedelta(hours=1))
    assert mend.replay(with_bad_rows, at_last, numbers=[1]).accepted == 1
    assert in_force(with_bad_rows, "2") == "李雷"
    with with_bad_rows.read() as tx:
        assert list(verify.findings(tx)) == []


@pytest.mark.parametrize("order", [[1, 2], [2, 1]])
def test_of_two_rows_of_one_key_the_last_that_came_is_in_force_whichever_is_replayed_first(
    store: Database, tmp_path: Path, order: list[int]
) -> None:
    for hour, (name, line) in enumerate((("王芳", 9), ("王方", 10))):
        rows = pa.table(
            {"no": ["7"], "name": [None], "who": [name], "tel": ["13912345670"], POSITION: [f"a.csv:{line}"]}
        )
        feed = Feed(channel=Given(Batch(rows=rows.cast(ROWS.schema), cursor=str(hour))), mapping=WRONG, rules=(NAME,))
        intake(store, feed, raw_in=tmp_path / "raw", home="CN", clock=lambda: CLOCK)
    for number in order:
        assert mend.replay(store, desk(tmp_path, RIGHT), numbers=[number]).accepted == 1
    assert in_force(store, "7") == "王方"


def in_force(store: Database, key: str) -> str:
    with store.read() as tx:
        (name,) = (row["name"] for row in records.read(tx).to_pylist() if row["record_id"] == key)
    return str(name)


def test_only_rows_that_broke_the_rule_are_replayed(with_bad_rows: Database, tmp_path: Path) -> None:
    assert mend.replay(with_bad_rows, desk(tmp_path, RIGHT), rule="length") == Replayed()
    assert mend.replay(with_bad_rows, desk(tmp_path, RIGHT), rule="required") == Replayed(rows=2, accepted=2)


def test_who_mends_is_noted_with_the_row_and_its_columns_but_no_value(with_bad_rows: Database, tmp_path: Path) -> None:
    store = dataclasses.replace(with_bad_rows, vault=with_bad_rows.vault or Vault(keyring.made()))
    assert store.vault is not None
    by = By(login="qian", at=datetime(2026, 11, 22, tzinfo=UTC), whence="127.0.0.1")
    mend.replay_one(store, desk(tmp_path), 1, mended={"name": "李娜"}, by=by)
    with store.read() as tx:
        [noted] = trail.page(tx, Filter(act=Act.MEND), vault=store.vault)
    assert (noted.who, noted.what, noted.detail) == ("qian", "quarantine 1", {"rows": 1, "columns": ["name"]})


def test_who_dismisses_is_noted_with_the_reason_and_no_certificate_in_it(
    with_bad_rows: Database, tmp_path: Path
) -> None:
    store = dataclasses.replace(with_bad_rows, vault=with_bad_rows.vault or Vault(keyring.made()))
    assert store.vault is not None
    mend.dismiss(store, [1, 2], reason="110105194912310029 came again", by=By(login="qian", at=CLOCK))
    with store.read() as tx:
        [noted] = trail.page(tx, Filter(act=Act.DISMISS), vault=store.vault)
    assert (noted.who, noted.what, noted.detail) == ("qian", "quarantine", {"rows": 2, "first": 1, "last": 2})
    assert noted.why is not None
    assert noted.why.endswith("came again")
    assert "194912310029" not in noted.why
