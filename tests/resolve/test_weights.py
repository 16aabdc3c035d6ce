"""Weights: what evidence is worth, and that learning makes it fit."""

import dataclasses
import itertools
from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa
import pytest

from kehu.collect.town.town import Town
from kehu.engine.duck import Duck
from kehu.process import clean
from kehu.resolve import evaluate, explain, joining, keys, weights
from kehu.resolve import model as models
from kehu.resolve.coded import Records
from kehu.resolve.compare import comparisons
from kehu.resolve.compare.comparisons import ALL
from kehu.resolve.model import Model

RecordsOf = Callable[[Sequence[dict[str, str]]], Records]
Resident = Callable[[str, int], str]
Row = dict[str, str]


def weight(records_of: RecordsOf, model: Model, left: Row, right: Row) -> float:
    scores = weights.score(records_of([left, right]), np.array([0]), np.array([1]), model)
    return float(scores.weight[0])


def paired(records: Records) -> tuple[np.ndarray, np.ndarray]:
    numbers = np.arange(len(records))
    found = Duck().pairs(keys.of(records, numbers), limits=keys.limits(hot_key_limit=100)).pairs
    return found.column("record_l").to_numpy(), found.column("record_r").to_numpy()


def f1(records: Records, truth: pa.Table, model: Model) -> float:
    found = joining.groups(records, weights.score(records, *paired(records), model), model).group
    customers = pa.table({"record_id": truth["record_id"], "customer_id": found})
    return evaluate.compare(customers, truth).f1


def trained(records: Records, start: Model) -> Model:
    return weights.train(records, comparisons.patterns(records, *paired(records)), start)


@pytest.fixture(scope="module")
def learned(a_town: Callable[[int], Town]) -> tuple[Records, pa.Table, Model]:
    """A town's records, their truth, and what they teach to who knows nothing."""
    made = a_town(4000)
    records = Records(clean.clean(made.records))
    return records, made.truth, trained(records, models.untrained())


def test_learning_without_labels_finds_customers_better(learned: tuple[Records, pa.Table, Model]) -> None:
    records, truth, model = learned
    assert f1(records, truth, model) >= max(f1(records, truth, models.untrained()), 0.96)


def test_learning_again_teaches_the_same(learned: tuple[Records, pa.Table, Model]) -> None:
    records, _, model = learned
    assert trained(records, models.untrained()) == model


def test_the_order_of_pairs_teaches_nothing(learned: tuple[Records, pa.Table, Model], rng: np.random.Generator) -> None:
    records, _, model = learned
    left, right = paired(records)
    order = rng.permutation(len(left))
    assert weights.train(records, comparisons.patterns(records, left[order], right[order]), models.untrained()) == model


def test_rates_of_a_model_are_shares(learned: tuple[Records, pa.Table, Model], shipped: Model) -> None:
    for model in (learned[2], shipped):
        for comparison in ALL:
            for form, of_class in itertools.product(
                {level.form for level in comparison.levels}, ("same", "kin", "chance")
            ):
                levels = [level.name for level in comparison.levels if level.form == form]
                shares = [getattr(model.rates[comparison.name][level], of_class) for level in levels]
                assert min(shares) > 0
                assert max(shares) <= 1
                assert model is shipped or sum(shares) == pytest.approx(1.0, abs=1e-6)
        assert 0 < model.same < 1
        assert 0 < model.kin < 1


def test_a_title_says_of_kin_what_whole_names_say(learned: tuple[Records, pa.Table, Model], shipped: Model) -> None:
    for model in (learned[2], shipped):
        rates = model.rates["han_name"]
        agreeing = ("exact", "sound", "look_alike", "one_character", "surname")
        assert rates["weak"].kin == pytest.approx(sum(rates[level].kin for level in agreeing))


def test_a_title_at_the_same_door_with_another_phone_may_be_anybody_of_the_family(
    records_of: RecordsOf, shipped: Model
) -> None:
    door = {"address": "杭州市西湖区文三路90号翠苑小区3幢2单元501室", "gender": "男"}
    whole = {"name": "谢文典", "phone": "13764932408", **door}
    title = {"name": "谢先生", "phone": "19011137305", **door}
    assert weight(records_of, shipped, whole, title) < shipped.link_from
    assert weight(records_of, shipped, whole, title | {"phone": whole["phone"]}) >= shipped.link_from


@pytest.mark.parametrize(
    ("comparison", "level"),
    [
        ("place", "postcode_and_place"),
        ("place", "postcode"),
        ("place", "area"),
        ("birth_date", "year_only"),
        ("han_name", "one_character"),
        ("han_name", "turned"),
    ],
)
def test_what_the_towns_never_show_speaks_for_one_customer_all_the_same(
    shipped: Model, comparison: str, level: str
) -> None:
    rates = shipped.rates[comparison][level]
    assert rates.same > 2 * rates.chance


def test_a_rare_surname_tells_no_two_of_a_family_apart(records_of: RecordsOf, shipped: Model) -> None:
    common, rare = (
        [{"name": surname + given, "phone": "13764932408"} for given in ("文典", "先生")] for surname in ("王", "令狐")
    )
    assert weight(records_of, shipped, *rare) - weight(records_of, shipped, *common) < 2.0


def test_learning_from_no_pair_at_all_is_no_error(records_of: RecordsOf, shipped: Model) -> None:
    records = records_of([{"name": "王小明"}, {"name": "李建国"}])
    none = np.zeros(0, dtype=np.int64)
    model = weights.train(records, comparisons.patterns(records, none, none), shipped)
    assert weight(records_of, model, {"name": "王小明"}, {"name": "李建国"}) < model.link_from


def test_a_rare_name_says_more_than_a_common_one(records_of: RecordsOf, shipped: Model) -> None:
    common, rare = ({"name": name, "birth_date": "1980-02-03"} for name in ("王伟", "覃霈霖"))
    assert weight(records_of, shipped, rare, rare) > weight(records_of, shipped, common, common) + 3


def test_more_that_agrees_weighs_more_and_what_differs_weighs_against(records_of: RecordsOf, shipped: Model) -> None:
    row = {"name": "王小明"}
    steps = [{}, {"birth_date": "1980-02-03"}, {"phone": "13912345678"}, {"email": "xm@x.org"}]
    found = []
    for step in steps:
        row = row | step
        found.append(weight(records_of, shipped, row, row))
    assert found == sorted(found)
    assert weight(records_of, shipped, row, row | {"birth_date": "1961-11-27"}) < found[-1]


@pytest.mark.parametrize(
    ("left", "right", "is_one"),
    [
        pytest.param({"name": "王小明", "phone": "13912345678", "birth_date": "1980-02-03"},
                     {"name": "王晓明", "phone": "13912345678", "birth_date": "1980-02-03"}, True, id="a homophone"),
        pytest.param({"name": "张伟", "phone": "13912345678", "birth_date": "1980-02-03"},
                     {"name": "张先生", "phone": "13912345678", "birth_date": "1980-02-03"}, True, id="a title"),
        pytest.param({"name": "王小明", "phone": "13912345678", "birth_date": "1980-02-03", "gender": "男"},
                     {"name": "李娜娜", "phone": "13912345678", "birth_date": "1982-11-17", "gender": "女"}, False,
                     id="a couple on one phone"),
        pytest.param({"name": "王建国", "address": "浙江省杭州市西湖区文三路138号3幢501室", "birth_date": "1955-02-03"},
                     {"name": "王小明", "address": "浙江省杭州市西湖区文三路138号3幢501室", "birth_date": "1985-11-27"},
                     False, id="father and son"),
        pytest.param({"name": "王伟"}, {"name": "王伟"}, False, id="a common name alone"),
    ],
)  # fmt: skip
def test_everyday_pairs(records_of: RecordsOf, shipped: Model, left: Row, right: Row, *, is_one: bool) -> None:
    assert (weight(records_of, shipped, left, right) >= shipped.link_from) is is_one


def test_two_valid_certificates_are_never_linked(records_of: RecordsOf, resident: Resident, shipped: Model) -> None:
    """Whatever else they share: two records of each."""
    all_else = {"name": "欧阳娜娜", "phone": "13912345678", "birth_date": "1980-02-03", "email": "nn@x.org",
                "address": "浙江省杭州市西湖区文三路138号3幢501室"}  # fmt: skip
    rows = [all_else | {"id_number": resident("19800203", order)} for order in (2, 2, 4, 4)]
    records = records_of(rows)
    groups = joining.groups(records, weights.score(records, *paired(records), shipped), shipped).group
    assert groups.tolist() == [0, 0, 2, 2]


def test_a_certificate_does_not_count_its_birth_date_and_gender_twice(
    records_of: RecordsOf, resident: Resident, shipped: Model
) -> None:
    bare = {"id_number": resident("19800203", 2)}
    stated = bare | {"birth_date": "1980-02-03", "gender": "女"}
    assert weight(records_of, shipped, stated, stated) == weight(records_of, shipped, bare, bare)


def test_the_evidence_adds_up_to_the_weight(a_town: Callable[[int], Town], shipped: Model) -> None:
    records = Records(clean.clean(a_town(600).records))
    scores = weights.score(records, *paired(records), shipped)
    table = weights.links_of(scores, np.arange(len(records)))
    rows = table.slice(0, 300).to_pylist()
    assert rows
    for row in rows:
        told = explain.evidence(row["levels"], row["weight"], shipped)
        assert sum(part.weight for part in told) == pytest.approx(row["weight"], abs=0.01)


def test_links_tell_all_that_is_known_of_their_pairs(a_town: Callable[[int], Town], shipped: Model) -> None:
    records = Records(clean.clean(a_town(600).records))
    scores = weights.score(records, *paired(records), shipped)
    again = weights.of_links(weights.links_of(scores, np.arange(len(records))), scores.left, scores.right, shipped)
    assert np.array_equal(again.weight, scores.weight)
    assert np.array_equal(again.levels, scores.levels)
    assert np.array_equal(again.lasting, scores.lasting, equal_nan=True)


def test_a_pair_is_scored_the_same_alone_turned_and_among_many(a_town: Callable[[int], Town], shipped: Model) -> None:
    """To the last bit: three speeds must not differ where a weight is at the bar."""
    records = Records(clean.clean(a_town(600).records))
    left, right = paired(records)
    many = weights.score(records, left, right, shipped)
    turned = weights.score(records, right, left, shipped)
    assert np.array_equal(many.weight, turned.weight)
    some = slice(5, 25)
    assert np.array_equal(weights.score(records, left[some], right[some], shipped).weight, many.weight[some])


def test_a_saved_model_is_the_model(tmp_path, shipped: Model) -> None:  # type: ignore[no-untyped-def]  # pytest's path
    shipped.save(tmp_path / "model.json")
    assert models.load(tmp_path / "model.json") == shipped


def test_the_prior_is_the_weight_of_nothing(shipped: Model) -> None:
    even = dataclasses.replace(shipped, same=0.5)
    assert even.prior == 0
    assert shipped.prior < -10


def test_what_links_tell_of_two_certificates_is_what_the_records_do(learned: tuple[Records, pa.Table, Model]) -> None:
    """A store asks its links alone who is tied to whom, and grouping asks the records."""
    records, _, model = learned
    rng = np.random.default_rng(3)
    left, right = paired(records)
    pairs = np.append(left, rng.permutation(left)), np.append(right, rng.permutation(right))
    scores = weights.score(records, *pairs, model)
    told = weights.differ(weights.links_of(scores, np.arange(len(records))))
    assert told.any()
    assert not told.all()
    assert np.array_equal(told, joining.ruled(records, *pairs, scores.weight) != scores.weight)
