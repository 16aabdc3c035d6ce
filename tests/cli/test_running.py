"""`kehu run`, its halves, and what reads the store afterwards."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kehu.cli import running
from kehu.collect.town import town
from kehu.store import contents, database
from kehu.store.sealing import keyring
from kehu.store.sealing.vault import Vault

Kehu = Callable[..., Any]


def dump(folder: Path) -> list[str]:
    opened = database.connect("sqlite:///kehu.db", folder=folder, vault=Vault(keyring.read(folder / "kehu.key")))
    with opened.read() as tx:
        lines = list(contents.lines(tx))
    opened.close()
    return lines


def test_a_second_run_changes_nothing_and_says_so(kehu: Kehu, project: Path) -> None:
    first = kehu("run")
    assert "4 records are new; 3 customers are new" in first.out
    before = dump(project)
    second = kehu("run")
    assert second.code == 0
    assert "nothing new; the store holds 4 records of 3 customers" in second.out
    assert dump(project) == before


def test_the_halves_together_do_what_run_does(kehu: Kehu, project: Path) -> None:
    collected = kehu("collect", "--json").json
    assert (collected["accepted"], collected["customers"]) == (4, 0)
    identified = kehu("identify", "--json").json
    assert (identified["records"], identified["identified"], identified["customers"]) == (0, 4, 3)
    assert kehu("run", "--json").json["identified"] == 0


def test_collect_says_that_records_wait(kehu: Kehu, project: Path) -> None:
    assert "4 records wait for `kehu identify`" in kehu("collect").out


def test_only_the_channel_that_was_asked_for_is_read(kehu: Kehu, project: Path) -> None:
    told = kehu("run", "--channel", "shop")
    assert told.code == 2
    assert "'shop'" in told.err
    assert "hall" in told.err


def test_the_json_line_is_the_last_and_the_only_one(kehu: Kehu, project: Path) -> None:
    ran = kehu("run", "--json")
    assert len(ran.out.splitlines()) == 1
    assert ran.json["records"] == ran.json["accepted"] + ran.json["duplicates"] + ran.json["quarantined"] == 5
    assert ran.json["seconds"]["total"] > 0


def test_the_quarantine_is_listed_and_shown(kehu: Kehu, project: Path) -> None:
    kehu("run")
    assert "1 of 1 rows in quarantine" in kehu("quarantine", "list").out
    (row,) = kehu("quarantine", "list", "--channel", "hall", "--json").json["rows"]
    shown = kehu("quarantine", "show", row["quarantine_id"]).out
    assert "hall" in shown
    assert "required" in shown
    assert '"流水号": "H2601050005"' in shown
    assert kehu("quarantine", "show", 99).code == 1
    assert kehu("quarantine", "dismiss", row["quarantine_id"]).code == 2
    dismissed = kehu("quarantine", "dismiss", row["quarantine_id"], "--reason", "sent again")
    assert dismissed.out.startswith("1 rows dismissed")
    assert kehu("quarantine", "list", "--json").json["total"] == 0


def test_a_mended_row_is_replayed_once(kehu: Kehu, project: Path) -> None:
    kehu("run")
    (row,) = kehu("quarantine", "list", "--rule", "required", "--json").json["rows"]
    number = row["quarantine_id"]
    assert kehu("quarantine", "replay", "--json").json == {"rows": 1, "accepted": 0, "duplicate": 0, "bad": 1}
    refused = kehu("quarantine", "replay", number, "--set", "名字=张伟")
    assert refused.code == 2
    assert "客户姓名" in refused.err
    assert kehu("quarantine", "replay", "--set", "客户姓名=张伟").code == 2
    told = kehu("quarantine", "replay", number, "--set", "客户姓名=张伟", "--set", "联系电话=13912345678")
    assert "1 rows replayed: 1 are records now" in told.out
    assert kehu("quarantine", "list", "--json").json["total"] == 0
    assert kehu("quarantine", "list", "--state", "mended", "--json").json["total"] == 1
    assert kehu("quarantine", "replay", number).out.startswith("0 rows replayed")


def test_the_report_is_a_mermaid_pie(kehu: Kehu, project: Path) -> None:
    kehu("run")
    lines = kehu("report", "--format", "mermaid", "--language", "zh").out.splitlines()
    assert lines[0] == "pie"
    assert '    "企业用户": 1' in lines


def test_the_store_may_be_named_by_the_environment(kehu: Kehu, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEHU_STORE", "sqlite:///other.db")
    assert kehu("run").code == 0
    assert (project / "other.db").is_file()
    assert not (project / "kehu.db").exists()


def test_a_store_that_no_run_has_made_is_refused_with_the_way_out(kehu: Kehu, project: Path) -> None:
    told = kehu("report")
    assert told.code == 1
    assert "kehu run" in told.err


def test_settings_without_a_channel_ask_for_one(kehu: Kehu, tmp_path: Path) -> None:
    (tmp_path / "kehu.toml").touch()
    told = kehu("run")
    assert told.code == 2
    assert "[channels.NAME]" in told.err


def test_every_command_explains_itself_with_an_example(kehu: Kehu) -> None:
    for command in (
        ["demo"], ["init"], ["check"], ["run"], ["collect"], ["identify"], ["resolve"], ["train"], ["evaluate"],
        ["quarantine", "list"], ["quarantine", "show"], ["quarantine", "replay"], ["quarantine", "dismiss"],
        ["report"], ["serve"],
    ):  # fmt: skip
        told = kehu(*command, "--help")
        assert told.code == 0
        assert f"kehu {' '.join(command)}" in told.out.split("Example")[1]


def test_a_pair_of_records_is_explained_by_number_and_by_key(kehu: Kehu, project: Path) -> None:
    kehu("run")
    told = kehu("explain", "1", "2", "--json").json
    assert {told["record_l"]["record"], told["record_r"]["record"]} == {1, 2}
    assert told["verdict"] in {
        "joined",
        "chained",
        "too_light",
        "doubtful",
        "certificate",
        "group",
        "crowd",
        "unpaired",
    }
    key = f"{told['record_l']['channel']}:{told['record_l']['record_id']}"
    shown = kehu("explain", key, "2")
    assert shown.code == 0
    assert told["en"] in shown.out
    assert told["zh"] in shown.out
    assert kehu("explain", "1", "nobody").code == 2
    customer = str(told["record_l"]["customer_id"])
    assert kehu("restrict", customer, "--reason", "disputes her address").code == 0
    refused = kehu("explain", "1", "2")
    assert (refused.code, "--reason" in refused.err) == (1, True)
    assert told["en"] not in refused.out
    assert kehu("explain", "1", "2", "--reason", "a claim of hers").code == 0
    assert kehu("explain", "1", "999").code == 1


def test_another_order_of_strategies_is_applied_by_identify(kehu: Kehu, project: Path) -> None:
    kehu("run")
    settings = project / "kehu.toml"
    settings.write_text(settings.read_text("utf-8") + '\n[survivorship]\nemail = ["longest"]\n', encoding="utf-8")
    assert kehu("identify").code == 0
    before = dump(project)
    assert "nothing new" in kehu("identify").out
    assert dump(project) == before
    settings.write_text(settings.read_text("utf-8").replace("longest", "longst"), encoding="utf-8")
    refused = kehu("identify")
    assert refused.code == 2
    assert "[survivorship]: email: there is no strategy 'longst' (has: pinned, valid_first" in refused.err


def test_a_run_writes_the_weekly_report_and_goes_on_where_it_cannot(kehu: Kehu, project: Path) -> None:
    settings = project / "kehu.toml"
    said = settings.read_text(encoding="utf-8")
    settings.write_text(f'{said}\n[analyse]\nreport_folder = "kehu.toml"\n', encoding="utf-8")
    told = kehu("run")
    assert told.code == 0
    assert "weekly report" in told.err
    settings.write_text(f'{said}\n[analyse]\nreport_folder = "reports"\n', encoding="utf-8")
    assert kehu("run").code == 0
    [report] = (project / "reports").iterdir()
    assert "客户分析报告" in report.read_text(encoding="utf-8")


def test_the_first_load_of_many_says_that_a_model_may_be_fitted_to_it(kehu: Kehu, project: Path) -> None:
    made = town.make(running.ENOUGH + 200, seed=4).records.select(["record_id", "name", "phone"]).to_pylist()
    rows = [f"{row['record_id']},{row['name'] or '张伟'},,,{row['phone'] or ''},,," for row in made]
    head = "流水号,客户姓名,证件类型,证件号码,联系电话,通讯地址,客户类别,受理时间"
    for name, part in (("first", rows[:-1]), ("second", rows[-1:])):
        (project / "hall" / f"{name}.csv").write_text("\n".join([head, *part, ""]), encoding="utf-8")
        told = kehu("run")
        assert told.code == 0, told.err
        assert ("kehu train --adopt" in told.err) is (name == "first")
