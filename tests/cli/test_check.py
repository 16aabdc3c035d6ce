"""`kehu check` where a mapping is missing: it proposes one, and what it proposes can be pasted and run."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from kehu.collect.town import channels, town

Kehu = Callable[..., Any]


@pytest.fixture
def halls(tmp_path: Path) -> Path:
    """The newest export of the town's halls."""
    channels.write(town.make(300, seed=4), tmp_path)
    return max((tmp_path / "hall").glob("*.csv"))


def pasted(out: str) -> str:
    """What the answer says can be pasted."""
    return out.partition("paste this into kehu.toml:\n\n")[2]


def test_what_is_proposed_for_a_new_file_can_be_pasted_and_run(kehu: Kehu, tmp_path: Path, halls: Path) -> None:
    told = kehu("check", halls.relative_to(tmp_path))
    assert told.code == 0
    assert "客户姓名" in told.out.partition("not used: ")[0]
    assert "营业厅编码" in told.out.partition("not used: ")[2].splitlines()[0]
    (tmp_path / "kehu.toml").write_text(pasted(told.out), encoding="utf-8")
    ran = kehu("run", "--json")
    assert (ran.code, ran.json["failed"]) == (0, {})
    assert ran.json["accepted"] >= 300 * 0.2
    with closing(sqlite3.connect(tmp_path / "kehu.db")) as store:
        ((numbers,),) = store.execute("select count(*) from subscription")
        ((visits,),) = store.execute("select count(*) from interaction where agent is not null")
    assert numbers > 0
    assert visits > 0


def test_a_file_may_be_checked_before_there_are_any_settings_and_stores_nothing(kehu: Kehu, tmp_path: Path) -> None:
    file = tmp_path / "营业厅 明细.tsv"
    file.write_text('流水号\t姓名\tmobile\n="007"\t张伟\t13912345678\n008\t-\t无\n', encoding="gb18030")
    told = kehu("check", file.name)
    assert told.code == 0
    for line in ('record_id = "流水号"', 'name = "姓名"', 'phone = "mobile"', 'pattern = "*.tsv"'):
        assert line in told.out
    assert (
        "姓名、电话、证件号码、电子邮箱均为空 / name, phone, certificate number and e-mail are all missing" in told.out
    )
    assert [path.name for path in tmp_path.iterdir()] == [file.name]


def test_a_file_without_a_key_is_told_of_and_its_other_columns_are_proposed(kehu: Kehu, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("姓名,手机\n张伟,13912345678\n", encoding="utf-8")
    told = kehu("check", "a.csv")
    assert told.code == 0
    assert "none of them looks like the key of a row" in told.out
    assert 'phone = "手机"' in told.out


@pytest.mark.parametrize(("content", "code", "said"), [(None, 2, "no such file"), ("", 1, "nothing can be proposed")])
def test_a_file_that_is_not_there_or_empty_is_refused(
    kehu: Kehu, tmp_path: Path, content: str | None, code: int, said: str
) -> None:
    if content is not None:
        (tmp_path / "a.csv").write_text(content)
    told = kehu("check", "a.csv")
    assert (told.code, said in told.err) == (code, True)


def test_a_channel_without_a_mapping_is_proposed_one_and_is_not_run(kehu: Kehu, tmp_path: Path, halls: Path) -> None:
    settings = tmp_path / "kehu.toml"
    settings.write_text('[channels.calls]\ntype = "database"\nurl = "sqlite:///calls.db"\ntable = "calls"\n', "utf-8")
    refused = kehu("run")
    assert refused.code == 2
    assert "kehu check --channel calls" in refused.err
    told = kehu("check")
    assert told.code == 0
    settings.write_text(f"{settings.read_text('utf-8')}\n{pasted(told.out)}", "utf-8")
    assert kehu("check").out.count("not used") == 1
    ran = kehu("run", "--json")
    assert (ran.code, ran.json["failed"]) == (0, {})
    with closing(sqlite3.connect(tmp_path / "kehu.db")) as store:
        ((calls,),) = store.execute("select count(*) from interaction where started_at < ended_at")
    assert calls > 0


def test_columns_that_a_mapping_leaves_out_are_proposed_beside_it(kehu: Kehu, tmp_path: Path) -> None:
    (tmp_path / "hall").mkdir()
    (tmp_path / "hall" / "a.csv").write_text("流水号,客户姓名,证件号码,套餐\n1,张伟,11010519491231002X,5G\n", "utf-8")
    (tmp_path / "kehu.toml").write_text(
        '[channels.hall]\ntype = "files"\npath = "hall"\n'
        '[channels.hall.mapping]\nrecord_id = "流水号"\nname = "客户姓名"\n',
        "utf-8",
    )
    told = kehu("check")
    assert told.code == 0
    assert "not used: 证件号码, 套餐" in told.out
    assert '  id_number = "证件号码"\n  plan = "套餐"\n' in told.out
