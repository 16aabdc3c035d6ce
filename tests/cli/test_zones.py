"""Times without an offset are of the channel's zone, all the way into the store."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

Kehu = Callable[..., Any]

SETTINGS = """
[kehu]
zone = "Europe/Berlin"
[channels.hall]
type = "files"
path = "hall"
settle_s = 0
{zone}
[channels.hall.mapping]
record_id = "no"
name = "name"
phone = "phone"
updated_at = "at"
interaction_at = "met"
"""


@pytest.mark.parametrize(
    ("zone", "hours"),
    [
        pytest.param('zone = "Asia/Shanghai"', ("02", "10"), id="the channel's"),
        pytest.param("", ("09", "10"), id="the project's"),
    ],
)
def test_a_time_without_an_offset_is_of_the_zone_of_its_channel(
    kehu: Kehu, tmp_path: Path, zone: str, hours: tuple[str, str]
) -> None:
    (tmp_path / "kehu.toml").write_text(SETTINGS.format(zone=zone), encoding="utf-8")
    (tmp_path / "hall").mkdir()
    (tmp_path / "hall" / "a.csv").write_text(
        "no,name,phone,at,met\n1,张伟,13912345678,2026/01/05 10:00:00,2026-01-05T10:00:00Z\n", encoding="utf-8"
    )
    assert kehu("run").code == 0
    with closing(sqlite3.connect(tmp_path / "kehu.db")) as store:
        ((changed,),) = store.execute("select updated_at from record")
        ((met,),) = store.execute("select started_at from interaction")
    assert (changed[11:13], met[11:13]) == hours
