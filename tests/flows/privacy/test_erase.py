"""Promise 12 on each database: an erased person stays erased, whatever comes back."""

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from kehu.collect import closed
from kehu.errors import NotFoundError, SettingsError, StoreError
from kehu.flows.arrive import arrive
from kehu.flows.arrive.arrive import Desk, Status
from kehu.flows.identify import adopt, inforce
from kehu.flows.privacy import erase
from kehu.flows.privacy.erase import Room
from kehu.flows.upkeep import audit as auditing
from kehu.flows.upkeep import verify as checked
from kehu.flows.upkeep.audit import Seal
from kehu.store import bulk, contents, customers, records, verify
from kehu.store.audit import chain, head, trail
from kehu.store.backup import kept
from kehu.store.database import Database
from kehu.store.dictionary import whole
from kehu.store.dictionary.whole import tables
from kehu.store.privacy import persons, tombstones
from kehu.store.sealing import keyring
from kehu.store.sealing.vault import Vault, Wrap

CERTIFICATE, OTHER = "330106199003071244", "510104198803124515"


def told(store: Database) -> str:
    """All that stands in the tables, opened where it is sealed."""
    with store.read() as tx:
        return "\n".join(contents.lines(tx))


def in_files(store: Database, folder: Path, canaries: Sequence[str]) -> list[str]:
    """The files below a folder that hold a canary, read as bytes and, raw files, as rows."""
    found = []
    assert store.vault is not None
    for path in folder.rglob("*"):
        if path.is_file():
            text = path.read_bytes()
            if path.suffix == ".parquet":
                text += str(closed.read(path, Wrap(store.vault)).to_pylist()).encode()
            found += [path.name for canary in canaries if canary.encode() in text]
    return found


def test_an_erased_person_is_in_no_table_and_no_file_and_stays_away_when_she_is_sent_again(
    held: Database, desk: Desk, room: Room, known: Any, her: Any, asked: Any, tmp_path: Path
) -> None:
    number = known(held, desk)
    assert all(canary in told(held) for canary in her.canaries)
    assert in_files(held, tmp_path, her.canaries)
    receipt = erase.erase(held, desk, number, asked=asked(), room=room)
    assert receipt.state == "done"
    assert receipt.told["tables"]["record"] == 4
    assert receipt.told["tables"]["quarantine"] == 1
    assert receipt.told["raw_rows"] == 5
    again = arrive.many(held, desk, her.rows)
    assert [one.status for one in again.records] == [Status.ERASED] * 4 + [Status.DUPLICATE] * 2
    assert again.counts.read == again.counts.erased + again.counts.duplicate == 6
    assert arrive.one(held, desk, {"channel": "app", "record_id": "a2", **her.says}).status is Status.ERASED
    # By another key, as of a time before the erasure.
    assert arrive.one(held, desk, {"channel": "call", "record_id": "c7", **her.says}).status is Status.ERASED
    assert not [canary for canary in her.canaries if canary in told(held)]
    assert not in_files(held, tmp_path, her.canaries)
    with held.read() as tx:
        assert list(verify.findings(tx)) == []
        with pytest.raises(NotFoundError):
            customers.get(tx, number)


def test_the_audit_trail_still_verifies_and_tells_of_the_erasure(
    held: Database, desk: Desk, room: Room, known: Any, her: Any, asked: Any, tmp_path: Path
) -> None:
    assert held.vault is not None
    number = known(held, desk)
    seal = Seal(keys=held.vault.keys, head_at=tmp_path / "audit.head")
    erase.erase(held, desk, number, asked=asked(), room=room)
    auditing.sealed(held, seal, at=asked().at)
    with held.read() as tx:
        assert list(chain.faults(tx, head=head.read(seal.head_at, keys=seal.keys))) == []
        [entry] = trail.page(tx, trail.Filter(act=trail.Act.ERASE), vault=held.vault)
    assert (entry.who, entry.what) == ("ann", f"customer {number}")
    assert entry.why == "she asked for it in the hall"


def test_who_comes_back_as_a_customer_is_one(
    held: Database, desk: Desk, room: Room, known: Any, her: Any, asked: Any
) -> None:
    erase.erase(held, desk, known(held, desk), asked=asked(), room=room)
    later = {"channel": "hall", "record_id": "h77", **her.says, "updated_at": "2027-01-05T00:00:00Z"}
    assert arrive.one(held, desk, later).status is Status.ACCEPTED


def test_a_restored_store_is_erased_again_by_the_ledger(
    held: Database, desk: Desk, room: Room, known: Any, her: Any, asked: Any, tmp_path: Path
) -> None:
    number = known(held, desk)
    before = rows_of(held)
    shutil.copytree(tmp_path / "raw", tmp_path / "saved")
    erase.erase(held, desk, number, asked=asked(), room=room)
    put_back(held, before)
    shutil.rmtree(tmp_path / "raw", ignore_errors=True)
    (tmp_path / "saved").rename(tmp_path / "raw")
    assert all(canary in told(held) for canary in her.canaries)
    assert erase.again(held, desk, at=asked(20).at, room=room) == 3
    assert not [canary for canary in her.canaries if canary in told(held)]
    assert not in_files(held, tmp_path, her.canaries)
    once = told(held)
    assert erase.again(held, desk, at=asked(30).at, room=room) == 0
    assert told(held) == once
    with held.read() as tx:
        assert list(verify.findings(tx)) == []


def rows_of(store: Database) -> dict[str, pa.Table]:
    with store.read() as tx:
        return {table.name: pa.Table.from_batches(kept.rows(tx, table), kept.schema_of(table))
                for table in whole.metadata.sorted_tables}  # fmt: skip


def put_back(store: Database, rows: dict[str, pa.Table]) -> None:
    with store.begin() as tx:
        for table in reversed(whole.metadata.sorted_tables):
            tx.execute(table.delete())
        for table in whole.metadata.sorted_tables:
            bulk.fill(tx, table, [rows[table.name]])


def test_what_law_makes_us_keep_is_stored_and_nothing_else(
    held: Database, desk: Desk, room: Room, known: Any, her: Any, asked: Any, tmp_path: Path
) -> None:
    number = known(held, desk)
    number_of_hers = {"msisdn": "13912348765", "number_state": "正常", "plan": "5G-129"}
    opened = {"channel": "hall", "record_id": "h5", **her.says, **number_of_hers}
    arrive.one(held, desk, opened)
    receipt = erase.erase(held, desk, number, asked=asked(), room=room)
    assert receipt.told["kept_by_law"] == 1
    with held.read() as tx:
        assert list(verify.findings(tx)) == []
        found = customers.get(tx, number).row
        [record] = customers.records_of(tx, number).to_pylist()
    assert (record["record_id"], record["name"], record["id_number"]) == ("h5", "覃碧瑶", her.certificate)
    assert {record[name] for name in ("email", "birth_date", "gender", "phone", "name_sound")} == {None}
    assert found["email"] is None
    assert "tan.biyao@example.org" not in told(held)
    assert arrive.one(held, desk, opened).status is Status.ERASED


def test_what_law_makes_us_keep_is_paired_with_nobody_by_another_model(
    held: Database, desk: Desk, room: Room, known: Any, her: Any, asked: Any, tmp_path: Path
) -> None:
    number = known(held, desk)
    for record_id, msisdn in (("h5", "13912348765"), ("h6", "13912348766")):
        opened = {"msisdn": msisdn, "number_state": "正常", "plan": "5G-129"}
        arrive.one(held, desk, {"channel": "hall", "record_id": record_id, **her.says, **opened})
    assert erase.erase(held, desk, number, asked=asked(), room=room).told["kept_by_law"] == 2
    before = together(held)
    proposal = adopt.propose(held, desk.engine, hot_key_limit=desk.hot_key_limit, given=desk.model)
    assert (proposal.merges, proposal.splits) == (0, 0)
    adopt.adopt(
        held,
        desk.engine,
        desk.model,
        folder=tmp_path,
        asked=adopt.Asked(who="cli:test", instead_of="shipped"),
        trust=desk.trust,
        hot_key_limit=desk.hot_key_limit,
        clock=desk.clock,
    )
    assert together(held) == before
    assert not any({"h5", "h6"} & set(one) for one in before)


def test_nobody_is_erased_without_a_reason(
    held: Database, desk: Desk, room: Room, known: Any, her: Any, asked: Any
) -> None:
    with pytest.raises(SettingsError, match="reason"):
        erase.erase(held, desk, known(held, desk), asked=asked(why=" "), room=room)


def test_a_kill_between_the_tables_and_the_files_is_made_good(
    held: Database,
    desk: Desk,
    room: Room,
    known: Any,
    her: Any,
    asked: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    number = known(held, desk)
    with monkeypatch.context() as patched:
        patched.setattr(erase, "finish", _killed)
        with pytest.raises(KeyboardInterrupt):
            erase.erase(held, desk, number, asked=asked(), room=room)
    assert in_files(held, tmp_path / "raw", her.canaries)
    erase.again(held, desk, at=asked(20).at, room=room)
    assert not in_files(held, tmp_path, her.canaries)
    assert room.ledger_at.exists()


def _killed(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def test_every_table_says_whose_its_rows_are() -> None:
    listed = {*persons.WHOSE, *persons.OTHERWISE, *persons.NOBODY}
    there = set(whole.metadata.tables)
    assert there - listed == set(), "say in store/privacy/persons.py whose the rows of these tables are"
    assert listed - there == set()


def test_a_tombstone_tells_nothing_without_the_key(
    held: Database, desk: Desk, room: Room, known: Any, her: Any, asked: Any
) -> None:
    assert held.vault is not None
    erase.erase(held, desk, known(held, desk), asked=asked(), room=room)
    ours, others = (
        tombstones.digests(vault, tombstones.Kind.KEY, ["x"], key_number=1)
        for vault in (held.vault, Vault(keyring.made()))
    )
    assert ours != others
    with held.read() as tx:
        assert {mark.kind for mark in tombstones.every(tx)} == set(tombstones.Kind)
        assert tx.execute(tables["sequence"].select()).first() is not None


def test_what_is_left_is_as_if_the_erased_had_never_come(
    held: Database, desk: Desk, room: Room, asked: Any, tmp_path: Path
) -> None:
    """A call from the phone of a couple is of the one who is left; a phone too many have says something again."""
    couple: list[dict[str, str | None]] = [
        {"channel": "app", "record_id": "m", "name": "覃建国", "id_number": CERTIFICATE, "phone": "13700001111"},
        {"channel": "app", "record_id": "w", "name": "覃秀英", "id_number": OTHER, "phone": "13700001111"},
        {"channel": "app", "record_id": "c", "name": "覃老师", "phone": "13700001111"},
    ]
    agent: list[dict[str, str | None]] = [
        {"channel": "app", "record_id": f"a{number}", "name": name, "phone": "15912345678"}
        for number, name in enumerate(("覃建国", "司马晓鹏", "司马先生", "诸葛婷婷"))
    ]
    agent[0] |= {"id_number": CERTIFICATE}
    desk = replace(desk, hot_key_limit=3)
    arrive.many(held, desk, [*couple, *agent])
    assert together(held) == {("m", "a0")}
    with held.read() as tx:
        her = customers.of_keys(tx, "app", pa.array(["m"]))["customer_id"][0].as_py()
    erase.erase(held, desk, her, asked=asked(), room=room)
    assert together(held) == {("w", "c"), ("a1", "a2")}
    rules = checked.Rules(trust=desk.trust, survivorship=desk.survivorship)
    assert checked.rerun(held, rules, desk.model, hot_key_limit=3, at=asked(20).at) == ()


def test_who_concerns_nobody_is_erased_whichever_model_is_in_force(
    held: Database, desk: Desk, room: Room, asked: Any
) -> None:
    """A process that began before another model was adopted weighs nothing any more; here nothing is to be weighed."""
    rows = [
        {"channel": "app", "record_id": "x", "name": "司马晓鹏", "phone": "13700001111"},
        {"channel": "app", "record_id": "y", "name": "覃建国", "id_number": CERTIFICATE, "phone": "13700002222"},
        {"channel": "app", "record_id": "z", "name": "覃秀英", "id_number": OTHER, "phone": "13700002222"},
    ]
    alone, tied, _ = (arrive.one(held, desk, row).customer_id or 0 for row in rows)
    with held.begin() as tx:
        inforce.adopt(tx, inforce.Adopted(model="other.json", fingerprint="another", instead_of="shipped"))
    assert erase.erase(held, desk, alone, asked=asked(), room=room).state == "done"
    with pytest.raises(StoreError, match="start it again"):
        erase.erase(held, desk, tied, asked=asked(), room=room)
    with held.read() as tx:
        assert customers.get(tx, tied).customer_id == tied


def together(store: Database) -> set[tuple[str, ...]]:
    """The records of each customer that has several, in the order in which they came."""
    with store.read() as tx:
        rows = records.read(tx, columns=("record", "record_id", "customer_id")).sort_by("record").to_pylist()
    of: dict[int, list[str]] = {}
    for row in rows:
        of.setdefault(row["customer_id"], []).append(row["record_id"])
    return {tuple(one) for one in of.values() if len(one) > 1}
