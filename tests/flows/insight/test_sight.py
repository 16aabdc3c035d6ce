"""What somebody sees who sees personal values masked."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest

from kehu.flows.insight import insight, sight
from kehu.flows.insight.insight import Other, Value
from kehu.flows.insight.sight import CLEAR, Sight
from kehu.model import masks
from kehu.model.codes import DecidedBy, MediumKind
from kehu.model.people import ROLES, Role
from kehu.resolve.explain import Evidence
from kehu.store import views
from kehu.store.media import Medium

MASKED = Sight()


def test_only_stewards_and_privacy_officers_see_everything() -> None:
    assert {role for role in Role if sight.by(ROLES[role]).is_clear} == {Role.STEWARD, Role.PRIVACY_OFFICER}
    assert sight.by(ROLES[Role.ADMINISTRATOR]).clear == {"raw"}
    assert sight.by(ROLES[Role.AGENT]).clear == frozenset()


def test_a_value_is_masked_as_its_attribute_is() -> None:
    value = Value(
        attribute="phone", value="13812341234", record=1, channel="hall", record_id="H-1", at=None,
        decided_by=DecidedBy.ONLY, agreeing=1, stating=2, others=(Other(value="13900001111", records=1),),
    )  # fmt: skip
    seen = MASKED.of(value)
    assert (seen.value, seen.others[0].value) == ("138****1234", "139****1111")
    assert MASKED.of(seen) == seen
    assert CLEAR.of(value) is value
    born = MASKED.of(Value(**{**vars(value), "attribute": "birth_date", "value": date(1990, 3, 7), "others": ()}))
    assert born.value == "1990-**-**"


def test_a_medium_is_masked_as_its_kind_is() -> None:
    medium = Medium(
        kind=MediumKind.EMAIL, rank=1, value="ann.lee@x.org", first_seen=None, last_seen=None, records=1, record=1
    )
    assert MASKED.of((medium,))[0].value == "a***@x.org"


def test_what_a_mapping_says_of_a_column_is_masked_but_no_number_of_a_record() -> None:
    told = {"phone": "13812341234", "birth_date": date(1990, 3, 7), "sources": {"phone": 12}, "name": "张伟"}
    assert MASKED.of(told) == {
        "phone": "138****1234", "birth_date": "1990-**-**", "sources": {"phone": 12}, "name": "张伟"
    }  # fmt: skip
    decided = {"phone": DecidedBy.ONLY}
    assert MASKED.of(decided) == decided


def test_the_evidence_does_not_tell_which_masked_value_agrees() -> None:
    def said(comparison: str, weight: float) -> Evidence:
        return Evidence(comparison=comparison, level="exact", weight=weight, zh="", en="")

    @dataclass(frozen=True, kw_only=True)
    class Told:
        weight: float
        levels: str
        evidence: tuple[Evidence, ...]

    def seen(*evidence: Evidence) -> Told:
        whole = sum(one.weight for one in evidence)
        return MASKED.of(Told(weight=whole, levels="123", evidence=evidence))

    near, same = (
        seen(said("han_name", 8.0), said("phone", 19.5), said("street", street), said("prior", -16.0))
        for street in (12.0, 20.8)
    )
    assert near == same
    assert [one.comparison for one in near.evidence] == ["han_name", "prior", "masked"]
    assert near.levels == "***"


@pytest.mark.parametrize("kind", [views.Customer, views.Record])
def test_every_column_of_a_person_that_the_masks_name_is_a_field_they_reach(kind: Any) -> None:
    assert {"id_number", "phone", "phone_2", "email", "address", "birth_date"} <= set(kind.__dataclass_fields__)
    assert insight.Value.__dataclass_fields__["value"].metadata == masks.told_by("attribute")
