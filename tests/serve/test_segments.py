"""Segments on pages and for machines: built by clicks, counted, saved, taken out."""

import io
import re
from datetime import UTC, datetime
from typing import Any

import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from kehu.model.people import Role
from kehu.model.privacy import Purpose as Consent
from kehu.model.privacy import Said
from kehu.store.audit import trail
from kehu.store.audit.trail import Act, Filter
from kehu.store.dictionary.customers import customer
from kehu.store.privacy import consents

STUDENTS = {"column": "customer.category", "is": "one_of", "values": ["student"]}
CALLED = {"has": "interaction", "where": [{"column": "interaction.kind", "is": "one_of", "values": ["call"]}]}
EVERYBODY = {"column": "customer.kind", "is": "known"}
NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
JSON = {"accept": "application/json"}

FORM = {
    "groups": "2", "top": "all", "name": "calling students", "with_each_run": "1",
    "g0.about": "customer", "g0.mode": "any", "g0.lines": "1",
    "g0.l0.column": "customer.category", "g0.l0.is": "one_of", "g0.l0.value": "student, nobody",
    "g1.about": "interaction", "g1.mode": "all", "g1.at_least": "1", "g1.lines": "1",
    "g1.l0.column": "interaction.kind", "g1.l0.is": "one_of", "g1.l0.value": "call",
}  # fmt: skip


@pytest.fixture
def steward(staff: Any) -> TestClient:
    """The browser of a steward."""
    browser: TestClient = staff.signed_in(Role.STEWARD)
    return browser


def _save(browser: TestClient, name: str, condition: Any = STUDENTS) -> int:
    answer = browser.post("/api/v1/segments", json={"name": name, "condition": condition}, headers=JSON)
    assert answer.status_code == 201
    return int(answer.json()["segment_id"])


def test_a_count_is_told_while_a_segment_is_built(steward: TestClient) -> None:
    told = steward.post("/api/v1/segments/count", json={"condition": STUDENTS}, headers=JSON).json()
    assert 0 < told["customers"] < told["of"]
    page = steward.post("/segments/new", data={**FORM, "do": "count"}).text
    both = steward.post("/api/v1/segments/count", json={"condition": {"all": [STUDENTS, CALLED]}}, headers=JSON).json()
    assert re.search(rf'<b class="figures">{both["customers"]}</b> of {told["of"]} customers', page)


def test_lines_and_groups_come_and_go_by_buttons(steward: TestClient) -> None:
    page = steward.get("/segments/new").text
    assert page.count('class="ask"') == 1
    page = steward.post("/segments/new", data={**FORM, "do": "line 0"}).text
    assert page.count('class="ask"') == 3
    page = steward.post("/segments/new", data={**FORM, "do": "group"}).text
    assert page.count('class="card group"') == 3
    page = steward.post("/segments/new", data={**FORM, "do": "drop 0"}).text
    assert page.count('class="card group"') == 1
    assert "student, nobody" not in page
    assert "Not complete yet" in steward.post("/segments/new", data={**FORM, "g0.l0.value": "", "do": "count"}).text


def test_a_segment_that_was_built_is_saved_changed_and_put_away(steward: TestClient) -> None:
    saved = steward.post("/segments/new", data={**FORM, "do": "save"}, follow_redirects=False)
    place = saved.headers["location"]
    page = steward.get(place).text
    assert "calling students" in page
    assert "Category is one of student, nobody" in page
    assert "&lt;th" not in page
    edit = steward.get(f"{place}/edit").text
    # What we have words for is ticked, an operator's own code is written.
    assert 'value="student" checked' in edit
    assert 'value="ordinary" >' in edit
    assert 'value="nobody"' in edit
    again = steward.post(f"{place}/edit", data={**FORM, "g0.mode": "none", "do": "save"}, follow_redirects=False)
    assert again.status_code == 303
    assert "version 2" in steward.get(place).text
    assert "not: any holds" in steward.get(place).text
    assert "Earlier versions" in steward.get(place).text
    versions = steward.get(f"/api/v1{place}/versions", headers=JSON).json()
    assert [one["version"] for one in versions] == [2, 1]
    assert "not" in versions[0]["condition"]["all"][0]
    assert "any" in versions[1]["condition"]["all"][0]
    assert steward.get("/api/v1/segments/999/versions", headers=JSON).status_code == 404
    assert steward.post("/segments/new", data={**FORM, "do": "save"}).status_code == 422
    steward.post(f"{place}/put-away")
    assert "calling students" not in steward.get("/segments").text


def test_what_the_form_holds_means_what_was_saved(steward: TestClient) -> None:
    condition = {
        "any": [
            {"all": [{"column": "customer.age", "is": "between", "from": 18, "to": 25.5}]},
            {"not": {"any": [{"column": "customer.email", "is": "known"}]}},
            {
                "has": "subscription",
                "at_least": 2,
                "where": [{"column": "subscription.plan", "is": "begins", "value": "5G"}],
            },
            {"not": {"has": "interaction", "where": [{"column": "interaction.at", "is": "after", "days_ago": 90}]}},
            {"has": "interaction", "where": [{"column": "interaction.at", "is": "before", "day": "2026-01-01"}]},
            {"has": "interaction", "where": [{"column": "interaction.at", "is": "before", "days_ago": 30}]},
            {"all": [{"column": "customer.records", "is": "between", "to": 1234567.0}]},
        ]
    }
    number = _save(steward, "all kinds", condition)
    page = steward.get(f"/segments/{number}/edit").text
    fields = dict(re.findall(r'<input[^>]* name="([^"]+)"[^>]*? value="([^"]*)"', page))
    fields |= {
        name: chosen
        for name, options in re.findall(r'<select[^>]* name="([^"]+)">(.*?)</select>', page, re.DOTALL)
        for chosen in re.findall(r'<option value="([^"]+)" selected>', options)
    }
    fields.pop("do", None)
    saved = steward.post(f"/segments/{number}/edit", data={**fields, "do": "save"}, follow_redirects=False)
    assert saved.status_code == 303, re.findall('role="alert">([^<]*)', saved.text)
    again = steward.get(f"/api/v1/segments/{number}", headers=JSON).json()
    assert again["version"] == 2
    count = [
        steward.post("/api/v1/segments/count", json={"condition": one}, headers=JSON).json()["customers"]
        for one in (condition, again["condition"])
    ]
    assert count[0] == count[1]


def test_channels_are_ticked_and_others_can_be_written(steward: TestClient) -> None:
    condition = {"has": "record", "where": [{"column": "record.channel", "is": "one_of", "values": ["hall", "fax"]}]}
    page = steward.get(f"/segments/{_save(steward, 'by channel', condition)}/edit").text
    assert 'value="hall" checked' in page
    assert 'value="calls" >' in page
    assert re.search(r'name="g0.l0.value" value="fax"', page)


@pytest.mark.parametrize(
    "leaf",
    [
        pytest.param({"column": "customer.city", "is": "one_of", "values": ["Paris, Texas"]}, id="a comma in a value"),
        pytest.param({"column": "customer.city", "is": "one_of", "values": ["阜阳，颍州"]}, id="a Chinese comma"),
        pytest.param({"column": "customer.city", "is": "begins", "value": "New "}, id="a blank that matters"),
        pytest.param({"column": "customer.birth_date", "is": "after", "days_ago": 90}, id="a question it does not ask"),
    ],
)
def test_a_condition_that_the_form_would_change_is_not_put_into_it(steward: TestClient, leaf: Any) -> None:
    number = _save(steward, f"foreign {leaf}", {"all": [leaf]})
    page = steward.get(f"/segments/{number}/edit").text
    assert "This form cannot hold the conditions of this segment" in page
    assert 'class="ask"' not in page


def test_a_member_is_told_why(steward: TestClient) -> None:
    number = _save(steward, "why", {"any": [STUDENTS, CALLED]})
    members = steward.get(f"/api/v1/segments/{number}/members", headers=JSON).json()["rows"]
    assert members
    customer = members[0]["customer_id"]
    factors = steward.get(f"/api/v1/segments/{number}/members/{customer}", headers=JSON).json()
    assert factors[0]["holds"]
    assert any(factor["holds"] for factor in factors[1:])
    assert "student" in steward.get(f"/segments/{number}/members/{customer}").text


def test_an_analyst_counts_but_sees_no_small_group_and_nobody(staff: Any, steward: TestClient) -> None:
    number = _save(steward, "few", STUDENTS)
    analyst: TestClient = staff.signed_in(Role.ANALYST)
    told = analyst.post("/api/v1/segments/count", json={"condition": STUDENTS}, headers=JSON).json()
    assert told["customers"] is None
    assert "too few to tell" in analyst.get(f"/segments/{number}").text
    assert analyst.get(f"/api/v1/segments/{number}/members", headers=JSON).status_code == 403
    one = {"one": EVERYBODY, "other": STUDENTS}
    assert analyst.post("/api/v1/segments/overlap", json=one, headers=JSON).json()["both"] is None


def test_an_analyst_learns_of_nobody_by_asking_whom_a_condition_leaves_over(staff: Any, steward: TestClient) -> None:
    analyst: TestClient = staff.signed_in(Role.ANALYST)
    nobody = {"all": [STUDENTS, {"not": STUDENTS}]}
    for condition in (STUDENTS, nobody):
        asked = {"condition": condition}
        assert analyst.post("/api/v1/segments/count", json=asked, headers=JSON).json()["customers"] is None
        both = {"one": EVERYBODY, "other": condition}
        assert analyst.post("/api/v1/segments/overlap", json=both, headers=JSON).json()["both"] is None
    assert steward.post("/api/v1/segments/count", json={"condition": nobody}, headers=JSON).json()["customers"] == 0


def test_an_analyst_takes_out_tokens_that_no_other_purpose_knows(staff: Any, steward: TestClient) -> None:
    number = _save(steward, "many", EVERYBODY)
    analyst: TestClient = staff.signed_in(Role.ANALYST)
    asked = {"form": "parquet", "purpose": "a study", "recipient": "the team", "consent": "service"}
    lists = [
        pq.read_table(io.BytesIO(analyst.post(f"/api/v1/segments/{number}/export", json=why, headers=JSON).content))
        for why in (asked, asked, {**asked, "purpose": "another study"})
    ]
    assert set(lists[0].column_names) == {
        "token",
        "kind",
        "gender",
        "province",
        "city",
        "category",
        "star_level",
        "records",
        "quality",
    }
    assert lists[0].column("token") == lists[1].column("token")
    assert set(lists[0].column("token").to_pylist()).isdisjoint(lists[2].column("token").to_pylist())


def test_an_analyst_takes_out_no_list_of_a_few(staff: Any, steward: TestClient) -> None:
    number = _save(steward, "few to list", STUDENTS)
    analyst: TestClient = staff.signed_in(Role.ANALYST)
    asked = {"form": "parquet", "purpose": "a study", "recipient": "the team", "consent": "service"}
    answer = analyst.post(f"/api/v1/segments/{number}/export", json=asked, headers=JSON)
    assert answer.status_code == 409
    assert "too few to tell of" in answer.json()["detail"]
    page = analyst.get(f"/segments/{number}").text
    assert "A list of so few would tell of somebody." in page
    assert "/export" not in page
    # Everybody is many, and nobody of them consented to be told of to others.
    everybody = _save(steward, "nobody consented", EVERYBODY)
    abroad = {**asked, "consent": "abroad"}
    assert analyst.post(f"/api/v1/segments/{everybody}/export", json=abroad, headers=JSON).status_code == 409
    assert analyst.post(f"/api/v1/segments/{everybody}/export", json=asked, headers=JSON).status_code == 200


def test_a_list_goes_out_for_a_purpose_that_the_trail_keeps(staff: Any, steward: TestClient) -> None:
    number = _save(steward, "out", STUDENTS)
    assert steward.post(f"/api/v1/segments/{number}/export", json={"form": "csv"}, headers=JSON).status_code == 403
    officer: TestClient = staff.signed_in(Role.PRIVACY_OFFICER, Role.ANALYST)
    assert officer.post(f"/api/v1/segments/{number}/export", json={"form": "csv"}, headers=JSON).status_code == 422
    form = {"form": "csv", "purpose": "summer plan", "recipient": "hall 7"}
    answer = officer.post(f"/segments/{number}/export", data=form)
    assert answer.status_code == 200
    assert "attachment" in answer.headers["content-disposition"]
    assert "欧阳娜" in answer.text
    with staff.office.database.read() as tx:
        [noted] = trail.page(tx, Filter(act=Act.EXPORT, what=f"segment {number}"), vault=staff.office.vault)
    assert noted.why == "summer plan; for hall 7"
    assert "phone" in noted.detail["fields"]  # type: ignore[operator]  # the fields are a list


def test_two_segments_tell_what_they_share(steward: TestClient) -> None:
    students, everybody = _save(steward, "some", STUDENTS), _save(steward, "all", EVERYBODY)
    sizes = [
        steward.post("/api/v1/segments/count", json={"condition": one}, headers=JSON).json()["customers"]
        for one in (STUDENTS, EVERYBODY)
    ]
    told = steward.post("/api/v1/segments/overlap", json={"one": STUDENTS, "other": EVERYBODY}, headers=JSON).json()
    assert told == {"both": sizes[0], "one": 0, "other": sizes[1] - sizes[0]}
    assert "Whom they share" not in steward.get("/segments/overlap").text
    page = steward.get(f"/segments/overlap?one={students}&other={everybody}").text
    assert "Whom they share" in page
    assert f">{sizes[0]}<" in page


def test_who_refused_marketing_is_on_no_list_for_it(staff: Any, steward: TestClient) -> None:
    number = _save(steward, "offers", STUDENTS)
    officer: TestClient = staff.signed_in(Role.PRIVACY_OFFICER, Role.ANALYST)
    database = staff.office.database
    with database.read() as tx:
        students = sa.select(customer.c.customer_id).where(
            customer.c.category == "student", customer.c.merged_into.is_(None)
        )
        first, second = tx.scalars(students.order_by(customer.c.customer_id).limit(2))
    with database.begin() as tx:
        for who, purpose, said in (
            (first, Consent.MARKETING, Said.WITHDRAWN),
            (second, Consent.MARKETING, Said.GIVEN),
            (second, Consent.SHARING, Said.GIVEN),
        ):
            consents.note(
                tx, who, purpose=purpose, said=said, notice="1", channel="hall", at=NOW, noted_at=NOW, noted_by="test"
            )
    asked = {"form": "parquet", "purpose": "summer plan", "recipient": "hall 7"}

    def on_list(use: str) -> set[int]:
        answer = officer.post(f"/api/v1/segments/{number}/export", json={**asked, "consent": use}, headers=JSON)
        return set(pq.read_table(io.BytesIO(answer.content))["customer_id"].to_pylist())

    assert on_list("service") - on_list("marketing") == {first}
    assert on_list("sharing") == {second}


@pytest.mark.parametrize(
    "condition",
    [
        {"column": "customer.merged_into", "is": "known"},
        {"sql": "1=1"},
        {"column": "customer.phone", "is": "begins", "value": "1"},
    ],
)
def test_what_is_no_segment_is_refused(steward: TestClient, condition: Any) -> None:
    answer = steward.post("/api/v1/segments/count", json={"condition": condition}, headers=JSON)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
