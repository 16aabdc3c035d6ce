import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import uscc
from stdnum.iso7064 import mod_37_2

from kehu.collect.town import numbers


@given(st.lists(st.integers(10**16, 10**17 - 1), min_size=1, max_size=20))
def test_the_check_digit_of_a_resident_id_is_the_one_of_iso_7064(bodies: list[int]) -> None:
    made = numbers.resident_ids(np.array(bodies, dtype=np.int64)).to_pylist()
    assert made == [f"{body}{mod_37_2.calc_check_digit(str(body), '0123456789X')}" for body in bodies]


@given(
    st.lists(
        st.tuples(
            st.integers(110101, 659011), st.integers(10**7, 10**8 - 1), st.sampled_from(["91", "92", "93", "11", "51"])
        ),
        min_size=1,
        max_size=20,
    )
)
def test_credit_codes_are_valid_for_others_too(parts: list[tuple[int, int, str]]) -> None:
    area, organization, kinds = (list(part) for part in zip(*parts, strict=True))
    made = numbers.credit_codes(np.array(area), np.array(organization), [str(kind) for kind in kinds])
    assert [uscc.is_valid(code) for code in made.to_pylist()] == [True] * len(parts)


@pytest.mark.parametrize("province", sorted(numbers.LANDLINE))
def test_landlines_have_an_area_code_of_their_province(province: int) -> None:
    made = numbers.landlines(np.random.default_rng(1), np.array([province] * 20)).to_pylist()
    assert {number.split("-")[0] for number in made} <= set(numbers.LANDLINE[province].split())


def test_no_two_mobiles_are_the_same_and_all_have_a_real_segment() -> None:
    made = numbers.mobiles(np.random.default_rng(1), 50_000)
    assert len(np.unique(made)) == len(made)
    assert {str(number)[:3] for number in made.tolist()} == set(numbers.MOBILE.split())
