"""The two languages."""

import re
from importlib import resources
from pathlib import Path

import pytest
from babel.messages import pofile
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir

from kehu.model import customers, records
from kehu.model.languages import Language
from kehu.serve import language, words
from kehu.store import links

SERVE = Path(str(resources.files("kehu.serve")))


def _used() -> set[str]:
    found = extract_from_dir(
        SERVE,
        method_map=[("templates/**.html", "jinja2.ext:babel_extract"), ("**.py", "python")],
        keywords={**DEFAULT_KEYWORDS, "marked": None},
    )
    return {message[0] if isinstance(message, tuple) else message for _, _, message, _, _ in found}


def test_every_text_of_the_pages_has_its_chinese_and_none_is_left_over() -> None:
    with (SERVE / "locale/zh/LC_MESSAGES/messages.po").open("rb") as file:
        catalogue = pofile.read_po(file, locale="zh")
    texts = {
        message.id[0] if isinstance(message.id, tuple) else message.id: message.string
        for message in catalogue
        if message.id
    }
    assert set(texts) == _used()
    for text, chinese in texts.items():
        written = str(chinese[0] if isinstance(chinese, tuple) else chinese)
        assert written, text
        assert set(re.findall(r"%\(\w+\)s", str(text))) >= set(re.findall(r"%\(\w+\)s", written)), text


def test_every_column_and_state_that_pages_show_has_words() -> None:
    assert set(customers.GOLDEN_COLUMNS) <= set(words.ATTRIBUTES)
    assert set(words.LINK_STATES) == {str(state) for state in links.State}
    assert {str(kind.name) for kind in customers.CUSTOMERS} - {"customer_id"} <= set(words.ATTRIBUTES)
    assert records.POSITION not in words.ATTRIBUTES


@pytest.mark.parametrize(
    ("chosen", "accepted", "spoken"),
    [
        (None, "zh-CN,zh;q=0.9,en;q=0.8", Language.ZH),
        (None, "en-US,en;q=0.9", Language.EN),
        (None, "fr;q=0.9, en;q=0.1, zh;q=0.2", Language.ZH),
        (None, "en;q=junk", Language.ZH),
        (None, None, Language.ZH),
        ("en", "zh", Language.EN),
        ("klingon", "en", Language.EN),
    ],
)
def test_the_switch_goes_before_the_browser(chosen: str | None, accepted: str | None, spoken: Language) -> None:
    assert language.choose(chosen, accepted) is spoken
