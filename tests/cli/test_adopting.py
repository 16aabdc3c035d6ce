"""`kehu train --adopt` on a project of its own."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Kehu = Callable[..., Any]


@pytest.fixture
def project(kehu: Kehu, project: Path) -> Path:
    """The project that `kehu init` makes, with its drop folder only, after a run."""
    assert kehu("run").code == 0
    return project


def test_without_an_answer_it_only_shows(kehu: Kehu, project: Path) -> None:
    told = kehu("train", "--adopt", "--json")
    assert told.code == 2
    assert "--yes" in told.err
    assert (told.json["adopted"], told.json["customers"] > 0) == (False, True)
    assert not (project / "models").exists()
    assert "would merge into" in kehu("train", "--adopt").out


def test_what_was_adopted_is_in_force_from_then_on(kehu: Kehu, project: Path) -> None:
    before = (project / "kehu.toml").read_bytes()
    told = kehu("train", "--adopt", "--yes", "--json")
    assert told.code == 0, told.err
    assert told.json["adopted"]
    assert json.loads((project / told.json["model"]).read_text("utf-8"))["training"]["records"] == told.json["records"]
    assert (project / "kehu.toml").read_bytes() == before
    assert kehu("verify").code == 0
    assert kehu("run").code == 0
    assert kehu("decide", "merge", 1, 2, "--reason", "one").code == 0
    again = kehu("train", "--adopt", "--model", told.json["model"], "--yes")
    assert (again.code, "in force already" in again.err) == (0, True)


def test_a_model_that_the_store_was_not_told_of_is_refused(kehu: Kehu, project: Path) -> None:
    told = kehu("train", "--adopt", "--model", "shipped", "--yes", "--json").json
    settings, kept = project / "kehu.toml", project / told["model"]
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace('model = "shipped"', f'model = "{told["model"]}"'), encoding="utf-8")
    assert kehu("run").code == 0
    settings.write_text(text.replace('model = "shipped"', 'model = "other.json"'), encoding="utf-8")
    refused = kehu("run")
    assert refused.code == 2
    assert "kehu train --adopt --model other.json" in refused.err
    settings.write_text(text, encoding="utf-8")
    model = json.loads(kept.read_text("utf-8"))
    kept.write_text(json.dumps(model | {"link_from": 4.0}), "utf-8")
    assert "is not what was adopted" in kehu("run").err
    kept.unlink()
    assert kehu("run").code == 1
    assert kehu("train", "--adopt", "--model", "shipped", "--yes").code == 0  # It mends what is missing.


def test_another_limit_of_hot_keys_is_brought_into_force_for_all(kehu: Kehu, project: Path) -> None:
    head = "流水号,客户姓名,证件类型,证件号码,联系电话,通讯地址,客户类别,受理时间"
    rows = [f"X{place},司徒建国,,,13911112222,,," for place in range(4)]
    (project / "hall" / "more.csv").write_text("\n".join([head, *rows, ""]), encoding="utf-8")
    assert kehu("run").code == 0
    name = kehu("train", "--adopt", "--model", "shipped", "--yes", "--json").json["model"]
    settings = project / "kehu.toml"
    text = settings.read_text(encoding="utf-8")
    before = kehu("run", "--json").json["customers"]
    for limit, parts in (("2", True), ("100", False)):
        settings.write_text(text.replace("hot_key_limit = 100", f"hot_key_limit = {limit}"), encoding="utf-8")
        told = kehu("train", "--adopt", "--model", name, "--yes", "--json").json
        assert told["adopted"]
        assert (told["customers_then"] > before) is parts
        name = told["model"]
    assert told["customers_then"] == before
    assert "in force already" in kehu("train", "--adopt", "--model", name, "--yes").err


def test_what_does_not_go_together_is_wrong_usage(kehu: Kehu) -> None:
    assert kehu("train", "in.csv", "--adopt").code == 2
    assert kehu("train", "in.csv").code == 2
    assert kehu("train", "in.csv", "--out", "m.json", "--yes").code == 2
