"""Operators and historical sets of other kinds: an idea is kept if it helps on all of them, not on one.

Each is the generator's own way with some rates changed; what no name mentions is as there.
"""

from collections.abc import Iterator

import pyarrow as pa

from unseen import historical, operator
from unseen.operator import OTHER_CITIES

OPERATORS: dict[str, operator.Rates] = {
    "as it is": operator.Rates(),
    "titles": operator.Rates(title=0.7, english=0.05, channels=(30, 45, 25)),
    "shared phones": operator.Rates(
        one_phone=0.4, family_phone=(0.10, 0.25), new_phone=0.35, taken_over=0.35, given_up=0.9, grown=1.0,
        together=(20, 25, 30, 25), twins=0.3,
    ),
    "phones handed on": operator.Rates(dated=True, new_phone=0.4, taken_over=0.3, given_up=0.9, grown=0.7),
    "certificates, some of the family": operator.Rates(
        cities=OTHER_CITIES, no_certificate=(0, 0.4, 0.02), slipped_certificate=0.05, of_family=0.02,
        no_birth=(0.1, 0.4),
    ),
    "hardly a certificate": operator.Rates(
        cities=OTHER_CITIES, no_certificate=(0.8, 0.95, 0.8), no_birth=(0.4, 0.8), title=0.25
    ),
    "scripts": operator.Rates(
        cities=OTHER_CITIES, traditional=0.4, english=0.06, spelled=0.10, surname_first=0.5, slipped_name=0.08
    ),
    "firms and branches": operator.Rates(firms=0.35, branches=0.3, staff=0.15, short_name=0.5),
    "careless": operator.Rates(
        placeholder=0.04, slipped_phone=0.04, slipped_name=0.08, slipped_birth=0.05, no_name=0.05, no_phone=0.12,
        old_phone=0.08, agent_phone=0.05, slipped_certificate=0.06,
    ),
    "careful": operator.Rates(
        cities=OTHER_CITIES, title=0.1, no_address=(0.1, 0.5), slipped_name=0.01, traditional=0.02,
        slipped_phone=0.003, no_birth=(0.2, 0.5), new_phone=0.1, taken_over=0.05, agent_phone=0.005,
        no_certificate=(0.05, 0.7, 0.1), together=(60, 25, 10, 5),
    ),
}  # fmt: skip

HISTORICAL: dict[str, historical.Rates] = {
    "as it is": historical.Rates(),
    "worse": historical.Rates(
        given_short=0.25, given_initial=0.10, letter=0.12, birth_missing=0.35, birth_january=0.20, place_missing=0.4,
        postcode_missing=0.4, place_other=0.2,
    ),
    "married": historical.Rates(surname_other=0.25, birth_january=0.15, postcode_other=0.4),
    "words lost": historical.Rates(words_lost=0.5, of_lands=0.10),
    "better": historical.Rates(
        given_short=0.08, given_initial=0.02, letter=0.03, birth_missing=0.1, birth_january=0.04, place_missing=0.1,
        postcode_missing=0.1,
    ),
}  # fmt: skip


def sets(records: int, *, seed: int, only: str = "") -> Iterator[tuple[str, pa.Table, pa.Table]]:
    """Each set whose name holds a text: its name, so many flat records, and their truth."""
    for name, rates in OPERATORS.items():
        if only in (full := f"operator, {name}"):
            yield full, *operator.make(records, seed=seed, rates=rates)
    for name, of_persons in HISTORICAL.items():
        if only in (full := f"persons of history, {name}"):
            yield full, *historical.make(records, seed=seed, rates=of_persons)
