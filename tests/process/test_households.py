import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kehu.model import households as model
from kehu.model.codes import TEXTS, AccountType, Direction, InteractionKind, NumberState, Role
from kehu.process import clean, households

FLAT = {name: st.lists(st.none() | st.text(max_size=20), min_size=3, max_size=3) for name in model.STATED.names}


def read(**columns: list[str | None]) -> list[dict[str, object]]:
    flat = pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})
    flat = flat.append_column("record_id", pa.array([str(row) for row in range(flat.num_rows)]))
    stated = households.clean(flat, clean.clean(flat))
    assert stated is not None
    rows: list[dict[str, object]] = stated.to_pylist()
    return rows


def test_rows_that_state_nothing_cost_nothing() -> None:
    flat = pa.table({"record_id": ["1"], "phone": ["13912345678"], "msisdn": pa.nulls(1, pa.string())})
    assert households.clean(flat, clean.clean(flat)) is None


@pytest.mark.parametrize(
    ("column", "codes"),
    [
        ("number_state", NumberState),
        ("account_type", AccountType),
        ("role", Role),
        ("interaction_direction", Direction),
        ("interaction_kind", InteractionKind),
    ],
)
def test_a_code_is_read_from_itself_and_from_its_texts(column: str, codes: type[NumberState]) -> None:
    for code in codes:
        words: list[str | None] = [code.value, *TEXTS[code]]
        beside: dict[str, list[str | None]] = {"msisdn": ["13912345678"] * 3, "interaction_at": ["2026-01-05"] * 3}
        assert [row[column] for row in read(**{**beside, column: words})] == [code.value] * 3


def test_the_certificate_of_a_proxy_is_checked_as_any_other_and_stays_the_proxys() -> None:
    (row,) = read(msisdn=["13912345678"], proxy_name=["王芳"], proxy_id_number=["11010519491231002x"])
    assert (row["proxy_id_type"], row["proxy_id_number"]) == ("resident_id", "11010519491231002X")
    flat = pa.table({"record_id": ["1"], "name": ["张伟"], "proxy_id_number": ["11010519491231002x"]})
    assert clean.clean(flat)["id_number"].to_pylist() == [None]


def test_an_interaction_of_an_unknown_kind_is_another_contact_and_one_without_a_time_is_none() -> None:
    rows = read(interaction_at=["2026-01-05 08:00:00", "soon"], interaction_kind=["星际", "call"])
    assert [row["interaction_kind"] for row in rows] == ["contact", None]


@given(st.fixed_dictionaries(FLAT))
def test_any_text_is_read_without_an_exception_and_reading_twice_is_reading_once(
    columns: dict[str, list[str | None]],
) -> None:
    flat = pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})
    flat = flat.append_column("record_id", pa.array(["1", "2", "3"]))
    once = households.clean(flat, clean.clean(flat))
    if once is None:
        return
    assert set(once.column_names) <= set(model.STATED.names)
    texts = [name for name in once.column_names if pa.types.is_string(once[name].type)]
    again_flat = once.select(texts).append_column("record_id", pa.array(["1", "2", "3"]))
    again = households.clean(again_flat, clean.clean(again_flat))
    for name in texts:
        # Without its time an interaction is none, so its kind is not asked twice.
        if name != "interaction_kind" and again is not None and name in again.column_names:
            assert again[name].to_pylist() == once[name].to_pylist(), name
