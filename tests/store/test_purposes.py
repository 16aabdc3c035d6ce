"""Every stored column says what it is for, how it is classed and how long it is kept."""

from kehu.model import masks, purposes
from kehu.model.privacy import Class
from kehu.store.dictionary.whole import metadata
from kehu.store.privacy import persons


def test_every_column_has_a_purpose_a_class_and_a_period() -> None:
    there = {(table.name, column.name) for table in metadata.sorted_tables for column in table.c}
    told = {(name, column) for name, one in purposes.HELD.items() for column in one.classes}
    assert there - told == set(), "say in model/purposes.py what these columns are for, and how they are classed"
    assert told - there == set()


def test_every_purpose_period_and_class_has_its_words() -> None:
    assert set(purposes.USES) == set(purposes.Use)
    assert set(purposes.PERIODS) == set(purposes.Period)
    assert set(purposes.CLASSES) == set(Class)


def test_what_is_masked_is_classed_and_certificates_are_of_the_highest_class() -> None:
    for name, one in purposes.HELD.items():
        for column, classed in one.classes.items():
            if column in masks.MASKS and name in persons.WHOSE:
                assert classed is not Class.PUBLIC, (name, column)
            if column.endswith("id_number"):
                assert classed is Class.SENSITIVE, (name, column)


def test_tables_of_nobody_hold_nothing_of_customers() -> None:
    for name in persons.NOBODY - {"person", "session", "one_time_link", "api_key", "refusal", "tombstone"}:
        assert set(purposes.HELD[name].classes.values()) == {Class.PUBLIC}, name
