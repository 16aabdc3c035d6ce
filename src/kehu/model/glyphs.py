"""Characters that clerks take for each other: the ones that look alike, and the ones that sound the same."""

import csv
import functools
import importlib.resources
import io
from collections.abc import Mapping
from types import MappingProxyType


def look_alikes() -> Mapping[str, str]:
    """For a character the characters that look like it; symmetric.

    >>> look_alikes()["末"]
    '未味抹'
    """
    return _table("look_alikes")


def homophones() -> Mapping[str, str]:
    """For a character the characters of the same sound and tone in one of its readings.

    >>> homophones()["张"]
    '章彰樟'
    """
    return _table("homophones")


@functools.cache
def _table(column: str) -> Mapping[str, str]:
    file = importlib.resources.files("kehu.model").joinpath("data/glyphs.csv")
    rows = csv.DictReader(io.StringIO(file.read_text(encoding="utf-8")))
    return MappingProxyType({row["character"]: row[column] for row in rows if row[column]})
