"""The pages of the channels: what stands on them, and who sees what of a mapping."""

from datetime import UTC, datetime, timedelta
from typing import Any

from kehu.flows.upkeep.alone import RUN, alone
from kehu.model.people import Role
from kehu.store import dues, loads

NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)


def test_a_channel_shows_its_last_load_its_next_run_counts_and_errors(staff: Any) -> None:
    steward = staff.signed_in(Role.STEWARD)
    with staff.office.database.begin() as tx:
        dues.note(tx, ["hall"], NOW + timedelta(minutes=15))
    page = steward.get("/channels").text
    assert "22 Nov 2026 16:45" in page
    assert "127.0.0.1 does not answer" in page
    assert "files in a folder" in page
    assert 'href="/channels/hall/preview"' in page
    told = {one["name"]: one for one in steward.get("/api/v1/channels").json()["channels"]}
    assert told["hall"]["next_at"] == "2026-11-22T08:45:00Z"
    assert told["online"]["brought"]["last"]["state"] == "failed"
    # Whoever read it at intervals is gone: it should have been read by now.
    with staff.office.database.begin() as tx:
        dues.note(tx, ["hall"], NOW - timedelta(minutes=1))
    assert "overdue" in steward.get("/channels").text
    with staff.office.database.begin() as tx:
        dues.note(tx, ["hall"], None)
    assert "overdue" not in steward.get("/channels").text


def test_a_run_in_progress_asks_for_itself_until_it_is_over(staff: Any) -> None:
    browser, store = staff.signed_in(Role.ADMINISTRATOR), staff.office.database
    assert 'id="run"' not in browser.get("/channels").text
    with alone(store, RUN, clock=lambda: NOW):
        with store.begin() as tx:
            number = loads.start(tx, "calls", at=NOW)
            loads.advance(tx, number, counts=loads.Counts(read=4_321, accepted=4_321), done_at=NOW)
        assert "4,321" in browser.get("/channels").text
        piece = browser.get("/channels/run").text
        assert "4,321" in piece
        assert "every 2s" in piece
        assert "<html" not in piece
    over = browser.get("/channels/run").text
    assert "The run is over." in over
    assert "every 2s" not in over


def test_a_mapping_is_shown_with_values_before_and_after_and_what_breaks_a_rule(staff: Any) -> None:
    page = staff.signed_in(Role.STEWARD).get("/channels/hall/preview").text
    assert "<code>客户姓名</code>" in page
    assert "１３８０００１５６７８" in page
    assert "13800015678" in page
    assert "name is missing" in page or "must be filled" in page
    assert "<code>备注</code>" in page
    assert "Of the first 2 rows 1 would be accepted and 1 quarantined" in page


def test_who_sees_values_masked_sees_those_of_a_mapping_masked(staff: Any) -> None:
    page = staff.signed_in(Role.ADMINISTRATOR).get("/channels/hall/preview").text
    assert "138****5678" in page
    assert "13800015678" not in page
    assert "１３８０００１５６７８" not in page


def test_it_is_noted_who_looked_at_the_rows_of_a_channel(staff: Any) -> None:
    staff.signed_in(Role.STEWARD, login="looker").get("/channels/hall/preview")
    told = staff.signed_in(Role.PRIVACY_OFFICER).get("/api/v1/audit", params={"who": "looker", "act": "look"}).json()
    assert [one["what"] for one in told["rows"]] == ["channel hall"]


def test_a_channel_that_cannot_be_read_says_why(staff: Any) -> None:
    steward = staff.signed_in(Role.STEWARD)
    answer = steward.get("/channels/broken/preview")
    assert answer.status_code == 200
    assert "needs the table [channels.broken.mapping]" in answer.text
    assert steward.get("/channels/nobody/preview").status_code == 404
    assert staff.signed_in(Role.AGENT).get("/channels").status_code == 403
