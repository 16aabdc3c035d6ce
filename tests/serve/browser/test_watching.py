"""A run in progress, watched."""

from typing import Any

from playwright.sync_api import expect

from kehu.flows.upkeep.alone import RUN, alone
from kehu.model.people import Role
from kehu.store import loads


def test_a_run_in_progress_is_watched_live(visit: Any, house: str, staff: Any, sign_in: Any, violations: Any) -> None:
    staff.signed_in(Role.STEWARD, login="watcher")
    store, clock = staff.office.database, staff.application.state.given.clock
    page = visit(f"{house}/channels", language="en-GB")
    sign_in(page, "watcher")
    with alone(store, RUN, clock=clock):
        with store.begin() as tx:
            number = loads.start(tx, "live", at=clock())
        page.reload()
        read = page.locator("#run-loads tr", has_text="live").locator("td").nth(2)
        expect(read).to_have_text("0")
        assert violations(page) == []
        with store.begin() as tx:
            loads.advance(tx, number, counts=loads.Counts(read=2_500, accepted=2_500), done_at=clock())
        expect(read).to_have_text("2,500")
    expect(page.locator("#run")).to_contain_text("The run is over.")
    assert violations(page) == []
    page.get_by_role("link", name="Show what it brought").click()
    expect(page.locator("#channels tr", has_text="live")).to_contain_text("2,500")
