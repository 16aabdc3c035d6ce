"""`kehu decide` on a project of its own."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

Kehu = Callable[..., Any]


def test_customers_are_merged_split_pinned_and_restored(kehu: Kehu, project: Path) -> None:
    assert kehu("run").code == 0
    held = kehu("run", "--json").json["customers"]
    merged = kehu("decide", "merge", 1, 2, "--reason", "same card", "--by", "ann", "--json")
    assert merged.code == 0, merged.err
    assert kehu("run", "--json").json["customers"] == held - 1
    pinned = kehu("decide", "pin", *merged.json["customers"], "name", "张玮", "--reason", "on the card", "--json").json
    assert pinned["kind"] == "pin"
    told = kehu("decide", "undo", merged.json["decision_id"], "--reason", "two cards")
    assert "belong to customer 1, 2 now" in told.out
    assert kehu("run", "--json").json["customers"] == held
    listed = kehu("decide", "list", "--json").json["rows"]
    assert [(row["kind"], row["decided_by"]) for row in listed][-1] == ("together", "ann")
    assert "two cards" in kehu("decide", "list").out


def test_what_cannot_be_decided_is_told_with_its_exit_code(kehu: Kehu, project: Path) -> None:
    kehu("run")
    refused = kehu("decide", "split", 1, 99999, "--reason", "somebody else")
    assert refused.code == 1
    assert "has no record 99999" in refused.err
    assert kehu("decide", "undo", 1, "--reason", " ").code == 2
