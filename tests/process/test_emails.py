import pytest
from hypothesis import given
from hypothesis import strategies as st

from kehu.process import emails


@given(st.text(max_size=24) | st.from_regex(r"[a-zA-Z0-9.<>@ ,;+-]{1,24}"))
def test_cleaning_twice_is_cleaning_once(value: str) -> None:
    once = emails.clean(value)
    assert once is None or emails.clean(once) == once


@pytest.mark.parametrize(
    ("value", "cleaned"),
    [
        ("Ann.Lee+kehu@Example.net", "ann.lee+kehu@example.net"),
        ("ａｎｎ＠ｘ．ｏｒｇ", "ann@x.org"),
        ("ann@x。org", "ann@x.org"),
        ("Ann Lee <ann@x.org>;", "ann@x.org"),
        ("mailto:ann@x.org", "ann@x.org"),
        ("ann@xorg", "ann@xorg"),
        ("test@example.com", None),
        ("无", None),
        ("@x.org", None),
        ("ann@", None),
    ],
)
def test_an_address_is_trimmed_and_slips_stay(value: str, cleaned: str | None) -> None:
    assert emails.clean(value) == cleaned
