"""Rotate: under another key everything is found, known again and read as before, on each database."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from kehu.collect import raw
from kehu.errors import ConflictError, SettingsError
from kehu.flows.arrive import arrive
from kehu.flows.arrive.arrive import Desk
from kehu.flows.upkeep import audit as auditing
from kehu.flows.upkeep import backup, restore, rotate, verify
from kehu.flows.upkeep.alone import alone
from kehu.flows.upkeep.audit import Seal
from kehu.flows.upkeep.backup import Asked
from kehu.flows.upkeep.rotate import Cupboard, Rotated
from kehu.flows.upkeep.verify import Rules
from kehu.resolve.survivorship import DEFAULT
from kehu.store import fingerprints, records, search, turning
from kehu.store.audit import trail
from kehu.store.audit.trail import Act, Filter
from kehu.store.database import Database
from kehu.store.dictionary.audit import audit
from kehu.store.dictionary.people import person
from kehu.store.dictionary.whole import tables
from kehu.store.sealing import keyring
from kehu.store.sealing.keyring import Keyring
from kehu.store.sealing.vault import Vault, Wrap

AT = datetime(2026, 11, 23, tzinfo=UTC)
ASKED = Asked(who="cli:ann", at=AT)
RULES = Rules(trust={"hall": 3}, survivorship=DEFAULT)

Opened = Callable[[str], Database]
Live = Callable[[Database], Desk]


@dataclass
class House:
    """A store that lived, and where its keys lie."""

    store: Database
    desk: Desk
    folder: Path

    @property
    def path(self) -> Path:
        return self.folder / "kehu.key"

    @property
    def seal(self) -> Seal:
        return Seal(keys=keyring.live(self.path), head_at=self.folder / "audit.head")

    @property
    def cupboard(self) -> Cupboard:
        def another() -> Keyring:
            keyring.write(self.path, keyring.read(self.path).with_another(), over=True)
            return keyring.live(self.path)

        def forget(numbers: set[int]) -> None:
            keyring.write(self.path, keyring.read(self.path).without(numbers), over=True)

        return Cupboard(
            another=another, forget=forget, raw_in=self.desk.raw_in, ledger_at=self.folder / "erased.ledger"
        )

    def rotate(self, *, makes: bool = True, drops: bool = False) -> Rotated:
        seal, clock = self.seal, self.desk.clock
        return rotate.rotate(
            self.opened(), self.cupboard, asked=ASKED, seal=seal, clock=clock, makes=makes, drops=drops
        )

    def opened(self) -> Database:
        """As a program opens it that begins now."""
        return replace(self.store, vault=Vault(keyring.live(self.path)))

    def require_sound(self) -> None:
        store = self.opened()
        assert verify.verify(store, RULES, seal=self.seal).findings == ()
        assert verify.rerun(store, RULES, self.desk.model, hot_key_limit=100, at=AT) == ()

    def known(self) -> dict[str, Any]:
        """What is found by every certificate."""
        store = self.opened()
        with store.read() as tx:
            held = records.read(tx, columns=("id_number",))["id_number"].drop_null().to_pylist()
            return {number: search.find(tx, number) for number in held}

    def send(self) -> list[arrive.Status]:
        """Send some records one by one; the same ones each time."""
        return [arrive.one(self.opened(), self.desk, {"channel": "app", **row}).status for row in SENT]


SENT = [
    {"record_id": f"again {place}", "name": "陈思远", "id_number": number}
    for place, number in enumerate(["110101199003070417", "110101199003070433", "E12345678"])
]


@pytest.fixture
def house(opened: Opened, live: Live, tmp_path: Path, request: pytest.FixtureRequest) -> House:
    folder = tmp_path / "house"
    folder.mkdir()
    store = opened(request.param)
    assert store.vault is not None
    keyring.write(folder / "kehu.key", store.vault.keys)
    desk = live(store)
    here = House(store, desk, folder)
    here.send()
    auditing.sealed(store, here.seal, at=AT)
    return here


on_sqlite = pytest.mark.parametrize("house", ["sqlite"], indirect=True)


@contextmanager
def somebody_sends(house: House) -> Iterator[None]:
    """Somebody sends records, by a program that began before, as long as the block lasts; none is refused."""
    going_on, over = house.opened(), threading.Event()
    broken: list[BaseException] = []

    def send() -> None:
        number = 0
        while not over.is_set() and not broken:
            row = {"channel": "app", "record_id": f"m{number}", "name": "张伟", "id_number": f"E{number:08d}"}
            number += 1
            try:
                arrive.one(going_on, house.desk, row)
            except BaseException as why:  # noqa: BLE001 - told below
                broken.append(why)

    sender = threading.Thread(target=send)
    sender.start()
    try:
        yield
    finally:
        over.set()
        sender.join()
    assert broken == []


@pytest.mark.parametrize("house", ["sqlite", "mariadb", "postgresql"], indirect=True)
def test_under_another_key_all_is_found_and_known_as_before_while_others_go_on(house: House) -> None:
    before = house.known()
    with somebody_sends(house):
        done = house.rotate()
    assert done.key == 2
    assert {"record.id_number", "customer.id_number", "pushed.raw", "quarantine.raw", "decision_pin.value"} <= set(
        done.sealed
    )
    assert set(done.hashes) == {"record.hash", "quarantine.hash", "match_key.key", "search_term.term"}
    assert {number: set(needs) for number, needs in done.kept.items()} == {1: {"audit.why"}}
    assert before.items() <= house.known().items()
    assert set(house.send()) == {arrive.Status.DUPLICATE}
    house.require_sound()
    with house.opened().read() as tx:
        assert not [one.name for one in turning.COLUMNS if turning.is_left(tx, one)]
        assert trail.page(tx, Filter(act=Act.ROTATE), vault=Vault(house.seal.keys))[0].detail["did"] == "turned"
    assert raw.closed_by(house.desk.raw_in, wrap=Wrap(Vault(house.seal.keys))).keys() == {2}


@on_sqlite
def test_a_backup_of_before_is_restored_and_turned_again(house: House, opened: Opened) -> None:
    before = house.known()
    backup.backup(house.opened(), house.folder / "kehu.zip", asked=ASKED)
    house.rotate()
    other = replace(opened("sqlite"), vault=Vault(keyring.live(house.path)))
    restore.restore(other, house.folder / "kehu.zip", asked=ASKED, seal=house.seal)
    house.store = other
    assert house.known() == before
    done = house.rotate()
    assert done.key == 2
    assert done.sealed
    assert house.known() == before
    house.require_sound()


@on_sqlite
def test_an_old_key_is_forgotten_once_nothing_needs_it(house: House) -> None:
    before = house.known()
    assert house.rotate(drops=True).dropped == ()
    with house.store.begin() as tx:  # A trail in which nobody gave a reason.
        for table in ("audit_chain", "audit"):
            tx.execute(tables[table].delete())
        tx.execute(tables["sequence"].update().where(tables["sequence"].c.name == "audit").values(next=1))
    house.seal.head_at.unlink()
    done = house.rotate(makes=False, drops=True)
    assert (done.key, done.sealed, done.hashes, done.dropped, done.kept) == (2, {}, {}, (1,), {})
    assert set(keyring.read(house.path).secrets) == {2}
    assert house.known() == before
    house.require_sound()
    assert house.rotate(drops=True).dropped == (2,)
    house.require_sound()


@on_sqlite
def test_a_second_factor_goes_over_and_what_was_begun_is_finished_with_its_key(house: House) -> None:
    vault = house.store.vault
    assert vault is not None
    with house.store.begin() as tx:
        number = tx.scalars(sa.select(person.c.person_id)).one()
        [closed] = vault.seal(["JBSWY3DPEHPK3PXP"], column="person.totp", rows=[number])
        tx.execute(person.update().values(totp=closed))
    house.cupboard.another()
    done = house.rotate()
    assert (done.key, done.sealed["person.totp"]) == (2, 1)
    with house.store.read() as tx:
        closed = tx.scalar(sa.select(person.c.totp))
    only_new = Vault(keyring.read(house.path).without({1}))
    assert only_new.open([closed], column="person.totp", rows=[number]) == ["JBSWY3DPEHPK3PXP"]
    # What was begun is finished with the same key.
    with house.store.begin() as tx:
        turning.begin(tx, 2)
    assert house.rotate().key == 2
    assert house.rotate().key == 3
    with house.opened().read() as tx:
        assert fingerprints.numbers(tx) == {1, 2, 3}


@on_sqlite
def test_counting_changes_nothing_and_beside_a_run_it_is_refused(house: House) -> None:
    with alone(house.store, "run", clock=house.desk.clock), pytest.raises(ConflictError, match="at work"):
        house.rotate()
    now = rotate.standing(house.opened(), house.cupboard)
    assert (now.key, now.newest, now.is_under_way) == (1, 1, False)
    assert now.needs[1]["record.id_number"] > 0
    assert now.needs[1]["raw files"] > 0
    with house.store.read() as tx:
        assert now.needs[1]["audit.why"] == len(
            tx.scalars(sa.select(audit.c.why).where(audit.c.why.is_not(None))).all()
        )


@on_sqlite
def test_a_key_that_is_another_than_was_named_meanwhile_writes_nothing(house: House) -> None:
    going_on = house.opened()
    house.rotate()
    keys = keyring.read(house.path)
    keyring.write(house.path, Keyring(secrets={1: keys.secrets[1], 2: bytes(32)}), over=True)
    with pytest.raises(SettingsError, match="key 2 is another"):
        arrive.one(going_on, house.desk, {"channel": "app", "record_id": "x", "name": "张伟"})
