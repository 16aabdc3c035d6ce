"""Customer service over HTTP: tickets and calls for machines, and the pages an agent works on."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from kehu.model.people import Role

PHONE = "13912345678"
"""Two customers of the made-up store name it: 张伟, and 张炜, who holds it."""


@pytest.fixture
def agent(staff: Any) -> Iterator[TestClient]:
    """The browser of an agent."""
    with staff.signed_in(Role.AGENT) as browser:
        yield browser


def opened(agent: TestClient, **more: Any) -> dict[str, Any]:
    answer = agent.post("/api/v1/tickets", json={"title": "No signal", "sla": "fault_town", **more})
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told


def test_a_machine_opens_a_ticket_once_however_often_it_asks(agent: TestClient) -> None:
    ticket = {"title": "Bill too high", "kind": "complaint", "customer_id": 1}
    asked = [agent.post("/api/v1/tickets", json=ticket, headers={"idempotency-key": "b-17"}) for _ in range(2)]
    assert [answer.status_code for answer in asked] == [201, 201]
    assert asked[0].json() == asked[1].json()
    other = agent.post("/api/v1/tickets", json={**ticket, "title": "Another"}, headers={"idempotency-key": "b-17"})
    assert (other.status_code, other.headers["content-type"]) == (409, "application/problem+json")


def test_a_ticket_goes_its_way_and_no_other(agent: TestClient) -> None:
    number = opened(agent)["ticket"]["ticket_id"]
    refused = agent.patch(f"/api/v1/tickets/{number}", json={"state": "closed"})
    assert (refused.status_code, "what may follow is inProgress" in refused.json()["detail"]) == (409, True)
    agent.patch(f"/api/v1/tickets/{number}", json={"state": "inProgress", "severity": "major"})
    agent.post(f"/api/v1/tickets/{number}/comments", json={"text": "A cell is down"})
    told = agent.patch(f"/api/v1/tickets/{number}", json={"state": "resolved"}).json()
    assert told["ticket"]["state"] == "resolved"
    acts = ["opened", "state", "assignee", "severity", "comment", "state"]
    assert [event["act"] for event in told["events"]] == acts


def test_what_a_ticket_does_not_have_cannot_be_set(agent: TestClient) -> None:
    for wrong in ({"opened_by": "root"}, {"state": "resolved"}, {"due_at": "2030-01-01T00:00:00Z"}):
        assert agent.post("/api/v1/tickets", json={"title": "x", "sla": "question", **wrong}).status_code == 422
    assert agent.post("/api/v1/tickets", json={"title": "x", "assignee": "nobody-we-know"}).status_code == 409
    assert agent.get("/api/v1/tickets/999").status_code == 404


def test_the_line_is_paged_and_filtered(agent: TestClient) -> None:
    numbers = {opened(agent, queue="paged")["ticket"]["ticket_id"] for _ in range(3)}
    found, after = [], None
    while True:
        asked: dict[str, Any] = {"queue": "paged", "limit": 2, **({"after": after} if after else {})}
        page = agent.get("/api/v1/tickets", params=asked).json()
        found += [one["ticket_id"] for one in page["rows"]]
        if (after := page["following"]) is None:
            break
    assert (set(found), len(found)) == (numbers, 3)
    assert agent.get("/api/v1/tickets", params={"queue": "paged", "late": True}).json()["rows"] == []
    assert agent.get("/api/v1/tickets", params={"queue": "paged", "state": "closed"}).json()["rows"] == []


def test_a_call_tells_who_may_be_calling_and_no_agent_sees_the_number(agent: TestClient) -> None:
    told = agent.post("/api/v1/interactions", json={"number": "+86 139 1234 5678"}).json()
    # Other tests meet newcomers of the same name and number: who is named first counts.
    assert list(dict.fromkeys(one["customer"]["name"] for one in told["candidates"])) == ["张炜", "张伟"]
    assert told["candidates"][0]["held"]["role"] == "holder"
    assert PHONE not in agent.get(f"/api/v1/interactions/{told['call']['call_id']}").text
    page = agent.get(f"/calls/{told['call']['call_id']}").text
    assert page.index("张炜") < page.index("张伟")
    assert PHONE not in page
    number = told["candidates"][1]["customer"]["customer_id"]
    chosen = agent.post(f"/calls/{told['call']['call_id']}/caller", data={"customer": number}, follow_redirects=False)
    assert chosen.headers["location"] == f"/customers/{number}#attention"
    again = agent.get(f"/calls/{told['call']['call_id']}", follow_redirects=False)
    assert (again.status_code, again.headers["location"]) == (303, f"/customers/{number}#attention")


def test_a_call_of_the_only_one_who_holds_the_number_opens_their_page(agent: TestClient) -> None:
    told = agent.post("/api/v1/interactions", json={"number": "15011112222", "channel": "hotline"}).json()
    page = agent.get(f"/calls/{told['call']['call_id']}")
    assert "欧阳娜娜" in page.text
    assert "Open a ticket about it" in page.text


def test_a_ticket_about_a_call_is_its_callers(agent: TestClient) -> None:
    call = agent.post("/api/v1/interactions", json={"number": "15011112222"}).json()["call"]
    told = opened(agent, call_id=call["call_id"])
    assert told["ticket"]["customer_id"] == call["customer_id"]


def test_a_contact_of_the_timeline_can_be_what_a_ticket_is_about(agent: TestClient) -> None:
    found = re.search(r'href="(/tickets/new\?customer=4&amp;record=(\d+))"', agent.get("/customers/4/behind").text)
    assert found is not None
    assert f'name="record" value="{found[2]}"' in agent.get(found[1].replace("&amp;", "&")).text
    told = opened(agent, customer_id=4, record=int(found[2]))
    assert told["ticket"]["record"] == int(found[2])
    assert agent.post("/api/v1/tickets", json={"title": "x", "record": 99_999}).status_code == 404


def test_a_note_stands_on_the_page_as_it_was_written_and_is_no_markup(agent: TestClient) -> None:
    answer = agent.post("/customers/4/notes", data={"text": "<b>after 5</b>"})
    assert "&lt;b&gt;after 5&lt;/b&gt;" in answer.text
    notes = agent.get("/api/v1/customers/4/notes").json()
    assert notes[0]["text"] == "<b>after 5</b>"
    assert agent.post("/api/v1/customers/4/notes", json={"text": "again"}).status_code == 201


def test_a_value_set_by_hand_holds_and_says_why(agent: TestClient) -> None:
    page = agent.post(
        "/customers/3/pin", data={"attribute": "gender", "value": "男", "reason": "she was mistaken for him"}
    )
    assert page.status_code == 200
    assert "pinned by a steward" in page.text


def test_tickets_are_opened_for_several_customers_at_once(agent: TestClient) -> None:
    form = agent.get("/tickets/new?customer=1&customer=2").text
    assert "One for each of 2 customers" in form
    agent.post("/tickets", data={"title": "Cable cut", "sla": "fault_town", "customer": ["1", "2"], "mine": "true"})
    mine = agent.get("/tickets").text
    assert mine.count("Cable cut") == 2
    assert re.search(r"Mine <span[^>]*>2<", mine)


def test_a_newcomer_is_met_before_and_stored_once(staff: Any, agent: TestClient) -> None:
    form = agent.get("/customers/new").text
    key = re.search(r'name="key" value="([0-9a-f]{16})"', form)
    assert key is not None
    typed = {"key": key[1], "name": "欧阳娜娜", "phone": "15011112222", "birth_date": "2004-09-01"}
    piece = agent.post("/customers/new/likely", data=typed).text
    assert "欧阳娜娜" in piece
    assert "15011112222" not in piece
    assert "Nobody like them" in agent.post("/customers/new/likely", data={"name": "史密斯"}).text
    stored = [agent.post("/customers/new", data=typed, follow_redirects=False) for _ in range(2)]
    assert [answer.status_code for answer in stored] == [303, 303]
    assert stored[0].headers["location"] == stored[1].headers["location"]


@pytest.mark.parametrize("role", [Role.STEWARD, Role.ANALYST, Role.PRIVACY_OFFICER])
def test_whoever_does_not_serve_sees_no_ticket(staff: Any, agent: TestClient, role: Role) -> None:
    title = f"secret of {role}"
    opened(agent, title=title, customer_id=1)
    with staff.signed_in(role) as other:
        assert other.get("/tickets").status_code == 403
        assert title not in other.get("/customers/1").text
