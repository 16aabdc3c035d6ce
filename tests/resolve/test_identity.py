"""Identity: ids last, whatever groups do."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from kehu.resolve import identity


def assigned(group: list[int], before: list[int]) -> identity.Identity:
    return identity.assign(np.array(group, dtype=np.int64), np.array(before, dtype=np.int64))


def test_who_stays_together_keeps_the_id() -> None:
    found = assigned([0, 0, 2], [7, 7, 9])
    assert (found.customer.tolist(), found.new, found.retired.tolist()) == ([7, 7, 9], 0, [])


def test_new_records_alone_are_a_new_customer() -> None:
    found = assigned([0, 0, 2, 3], [-1, -1, -1, 5])
    assert (found.customer.tolist(), found.new) == ([-1, -1, -2, 5], 2)


def test_a_split_leaves_the_id_to_the_greater_part() -> None:
    found = assigned([0, 1, 1], [7, 7, 7])
    assert (found.customer.tolist(), found.new, found.retired.tolist()) == ([-1, 7, 7], 1, [])


def test_two_that_join_keep_the_id_of_the_greater_and_ties_go_to_the_oldest() -> None:
    greater = assigned([0, 0, 0], [9, 9, 4])
    assert (greater.customer.tolist(), greater.retired.tolist(), greater.survivor.tolist()) == ([9, 9, 9], [4], [9])
    even = assigned([0, 0], [9, 4])
    assert (even.customer.tolist(), even.retired.tolist(), even.survivor.tolist()) == ([4, 4], [9], [4])


def test_a_customer_that_nobody_kept_leads_to_where_most_of_it_went() -> None:
    """Customer 4 loses two records to 8 and one to 9."""
    found = assigned([0] * 5 + [5] * 3, [8, 8, 8, 4, 4, 9, 9, 4])
    assert (found.customer.tolist(), found.retired.tolist(), found.survivor.tolist()) == ([8] * 5 + [9] * 3, [4], [8])


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(-1, 5)), max_size=25))
def test_no_id_is_given_twice_none_is_lost_and_nobody_changes_without_need(rows: list[tuple[int, int]]) -> None:
    group, before = [g for g, _ in rows], [b for _, b in rows]
    found = assigned(group, before)
    customer = found.customer.tolist()
    assert len({*zip(group, customer, strict=True)}) == len(set(group)) == len(set(customer))
    had = set(before) - {-1}
    assert set(customer) <= had | set(range(-found.new, 0))
    assert set(found.retired.tolist()) == had - set(customer)
    assert set(found.survivor.tolist()) <= set(customer)
    for old, new in zip(found.retired.tolist(), found.survivor.tolist(), strict=True):
        assert new in {mine for mine, was in zip(customer, before, strict=True) if was == old}


@given(st.lists(st.lists(st.integers(0, 8), min_size=9, max_size=9), min_size=1, max_size=12))
def test_on_a_walk_of_merges_and_splits_an_id_never_comes_back(walk: list[list[int]]) -> None:
    """Nine records are grouped anew again and again; every id that ever was leads to a living one."""
    before, following = [-1] * 9, 100
    leads: dict[int, int] = {}
    given_out: set[int] = set()
    for group in walk:
        found = assigned(group, before)
        fresh = list(range(following, following + found.new))
        following += found.new
        before = [fresh[-1 - one] if one < 0 else one for one in found.customer.tolist()]
        survivors = [fresh[-1 - one] if one < 0 else one for one in found.survivor.tolist()]
        leads |= dict(zip(found.retired.tolist(), survivors, strict=True))
        given_out |= set(before)
        assert not set(before) & set(leads)
    for old in given_out:
        now, steps = old, 0
        while now in leads:
            now, steps = leads[now], steps + 1
            assert steps <= len(leads)
        assert now in before
