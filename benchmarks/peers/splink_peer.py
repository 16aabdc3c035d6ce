"""Splink 5 on its DuckDB backend, with the settings that its documentation gives or that its careful user would write.

FEBRL 3, FEBRL 4 and fake_1000 follow the notebooks of Splink's own documentation (`febrl3`, `febrl4` with its detailed
model, `accuracy_analysis_from_labels_column`). The town has no notebook: its settings use everything that kehu's
cleaned columns say, in the way the notebooks do it.
"""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import splink.comparison_level_library as cll
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

THRESHOLD = 0.95
"""From which match probability Splink's documentation clusters."""
OTHER_THRESHOLDS = (0.1, 0.3, 0.5, 0.8, 0.9, 0.98, 0.99, 0.995, 0.998, 0.999)
"""Where we also look, as a kindness: nobody without the truth could choose the best of them."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What Splink is told of a set."""

    unique_id: str
    comparisons: list
    blocking: list
    """Pairs that share one of these are scored."""
    certain: list
    """Pairs that share one of these are taken for matches when the prior is estimated …"""
    recall: float
    """… and this share of all matches is thought to be among them."""
    sessions: list
    """One EM session for each, over the pairs that share it."""
    random_pairs: float = 1e6
    link_type: str = "dedupe_only"
    without_term_frequencies: bool = False


@dataclass(frozen=True)
class Answer:
    partitions: dict[float, pa.Table]
    """By threshold: `record_id`, `customer_id`."""
    counts: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)


def resolve(
    tables: Sequence[pa.Table],
    plan: Plan,
    *,
    threads: int | None = None,
    thresholds: Sequence[float] = (THRESHOLD,),
) -> Answer:
    """What Splink makes of records: trained on them without labels, scored, clustered at each threshold."""
    answer = Answer({})
    start = time.perf_counter()

    def lap(step: str) -> None:
        nonlocal start
        answer.seconds[step], start = round(time.perf_counter() - start, 2), time.perf_counter()

    with duckdb.connect(config={"threads": threads} if threads else {}) as db:
        api = DuckDBAPI(connection=db)
        settings = SettingsCreator(
            link_type=plan.link_type,
            unique_id_column_name=plan.unique_id,
            comparisons=plan.comparisons,
            blocking_rules_to_generate_predictions=plan.blocking,
            retain_matching_columns=False,
        )
        linker = Linker([api.register(table) for table in tables], settings)
        logging.getLogger("splink").setLevel(logging.ERROR)
        training = linker.training
        training.estimate_probability_two_random_records_match(plan.certain, recall=plan.recall)
        training.estimate_u_using_random_sampling(max_pairs=plan.random_pairs, seed=1)
        for rule in plan.sessions:
            training.estimate_parameters_using_expectation_maximisation(
                rule, estimate_without_term_frequencies=plan.without_term_frequencies
            )
        lap("train")
        predictions = linker.inference.predict(threshold_match_probability=min(thresholds))
        lap("predict")
        for threshold in thresholds:
            clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(predictions, threshold)
            answer.partitions[threshold] = db.sql(
                f'select "{plan.unique_id}"::varchar as record_id, cluster_id::varchar as customer_id '
                f"from {clusters.physical_name}"
            ).to_arrow_table()
        lap("cluster")
        answer.counts["links"] = db.sql(f"select count(*) from {predictions.physical_name}").fetchall()[0][0]
    return answer


def febrl3() -> Plan:
    """As in the notebook `febrl3`."""
    return Plan(
        unique_id="rec_id",
        comparisons=[
            cl.NameComparison("given_name"),
            cl.NameComparison("surname"),
            cl.DateOfBirthComparison("date_of_birth", input_is_string=True, datetime_format="%Y%m%d"),
            cl.DamerauLevenshteinAtThresholds("soc_sec_id", [2]),
            cl.ExactMatch("street_number").configure(term_frequency_adjustments=True),
            cl.ExactMatch("postcode").configure(term_frequency_adjustments=True),
        ],
        blocking=[
            block_on("soc_sec_id"),
            block_on("given_name"),
            block_on("surname"),
            block_on("date_of_birth"),
            block_on("postcode"),
        ],
        certain=[
            block_on("soc_sec_id"),
            block_on("given_name", "surname", "date_of_birth"),
            "l.given_name = r.surname and l.surname = r.given_name and l.date_of_birth = r.date_of_birth",
        ],
        recall=0.9,
        sessions=[block_on("date_of_birth"), block_on("postcode")],
    )


def febrl4() -> Plan:
    """After the notebook `febrl4`, its detailed model; the README says which parts of it are rebuilt.

    It links file a to file b, which kehu is not told.
    """
    return Plan(
        unique_id="rec_id",
        link_type="link_only",
        comparisons=[
            cl.NameComparison("given_name").configure(term_frequency_adjustments=True),
            cl.NameComparison("surname").configure(term_frequency_adjustments=True),
            cl.DateOfBirthComparison("date_of_birth", input_is_string=True, datetime_format="%Y%m%d"),
            cl.DamerauLevenshteinAtThresholds("soc_sec_id", [1, 2]),
            cl.ExactMatch("street_number").configure(term_frequency_adjustments=True),
            cl.DamerauLevenshteinAtThresholds("postcode", [1, 2]).configure(term_frequency_adjustments=True),
        ],
        blocking=[
            block_on("given_name", "surname"),
            "l.given_name = r.surname and l.surname = r.given_name",
            block_on("date_of_birth"),
            block_on("soc_sec_id"),
            block_on("state", "address_1"),
            block_on("street_number", "address_1"),
            block_on("postcode"),
        ],
        certain=[
            block_on("soc_sec_id"),
            block_on("given_name", "surname", "date_of_birth"),
            "l.given_name = r.surname and l.surname = r.given_name and l.date_of_birth = r.date_of_birth",
        ],
        recall=0.8,
        random_pairs=1e7,
        sessions=[block_on("date_of_birth"), block_on("postcode")],
        without_term_frequencies=True,
    )


def fake_1000() -> Plan:
    """As in the notebook `accuracy_analysis_from_labels_column`, which blocks more widely than the tutorial."""
    close = "levenshtein(r.dob, l.dob) <= 1"
    return Plan(
        unique_id="unique_id",
        comparisons=[
            cl.ForenameSurnameComparison("first_name", "surname"),
            cl.DateOfBirthComparison("dob", input_is_string=True),
            cl.ExactMatch("city").configure(term_frequency_adjustments=True),
            cl.EmailComparison("email"),
        ],
        blocking=[block_on("first_name"), block_on("surname"), block_on("dob"), block_on("email")],
        certain=[
            f"l.first_name = r.first_name and {close}",
            f"l.surname = r.surname and {close}",
            "l.first_name = r.first_name and levenshtein(r.surname, l.surname) <= 2",
            "l.email = r.email",
        ],
        recall=0.7,
        sessions=[block_on("dob"), block_on("email"), block_on("first_name", "surname")],
        without_term_frequencies=True,
    )


TOWN_COLUMNS = (
    "record_id", "name_match", "name_sound", "name_weak", "surname", "given_name", "org_core", "id_number", "id_valid",
    "phone", "phone_2", "born", "sex", "email", "city", "district", "road", "road_number", "building", "room",
)  # fmt: skip


def historical() -> Plan:
    """As in the notebook `deduplicate_50k_synthetic`, but for the occupation, which the set does not have."""
    return Plan(
        unique_id="unique_id",
        comparisons=[
            cl.ForenameSurnameComparison(
                "first_name", "surname", forename_surname_concat_col_name="first_name_surname_concat"
            ),
            cl.DateOfBirthComparison("dob", input_is_string=True),
            cl.PostcodeComparison("postcode_fake"),
            cl.ExactMatch("birth_place").configure(term_frequency_adjustments=True),
        ],
        blocking=[
            block_on("substr(first_name, 1, 3)", "substr(surname, 1, 4)"),
            block_on("surname", "dob"),
            block_on("first_name", "dob"),
            block_on("postcode_fake", "first_name"),
            block_on("postcode_fake", "surname"),
            block_on("dob", "birth_place"),
            block_on("substr(postcode_fake, 1, 3)", "dob"),
            block_on("substr(postcode_fake, 1, 3)", "first_name"),
            block_on("substr(postcode_fake, 1, 3)", "surname"),
            block_on("substr(first_name, 1, 2)", "substr(surname, 1, 2)", "substr(dob, 1, 4)"),
        ],
        certain=[
            block_on("first_name", "surname", "dob"),
            block_on("substr(first_name, 1, 2)", "surname", "substr(postcode_fake, 1, 2)"),
            block_on("dob", "postcode_fake"),
        ],
        recall=0.6,
        sessions=[block_on("first_name", "surname"), block_on("dob")],
        random_pairs=5e6,
    )


def town_columns(clean: pa.Table) -> pa.Table:
    """The columns of a clean table that the town's settings use.

    The certificate's birth date and gender stand in where the record states none, as Splink asks for filled columns.
    """
    filled = {
        "born": pc.coalesce(clean["birth_date"], clean["id_birth_date"]),
        "sex": pc.coalesce(clean["gender"], clean["id_gender"]),
    }
    return pa.table({name: filled[name] if name in filled else clean[name] for name in TOWN_COLUMNS})


def town(*, random_pairs: float = 1e6) -> Plan:
    """Settings for the cleaned columns of Chinese and foreign people and of organizations.

    DuckDB's distances count bytes, three a Chinese character: similar Chinese names are found by their sound, which is
    ASCII, and by a byte distance of at most one character.
    """
    return Plan(
        unique_id="record_id",
        comparisons=[_name(), _certificate(), _phone(), _born(), cl.ExactMatch("sex"), _email(), _address()],
        blocking=[
            block_on("id_number"),
            block_on("phone"),
            "l.phone = r.phone_2",
            block_on("email"),
            block_on("name_sound", "born"),
            block_on("name_match", "born"),
            block_on("surname", "born"),
            block_on("name_sound", "district"),
            block_on("name_match", "city"),
            block_on("name_match", "road"),
            block_on("surname", "road", "road_number"),
            block_on("org_core"),
        ],
        certain=[block_on("id_number"), block_on("name_match", "phone"), block_on("name_match", "born", "district")],
        recall=0.7,
        sessions=[block_on("id_number"), block_on("name_match", "phone")],
        random_pairs=random_pairs,
    )


def _name() -> cl.CustomComparison:
    return cl.CustomComparison(
        output_column_name="name",
        comparison_levels=[
            # 张先生 says no more than 张, and that only against another surname.
            cll.CustomLevel(
                "name_match_l is null or name_match_r is null "
                "or ((name_weak_l or name_weak_r) and surname_l = surname_r)"
            ).configure(is_null_level=True),
            cll.ExactMatchLevel("name_match", term_frequency_adjustments=True),
            cll.ExactMatchLevel("org_core", term_frequency_adjustments=True),
            cll.ExactMatchLevel("name_sound", term_frequency_adjustments=True),
            cll.CustomLevel("surname_l = surname_r and levenshtein(given_name_l, given_name_r) <= 3"),
            cll.CustomLevel("levenshtein(name_sound_l, name_sound_r) <= 2"),
            cll.JaroWinklerLevel("name_match", 0.92),
            cll.ExactMatchLevel("surname", term_frequency_adjustments=True),
            cll.ElseLevel(),
        ],
    )


def _certificate() -> cl.CustomComparison:
    return cl.CustomComparison(
        output_column_name="certificate",
        comparison_levels=[
            cll.NullLevel("id_number"),
            cll.ExactMatchLevel("id_number"),
            cll.CustomLevel("id_valid_l and id_valid_r", label_for_charts="Two valid certificates, different"),
            cll.DamerauLevenshteinLevel("id_number", 2),
            cll.ElseLevel(),
        ],
    )


def _phone() -> cl.CustomComparison:
    return cl.CustomComparison(
        output_column_name="phones",
        comparison_levels=[
            cll.NullLevel("phone"),
            cll.ExactMatchLevel("phone", term_frequency_adjustments=True),
            cll.CustomLevel("phone_l = phone_2_r or phone_2_l = phone_r or phone_2_l = phone_2_r"),
            cll.DamerauLevenshteinLevel("phone", 1),
            cll.ElseLevel(),
        ],
    )


def _born() -> cl.DateOfBirthComparison:
    return cl.DateOfBirthComparison("born", input_is_string=False)


def _email() -> cl.EmailComparison:
    return cl.EmailComparison("email")


def _address() -> cl.CustomComparison:
    road = "road_l = road_r"
    door = f"{road} and road_number_l = road_number_r"
    return cl.CustomComparison(
        output_column_name="address",
        comparison_levels=[
            cll.CustomLevel(
                "(road_l is null or road_r is null) and (district_l is null or district_r is null) "
                "and (city_l is null or city_r is null)"
            ).configure(is_null_level=True),
            cll.CustomLevel(f"{door} and room_l = room_r", label_for_charts="Same room"),
            cll.CustomLevel(door, label_for_charts="Same door"),
            cll.CustomLevel(road, label_for_charts="Same road"),
            cll.ExactMatchLevel("district", term_frequency_adjustments=True),
            cll.ExactMatchLevel("city", term_frequency_adjustments=True),
            cll.ElseLevel(),
        ],
    )


PLANS = {"febrl3": febrl3, "febrl4": febrl4, "fake_1000": fake_1000, "historical": historical, "town": town}
"""The settings of each kind of set."""
