"""Every rule of `kehu.toml`, all the way through `kehu run` into the quarantine."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Kehu = Callable[..., Any]

HEADS = "no,name,cert,phone,birth,class,postcode,met,left,number"
COLUMNS = {
    "record_id": "no", "name": "name", "id_number": "cert", "phone": "phone", "birth_date": "birth",
    "category": "class", "postcode": "postcode", "interaction_at": "met", "interaction_ended_at": "left",
    "msisdn": "number",
}  # fmt: skip
GOOD = "1,张伟,11010519491231002X,13912345678,1949-12-31,student,100000,2026-01-05 10:00,2026-01-05 10:05,13800000001"
BROKEN: dict[str, tuple[str, str]] = {
    'rule = "required"\ncolumns = ["birth_date", "msisdn"]\nany = true': (
        "2,李娜,,13912345679,,,,,,",
        "birth date and number of the subscription are all missing",
    ),
    'rule = "pattern"\ncolumns = ["msisdn"]\npattern = "1[3-9][0-9]{9}"': (
        "2,李娜,,13912345679,,,,,,0571-88886666",
        "number of the subscription has not the form it should have",
    ),
    'rule = "one_of"\ncolumns = ["category"]\nvalues = ["student"]': (
        "2,李娜,,13912345679,,企业,,,,",
        "category is not one of the values allowed",
    ),
    'rule = "not_placeholder"\ncolumns = ["birth_date"]': (
        "2,李娜,,13912345679,2026-02-30,,,,,",
        "birth date is a placeholder or cannot be read",
    ),
    'rule = "checksum"': (
        "2,李娜,110105194912310021,,,,,,,",
        "certificate number has a wrong check digit or an impossible birth date",
    ),
    'rule = "length"\ncolumns = ["name"]\nmin = 2\nmax = 3': (
        "2,欧阳娜娜,,13912345679,,,,,,",
        "name should have 2–3 characters",
    ),
    'rule = "range"\ncolumns = ["birth_date"]\nmin = 1900-01-01\nmax = "2026-01-01"': (
        "2,李娜,,13912345679,1890-01-01,,,,,",
        "birth date should lie between 1900-01-01 and 2026-01-01",
    ),
    'rule = "unique"\ncolumns = ["phone"]': (
        "2,李娜,,139 1234 5678,,,,,,",
        "phone stands more than once in this load",
    ),
    'rule = "comparison"\nleft = "interaction_ended_at"\nis = "greater_equal"\nright = "interaction_at"': (
        "2,李娜,,13912345679,,,,2026-01-05 10:00,2026-01-05 09:00,",
        "end of the contact should be at least time of the contact",
    ),
}
"""A rule, a row that breaks it, and the reason."""


def bring(kehu: Kehu, folder: Path, rule: str, row: str) -> Any:
    mapping = "\n".join(f'{ours} = "{its}"' for ours, its in COLUMNS.items())
    (folder / "kehu.toml").write_text(
        '[channels.hall]\ntype = "files"\npath = "hall"\nsettle_s = 0\nbatch_rows = 1\n'
        f"[channels.hall.mapping]\n{mapping}\n[[channels.hall.rules]]\n{rule}\n",
        encoding="utf-8",
    )
    (folder / "hall").mkdir()
    (folder / "hall" / "a.csv").write_text(f"{HEADS}\n{GOOD}\n{row}\n", encoding="utf-8")
    return kehu("run", "--json")


@pytest.mark.parametrize("rule", BROKEN, ids=lambda rule: rule.split('"')[1])
def test_a_row_that_breaks_a_rule_lies_in_quarantine_with_its_reason(kehu: Kehu, tmp_path: Path, rule: str) -> None:
    row, reason = BROKEN[rule]
    ran = bring(kehu, tmp_path, rule, row).json
    assert (ran["accepted"], ran["quarantined"]) == (1, 1)
    (bad,) = kehu("quarantine", "list", "--json").json["rows"]
    assert [(told["rule"], told["en"]) for told in bad["reasons"]] == [(rule.split('"')[1], reason)]


@pytest.mark.parametrize("rule", BROKEN, ids=lambda rule: rule.split('"')[1])
def test_a_rule_that_only_warns_lets_the_row_pass_and_counts_it(kehu: Kehu, tmp_path: Path, rule: str) -> None:
    ran = bring(kehu, tmp_path, f'{rule}\nseverity = "warn"', BROKEN[rule][0]).json
    assert (ran["accepted"], ran["quarantined"], ran["warned"]) == (2, 0, 1)


def test_the_reason_may_be_in_the_user_s_own_words(kehu: Kehu, tmp_path: Path) -> None:
    rule = next(iter(BROKEN))
    bring(kehu, tmp_path, f'{rule}\nmessage_zh = "请补出生日期"\nmessage_en = "ask the hall"', BROKEN[rule][0])
    (bad,) = kehu("quarantine", "list", "--json").json["rows"]
    assert [(told["zh"], told["en"]) for told in bad["reasons"]] == [("请补出生日期", "ask the hall")]


@pytest.mark.parametrize(
    ("rule", "complaint"),
    [
        ('rule = "range"\ncolumns = ["birth_date"]\nmin = "long ago"', "'long ago' is no date like 1900-01-01, as"),
        ('rule = "required"\ncolumns = ["nmae"]', "'nmae' is no column of ours (did you mean name"),
        (
            'rule = "comparison"\nleft = "name"\nis = "less"\nright = "birth_date"',
            "name and birth_date cannot be compared",
        ),
    ],
)
def test_a_rule_that_cannot_hold_is_refused_before_anything_is_read(
    kehu: Kehu, tmp_path: Path, rule: str, complaint: str
) -> None:
    told = bring(kehu, tmp_path, rule, "")
    assert told.code == 2
    assert "[[channels.hall.rules]] no. 1" in told.err
    assert complaint in told.err
