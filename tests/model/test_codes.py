"""The code tables."""

from enum import StrEnum

from kehu.model import codes


def test_codes_of_one_value_keep_their_own_texts() -> None:
    assert codes.TEXTS[codes.IdType.OTHER] == ("其他证件", "other identification")
    assert codes.TEXTS[codes.Category.OTHER] == ("其他", "other")


def test_every_code_has_a_text() -> None:
    tables = [kind for kind in vars(codes).values() if isinstance(kind, type) and issubclass(kind, StrEnum)]
    members = [code for table in tables for code in table]
    assert members
    assert all(code in codes.TEXTS for code in members)
