import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kehu.collect.town import town
from kehu.errors import TableShapeError
from kehu.model import records
from kehu.process import clean, distinct

SHARED = [name for name in records.FLAT_COLUMNS if name in records.CLEAN.names]
FLAT = pa.schema({name: pa.string() for name in records.FLAT_COLUMNS})

WORDS = st.sampled_from(
    [
        "张伟", "張 先生", "Smith, John", "华信科技（杭州）有限公司", "无", "13912345678/13812345678",
        "11010519491231002x", "91350100M000100Y43",
        "1987年5月12日", "12/05/1987", "男", "a@x.org", "杭州西湖区文三路138号", "8 Stanley St, Miami 4223", "个人",
        "学生", "2026-01-01 10:00",
    ]
)  # fmt: skip
CELLS = st.none() | WORDS | st.text(max_size=12)
ROWS = st.lists(st.fixed_dictionaries(dict.fromkeys(records.FLAT_COLUMNS, CELLS)), max_size=4)


def flat(rows: list[dict[str, str | None]]) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=FLAT)


@settings(max_examples=60)
@given(ROWS)
def test_no_row_is_too_odd_and_none_is_lost(rows: list[dict[str, str | None]]) -> None:
    cleaned = clean.clean(flat(rows))
    assert cleaned.schema == records.CLEAN
    assert cleaned.num_rows == len(rows)
    cleaned.validate(full=True)
    for field in records.CLEAN:
        assert field.nullable or cleaned.column(field.name).null_count == 0


@settings(max_examples=60)
@given(ROWS)
@example([dict.fromkeys(records.FLAT_COLUMNS) | {"name": name} for name in ("Ann-Lee", "A-¼A")])
def test_cleaning_twice_is_cleaning_once(rows: list[dict[str, str | None]]) -> None:
    # The parts of an address become one line, in which a second look may see more than its parts said; and the
    # parts of a name may contradict the whole.
    parts = dict.fromkeys(("address_1", "address_2", "suburb", "city", "state", "given_name", "surname"))
    once = clean.clean(flat([row | parts for row in rows]))
    again = clean.clean(once.select(SHARED).cast(pa.schema({name: pa.string() for name in SHARED})))
    for name in SHARED:
        assert again.column(name).to_pylist() == once.column(name).to_pylist(), name


@settings(max_examples=100)
@given(ROWS)
def test_few_rows_are_cleaned_as_many_are(rows: list[dict[str, str | None]]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        by_kernels = clean.clean(flat(rows))
        patch.setattr(distinct, "FEW", 16)
        assert clean.clean(flat(rows)).equals(by_kernels)


def test_few_rows_of_the_town_are_cleaned_as_many_are() -> None:
    people = town.make(400, seed=6).records
    with pytest.MonkeyPatch.context() as patch:
        whole = clean.clean(people)
        patch.setattr(distinct, "FEW", 16)
        few = [clean.clean(people.slice(start, 16)) for start in range(0, people.num_rows, 16)]
    assert pa.concat_tables(few).equals(whole)


def test_a_slice_is_cleaned_as_the_whole_is() -> None:
    people = town.make(400, seed=5).records
    whole = clean.clean(people)
    assert pa.concat_tables([clean.clean(people.slice(0, 150)), clean.clean(people.slice(150))]).equals(whole)


def test_columns_may_be_missing_or_in_pieces() -> None:
    cleaned = clean.clean(pa.table({"record_id": pa.chunked_array([["1"], ["2"]]), "other": [1, 2]}))
    assert cleaned.num_rows == 2
    with pytest.raises(TableShapeError, match="record_id"):
        clean.clean(pa.table({"name": ["张伟"]}))


def test_no_rows_are_no_rows() -> None:
    assert clean.clean(flat([])).equals(records.CLEAN.empty_table())


def test_a_row_of_each_kind_is_cleaned() -> None:
    person, firm = clean.clean(
        flat(
            [
                {
                    "record_id": "1",
                    "name": "張 偉先生",
                    "phone": "+86 139-1234-5678",
                    "phone_2": "139 1234 5678",
                    "gender": "1",
                },
                {"record_id": "2", "name": "老地方", "id_number": "91350100M000100Y43", "category": "企业"},
            ]
        )
    ).to_pylist()
    assert (person["kind"], person["name"], person["name_match"], person["phone"], person["phone_2"]) == (
        "individual", "張偉", "张伟", "13912345678", None,
    )  # fmt: skip
    assert (firm["kind"], firm["org_core"], firm["surname"], firm["category"]) == (
        "organization", "老地方", None, "enterprise",
    )  # fmt: skip
