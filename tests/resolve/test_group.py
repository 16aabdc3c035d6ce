"""Groups: a partition, whatever the links and their order, and never against a certificate."""

import itertools
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kehu.collect.town.town import Town
from kehu.engine.duck import Duck
from kehu.resolve import group, joining, keys, weights
from kehu.resolve.between import ALWAYS, NEVER
from kehu.resolve.coded import Records
from kehu.resolve.compare.levels import Facet
from kehu.resolve.group import Scored
from kehu.resolve.model import SUPPORT, Model

LINK_FROM = 2.5

Pair = tuple[int, int, float, float]


def scored(pairs: Sequence[Pair], facet: Facet = Facet.NAME) -> Scored:
    left, right, weight, objection = zip(*pairs, strict=True) if pairs else ((), (), (), ())
    lasting = np.full((len(pairs), len(Facet)), np.nan)
    lasting[:, facet] = [told or np.nan for told in objection]
    return Scored(
        left=np.array(left, dtype=np.int64),
        right=np.array(right, dtype=np.int64),
        weight=np.array(weight, dtype=np.float64),
        lasting=lasting,
    )


def groups(
    pairs: Sequence[Pair], size: int, held: npt.NDArray[np.int32] | None = None, facet: Facet = Facet.NAME
) -> list[int]:
    known = scored(pairs, facet)
    component = group.components(known, size, tie_from=LINK_FROM - SUPPORT)
    block = group.blocks(known, component, tie_from=LINK_FROM - SUPPORT)
    nobody = np.full(size, -1, dtype=np.int32)
    return list(group.partition(known, block, nobody if held is None else held, link_from=LINK_FROM).tolist())


@st.composite
def scored_pairs(draw: st.DrawFn) -> tuple[list[Pair], int]:
    size = draw(st.integers(1, 12))
    found = {}
    for _ in range(draw(st.integers(0, 25))):
        a, b = draw(st.integers(0, size - 1)), draw(st.integers(0, size - 1))
        if a != b:
            never = draw(st.booleans())
            weight = NEVER if never else draw(st.sampled_from([-8.0, 1.0, 2.5, 4.0, 9.0, 17.0, 33.0]))
            objection = NEVER if never else draw(st.sampled_from([0.0, 0.0, -1.0, -6.0, -20.0]))
            found[min(a, b), max(a, b)] = (weight, objection)
    return [(a, b, *told) for (a, b), told in found.items()], size


@given(scored_pairs())
def test_groups_are_a_partition_named_by_their_least_row(known: tuple[list[Pair], int]) -> None:
    pairs, size = known
    found = groups(pairs, size)
    assert len(found) == size
    assert all(found[name] == name for name in found)
    assert all(name <= row for row, name in enumerate(found))


@given(scored_pairs(), st.randoms(use_true_random=False))
def test_the_order_and_the_direction_of_pairs_change_nothing(known: tuple[list[Pair], int], chance) -> None:  # type: ignore[no-untyped-def]  # Hypothesis's own Random
    pairs, size = known
    shuffled = [(b, a, w, o) if chance.random() < 0.5 else (a, b, w, o) for a, b, w, o in pairs]
    chance.shuffle(shuffled)
    assert groups(shuffled, size) == groups(pairs, size)


@given(scored_pairs())
def test_who_must_stay_apart_does(known: tuple[list[Pair], int]) -> None:
    pairs, size = known
    found = groups(pairs, size)
    assert not [(a, b) for a, b, weight, _ in pairs if weight == NEVER and found[a] == found[b]]


@given(scored_pairs(), st.data())
def test_together_wins_over_everything(known: tuple[list[Pair], int], data: st.DataObject) -> None:
    pairs, size = known
    a, b = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, size - 1))
    if a != b:
        found = groups([*pairs, (b, a, ALWAYS, 0.0)], size)
        assert found[a] == found[b]


def test_two_who_exclude_each_other_may_both_be_put_together_with_a_third() -> None:
    pairs = [(0, 1, ALWAYS, 0.0), (0, 2, ALWAYS, 0.0), (1, 2, NEVER, NEVER)]
    assert groups(pairs, 3) == [0, 0, 0]


def test_a_link_below_the_bar_is_not_followed() -> None:
    assert groups([(0, 1, LINK_FROM - 0.01, 0.0)], 2) == [0, 1]
    assert groups([(0, 1, LINK_FROM, 0.0)], 2) == [0, 0]


def test_a_chain_nobody_objects_to_is_one_customer() -> None:
    assert groups([(0, 1, 5.0, 0.0), (1, 2, 4.0, 0.0), (2, 3, 3.0, 0.0)], 4) == [0, 0, 0, 0]


def test_a_chain_does_not_join_its_ends_against_their_objection() -> None:
    """The heavier link wins, and the two at odds are two customers."""
    pairs = [(0, 1, 12.0, 0.0), (1, 2, 8.0, 0.0), (0, 2, -30.0, -20.0)]
    assert groups(pairs, 3) == [0, 0, 2]


def test_several_birth_dates_that_agree_against_several_others_are_no_slips() -> None:
    """One link ties four records of one birth date to others of another: to four it does not, to one it does."""
    others = range(4, 8)
    pairs = [(a, b, 20.0, 0.0) for side in (range(4), others) for a, b in itertools.combinations(side, 2)]
    pairs += [(a, b, -2.0, -4.0) for a in range(4) for b in others]
    tie = (3, 4, 12.0, -4.0)
    assert groups([*pairs, tie], 8, facet=Facet.BIRTH) == [0] * 4 + [4] * 4
    assert groups([*pairs, tie], 8, facet=Facet.NAME) == [0] * 8
    assert groups([*(pair for pair in pairs if max(pair[:2]) <= 4), tie], 5, facet=Facet.BIRTH) == [0] * 5


def test_who_could_be_either_of_two_that_exclude_each_other_is_neither() -> None:
    """A nameless call from the phone of a couple."""
    pairs = [(0, 1, 5.0, 0.0), (1, 2, 5.0, 0.0), (0, 2, -30.0, -20.0)]
    assert groups(pairs, 3) == [0, 1, 2]
    assert groups(pairs[:1], 3) == [0, 0, 2]


def test_many_records_that_fit_lift_a_link_that_is_too_light_alone() -> None:
    """A title on a phone from which one customer called four times, or once."""
    calls = list(itertools.combinations(range(4), 2))
    title = [(call, 4, LINK_FROM - 1.0, 0.0) for call in range(4)]
    assert groups([*((a, b, 20.0, 0.0) for a, b in calls), *title], 5) == [0] * 5
    assert groups(title[:1], 5) == [0, 1, 2, 3, 4]


def test_of_two_whom_a_title_fits_it_is_who_called_far_more_often() -> None:
    one, other = range(8), (8,)
    pairs = [(a, b, 20.0, 0.0) for a, b in itertools.combinations(one, 2)]
    pairs += [(a, b, -30.0, -20.0) for a in one for b in other]
    title = [(call, 9, LINK_FROM + 1.0, 0.0) for call in (*one, *other)]
    assert groups(pairs + title, 10) == [0] * 8 + [8, 0]
    assert groups([(0, 8, -30.0, -20.0), title[0], title[8]], 10)[9] == 9


def test_a_pair_that_stands_twice_is_as_it_was_told_last() -> None:
    assert groups([(0, 1, 20.0, 0.0), (1, 0, NEVER, NEVER), (1, 2, 8.0, 0.0)], 3) == [0, 1, 1]


def test_only_pairs_of_one_component_that_were_not_scored_are_missing() -> None:
    known = scored([(0, 1, 9.0, 0.0), (1, 2, 9.0, 0.0), (3, 4, 9.0, 0.0), (4, 5, -9.0, 0.0)])
    component = group.components(known, 6, tie_from=LINK_FROM - SUPPORT)
    left, right = group.missing(known, component)
    assert list(zip(left.tolist(), right.tolist(), strict=True)) == [(0, 2)]


def test_weak_links_do_not_join_crowds_that_are_too_large_to_look_at_together() -> None:
    """Two crowds that one weak link ties are two; without it they are what they were."""
    half = group.LARGEST - 10
    crowds = [(start + place, start + place + 1, 30.0, 0.0) for start in (0, half) for place in range(half - 1)]
    found = groups([*crowds, (half - 1, half, 5.0, 0.0)], 2 * half)
    assert found == groups(crowds, 2 * half) == [0] * half + [half] * half


@pytest.mark.parametrize("size", [group.LARGEST, group.LARGEST + 1, 3 * group.LARGEST + 7])
def test_a_large_customer_stays_whole(size: int) -> None:
    """All its links weigh the same: none of them is the one to cut."""
    chain = [(place, place + 1, 12.0, 0.0) for place in range(size - 1)]
    assert groups(chain, size) == [0] * size


@pytest.mark.parametrize("size", [2 * group.LARGEST, 8 * group.LARGEST])
def test_what_a_large_component_costs_grows_with_its_records(size: int) -> None:
    """Where a model does not fit the records, links that are not the heaviest tie nearly all of them."""
    rng = np.random.default_rng(size)
    tie = LINK_FROM - SUPPORT + group.HEAVIER
    known = scored([(int(rng.integers(place)), place, tie, 0.0) for place in range(1, size)])
    component = group.components(known, size, tie_from=LINK_FROM - SUPPORT)
    assert component.max() == 0
    left, _ = group.missing(known, group.blocks(known, component, tie_from=LINK_FROM - SUPPORT))
    assert len(left) <= size * group.BLOCK / 2


def test_light_links_tie_nobody_in_a_crowd_and_heavier_ones_do() -> None:
    size = group.LARGEST + 1
    tie = LINK_FROM - SUPPORT
    crowd = [(place, place + 1, tie + place % 3, 0.0) for place in range(size - 1)]
    apart = group.components(scored(crowd), size, tie_from=tie)
    assert len(np.unique(apart)) == sum(weight < tie + 1.0 for _, _, weight, _ in crowd) + 1
    assert np.bincount(apart).max() == 3
    assert not group.components(scored(crowd[:-1]), size - 1, tie_from=tie).any()


@given(
    st.integers(1, 12).flatmap(
        lambda size: st.tuples(
            st.just(size),
            st.lists(st.tuples(*[st.integers(0, size - 1)] * 2, st.sampled_from([-1.0, 0.0, 1.0, 1.5, 2.0, 9.0]))),
        )
    ),
    st.integers(1, 4),
    st.integers(0, 3),
)
def test_a_component_is_what_the_lightest_ties_tell_that_make_it_small_enough(
    told: tuple[int, list[tuple[int, int, float]]], largest: int, heavier: int
) -> None:
    size, pairs = told
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(group, "LARGEST", largest)
        patched.setattr(group, "HEAVIER", heavier)
        component = group.components(scored([(*pair, 0.0) for pair in pairs]), size, tie_from=0.0)

    def with_ties_from(row: int, weight: float) -> set[int]:
        reached = {row}
        while (
            more := {b for pair in pairs if pair[2] >= weight for a, b in (pair[:2], pair[1::-1]) if a in reached}
            - reached
        ):
            reached |= more
        return reached

    for row in range(size):
        parts = (with_ties_from(row, float(least)) for least in range(heavier + 1))
        told_by = next((part for part in parts if len(part) <= largest), with_ties_from(row, float(heavier)))
        assert set(np.flatnonzero(component == component[row]).tolist()) == told_by


def test_no_large_component_joins_two_certificates_that_share_no_key() -> None:
    size = 2 * group.LARGEST + 50
    chain = [(place, place + 1, 12.0, 0.0) for place in range(size - 1)]
    held = np.full(size, -1, dtype=np.int32)
    held[0], held[-1] = 7, 8
    found = groups(chain, size, held)
    assert found[0] != found[-1]
    assert len(set(found)) == 3  # The middle could be either's.


@pytest.mark.parametrize("codes", [[0, 1, 0, -1], [1, 0, 1, -1]])
def test_how_certificates_are_numbered_changes_nothing(monkeypatch: pytest.MonkeyPatch, codes: list[int]) -> None:
    """They are anew each time. A steward put two certificates together, and a third record has the first again."""
    monkeypatch.setattr(group, "LARGEST", 3)
    monkeypatch.setattr(group, "BLOCK", 2)
    pairs = [(0, 1, ALWAYS, 0.0), (2, 3, 20.0, 0.0), (1, 2, 12.0, 0.0)]
    assert groups(pairs, 4, np.array(codes, dtype=np.int32)) == [0, 0, 0, 0]


def test_what_a_steward_put_together_is_never_cut() -> None:
    size = group.LARGEST + 50
    chain = [(place, place + 1, ALWAYS if place % 2 else 3.0, 0.0) for place in range(size - 1)]
    found = groups(chain, size)
    assert all(found[place] == found[place + 1] for place in range(1, size - 1, 2))


def resolved(records: Records, model: Model) -> list[int]:
    size = len(records)
    pairing = Duck().pairs(keys.of(records, np.arange(size)), limits=keys.limits(hot_key_limit=100))
    left, right = (pairing.pairs.column(side).to_numpy() for side in ("record_l", "record_r"))
    return list(joining.groups(records, weights.score(records, left, right, model), model).group.tolist())


RecordsOf = Callable[[Sequence[dict[str, str]]], Records]
Resident = Callable[[str, int], str]


@pytest.mark.parametrize("links", [2, 5, group.LARGEST + 50])
def test_no_chain_joins_two_valid_certificates(
    records_of: RecordsOf, resident: Resident, shipped: Model, links: int
) -> None:
    """Each record has the second phone of the one before; only the ends say who they are."""
    rows = [
        {
            "name": "欧阳娜娜",
            "birth_date": "1980-02-03",
            "phone": str(13_900_000_000 + link * 7919),
            "phone_2": str(13_900_000_000 + (link + 1) * 7919),
        }
        for link in range(links)
    ]
    rows[0]["id_number"], rows[-1]["id_number"] = resident("19800203", 2), resident("19800203", 4)
    found = resolved(records_of(rows), shipped)
    assert found[0] != found[-1]


def test_nameless_records_of_an_agents_phone_do_not_make_one_customer(
    records_of: RecordsOf, shipped: Model, rng: np.random.Generator
) -> None:
    """Sixty people whose forms one agent filled in, and twenty calls that tell nothing but the number."""
    surnames, given_names = "赵钱孙李周吴郑王冯陈褚卫", ("伟", "秀英", "建国", "婷婷", "晓鹏")
    days = rng.permutation(18_000)
    people = [
        {"name": surname + name, "phone": "15912345678", "birth_date": str(np.datetime64("1950-01-01") + int(day))}
        for (surname, name), day in zip(itertools.product(surnames, given_names), days, strict=False)
    ]
    rows = people + [{"phone": "15912345678"}] * 20
    found = resolved(records_of(rows), shipped)
    named = found[: len(people)]
    assert len(set(named)) == len(people)
    assert not set(named) & set(found[len(people) :])


@settings(max_examples=15, deadline=None)
@given(st.permutations(range(30)), st.integers(0, 20))
def test_the_order_of_records_changes_no_group(
    a_town: Callable[[int], Town], records_of: RecordsOf, shipped: Model, order: list[int], start: int
) -> None:
    """But for the names of the groups: the rows are sorted by their key first, as every flow does."""
    rows = a_town(600).records.slice(start * 20, 30).to_pylist()
    names = [row.pop("record_id") for row in rows]

    def customers(order: Sequence[int]) -> set[frozenset[str]]:
        found = resolved(records_of([rows[place] for place in order]), shipped)
        told: dict[int, set[str]] = {}
        for place, name in zip(order, found, strict=True):
            told.setdefault(name, set()).add(names[place])
        return {frozenset(one) for one in told.values()}

    assert customers(order) == customers(range(30))
