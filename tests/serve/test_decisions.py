"""Stewards' decisions and the review queue over the interface, on a store of their own."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from kehu.engine.duck import Duck
from kehu.flows.arrive.arrive import Desk
from kehu.resolve import model as models
from kehu.serve import app
from kehu.store import database
from kehu.store.sealing.keyring import Keyring
from kehu.store.sealing.vault import Vault

VAULT = Vault(Keyring(secrets={1: bytes(32)}))

NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
MODEL = replace(models.shipped(), link_from=4.0)
"""So that a title on the same phone is in doubt: it weighs 3.5."""
WHY = {"reason": "seen the cards"}
BOX = "四川省成都市武侯区科华北路65号"
PEOPLE: tuple[dict[str, str], ...] = (
    {"record_id": "z1", "name": "张伟", "phone": "13912345678", "birth_date": "1990-03-07"},
    {"record_id": "z2", "name": "张伟", "phone": "13912345678", "birth_date": "1990-03-07"},
    {"record_id": "w1", "name": "王芳", "phone": "13700001111", "birth_date": "1985-01-02", "address": BOX},
    # In doubt: the same phone and a name that may be hers.
    {"record_id": "d1", "name": "王女士", "phone": "13700001111"},
    {"record_id": "d2", "name": "王方", "address": BOX, "birth_date": "1985-01-02", "gender": "男"},
    {"record_id": "c1", "name": "李娜", "phone": "13655556666", "id_number": "110101199003070417"},
    {"record_id": "c2", "name": "李娜", "phone": "13655556666", "id_number": "110101199003070433"},
)


@pytest.fixture
def steward(tmp_path: Path) -> Iterator[TestClient]:
    """A client of an application over these people."""
    opened = database.connect("sqlite:///kehu.db", folder=tmp_path, vault=VAULT)
    database.migrate(opened)
    ticks = count()
    desk = Desk(
        engine=Duck(threads=1),
        model=MODEL,
        home="CN",
        trust={},
        hot_key_limit=100,
        mappings={},
        rules={},
        raw_in=tmp_path / "raw",
        clock=lambda: NOW + timedelta(seconds=next(ticks)),
    )
    application = app.create(opened, clock=desk.clock, model=desk.model, desk=desk)
    with TestClient(application, base_url="http://127.0.0.1:8500", client=("127.0.0.1", 50000)) as client:
        for row in PEOPLE:
            assert client.post("/api/v1/records", json={"channel": "hall", **row}).status_code == 200
        yield client
    opened.close()


def customer_of(client: TestClient, key: str) -> int:
    """The customer of a record: sent again, it is a duplicate that tells."""
    (row,) = [row for row in PEOPLE if row["record_id"] == key]
    return int(client.post("/api/v1/records", json={"channel": "hall", **row}).json()["customer_id"])


def post(client: TestClient, path: str, body: dict[str, Any], status: int = 200) -> Any:
    answer = client.post(f"/api/v1{path}", json=body)
    assert answer.status_code == status, answer.text
    if status != 200:
        assert answer.headers["content-type"] == "application/problem+json"
    return answer.json()


def test_a_merge_a_split_and_undoing_them(steward: TestClient) -> None:
    zhang, wang = customer_of(steward, "z1"), customer_of(steward, "w1")
    merged = post(steward, "/customers/merge", {"ids": [wang, zhang], **WHY})
    assert merged["customers"] == [zhang]
    moved = steward.get(f"/api/v1/customers/{wang}", follow_redirects=False)
    assert (moved.status_code, moved.headers["location"]) == (301, f"/api/v1/customers/{zhang}")
    assert "one already" not in post(steward, "/customers/merge", {"ids": [wang, zhang], **WHY}, 409)["detail"]

    records = steward.get(f"/api/v1/customers/{zhang}/history").json()["records"]
    parted = post(steward, f"/customers/{zhang}/split", {"record_ids": [max(records)], **WHY})
    assert len(parted["customers"]) == 2
    assert parted["overrides"] == [merged["decision_id"]]
    assert [warned["caution"] for warned in parted["warnings"]] == ["overridden"]

    listed = steward.get("/api/v1/decisions", params={"limit": 1}).json()
    assert [row["decision_id"] for row in listed["rows"]] == [parted["decision_id"]]
    assert listed["following"] == parted["decision_id"]
    for number in (parted["decision_id"], merged["decision_id"]):
        post(steward, f"/decisions/{number}/undo", {"reason": "a slip"})
    assert (customer_of(steward, "z1"), customer_of(steward, "w1")) == (zhang, wang)
    post(steward, f"/decisions/{number}/undo", {"reason": "again"}, 409)
    rest = steward.get("/api/v1/decisions", params={"after": listed["following"]}).json()
    assert [(row["why"], row["undone_why"]) for row in rest["rows"]] == [("seen the cards", "a slip")]


def test_what_was_believed_at_a_time_is_told(steward: TestClient) -> None:
    zhang, wang = customer_of(steward, "z1"), customer_of(steward, "w1")
    post(steward, "/customers/merge", {"ids": [zhang, wang], **WHY})
    life = steward.get(f"/api/v1/customers/{wang}/history").json()
    assert life["merged_into"] == zhang
    assert [state["merged_into"] for state in life["states"]][-1] == zhang
    first = life["states"][0]
    then = steward.get(f"/api/v1/customers/{wang}/history", params={"as_of": first["valid_from"]}).json()
    assert [state["name"] for state in then["states"]] == ["王芳"]
    assert len(then["records"]) == 1
    before = (NOW - timedelta(days=1)).isoformat()
    assert steward.get(f"/api/v1/customers/{wang}/history", params={"as_of": before}).status_code == 404
    assert steward.get("/api/v1/customers/99/history").status_code == 404


def test_a_pinned_value_holds_until_it_is_unpinned(steward: TestClient) -> None:
    zhang = customer_of(steward, "z1")
    pinned = post(steward, f"/customers/{zhang}/pin", {"attribute": "name", "value": "张玮", **WHY})
    assert steward.get(f"/api/v1/customers/{zhang}").json()["customer"]["name"] == "张玮"
    post(steward, f"/decisions/{pinned['decision_id']}/undo", WHY)
    assert steward.get(f"/api/v1/customers/{zhang}").json()["customer"]["name"] == "张伟"
    post(steward, f"/customers/{zhang}/pin", {"attribute": "id_number", "value": "1", **WHY}, 422)


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        pytest.param("/customers/merge", {"ids": [1], **WHY}, 422, id="one customer is nothing to merge"),
        pytest.param("/customers/merge", {"ids": [1, 2]}, 422, id="no reason"),
        pytest.param("/customers/merge", {"ids": [1, 2], "reason": "  "}, 422, id="a blank reason"),
        pytest.param("/customers/merge", {"ids": [1, 9999], **WHY}, 404, id="nobody of that number"),
        pytest.param("/customers/1/split", {"record_ids": [7], **WHY}, 404, id="somebody else's record"),
        pytest.param("/decisions/77/undo", WHY, 404, id="no such decision"),
        pytest.param("/reviews/1-9999", {"verdict": "same", **WHY}, 404, id="no such pair"),
        pytest.param("/reviews/1-2", {"verdict": "same", **WHY}, 409, id="one customer already"),
        pytest.param("/reviews/1-3", {"verdict": "perhaps", **WHY}, 422, id="no such verdict"),
    ],
)
def test_what_cannot_be_decided_is_a_problem_document(
    steward: TestClient, path: str, body: dict[str, Any], status: int
) -> None:
    assert post(steward, path, body, status)["status"] == status


def questions(client: TestClient) -> list[dict[str, Any]]:
    """The whole queue, a page of one at a time."""
    found: list[dict[str, Any]] = []
    after: dict[str, str] = {}
    while True:
        page = client.get("/api/v1/reviews", params={"limit": 1, **after}).json()
        found += page["rows"]
        if page["following"] is None:
            return found
        after = {"after": page["following"]}


def test_the_queue_asks_about_each_two_customers_once_and_the_most_valuable_first(steward: TestClient) -> None:
    asked = questions(steward)
    assert asked
    about = [frozenset([one["review"]["customer_l"], one["review"]["customer_r"]]) for one in asked]
    assert len(set(about)) == len(about)
    values = [one["review"]["value"] for one in asked]
    assert values == sorted(values, reverse=True)
    # Two certificates are hardly ever one person.
    assert asked[-1]["review"]["reason"] == "certificate"
    assert all(one["evidence"] and one["left"]["name"] and one["right"]["name"] for one in asked)
    assert steward.get("/api/v1/reviews", params={"after": "x"}).status_code == 404


@pytest.mark.parametrize("verdict", ["same", "apart", "unsure"])
def test_an_answered_question_leaves_the_queue_and_comes_back_when_undone(steward: TestClient, verdict: str) -> None:
    before = questions(steward)
    number = before[0]["review"]["review_id"]
    said = post(steward, f"/reviews/{number}", {"verdict": verdict, **WHY})
    assert number not in [one["review"]["review_id"] for one in questions(steward)]
    post(steward, f"/decisions/{said['decision_id']}/undo", {"reason": "a slip"})
    assert [one["review"]["review_id"] for one in questions(steward)] == [one["review"]["review_id"] for one in before]


def test_an_application_that_only_reads_decides_nothing(tmp_path: Path) -> None:
    opened = database.connect("sqlite:///kehu.db", folder=tmp_path, vault=VAULT)
    database.migrate(opened)
    with TestClient(
        app.create(opened, clock=lambda: NOW), base_url="http://127.0.0.1:8500", client=("127.0.0.1", 50000)
    ) as client:
        post(client, "/customers/merge", {"ids": [1, 2], **WHY}, 503)
    opened.close()


def page(client: TestClient, path: str, language: str = "en") -> str:
    answer = client.get(path, headers={"accept": "text/html", "accept-language": language})
    assert answer.status_code == 200, answer.text
    return answer.text


def test_the_page_of_the_queue_asks_is_answered_and_goes_back(steward: TestClient) -> None:
    number = questions(steward)[0]["review"]["review_id"]
    shown = page(steward, "/reviews")
    assert f'action="/reviews/{number}"' in shown
    assert all(f'data-press="{key}"' in shown for key in "msn")
    assert "这两者是同一客户吗？" in page(steward, "/reviews", "zh")
    told = steward.post(f"/reviews/{number}", data={"verdict": "apart", "reason": "two people"}, follow_redirects=False)
    assert told.status_code == 303
    after = page(steward, told.headers["location"])
    assert f'action="/reviews/{number}"' not in after
    assert 'data-press="u"' in after
    decision = steward.get("/api/v1/decisions").json()["rows"][0]["decision_id"]
    steward.post(f"/reviews/undo/{decision}", data={"reason": "a slip"})
    assert f'action="/reviews/{number}"' in page(steward, "/reviews")
    while asked := questions(steward):
        steward.post(
            f"/reviews/{asked[0]['review']['review_id']}", data={"verdict": "unsure", "reason": "nobody knows"}
        )
    assert "Nothing in doubt" in page(steward, "/reviews")


def test_a_customer_is_split_merged_and_restored_by_its_page(steward: TestClient) -> None:
    zhang, wang = customer_of(steward, "z1"), customer_of(steward, "w1")
    number = steward.get(f"/api/v1/customers/{zhang}/history").json()["records"][0]
    shown = page(steward, f"/customers/{zhang}/decisions")
    assert f'name="record" value="{number}"' in shown
    assert "No steward has said anything" in shown
    found = steward.post(f"/customers/{zhang}/decisions", data={"q": "王芳"}, headers={"accept": "text/html"}).text
    assert f'name="other" value="{wang}"' in found
    why = {"reason": "seen the cards"}
    steward.post(f"/customers/{zhang}/split", data={"record": [number], **why})
    assert customer_of(steward, "z1") != customer_of(steward, "z2")
    steward.post(f"/customers/{zhang}/merge", data={"other": wang, **why})
    assert customer_of(steward, "w1") == customer_of(steward, "z1") != customer_of(steward, "z2")
    told = page(steward, f"/customers/{zhang}/decisions", "zh")
    assert "同一客户" in told
    for decision in steward.get("/api/v1/decisions").json()["rows"]:
        steward.post(f"/customers/{zhang}/undo", data={"decision": decision["decision_id"], **why})
    assert (customer_of(steward, "z1"), customer_of(steward, "w1")) == (zhang, wang)
    assert "undone by" in page(steward, f"/customers/{zhang}/decisions")


def test_a_reason_that_not_every_database_could_keep_is_refused(steward: TestClient) -> None:
    both = [customer_of(steward, "z1"), customer_of(steward, "w1")]
    assert "NUL" in post(steward, "/customers/merge", {"ids": both, "reason": "seen\0the cards"}, 422)["detail"]
    assert [customer_of(steward, "z1"), customer_of(steward, "w1")] == both
