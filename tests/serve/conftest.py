"""A small store with people whom the tests know by name, and the application over it."""

import itertools
import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from kehu.cli import serving
from kehu.engine.duck import Duck
from kehu.flows.arrive.arrive import Desk
from kehu.flows.board import Sources
from kehu.flows.identify import identify
from kehu.flows.privacy.erase import Room
from kehu.flows.users import people
from kehu.flows.users.people import By, Office
from kehu.model.customers import CUSTOMERS
from kehu.model.households import STATED
from kehu.model.people import Role
from kehu.process import clean, mapping
from kehu.resolve import model as models
from kehu.serve import app
from kehu.serve.who import COOKIE, Gate
from kehu.store import customers, database, households, loads, quality, quarantine, records
from kehu.store.people.sessions import Limits
from kehu.store.sealing import keyring
from kehu.store.sealing.vault import Vault

VAULT = Vault(keyring.made())

NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
CHINA = timezone(timedelta(hours=8), "UTC+8")

MODEL = models.untrained()
HEADS = ("channel", "record_id", "name", "id_type", "id_number", "phone", "birth_date", "gender", "email",
         "address", "category", "updated_at")  # fmt: skip
KNOWN = (
    ("online", "A-1", "张伟", "", "110101199003070417", "13912345678", "1990-03-07", "男", "zhang.wei@example.org",
     "浙江省杭州市西湖区文三路138号翠苑小区3幢2单元501室", "ordinary", "2026-11-02T09:15:00Z"),
    ("calls", "C-77", "章伟", "", "", "13912345678", "", "男", "zhang.wei@example.org",
     "杭州西湖区文三路138号3幢2单元501", "ordinary",
     "2026-10-12T11:40:00Z"),
    ("hall", "H-2026-0451", "張偉", "", "110101199003070417", "13800001234", "1990/3/7", "男", "",
     "杭州市西湖区文三路138号翠苑小区3-2-501", "student", "2025-06-30T02:00:00Z"),
    ("hall", "H-2026-0777", "欧阳娜娜", "", "", "15011112222", "2004-09-01", "女", "nana@example.org",
     "四川省成都市武侯区科华北路65号", "student", "2026-09-01T03:00:00Z"),
    ("online", "A-2", "欧阳娜", "", "", "15011112222", "2004-09-01", "女", "nana@example.org", "", "student",
     "2026-08-05T08:00:00Z"),
    ("hall", "H-2026-0900", "杭州华信科技有限公司", "", "91330106MA27XYZA0Q", "057188880000", "", "",
     "office@huaxin.example", "浙江省杭州市滨江区江南大道588号", "enterprise", "2026-03-01T01:00:00Z"),
    ("calls", "C-90", "华信科技", "", "", "057188880000", "", "", "", "", "enterprise", "2026-08-11T06:30:00Z"),
    ("online", "A-9", "Smith, John", "passport", "GB1234567", "+44 20 7946 0958", "1984-05-12", "male",
     "john@example.com", "", "", "2026-07-07T07:07:00Z"),
    ("hall", "H-2026-0452", "张炜", "", "110101199003070433", "13912345678", "1990-03-07", "男", "",
     "上海市徐汇区漕溪北路18号", "other", "2026-01-15T10:00:00Z"),
)  # fmt: skip
"""Whom the tests know by name."""


def _crowd(many: int) -> list[tuple[str, ...]]:
    """More people, so that lists have pages."""
    surnames, givens = "李王刘陈杨赵黄周吴徐孙马", ("芳", "秀英", "敏", "静", "强", "磊", "洋", "艳", "勇", "军")
    places = ("广东省深圳市南山区科技园路1号", "北京市海淀区中关村大街27号", "四川省成都市锦江区春熙路3号", "")
    categories = ("ordinary", "ordinary", "ordinary", "student", "enterprise", "")
    return [
        (("online", "calls", "hall")[at % 3], f"R-{at}", surnames[at % 12] + givens[at % 10], "", "",
         f"137{at:08d}", f"{1950 + at % 55}-0{1 + at % 9}-1{at % 9}", "女" if at % 2 else "男", "", places[at % 4],
         categories[at % 6], f"2026-0{1 + at % 9}-11T08:00:00Z")
        for at in range(many)
    ]  # fmt: skip


def fill(store: database.Database, crowd: int = 60) -> None:
    """Store the people, their links and their customers, as `kehu run` would."""
    flat = pa.table(
        {
            name: [value or None for value in column]
            for name, column in zip(HEADS, zip(*KNOWN, *_crowd(crowd), strict=True), strict=True)
        }
    )
    for number, channel in enumerate(("online", "calls", "hall"), 1):
        rows = flat.filter(pc.equal(flat.column("channel"), channel))
        at = NOW - timedelta(days=40 - number * 10)
        with store.begin() as tx:
            load = loads.start(tx, channel, at=at)
            positions = pa.array([f"{channel}-1122.csv:{place + 2}" for place in range(len(rows))])
            added = records.add(
                tx, clean.clean(rows), hashes=mapping.fingerprints(rows), positions=positions, load=load, at=at
            )
            households.add(tx, _stated(rows), records=added.records, channel=channel)
            bad = _bad_rows() if channel == "hall" else quarantine.BROKEN.empty_table()
            quarantine.add(tx, bad, channel=channel, load=load, at=at)
            quality.add(tx, load, rules=_broken(channel), attributes=_filled(len(rows)))
            counts = loads.Counts(read=len(rows) + len(bad), accepted=added.accepted, quarantined=len(bad))
            loads.advance(tx, load, counts=counts, cursor="1")
            loads.finish(tx, load, at=at + timedelta(minutes=2))
        clock = itertools.repeat(at).__next__
        identify.identify(store, Duck(threads=1), MODEL, trust={}, hot_key_limit=100, clock=clock, why=f"load {load}")
    with store.begin() as tx:
        _retire(tx)
        failed = loads.start(tx, "online", at=NOW)
        loads.fail(tx, failed, at=NOW, reason='channel "online": 127.0.0.1 does not answer')


def _stated(rows: pa.Table) -> pa.Table:
    """What the rows of a channel say beside their person: each is a contact, and a visit to a hall names a number."""
    told: list[dict[str, object]] = []
    for row in rows.to_pylist():
        about: dict[str, object] = {"interaction_at": datetime.fromisoformat(row["updated_at"])}
        match row["channel"]:
            case "calls":
                about |= {"interaction_kind": "call", "interaction_direction": "in", "interaction_reason": "投诉"}
                about |= {"interaction_verified": True, "interaction_satisfaction": 4, "interaction_agent": "Z0007"}
            case "hall":
                about |= {"interaction_kind": "visit", "msisdn": row["phone"], "role": "holder", "plan": "5G-129"}
                about |= {"number_state": "parked", "proxy_name": "赵敏", "proxy_id_number": "110105194912310021"}
                about |= {"account_id": f"ACC-{row['record_id']}", "account_type": "postpaid"}
            case _:
                about |= {"interaction_kind": "application"}
        told.append(about)
    return pa.Table.from_pylist(told, schema=STATED)


def _bad_rows() -> pa.Table:
    """One row that breaks two rules, and one that could not be read."""
    columns = {"订单号": "H-2026-0999", "客户姓名": "", "联系电话": None, "业务类型": "补卡"}
    empty = {
        "rule": "required",
        "column": "name, phone",
        "zh": "姓名、电话至少填一项",
        "en": "name or phone must be filled",
    }
    wrong = {"rule": "checksum", "column": "id_number", "zh": "证件号码校验位不对", "en": "the check digit is wrong"}
    short = {"rule": "readable", "column": "", "zh": "应为 14 列，实为 3 列", "en": "14 columns expected, 3 found"}
    rows = [
        ("H-2026-0999", "hall-1122.csv:17", json.dumps(columns, ensure_ascii=False), [empty, wrong]),
        (None, "hall-1122.csv:18", "H-2026-1000,王五,137<script>", [short]),
    ]
    told = [
        {"record_id": key, "source_position": position, "raw": raw, "reasons": json.dumps(reasons, ensure_ascii=False)}
        for key, position, raw, reasons in rows
    ]
    return pa.Table.from_pylist(told, schema=quarantine.BROKEN)


def _broken(channel: str) -> pa.Table:
    """The rules that rows of a channel broke: `_bad_rows` and a warning."""
    told = (
        [("checksum", "reject", 1), ("required", "reject", 1), ("readable", "reject", 1)] if channel == "hall" else []
    )
    rows = [*told, ("one_of", "warn", 3)]
    return pa.Table.from_pylist([dict(zip(("rule", "severity", "rows"), row, strict=True)) for row in rows])


def _filled(rows: int) -> pa.Table:
    return pa.table({"attribute": ["name", "phone"], "filled": [rows, rows - 1], "valid": [rows, rows - 2]})


def _retire(tx: database.Transaction) -> None:
    """Let there be a number that was merged into the first customer, 张伟."""
    number = customers.new_ids(tx, 1)
    ghost = customers.states(tx, pa.array([1])).select(CUSTOMERS.names)
    ghost = ghost.set_column(0, CUSTOMERS.field(0), number)
    customers.write(tx, ghost, at=NOW - timedelta(days=2), why="load 2")
    customers.merge_into(tx, pa.table({"customer_id": number, "survivor": pa.array([1])}), at=NOW, why="decision 1")


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[database.Database]:
    """The store with its people; nobody changes it."""
    yield from _opened(tmp_path_factory.mktemp("filled"), filled=True)


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[database.Database]:
    """A store with its tables and nothing in them."""
    yield from _opened(tmp_path_factory.mktemp("empty"), filled=False)


@pytest.fixture
def people_there(tmp_path: Path) -> Iterator[database.Database]:
    """A store with its people, for one test to change."""
    yield from _opened(tmp_path, filled=True)


def _opened(folder: Path, *, filled: bool) -> Iterator[database.Database]:
    opened = database.connect("sqlite:///kehu.db", folder=folder, vault=VAULT)
    database.migrate(opened)
    if filled:
        fill(opened)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def retired(filled: database.Database) -> int:
    """A number that was merged into customer 1, 张伟."""
    with filled.read() as tx:
        states = customers.states(tx)
    return int(states.filter(pc.is_valid(states["merged_into"]))["customer_id"][0].as_py())


@pytest.fixture(scope="session")
def application(filled: database.Database) -> FastAPI:
    """The application over the filled store."""
    return app.create(filled, model=MODEL, clock=lambda: NOW, zone=CHINA)


@pytest.fixture
def client(application: FastAPI) -> Iterator[TestClient]:
    """A browser without scripts, on this machine."""
    with TestClient(application, base_url="http://127.0.0.1:8500", client=("127.0.0.1", 50000)) as opened:
        opened.headers["accept-language"] = "zh"
        opened.headers["accept"] = "text/html"
        yield opened


@dataclass(frozen=True, kw_only=True)
class Staff:
    """An application that people of every role sign in to, over a store of its own that has the same people in it."""

    office: Office
    application: FastAPI

    def signed_in(self, *roles: Role, login: str | None = None) -> TestClient:
        """The browser of a new user of these roles; without any, of nobody we know."""
        browser = TestClient(self.application, base_url="http://127.0.0.1:8500", client=("127.0.0.1", 50000))
        browser.headers.update({"accept": "text/html", "accept-language": "en", "sec-fetch-site": "same-origin"})
        if roles:
            login, by = login or f"{roles[0]}-{secrets.token_hex(4)}", By(login="root", at=NOW)
            _, link = people.invite(self.office, login=login, name="", roles=roles, by=by)
            people.choose_password(self.office, link, WORDS, by=by)
            came = people.sign_in(
                self.office, login=login, password=WORDS, code=None, browser=None, by=by, limits=LIMITS
            )
            assert came.token
            browser.cookies.set(COOKIE, came.token)
        return browser


CHANNELS = """
[channels.hall]
type = "files"
path = "drops"
settle_s = 0
mapping = { record_id = "订单号", name = "客户姓名", phone = "联系电话" }

[[channels.hall.rules]]
rule = "required"
columns = ["name"]

[channels.broken]
type = "files"
path = "drops"
"""
"""What the settings say of two channels; the second lacks its mapping."""


def _channels(folder: Path) -> Sources:
    """Two channels, as kehu.toml describes them, and one file of them: a good row, and one that breaks a rule."""
    (folder / "kehu.toml").write_text(CHANNELS, encoding="utf-8")
    (folder / "drops").mkdir()
    rows = "订单号,客户姓名,联系电话,备注\nP-1,王芳,１３８０００１５６７８,急\nP-2,,13800015679,\n"
    (folder / "drops/1122.csv").write_text(rows, encoding="utf-8")
    return serving.sources(folder)


WORDS = "four words make one"
LIMITS = Limits(idle=timedelta(minutes=30), whole=timedelta(hours=12))


@pytest.fixture(scope="session")
def staff(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Staff]:
    """The people of every role, and their application."""
    folder = tmp_path_factory.mktemp("staffed")
    opened = replace(database.connect("sqlite:///kehu.db", folder=folder), vault=Vault(keyring.made()))
    database.migrate(opened)
    fill(opened, crowd=6)
    desk = Desk(
        engine=Duck(threads=1), model=MODEL, home="CN", trust={}, hot_key_limit=100, mappings={}, rules={},
        raw_in=folder / "raw", clock=lambda: NOW,
    )  # fmt: skip
    assert opened.vault is not None
    office = Office(database=opened, vault=opened.vault)
    gate = Gate(office=office, limits=LIMITS, is_open_at_first=False, is_secure=False)
    room = Room(ledger_at=folder / "erased.jsonl")
    application = app.create(
        opened, model=MODEL, desk=desk, room=room, clock=lambda: NOW, zone=CHINA, gate=gate, sources=_channels(folder)
    )
    made = Staff(office=office, application=application)
    # The first user and their session are those that the tests of the rules disable and end.
    made.signed_in(Role.AGENT, login="victim")
    yield made
    opened.close()
