"""The columns of a customer of the town: what is true of it."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from kehu.collect.town import draw

Days = npt.NDArray[np.datetime64]

FIRST_DAY = np.datetime64("2023-07-01")
"""The first day on which a channel of the town wrote something down."""
LAST_DAY = np.datetime64("2026-06-30")
"""The last one; the town has no clock, so that a seed gives the same town for ever."""

CUSTOMERS = pa.schema(
    [
        pa.field("kind", pa.string()),  # individual, organization
        pa.field("script", pa.string()),  # chinese, minority, latin: how the name is built.
        pa.field("name", pa.string()),
        pa.field("short_name", pa.string()),  # What a title follows (张), or what a firm is called (华信科技).
        pa.field("email", pa.string()),  # Null where it has none.
        pa.field("male", pa.bool_()),  # Null for organizations.
        pa.field("birth", pa.date32()),  # Likewise.
        pa.field("id_type", pa.string()),
        pa.field("id_number", pa.string()),
        pa.field("phone", pa.string()),
        pa.field("phone_2", pa.string()),  # A second number: a landline. Null where it has none.
        pa.field("old_phone", pa.string()),  # Its number before `phone_since`; null where it never changed.
        pa.field("phone_since", pa.date32()),  # Since when it holds its phone.
        pa.field("since", pa.date32()),  # Its first day as a customer.
        pa.field("address", pa.int64()),  # A row of the addresses.
        pa.field("old_address", pa.int64()),  # Where it lived before `address_since`; the same where it never moved.
        pa.field("address_since", pa.date32()),
        pa.field("category", pa.string()),
        pa.field("head", pa.int64()),  # The customer that leads its household; itself where it is alone.
        pa.field("proxy", pa.int64()),  # The customer that goes to the hall for it.
        pa.field("employer", pa.int64()),  # The organization where it works; null for most.
    ]
)
"""One row a customer; the last three are rows of the same table."""


def days(dates: Days) -> pa.Array:
    """A column of dates."""
    return pa.array(dates.astype("datetime64[D]"), pa.date32())


def years(dates: Days) -> draw.Numbers:
    """The years of dates."""
    return dates.astype("datetime64[Y]").astype(np.int64) + 1970


def some_day(rng: np.random.Generator, size: int) -> Days:
    """Days while the town was looking."""
    length = int((LAST_DAY - FIRST_DAY).astype(np.int64))
    day: Days = FIRST_DAY + rng.integers(length, size=size).astype("timedelta64[D]")
    return day
