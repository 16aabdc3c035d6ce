"""The states of customers follow the settings: a change of survivorship makes them anew."""

from datetime import UTC, datetime

import pyarrow as pa
import pytest

from kehu.engine.duck import Duck
from kehu.flows import meanwhile
from kehu.flows.identify import identify, states
from kehu.flows.identify.grouping import Identified
from kehu.model.records import FLAT_COLUMNS
from kehu.process import clean, mapping
from kehu.resolve import model as models
from kehu.resolve.survivorship import DEFAULT, Survivorship
from kehu.store import contents, customers, loads, media, records, search
from kehu.store.database import Database

NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
LATER = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)
FLAT = pa.schema([(name, pa.string()) for name in FLAT_COLUMNS])
PEOPLE = [
    {"name": "张伟", "id_number": "110101199003070417", "email": "a@x.org", "phone": "13912345678"},
    {"name": "张伟", "id_number": "110101199003070417", "email": "longer@x.org", "updated_at": "2020-01-01"},
    {"name": "李娜", "phone": "13700000001", "email": "li@x.org"},
]
BY_LENGTH = Survivorship.model_validate({"email": ["longest"]})


@pytest.fixture
def filled(store: Database) -> Database:
    """A store with two customers, one of them of two records."""
    rows = [{"record_id": str(at), "channel": "hall", **row} for at, row in enumerate(PEOPLE)]
    flat = pa.Table.from_pylist(rows, schema=FLAT)
    with store.begin() as tx:
        records.add(
            tx,
            clean.clean(flat),
            hashes=mapping.fingerprints(flat),
            positions=pa.array([f"row {place}" for place in range(len(rows))]),
            load=loads.start(tx, "hall", at=NOW),
            at=NOW,
        )
    run(store, at=NOW)
    return store


def run(
    store: Database, survivorship: Survivorship = DEFAULT, *, trust: dict[str, int] | None = None, at: datetime = LATER
) -> Identified:
    return identify.identify(
        store, Duck(threads=1), models.shipped(), trust=trust or {}, survivorship=survivorship, hot_key_limit=100,
        clock=lambda: at,
    )  # fmt: skip


def emails(store: Database) -> list[object]:
    with store.read() as tx:
        return list(customers.states(tx).column("email").to_pylist())


def test_other_settings_make_every_customer_anew_once(filled: Database) -> None:
    done = run(filled, BY_LENGTH)
    assert (done.renewed, done.records) == (1, 0)
    assert emails(filled) == ["longer@x.org", "li@x.org"]
    assert run(filled, BY_LENGTH).renewed == 0


def test_the_history_says_that_the_settings_did_it(filled: Database) -> None:
    run(filled, Survivorship.model_validate({"email": ["most_frequent"]}))
    before = emails(filled)
    run(filled, BY_LENGTH)
    assert emails(filled) != before
    with filled.read() as tx:
        past = customers.history(tx, 1)
    assert past.column("why").to_pylist()[-1] == states.WHY


def test_other_trust_makes_them_anew_too(filled: Database) -> None:
    assert run(filled, trust={"hall": 3}).renewed == 0  # Nobody changes, but the settings are noted.
    assert run(filled, trust={"hall": 3}).renewed == 0


def test_the_same_settings_leave_the_store_as_it_was(filled: Database) -> None:
    with filled.read() as tx:
        before = list(contents.lines(tx))
    run(filled)
    with filled.read() as tx:
        assert list(contents.lines(tx)) == before


def test_pieces_cut_no_customer(filled: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(states, "PIECE", 1)
    run(filled, BY_LENGTH)
    with filled.read() as tx:
        assert customers.states(tx).column("records").to_pylist() == [2, 1]


def test_the_contact_media_of_a_customer_are_stored(filled: Database) -> None:
    with filled.read() as tx:
        found = media.of_customer(tx, 1)
    assert [(one.kind.value, one.rank, one.value) for one in found] == [
        ("phone", 1, "13912345678"),
        ("email", 1, "longer@x.org"),
        ("email", 2, "a@x.org"),
    ]


@pytest.mark.parametrize("long", [1, 1000])
def test_states_are_the_same_whoever_makes_them(filled: Database, monkeypatch: pytest.MonkeyPatch, long: int) -> None:
    monkeypatch.setattr(meanwhile, "LONG", long)
    assert run(filled, BY_LENGTH).renewed == 1
    assert emails(filled) == ["longer@x.org", "li@x.org"]
    with filled.snapshot() as tx:
        numbers = customers.memberships(tx).column("record").combine_chunks()
        made = states.made(tx, records.read(tx, numbers), trust={}, survivorship=BY_LENGTH)
        ids = pa.array([1, 2])
        stored = search.of_customers(tx, ids)
        assert sorted(made.terms.to_pylist(), key=repr) == sorted(stored.to_pylist(), key=repr)
        assert made.media.num_rows == media.of_customers(tx, ids).num_rows
