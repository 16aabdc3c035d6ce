"""`kehu init` and `kehu check`."""

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

Kehu = Callable[..., Any]


def test_init_makes_a_project_whose_example_can_be_checked_and_run_at_once(kehu: Kehu, tmp_path: Path) -> None:
    assert kehu("init", "shop").code == 0
    described = tomllib.loads((tmp_path / "shop" / "kehu.toml").read_text(encoding="utf-8"))
    assert {name: channel["type"] for name, channel in described["channels"].items()} == {
        "hall": "files",
        "online": "rest",
        "calls": "database",
    }
    checked = kehu("check", "--config", "shop", "--channel", "hall")
    assert checked.code == 0
    assert "4 would be accepted (0 warnings), 1 quarantined" in checked.out
    ran = kehu("run", "--config", "shop/kehu.toml", "--channel", "hall", "--json")
    assert (ran.code, ran.json["accepted"], ran.json["quarantined"]) == (0, 4, 1)
    assert ran.json["customers"] == 3  # 陈思远 and 陈思遠 are one.


def test_init_makes_the_key_that_only_its_owner_reads_and_the_run_keeps_it(kehu: Kehu, tmp_path: Path) -> None:
    assert "keep a copy" in kehu("init", "shop").out
    key = tmp_path / "shop" / "kehu.key"
    before = key.read_bytes()
    assert key.stat().st_mode & 0o777 == 0o600
    assert kehu("run", "--config", "shop", "--channel", "hall").code == 0
    assert key.read_bytes() == before
    key.unlink()
    refused = kehu("run", "--config", "shop", "--channel", "hall")
    assert refused.code == 2
    assert "the key file is not there: put it back" in refused.err


def test_init_does_not_overwrite_a_project(kehu: Kehu, tmp_path: Path) -> None:
    (tmp_path / "kehu.toml").write_text("# mine")
    refused = kehu("init", ".")
    assert refused.code == 2
    assert "is there already" in refused.err
    assert (tmp_path / "kehu.toml").read_text() == "# mine"


def test_check_shows_the_mapping_the_cleaned_rows_and_why_rows_are_bad(kehu: Kehu) -> None:
    kehu("init", ".")
    told = kehu("check", "--channel", "hall").out
    head, phone = (next(line for line in told.splitlines() if word in line) for word in ("our column", "联系电话"))
    assert head.split() == ["source", "column", "our", "column", "filled", "value", "cleaned"]
    assert "phone" in phone
    assert "139 1234 5678" in phone
    assert "13912345678" in phone
    assert "2026-01-05.csv:6: " in told
    assert "name and phone are all missing" in told


def test_check_tells_columns_that_nothing_is_mapped_to(kehu: Kehu, tmp_path: Path) -> None:
    kehu("init", ".")
    settings = tmp_path / "kehu.toml"
    settings.write_text(settings.read_text(encoding="utf-8").replace('address = "通讯地址"\n', "", 1), encoding="utf-8")
    assert "not used: 通讯地址" in kehu("check", "--channel", "hall").out


def test_check_goes_on_with_the_other_channels_where_one_cannot_be_read(kehu: Kehu, tmp_path: Path) -> None:
    kehu("init", ".")
    settings = tmp_path / "kehu.toml"
    text = settings.read_text(encoding="utf-8")
    start, end = text.index("# --- Online"), text.index("# --- Call")
    settings.write_text(text[:start] + text[end:], encoding="utf-8")
    told = kehu("check")
    assert told.code == 1
    assert "4 would be accepted" in told.out
    assert "channel 'calls'" in told.err
    assert "calls.db" in told.err


def test_a_secret_that_is_not_set_is_a_fault_of_the_settings(kehu: Kehu) -> None:
    kehu("init", ".")
    told = kehu("check", "--channel", "online")
    assert told.code == 2
    assert "KEHU_ONLINE_KEY" in told.err


def test_check_stores_nothing(kehu: Kehu, tmp_path: Path) -> None:
    kehu("init", ".")
    kehu("check", "--channel", "hall")
    assert {path.name for path in tmp_path.iterdir()} == {"kehu.key", "kehu.toml", "hall"}


def test_without_settings_every_command_tells_of_init(kehu: Kehu) -> None:
    for command in (["check"], ["run"], ["identify"], ["report"], ["quarantine", "list"], ["serve"]):
        told = kehu(*command)
        assert told.code == 2
        assert "kehu init" in told.err
