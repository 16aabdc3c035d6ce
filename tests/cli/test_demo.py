"""`kehu demo`: the whole way, from an empty folder to customers."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kehu.store import contents, database
from kehu.store.sealing import keyring
from kehu.store.sealing.vault import Vault

Kehu = Callable[..., Any]
MONTHS = "select name, count(distinct month) from tally where channel = '' group by name"


def dump(folder: Path) -> list[str]:
    opened = database.connect("sqlite:///kehu.db", folder=folder, vault=Vault(keyring.read(folder / "kehu.key")))
    with opened.read() as tx:
        lines = list(contents.lines(tx))
    opened.close()
    return lines


def test_the_town_becomes_customers_and_a_second_run_changes_nothing(kehu: Kehu, tmp_path: Path) -> None:
    told = kehu("demo", "--records", 3000, "--no-serve", "--json")
    assert told.code == 0, told.err
    answer = told.json
    assert list(answer) == ["records", "accepted", "quarantined", "duplicates", "customers", "truth", "seconds"]
    assert answer["records"] == answer["accepted"] + answer["duplicates"] + answer["quarantined"]
    assert answer["records"] > 3000
    assert answer["quarantined"] > 0
    assert answer["duplicates"] > 0
    assert answer["truth"]["f1"] >= 0.97
    assert answer["truth"]["precision"] >= 0.99

    project = tmp_path / "kehu-demo"
    before = dump(project)
    again = kehu("run", "--config", project)
    assert again.code == 0, again.err
    assert "nothing new" in again.out
    assert dump(project) == before

    # Each channel brought its part, from its own kind of source.
    with sqlite3.connect(project / "kehu.db") as connection:
        by_channel = dict(connection.execute("select channel, sum(accepted) from load group by channel").fetchall())
        tickets = connection.execute("select count(*), count(resolved_at), count(breached_at) from ticket").fetchone()
        sizes = connection.execute("select customers from segment_count").fetchall()
        months = dict(connection.execute(MONTHS).fetchall())
    connection.close()
    # The dashboard has something of everything to show.
    assert tickets[0] > tickets[1] > tickets[2] > 0
    assert [many > 0 for (many,) in sizes] == [True] * 3
    assert months["new"] > 36
    assert months["lost"] > 12
    assert months["sla"] > 1
    assert set(by_channel) == {"online", "calls", "hall"}
    assert all(accepted > 500 for accepted in by_channel.values())


def test_the_sentence_tells_how_right_the_customers_are(kehu: Kehu) -> None:
    told = kehu("demo", "--records", 300, "--no-serve", "--dir", "town")
    assert told.code == 0
    line = next(line for line in told.out.splitlines() if "records were" in line)
    assert "customers (truth:" in line
    assert "precision" in line


def test_a_new_demo_replaces_an_old_one_and_nothing_else(kehu: Kehu, tmp_path: Path) -> None:
    kehu("demo", "--records", 200, "--no-serve", "--dir", "town")
    (tmp_path / "town" / "left over").touch()
    assert kehu("demo", "--records", 200, "--no-serve", "--dir", "town").code == 0
    assert not (tmp_path / "town" / "left over").exists()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter").write_text("dear")
    refused = kehu("demo", "--records", 200, "--no-serve", "--dir", "mine")
    assert refused.code == 2
    assert "--dir" in refused.err
    assert (tmp_path / "mine" / "letter").read_text() == "dear"
