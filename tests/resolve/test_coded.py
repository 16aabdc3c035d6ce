"""Coded columns: a handful of records says the same as many."""

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kehu.collect.town.town import Town
from kehu.process import clean
from kehu.resolve import coded, keys, sounds
from kehu.resolve.coded import READ, Coded, Records

TEXTS = [name for name in READ.names if pa.types.is_string(READ.field(name).type)]
DERIVED = list(coded._DERIVED)


def told(column: Coded) -> list[str | None]:
    """The values of the rows."""
    assert column.distinct.to_pylist() == column.values
    assert column.lengths.tolist() == [*map(len, column.values), 0]
    return [column.values[code] if code >= 0 else None for code in column.codes.tolist()]


def said(records: Records) -> dict[str, object]:
    """All that keys and comparisons read of records."""
    flags: dict[str, object] = {
        name: getattr(records, name).tolist() for name in ("individual", "han", "latin", "weak", "certified")
    }
    numbers = {name: getattr(records, name).tolist() for name in ("phone_digits", "born", "day")}
    made: dict[str, object] = keys.of(records, np.arange(len(records))).to_pydict()
    return {name: told(records.coded(name)) for name in [*TEXTS, *DERIVED]} | flags | numbers | made


@pytest.fixture(scope="module")
def town_records(a_town: Callable[[int], Town]) -> pa.Table:
    return clean.clean(a_town(2_000).records)


@settings(max_examples=60, deadline=None)
@given(first=st.integers(0, 1_990), rows=st.integers(1, 9))
def test_few_records_say_what_they_say_among_many(town_records: pa.Table, first: int, rows: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        few = said(Records(town_records.slice(first, rows)))
        patch.setattr(coded, "FEW", 0)
        many = said(Records(town_records.slice(first, rows)))
    assert few == many


ODD = st.text(st.sampled_from("a bÉé@.+0179王小 \u0301ß\n'-"), max_size=80)


@settings(max_examples=200, deadline=None)
@given(values=st.lists(st.none() | ODD, min_size=1, max_size=6))
@pytest.mark.parametrize(
    ("column", "derived"),
    [
        ("email", "email_local"),
        ("id_number", "id_body"),
        ("org_core", "org_start"),
        ("surname", "latin_surname"),
        ("name_match", "letters"),
        ("given_name", "latin_given_sound"),
        ("phone", "phones.first"),
    ],
)
def test_few_odd_texts_say_what_they_say_among_many(column: str, derived: str, values: list[str | None]) -> None:
    nothing = {field.name: pa.nulls(len(values), field.type) for field in READ}
    table = pa.table(nothing | {column: pa.array(values, pa.string()), "kind": ["individual"] * len(values)})
    with pytest.MonkeyPatch.context() as patch:
        few = Records(table)
        assert told(few.coded(derived)) is not None
        patch.setattr(coded, "FEW", 0)
        many = Records(table)
        assert told(few.coded(derived)) == told(many.coded(derived))
        assert few.phone_digits.tolist() == many.phone_digits.tolist()


@settings(max_examples=300, deadline=None)
@given(
    syllables=st.lists(st.sampled_from(["ou", "yang", "na", ""]), max_size=5),
    length=st.integers(1, 7),
    which=st.integers(0, 1),
)
def test_the_part_of_a_sound_is_that_of_many(syllables: list[str], length: int, which: int) -> None:
    sound = " ".join(syllables)
    many = sounds.parts(pa.array([sound]), np.array([length]), which).to_pylist()
    assert [sounds.part(sound, length, which)] == many


@settings(max_examples=200, deadline=None)
@given(values=st.lists(st.text(max_size=40), min_size=1, max_size=5))
def test_few_values_have_the_hashes_of_many(values: list[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        few = keys.hashes(coded.coded(pa.array(values)))
        patch.setattr(coded, "FEW", 0)
        assert keys.hashes(coded.coded(pa.array(values))).tolist() == few.tolist()
