"""Keys: the same for ever, and shared by records that are alike in any one way."""

from collections.abc import Callable, Sequence
from itertools import cycle, islice

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kehu.model import links
from kehu.resolve import keys
from kehu.resolve.coded import FEW, Records, coded

RecordsOf = Callable[[Sequence[dict[str, str]]], Records]

FULL = {
    "name": "王小明", "id_number": "330106198002030021", "phone": "13912345678", "phone_2": "13812345678",
    "birth_date": "1980-02-03", "email": "xm@x.org", "address": "浙江省杭州市西湖区文三路138号翠苑小区3幢501室",
}  # fmt: skip


def of(records: Records) -> dict[int, set[int]]:
    """The keys of every record."""
    table = keys.of(records, np.arange(len(records)))
    found: dict[int, set[int]] = {row: set() for row in range(len(records))}
    for key, row in zip(table["key"].to_pylist(), table["record"].to_pylist(), strict=True):
        found[row].add(key)
    return found


def shared(records: Records) -> set[str]:
    """The names of the kinds of keys that the first two records share."""
    found = of(records)
    return {keys.kind_of(key).name for key in found[0] & found[1]}


def test_a_value_has_the_same_hash_for_ever() -> None:
    """Keys are stored: another hash would tear every stored record from those that come."""
    assert keys.hashes(coded(pa.array(["王小明", "13912345678", ""]))).tolist() == [
        14477165015634590819,
        3419750824511148397,
        16294208416658607535,
    ]


def test_a_record_has_the_same_keys_for_ever(records_of: RecordsOf) -> None:
    found = of(records_of([{"phone": "13912345678", "email": "xm@x.org"}]))[0]
    named = {keys.kind_of(key).name: key for key in found}
    assert (named["phone"], named["e-mail"]) == (377104162967177665, 11562730438012033571)


def test_a_hash_depends_on_the_value_alone() -> None:
    """Not on where it stands in its column, nor on what stands beside it."""
    values = ["欧阳娜娜", "a", "", "华信科技有限公司", "13912345678", "\u0301"]
    alone = [keys.hashes(coded(pa.array([value])))[0] for value in values]
    assert keys.hashes(coded(pa.array(["before", *values]).slice(1))).tolist() == alone
    assert len(set(alone)) == len(values)


def test_many_values_are_hashed_apart() -> None:
    texts = pa.array([str(number) for number in range(200_000)])
    assert len(np.unique(keys.hashes(coded(texts)))) == len(texts)


@pytest.mark.parametrize(
    ("left", "right", "kind"),
    [
        pytest.param({"phone": "13912345678"}, {"phone": "13812345678", "phone_2": "139-1234-5678"}, "phone",
                     id="a second phone meets a first"),
        pytest.param({"phone": "13700000012", "phone_2": "13912345678"},
                     {"phone": "13812345679", "phone_2": "13912345678"}, "phone", id="two second phones meet"),
        pytest.param({"id_number": "330106198002030021"}, {"id_number": "330106198002030028"}, "certificate",
                     id="a slip in the check digit"),
        pytest.param({"email": "Ann@X.org"}, {"email": "ann@x.org"}, "e-mail", id="an address in capitals"),
        pytest.param({"email": "ann.li@x.org"}, {"email": "ann.li@y.org"}, "e-mail local part", id="a provider"),
        pytest.param({"name": "章伟", "birth_date": "1980-02-03"}, {"name": "张伟", "birth_date": "1980.2.3"},
                     "name and birth date", id="a homophone"),
        pytest.param({"name": "John Smith", "birth_date": "1980-02-03"},
                     {"name": "Smith, John", "birth_date": "1980-02-03"}, "name and birth date", id="a comma"),
        pytest.param({"given_name": "John", "surname": "Smith", "birth_date": "1980-02-03"},
                     {"given_name": "Smith", "surname": "John", "birth_date": "1980-02-03"}, "name and birth date",
                     id="names turned round"),
        pytest.param({"name": "王小明", "birth_date": "1980-02-03"}, {"name": "王晓红", "birth_date": "1980-02-03"},
                     "surname and birth date", id="another given name"),
        pytest.param({"name": "杭州华信科技有限公司"}, {"name": "华信科技有限责任公司"}, "organization",
                     id="region and legal form"),
    ],
)  # fmt: skip
def test_records_alike_in_one_way_share_a_key(
    records_of: RecordsOf, left: dict[str, str], right: dict[str, str], kind: str
) -> None:
    assert kind in shared(records_of([left, right]))


def test_what_is_missing_makes_no_key(records_of: RecordsOf) -> None:
    assert (
        of(records_of([{}, {"name": "13800138000"}, {"phone": "无", "email": "-", "id_number": "0" * 18}]))[0] == set()
    )
    assert shared(records_of([{"phone": "无", "email": "-"}, {"phone": "无", "email": "-"}])) == set()


some_of = st.sets(st.sampled_from(sorted(FULL))).map(lambda columns: {name: FULL[name] for name in columns})


@settings(deadline=None, max_examples=40)
@given(some_of)
def test_equal_records_share_all_keys(records_of: RecordsOf, row: dict[str, str]) -> None:
    found = of(records_of([row, {"name": "李娜"}, row]))
    assert found[0] == found[2]


@settings(deadline=None, max_examples=40)
@given(some_of, some_of)
def test_keys_of_two_records_do_not_depend_on_each_other(
    records_of: RecordsOf, one: dict[str, str], other: dict[str, str]
) -> None:
    together = of(records_of([one, other]))
    assert [together[0], together[1]] == [of(records_of([one]))[0], of(records_of([other]))[0]]


ODD: tuple[dict[str, str], ...] = (
    FULL, FULL | {"name": "李丽"}, FULL | {"phone_2": FULL["phone"]}, {"name": "John John", "birth_date": "1980-02-03"},
    {"name": "华信科技有限公司", "address": FULL["address"]}, {"name": "Wang, Xiaoming", "phone_2": "13812345678"},
    {"name": "张先生", "id_number": "12345"}, {"email": "王@例子.公司"}, {},
)  # fmt: skip
"""Records that have keys of each kind, two of one kind that are the same, and none."""


@pytest.mark.parametrize("many", [keys.FEW + 1, FEW + 1])
def test_few_records_have_the_keys_that_many_have(records_of: RecordsOf, many: int) -> None:
    of_many = of(records_of(list(islice(cycle(ODD), many))))
    for row, odd in enumerate(ODD):
        alone = records_of([odd])
        assert of(alone)[0] == of_many[row]
        assert set(keys.of_handed_round(alone)) <= of_many[row]
    known = keys.of_handed_round(records_of(list(islice(cycle(ODD), many))))
    assert set(known) == set(keys.of_handed_round(records_of(ODD)))
    assert keys.of(records_of([{}]), np.arange(1)).num_rows == 0


def test_no_key_of_a_record_stands_twice(records_of: RecordsOf) -> None:
    """李丽 sounds the same before and after; counted twice, her keys would be hot too soon."""
    records = records_of([{**FULL, "name": "李丽"}, {"name": "John John", "birth_date": "1980-02-03"}])
    table = keys.of(records, np.arange(2))
    assert table.num_rows == sum(len(found) for found in of(records).values())


def test_every_kind_fits_into_the_last_bits_of_a_key() -> None:
    assert len(keys.KINDS) <= 2**links.KIND_BITS
    assert len({kind.name for kind in keys.KINDS}) == len(keys.KINDS)


def test_a_kind_is_never_allowed_more_than_the_hot_key_limit_but_for_certificates() -> None:
    certificates, *others = keys.limits(hot_key_limit=12)
    assert certificates == 48
    assert max(others) == 12
    assert min(keys.limits(hot_key_limit=10**9)) < 100


def test_a_hot_value_is_taken_for_not_known(records_of: RecordsOf) -> None:
    """In its own records and columns only."""
    records = records_of([FULL, FULL | {"phone": "13812345678", "phone_2": "13700001111"}, {"email": "xm@x.org"}])
    hot = keys.of(records_of([{"phone": "13812345678"}]), np.arange(1))["key"].to_numpy()
    keys.silence(records, hot)
    assert records.filled("phones.first").tolist() == [True, False, False]
    assert records.filled("phones.second").tolist() == [False, True, False]
    assert records.filled("email").all()


def test_persons_of_history_share_keys_whatever_was_written(records_of: RecordsOf) -> None:
    base = {"given_name": "william", "surname": "smith", "birth_date": "1850-05-17", "postcode": "tq13 8df"}
    for other, kind in (
        ({"given_name": "bill", "surname": "smyth", "birth_date": "1850-01-01"}, "Latin surname and birth year"),
        ({"given_name": "smith", "surname": "bill", "birth_date": "1850-01-01"}, "Latin surname and birth year"),
        ({"given_name": "w", "surname": "smith", "postcode": "tq13 2aa"}, "Latin surname and postal area"),
    ):
        assert kind in shared(records_of([base, other]))
