"""Records laid out row by row, for comparing millions of pairs.

The left records of sorted pairs come one after the other, but the right ones stand anywhere: fetched column by column,
each value would miss the processor's cache. Laid out, what is read of a record stands together and is fetched at once.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from kehu.resolve.coded import Records

COLUMNS = (
    "name_match", "name_sound", "surname", "surname_sound", "given_name", "given_sound", "letters", "surname_letters",
    "org_core", "id_number", "id_type", "phones.first", "phones.second", "email", "email_local", "sex",
    "road", "building", "road_number", "room", "postcode", "district", "city", "province", "postcode_area",
)  # fmt: skip
"""The coded columns that comparisons read; one that is missing here is fetched by itself."""

FLAGS = ("individual", "han", "latin", "weak", "certified", "checkable")
"""What they ask of every record."""

NUMBERS = ("day", "born")

AT_ONCE = 16_384
"""So many rows are fetched and turned at once: they fit in the cache."""


class Laid:
    """What comparisons read of the records, a record's values beside each other."""

    def __init__(self, records: Records) -> None:
        self._rows = np.empty((len(records), len(COLUMNS) + len(NUMBERS) + len(FLAGS)), dtype=np.int32)
        for place, name in enumerate(COLUMNS):
            self._rows[:, place] = records.codes(name)
        for place, name in enumerate(NUMBERS + FLAGS, len(COLUMNS)):
            self._rows[:, place] = getattr(records, name)

    def of(self, rows: npt.NDArray[np.int64]) -> Mapping[str, Any]:
        """The values of some records, each once for every time it is named: an array a column."""
        turned = np.empty((self._rows.shape[1], len(rows)), dtype=np.int32)
        for start in range(0, len(rows), AT_ONCE):
            piece = slice(start, start + AT_ONCE)
            turned[:, piece] = self._rows[rows[piece]].T
        flags = turned[len(COLUMNS) + len(NUMBERS) :] != 0
        return dict(zip(COLUMNS + NUMBERS + FLAGS, [*turned[: len(COLUMNS) + len(NUMBERS)], *flags], strict=True))
