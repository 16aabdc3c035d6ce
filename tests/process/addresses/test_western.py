import pytest
from hypothesis import given
from hypothesis import strategies as st

from kehu.process.addresses import columns, western


@pytest.mark.parametrize(
    ("street", "road", "number", "unit"),
    [
        ("8 Stanley Street", "stanley street", "8", None),
        ("8 STANLEY ST.", "stanley street", "8", None),
        ("8, Stanley Street", "stanley street", "8", None),
        ("Unit 3, 8 Stanley St", "stanley street", "8", "3"),
        ("3/8 Stanley St", "stanley street", "8", "3"),
        ("8 Stanley St Apt 3", "stanley street", "8", "3"),
        ("12 St John Street", "st john street", "12", None),
        ("Hauptstraße 12", "hauptstrasse", "12", None),
        ("pridhamstreet", "pridhamstreet", None, None),
        ("3", None, "3", None),
    ],
)
def test_the_number_is_told_from_the_street(
    street: str, road: str | None, number: str | None, unit: str | None
) -> None:
    found = western.clean_street(street)
    assert (found.road, found.road_number, found.unit) == (road, number, unit)


@given(st.text(max_size=30))
def test_no_address_is_too_odd(address: str) -> None:
    assert len(western.clean(address)) == len(western.clean_street(address))
    assert columns.line(address) == columns.line(address)
