"""Intake, with real drop folders and a real store."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from kehu.collect import closed, raw
from kehu.collect.files import FilesChannel, FilesSource
from kehu.errors import SourceError, StoreError
from kehu.flows.intake.intake import Brought, Feed, intake
from kehu.flows.intake.threshold import Limit
from kehu.model.codes import LoadState
from kehu.model.records import POSITION, BadRow, Batch, Reason
from kehu.process.checks import OneOf, Required
from kehu.process.mapping import Mapping
from kehu.store import contents, database, finding, loads, quarantine, records, verify
from kehu.store import quality as qualities
from kehu.store.database import Database
from kehu.store.sealing.keyring import Keyring
from kehu.store.sealing.vault import Vault, Wrap

VAULT = Vault(Keyring(secrets={1: bytes(32)}))

HEADS = "no,name,phone,class,changed"
MAPPING = {"record_id": "no", "name": "name", "phone": "phone", "category": "class", "updated_at": "changed"}
CLOCK = datetime(2026, 1, 5, 8, tzinfo=UTC)

Run = Callable[[], Brought]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Database]:
    opened = database.connect("sqlite:///kehu.db", folder=tmp_path, vault=VAULT)
    database.migrate(opened)
    yield opened
    opened.close()


@pytest.fixture
def hall(tmp_path: Path) -> Path:
    folder = tmp_path / "hall"
    folder.mkdir()
    return folder


def feed(folder: Path, mapping: dict[str, str] | None = None, batch_rows: int = 1000) -> Feed:
    source = FilesSource(path=folder, settle_s=0, batch_rows=batch_rows)
    return Feed(
        channel=FilesChannel("hall", source, folder=folder),
        mapping=Mapping.model_validate(mapping or MAPPING),
        rules=(
            Required(rule="required", columns=("name",)),
            OneOf.model_validate(
                {"rule": "one_of", "columns": ["category"], "values": ["student", "ordinary"], "severity": "warn"}
            ),
        ),
    )


def bring(store: Database, what: Feed, tmp_path: Path) -> Brought:
    return intake(store, what, raw_in=tmp_path / "raw", home="CN", clock=lambda: CLOCK)


def drop(folder: Path, name: str, *rows: str) -> None:
    (folder / name).write_text("\n".join([HEADS, *rows]) + "\n", encoding="utf-8")


def dump(store: Database) -> list[str]:
    with store.read() as tx:
        return list(contents.lines(tx))


def kept(store: Database) -> list[tuple[str, str, int, bool]]:
    with store.read() as tx:
        return [
            (row["record_id"], row["name"], row["version"], row["current"])
            for number in records.current(tx).to_pylist()
            for row in records.versions(tx, number).to_pylist()
        ]


def test_the_counts_add_up_when_rows_are_good_bad_and_repeated(store: Database, hall: Path, tmp_path: Path) -> None:
    good = "1,张伟,13912345678,student,2026-01-05"
    drop(hall, "a.csv", good, good, "2,,13912345679,student,", ",李娜,13912345670,,", "3,王芳,13912345671,vip,")
    brought = bring(store, feed(hall), tmp_path)
    assert brought.failure is None
    assert brought.counts == loads.Counts(read=5, accepted=2, duplicate=1, quarantined=2, warned=1)
    with store.read() as tx:
        assert brought.load_id is not None
        load = loads.get(tx, brought.load_id)
    assert load.counts == brought.counts
    assert load.state is LoadState.DONE


def test_a_changed_row_is_a_new_version_and_is_accepted(store: Database, hall: Path, tmp_path: Path) -> None:
    drop(hall, "a.csv", "1,张伟,13912345678,student,2026-01-05", "1,张伟,13912345678,ordinary,2026-01-06")
    assert bring(store, feed(hall), tmp_path).counts == loads.Counts(read=2, accepted=2, changed=1)
    assert [(version, current) for _, _, version, current in kept(store)] == [(1, False), (2, True)]


def test_a_run_that_finds_nothing_new_leaves_the_store_as_it_is(store: Database, hall: Path, tmp_path: Path) -> None:
    drop(hall, "a.csv", "1,张伟,13912345678,student,2026-01-05", "2,,,,")
    bring(store, feed(hall), tmp_path)
    before, files = dump(store), sorted((tmp_path / "raw").rglob("*"))
    again = bring(store, feed(hall), tmp_path)
    assert (again.counts, again.load_id) == (loads.Counts(), None)
    assert (dump(store), sorted((tmp_path / "raw").rglob("*"))) == (before, files)


def test_rows_that_come_again_are_duplicates_the_bad_ones_too(store: Database, hall: Path, tmp_path: Path) -> None:
    rows = ["1,张伟,13912345678,student,2026-01-05", "2,,13912345679,,"]
    drop(hall, "a.csv", *rows)
    bring(store, feed(hall), tmp_path)
    drop(hall, "b.csv", *rows, "")
    again = bring(store, feed(hall), tmp_path)
    assert (again.counts.accepted, again.counts.quarantined) == (0, 0)
    assert again.counts.read == again.counts.duplicate > 0


def test_a_bad_row_keeps_every_reason_and_the_row_as_it_came(store: Database, hall: Path, tmp_path: Path) -> None:
    drop(hall, "a.csv", ",,13912345679, vip ,")
    bring(store, feed(hall), tmp_path)
    with store.read() as tx:
        (row,) = quarantine.page(tx)
    assert {reason["column"] for reason in row.reasons} == {"record_id", "name"}
    assert all(reason["zh"] and reason["en"] for reason in row.reasons)
    assert json.loads(row.raw)["class"] == " vip "
    assert row.source_position == "a.csv:2"


def test_every_batch_is_kept_as_it_came_with_position_and_hash(store: Database, hall: Path, tmp_path: Path) -> None:
    drop(hall, "a.csv", "1, 张伟 ,139-1234-5678,student,2026-01-05", "2,李娜,13912345679,,")
    bring(store, feed(hall), tmp_path)
    (path,) = (tmp_path / "raw" / "hall").rglob("*.parquet")
    batch = closed.read(path, Wrap(VAULT))
    assert batch["name"].to_pylist() == [" 张伟 ", "李娜"]
    assert batch[POSITION].to_pylist() == ["a.csv:2", "a.csv:3"]
    with store.read() as tx:
        stored = records.known(tx, "hall", pa.array(["1", "2"])).sort_by("record_id")
        keyed = finding.digests(tx, batch[raw.HASH])
    assert keyed.to_pylist() == stored["hash"].to_pylist()


def test_a_raw_file_is_read_by_nobody_without_the_key(store: Database, hall: Path, tmp_path: Path) -> None:
    drop(hall, "a.csv", "1,张伟,139-1234-5678,student,2026-01-05")
    bring(store, feed(hall), tmp_path)
    (path,) = (tmp_path / "raw" / "hall").rglob("*.parquet")
    assert b"139-1234" not in path.read_bytes()
    with pytest.raises(OSError, match="no decryption"):
        pq.read_table(path)
    with pytest.raises(StoreError, match="does not open"):
        closed.read(path, Wrap(Vault(Keyring(secrets={1: bytes(31) + b"x"}))))


def test_a_raw_file_of_an_older_kehu_is_read_as_it_stands(tmp_path: Path) -> None:
    pq.write_table(pa.table({"no": ["1"]}), tmp_path / "old.parquet")
    assert closed.read(tmp_path / "old.parquet", Wrap(VAULT)).to_pylist() == [{"no": "1"}]


def test_a_column_that_is_not_there_stores_nothing_and_says_which_are(
    store: Database, hall: Path, tmp_path: Path
) -> None:
    drop(hall, "a.csv", "1,张伟,13912345678,student,2026-01-05")
    brought = bring(store, feed(hall, MAPPING | {"name": "nmae"}), tmp_path)
    assert brought.failure is not None
    assert "nmae" in brought.failure
    assert "no, name, phone" in brought.failure
    assert brought.counts == loads.Counts()
    assert kept(store) == []
    assert not (tmp_path / "raw").exists()
    with store.read() as tx:
        (load,) = loads.recent(tx)
    assert (load.state, load.failure) == (LoadState.FAILED, brought.failure)


def test_once_the_mapping_is_mended_the_next_run_brings_everything(store: Database, hall: Path, tmp_path: Path) -> None:
    drop(hall, "a.csv", "1,张伟,13912345678,student,2026-01-05")
    bring(store, feed(hall, MAPPING | {"name": "nmae"}), tmp_path)
    assert bring(store, feed(hall), tmp_path).counts.accepted == 1


class Breaking:
    """A channel of one-row batches that breaks at a row, once."""

    name = "calls"

    def __init__(self, rows: int, *, breaks_at: int, with_: BaseException) -> None:
        self.rows, self.breaks_at, self.with_ = rows, breaks_at, with_

    def batches(self, *, after: str | None) -> Iterator[Batch]:
        for number in range(int(after or 0), self.rows):
            if number == self.breaks_at:
                self.breaks_at = -1
                raise self.with_
            rows = {"no": [str(number)], "name": [f"name {number}"], POSITION: [f"row {number}"]}
            yield Batch(rows=pa.table(rows), cursor=str(number + 1))

    def sample(self, rows: int) -> Batch:
        raise NotImplementedError


def calls(channel: Breaking) -> Feed:
    return Feed(channel=channel, mapping=Mapping.model_validate({"record_id": "no", "name": "name"}))


def test_a_channel_that_breaks_keeps_its_stored_batches_and_resumes_after_them(store: Database, tmp_path: Path) -> None:
    what = calls(Breaking(5, breaks_at=3, with_=SourceError("the line is dead")))
    first = bring(store, what, tmp_path)
    assert (first.counts.accepted, first.failure) == (3, "the line is dead")
    second = bring(store, what, tmp_path)
    assert (second.counts, second.failure) == (loads.Counts(read=2, accepted=2), None)
    assert [key for key, *_ in kept(store)] == ["0", "1", "2", "3", "4"]
    with store.read() as tx:
        newest, oldest = loads.recent(tx)
    assert (oldest.state, oldest.counts.accepted, oldest.cursor_after) == (LoadState.FAILED, 3, "3")
    assert (newest.state, newest.cursor_before, newest.cursor_after) == (LoadState.DONE, "3", "5")


def test_a_channel_that_cannot_be_reached_leaves_a_failed_load(store: Database, tmp_path: Path) -> None:
    brought = bring(store, calls(Breaking(5, breaks_at=0, with_=SourceError("no route"))), tmp_path)
    with store.read() as tx:
        (load,) = loads.recent(tx)
    assert (load.state, load.failure, load.counts) == (LoadState.FAILED, "no route", loads.Counts())
    assert brought.load_id == load.load_id


def test_ctrl_c_is_told_to_the_load_and_passed_on(store: Database, tmp_path: Path) -> None:
    what = calls(Breaking(5, breaks_at=2, with_=KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        bring(store, what, tmp_path)
    with store.read() as tx:
        (load,) = loads.recent(tx)
    assert (load.state, load.counts.accepted) == (LoadState.FAILED, 2)
    assert bring(store, what, tmp_path).counts.accepted == 3


class Given:
    """A channel that hands on one batch."""

    name = "given"

    def __init__(self, batch: Batch) -> None:
        self.batch = batch

    def batches(self, *, after: str | None) -> Iterator[Batch]:
        yield self.batch

    def sample(self, rows: int) -> Batch:
        return self.batch


def given(batch: Batch) -> Feed:
    return Feed(channel=Given(batch), mapping=Mapping.model_validate({"record_id": "no", "name": "name"}))


def test_a_value_that_no_database_keeps_sends_its_row_to_quarantine(store: Database, tmp_path: Path) -> None:
    rows = pa.table({"no": ["1", "x" * 300, "3"], "name": ["张伟", "李娜", "王芳"], POSITION: ["1", "2", "3"]})
    brought = bring(store, given(Batch(rows=rows, cursor="1")), tmp_path)
    assert (brought.counts.accepted, brought.counts.quarantined) == (2, 1)
    with store.read() as tx:
        (row,) = quarantine.page(tx)
    assert row.reasons == [
        {
            "rule": "length",
            "column": "record_id",
            "zh": "记录编号过长，无法存储",
            "en": "record id is longer than the store holds",
        }
    ]


def test_a_row_that_cannot_be_read_is_kept_with_why_in_both_languages(
    store: Database, hall: Path, tmp_path: Path
) -> None:
    drop(hall, "a.csv", "1,张伟,13912345678,student,2026-01-05", "2,李娜")
    assert bring(store, feed(hall), tmp_path).counts.quarantined == 1
    with store.read() as tx:
        (row,) = quarantine.page(tx)
    why = {"zh": "该行有 2 个值，表头有 5 列", "en": "the row has 2 values, the heads name 5"}
    assert row.reasons == [{"rule": "readable", "column": "", **why}]


def test_a_batch_of_unreadable_rows_only_is_quarantined_and_kept(store: Database, tmp_path: Path) -> None:
    bad = (BadRow(position="a.csv", raw="\x00\x01", reason=Reason(zh="不是表格", en="it is no table")),)
    rows = pa.table({POSITION: pa.array([], pa.string())})
    brought = bring(store, given(Batch(rows=rows, cursor="1", bad=bad)), tmp_path)
    assert brought.counts == loads.Counts(read=1, quarantined=1)
    (path,) = (tmp_path / "raw").rglob("*.parquet")
    assert pc.fill_null(closed.read(path, Wrap(VAULT))[raw.UNREAD], "").to_pylist() == ["\x00\x01"]


def test_a_raw_folder_that_cannot_be_written_stores_nothing(store: Database, tmp_path: Path) -> None:
    (tmp_path / "raw").write_text("a file stands where the folder should be")
    rows = pa.table({"no": ["1"], "name": ["张伟"], POSITION: ["1"]})
    brought = bring(store, given(Batch(rows=rows, cursor="1")), tmp_path)
    assert brought.failure is not None
    assert kept(store) == []


class Pages:
    """A channel of pages of ten rows; `bad` says of each page how many lack a name."""

    name = "calls"

    def __init__(self, *bad: int, then: BaseException | None = None) -> None:
        self.bad, self.then = bad, then

    def batches(self, *, after: str | None) -> Iterator[Batch]:
        for page in range(int(after or 0), len(self.bad)):
            numbers = range(page * 10, page * 10 + 10)
            names = [None if number % 10 < self.bad[page] else f"name {number}" for number in numbers]
            rows = {"no": [str(number) for number in numbers], "name": names, POSITION: [f"row {n}" for n in numbers]}
            yield Batch(rows=pa.table(rows, schema=PAGE), cursor=str(page + 1))
        if self.then is not None:
            raise self.then

    def sample(self, rows: int) -> Batch:
        raise NotImplementedError


PAGE = pa.schema([("no", pa.string()), ("name", pa.string()), (POSITION, pa.string())])


def pages(*bad: int, rows: int = 30, then: BaseException | None = None) -> Feed:
    mapping = Mapping.model_validate({"record_id": "no", "name": "name"})
    return Feed(channel=Pages(*bad, then=then), mapping=mapping, limit=Limit(share=0.5, rows=rows))


def test_a_load_that_is_mostly_bad_leaves_the_store_as_it_was(store: Database, tmp_path: Path) -> None:
    brought = bring(store, pages(9, 10, 9, 0), tmp_path)
    assert brought.failure is not None
    assert "28 of 30 rows are bad" in brought.failure
    assert "required (name" in brought.failure
    assert "kehu check --channel calls" in brought.failure
    assert brought.counts == loads.Counts()
    assert not (tmp_path / "raw").exists()
    with store.read() as tx:
        assert (quarantine.count(tx), records.count(tx), loads.cursor_of(tx, "calls")) == (0, 0, None)
        (load,) = loads.recent(tx)
    assert (load.state, load.failure) == (LoadState.FAILED, brought.failure)
    mended = bring(store, pages(0, 0, 0, 0), tmp_path)
    assert mended.counts.accepted == 40


def test_a_load_that_turns_bad_keeps_what_came_before(store: Database, tmp_path: Path) -> None:
    brought = bring(store, pages(0, 0, 0, 10, 10, 10, 10, 10), tmp_path)
    assert brought.failure is not None
    assert "The 60 rows before them are kept" in brought.failure
    with store.read() as tx:
        assert (records.count(tx), loads.cursor_of(tx, "calls")) == (30, "6")


def test_one_large_batch_that_is_bad_does_not_hide_behind_many_good_ones(store: Database, tmp_path: Path) -> None:
    brought = bring(store, pages(0, 0, 0, 0, 0, 10, rows=10), tmp_path)
    assert brought.failure is not None
    assert "10 of 10 rows are bad" in brought.failure
    assert brought.counts.accepted == 50


@pytest.mark.parametrize("then", [None, SourceError("the line is dead")], ids=["it ends", "it breaks"])
def test_too_few_rows_to_tell_are_stored(store: Database, tmp_path: Path, then: SourceError | None) -> None:
    brought = bring(store, pages(9, 10, then=then), tmp_path)
    assert brought.counts == loads.Counts(read=20, accepted=1, quarantined=19)
    assert brought.failure == (None if then is None else "the line is dead")


def test_a_bad_beginning_is_stored_once_it_mends(store: Database, tmp_path: Path) -> None:
    brought = bring(store, pages(9, 0, 0), tmp_path)
    assert (brought.failure, brought.counts.accepted, brought.counts.quarantined) == (None, 21, 9)


KILLED = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
import pyarrow as pa
from kehu.flows.intake.intake import Feed, intake
from kehu.model.records import POSITION, Batch
from kehu.process.mapping import Mapping
from kehu.store import database
from kehu.store.sealing.keyring import Keyring
from kehu.store.sealing.vault import Vault

VAULT = Vault(Keyring(secrets={1: bytes(32)}))

class Dying:
    name = "calls"
    def batches(self, *, after):
        for number in range(2):
            rows = {"no": [str(number)], "name": [f"name {number}"], POSITION: [f"row {number}"]}
            yield Batch(rows=pa.table(rows), cursor=str(number + 1))
        os.kill(os.getpid(), signal.SIGKILL)

folder = Path(sys.argv[1])
feed = Feed(channel=Dying(), mapping=Mapping.model_validate({"record_id": "no", "name": "name"}))
intake(database.connect("sqlite:///kehu.db", folder=folder, vault=VAULT), feed, raw_in=folder / "raw", home="CN",
       clock=lambda: datetime(2026, 1, 5, tzinfo=UTC))
"""
"""A run that is killed after two batches."""


def test_a_load_whose_process_was_killed_is_closed_by_the_next_run(store: Database, tmp_path: Path) -> None:
    died = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False)
    assert died.returncode == -signal.SIGKILL
    with store.read() as tx:
        assert [load.state for load in loads.recent(tx)] == [LoadState.RUNNING]
    assert bring(store, calls(Breaking(5, breaks_at=-1, with_=SourceError())), tmp_path).counts.accepted == 3
    assert [key for key, *_ in kept(store)] == ["0", "1", "2", "3", "4"]
    with store.read() as tx:
        second, first = loads.recent(tx)
        assert (first.state, first.finished_at) == (LoadState.INTERRUPTED, CLOCK)
        assert first.counts == loads.Counts(read=2, accepted=2)
        assert (second.state, second.cursor_before) == (LoadState.DONE, first.cursor_after)
        assert [finding for finding in verify.findings(tx) if finding.invariant in ("I1", "I7")] == []


def test_quality_is_counted_once_as_the_rows_come(store: Database, hall: Path, tmp_path: Path) -> None:
    rows = ["1,张伟,13912345678,student,2026-01-05", "2,,13912345679,ordinary,", "3,王芳,call me,vip,"]
    drop(hall, "a.csv", *rows)
    bring(store, feed(hall), tmp_path)
    # All of it comes again, and one row more: only that one is news.
    drop(hall, "b.csv", *rows, "4,李雷,13912345670,vip,")
    bring(store, feed(hall), tmp_path)
    with store.read() as tx:
        told = qualities.of(tx, since=CLOCK.date(), until=CLOCK.date())
        assert qualities.of(tx, since=CLOCK.date(), until=CLOCK.date(), channel="calls").days == ()
    broken = {(one.rule, one.severity): one.rows for one in told.broken}
    assert broken == {("required", "reject"): 1, ("one_of", "warn"): 2}
    (day,) = told.days
    assert (day.channel, day.accepted, day.quarantined) == ("hall", 3, 1)
    filled = {one.attribute: (one.rows, one.filled, one.valid) for one in told.filled}
    assert filled["phone"] == (3, 3, 2)
    assert filled["updated_at"] == (3, 1, 1)


def test_a_batch_whose_commit_was_not_answered_is_kept_as_it_came(
    store: Database, hall: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop(hall, "a.csv", "1,张伟,13912345678,student,2026-01-05")
    dialect = store.engine.dialect
    commit = dialect.do_commit

    def unanswered(connection: Any) -> None:
        is_batch = next(connection.cursor().execute("SELECT count(*) FROM record"))[0]
        commit(connection)
        if is_batch:
            monkeypatch.undo()
            raise dialect.loaded_dbapi.OperationalError("the line is dead")

    monkeypatch.setattr(dialect, "do_commit", unanswered)
    assert bring(store, feed(hall), tmp_path).failure
    assert kept(store) == [("1", "张伟", 1, True)]
    (path,) = (tmp_path / "raw" / "hall").rglob("*.parquet")
    assert closed.read(path, Wrap(VAULT))["no"].to_pylist() == ["1"]
