"""The timeline of a customer: contacts, records, tickets, calls, consents and changes on one line."""

import re
from collections import Counter
from typing import Any

from kehu.flows.insight import happened, insight
from kehu.flows.insight.happened import Happened
from kehu.model.people import Role


def _lines(page: str) -> list[tuple[str, str]]:
    """What each line of the timeline tells of, and its words."""
    timeline = page.partition('class="history timeline"')[2].partition("</ol>")[0]
    lines = re.findall(r'happened-(\w+)">(.*?)</li>', timeline, re.DOTALL)
    return [(what, re.sub(r"<[^>]+>", " ", told)) for what, told in lines]


def test_all_that_happened_stands_on_the_timeline(staff: Any) -> None:
    agent, steward, officer = (staff.signed_in(role) for role in (Role.AGENT, Role.STEWARD, Role.PRIVACY_OFFICER))
    record = {"channel": "app", "record_id": "T-1", "name": "司马相如", "phone": "13755550001"}
    number = agent.post("/api/v1/records", json=record).json()["customer_id"]
    call = agent.post("/api/v1/interactions", json={"number": "13755550001", "channel": "10086"}).json()["call"]
    agent.post(f"/api/v1/interactions/{call['call_id']}/caller", json={"customer_id": number})
    asked = {"title": "琴弦断了", "sla": "fault_town", "customer_id": number}
    ticket = agent.post("/api/v1/tickets", json=asked).json()["ticket"]["ticket_id"]
    agent.patch(f"/api/v1/tickets/{ticket}", json={"state": "inProgress"})
    agent.patch(f"/api/v1/tickets/{ticket}", json={"state": "resolved", "text": "换好了"})
    said = {"purpose": "marketing", "said": "given", "notice": "2026-1", "channel": "hall"}
    assert officer.post(f"/api/v1/customers/{number}/consents", json=said).status_code < 300

    told = _lines(agent.get(f"/customers/{number}/behind").text)
    assert Counter(what for what, _ in told) == Counter(["arrival", "call", "opened", "ended", "consent"])
    words = dict(told)
    assert "琴弦断了" in words["opened"]
    assert "resolved" in words["ended"]
    assert "137****0001" in words["call"]
    assert "13755550001" not in words["call"]
    assert "T-1" in words["arrival"]
    # Who does not serve sees neither tickets nor calls.
    assert {what for what, _ in _lines(steward.get(f"/customers/{number}/behind").text)} == {"arrival", "consent"}


def test_a_value_that_was_set_by_hand_stands_among_the_contacts(staff: Any) -> None:
    steward = staff.signed_in(Role.STEWARD)
    (found,) = steward.post("/api/v1/customers/search", json={"q": "GB1234567"}).json()["customers"]
    pinned = {"attribute": "email", "value": "j.smith@example.org", "reason": "told us"}
    assert steward.post(f"/api/v1/customers/{found['customer_id']}/pin", json=pinned).status_code < 300
    # It came from no record, so none is named; who set it is told by the past.
    row = (
        steward.get(f"/customers/{found['customer_id']}").text.partition("j.smith@example.org")[2].partition("</tr>")[0]
    )
    assert "Who set it, and why" in row
    assert "#record-" not in row
    told = _lines(steward.get(f"/customers/{found['customer_id']}/behind").text)
    assert [what for what, _ in told] == ["change", "arrival", "contact"]
    assert "decision" in told[0][1]


def test_what_happened_stands_on_one_page_of_the_timeline(staff: Any) -> None:
    store, after = staff.office.database, None
    found: list[Happened] = []
    every = happened.along(store, 1, insight.timeline(store, 1).timeline, serves=True)[1]
    while True:
        page = insight.timeline(store, 1, after=after, limit=1).timeline
        found += happened.along(store, 1, page, after=after, serves=True)[1]
        if (after := page.following) is None:
            break
    assert len(found) == len(every) > 3
    assert Counter((one.at, one.what) for one in found) == Counter((one.at, one.what) for one in every)
