"""Values in clear: for a reason, at a pace, noted before they are shown; and who looked at whom."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from kehu.flows.users.pace import Pace, Paces
from kehu.model.people import Role
from kehu.store.audit import trail
from kehu.store.audit.trail import Act, Filter, Noted

CERTIFICATE, PHONE = "110101199003070417", "13912345678"
WHY = "he forgot his number"
WANTED = {"fields": ["id_number", "phone"], "reason": WHY}
JSON = {"accept": "application/json"}


@pytest.fixture
def at_pace(staff: Any) -> Iterator[Callable[[Paces], None]]:
    """Sets how often somebody may ask, until the test ends."""
    state = staff.application.state
    before = state.pace
    yield lambda paces: setattr(state, "pace", Pace(paces))
    state.pace = before


def _noted(staff: Any, act: Act) -> list[Noted]:
    with staff.office.database.read() as tx:
        return trail.page(tx, Filter(act=act), vault=staff.office.vault)


def test_an_agent_sees_values_masked_until_they_say_why(staff: Any) -> None:
    agent = staff.signed_in(Role.AGENT, login="lihua")
    page = agent.get("/customers/1").text
    assert PHONE not in page
    assert CERTIFICATE not in page
    assert "139****5678" in page
    piece = agent.post("/customers/1/unmask", data=WANTED, headers={"hx-request": "true"})
    assert (piece.status_code, piece.headers["cache-control"]) == (200, "no-store")
    assert PHONE in piece.text
    assert CERTIFICATE in piece.text
    assert "<html" not in piece.text
    assert "<html" in agent.post("/customers/1/unmask", data=WANTED).text
    assert PHONE not in agent.get("/customers/1").text
    told = agent.post("/api/v1/customers/1/unmask", json=WANTED).json()
    assert told["fields"][0] == {"field": "id_number", "values": [CERTIFICATE]}
    first = next(one for one in reversed(_noted(staff, Act.UNMASK)) if one.who == "lihua")
    assert (first.what, first.why) == ("customer 1", WHY)
    assert first.detail == {"fields": ["id_number", "phone"]}


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"reason": "why"}, id="too short a reason"),
        pytest.param({"reason": "          "}, id="a blank one"),
        pytest.param({"fields": []}, id="nothing wanted"),
        pytest.param({"fields": ["password"]}, id="no field of a customer"),
        pytest.param({"who": "somebody else"}, id="a field of ours"),
    ],
)
def test_what_is_asked_for_must_be_whole(staff: Any, wrong: dict[str, Any]) -> None:
    before = len(_noted(staff, Act.UNMASK))
    answer = staff.signed_in(Role.AGENT).post("/api/v1/customers/1/unmask", json={**WANTED, **wrong})
    assert answer.status_code == 422
    assert len(_noted(staff, Act.UNMASK)) == before


def test_four_characters_of_chinese_are_a_reason(staff: Any) -> None:
    agent = staff.signed_in(Role.AGENT)
    assert agent.post("/api/v1/customers/1/unmask", json={**WANTED, "reason": "核实身份"}).status_code == 200
    assert 'minlength="4"' in agent.get("/customers/1").text


def test_a_form_that_lacks_something_says_so(staff: Any) -> None:
    agent = staff.signed_in(Role.AGENT)
    assert agent.post("/customers/1/unmask", data={"fields": ["phone"]}).status_code == 422
    piece = agent.post("/customers/1/unmask", data={"fields": ["phone"]}, headers={"hx-request": "true"})
    assert 'role="alert"' in piece.text
    assert "<html" not in piece.text


def test_where_the_trail_cannot_be_written_nothing_is_shown(staff: Any) -> None:
    agent = staff.signed_in(Role.AGENT)
    with staff.office.database.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE audit RENAME TO audit_away"))
    try:
        answers = [
            agent.post("/api/v1/customers/1/unmask", json=WANTED),
            agent.post("/customers/1/unmask", data=WANTED),
            agent.get("/customers/1"),
            agent.get("/api/v1/customers/1", headers=JSON),
        ]
    finally:
        with staff.office.database.engine.begin() as connection:
            connection.execute(sa.text("ALTER TABLE audit_away RENAME TO audit"))
        staff.application.state.looks.write()
    for answer in answers:
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "5"
        assert PHONE not in answer.text
        assert "139****5678" not in answer.text


def test_who_unmasks_too_often_has_to_wait(staff: Any, at_pace: Callable[[Paces], None]) -> None:
    at_pace(Paces(unmaskings_per_hour=2))
    agent, colleague = staff.signed_in(Role.AGENT), staff.signed_in(Role.AGENT)
    statuses = [agent.post("/api/v1/customers/1/unmask", json=WANTED).status_code for _ in range(2)]
    refused = agent.post("/api/v1/customers/1/unmask", json=WANTED)
    assert (statuses, refused.status_code) == ([200, 200], 429)
    assert 0 < int(refused.headers["retry-after"]) <= timedelta(hours=1).total_seconds()
    assert colleague.post("/api/v1/customers/1/unmask", json=WANTED).status_code == 200


def test_who_searches_or_sends_too_often_has_to_wait(staff: Any, at_pace: Callable[[Paces], None]) -> None:
    at_pace(Paces(searches_per_minute=2, pushes_per_minute=1))
    agent = staff.signed_in(Role.AGENT)
    asked = [agent.post("/api/v1/customers/search", json={"q": "张"}).status_code, agent.post("/search").status_code]
    refused = agent.post("/api/v1/customers/search", json={"q": "张"})
    assert (asked, refused.status_code, refused.headers["retry-after"]) == ([200, 200], 429, "30")
    sent = [agent.post("/api/v1/records", json={"channel": "app"}).status_code for _ in range(2)]
    assert sent == [200, 429]


def test_whose_page_was_opened_is_noted(staff: Any) -> None:
    steward = staff.signed_in(Role.STEWARD, login="zhao")
    steward.get("/customers/1")
    steward.get("/api/v1/customers/2/timeline", headers=JSON)
    steward.get("/customers")
    steward.get("/api/v1/customers/3/notes", headers=JSON)
    mine = [one for one in _noted(staff, Act.LOOK) if one.who == "zhao"]
    assert [(one.what, one.detail["clear"]) for one in mine] == [
        ("customer 3", True), ("customer 2", True), ("customer 1", True)
    ]  # fmt: skip
    assert mine[1].whence == "127.0.0.1"


def test_the_trail_is_read_by_whom_it_is_for_with_filters_and_in_pages(staff: Any) -> None:
    agent, officer = staff.signed_in(Role.AGENT, login="sun"), staff.signed_in(Role.PRIVACY_OFFICER)
    agent.post("/api/v1/customers/2/unmask", json=WANTED)
    for number in (1, 2, 3):
        agent.get(f"/customers/{number}")
    told = officer.get("/api/v1/audit", params={"who": "sun", "act": "look", "limit": 2}).json()
    rest = officer.get("/api/v1/audit", params={"who": "sun", "act": "look", "after": told["following"]}).json()
    assert [one["what"] for one in (*told["rows"], *rest["rows"])] == ["customer 3", "customer 2", "customer 1"]
    assert rest["following"] is None
    page = officer.get("/audit", params={"who": "sun", "act": "unmask", "since": "2026-11-22", "until": "2026-11-22"})
    assert WHY in page.text
    assert "customer 2" in page.text
    assert officer.get("/audit", params={"who": "sun", "until": "2026-11-21"}).text.count("customer 2") == 0
    assert officer.get("/audit", params={"act": "nonsense", "since": "soon"}).status_code == 200
    assert "审计" in officer.get("/audit", headers={"accept-language": "zh"}).text
    for role in (Role.AGENT, Role.STEWARD, Role.ANALYST):
        other: TestClient = staff.signed_in(role)
        assert other.get("/audit").status_code == 403
