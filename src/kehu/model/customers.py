"""The columns of customers: what we believe stands behind a group of records."""

from collections.abc import Mapping
from types import MappingProxyType

import pyarrow as pa

from kehu.model.codes import DecidedBy

GOLDEN_COLUMNS: tuple[str, ...] = (
    "kind", "name", "id_type", "id_number", "phone", "phone_2", "birth_date", "gender", "email", "address",
    "province", "city", "district", "category", "star_level",
)  # fmt: skip
"""The attributes of a customer that survive from its records."""

CUSTOMERS = pa.schema(
    [
        pa.field("customer_id", pa.int64(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("name", pa.string()),
        pa.field("id_type", pa.string()),
        pa.field("id_number", pa.string()),
        pa.field("phone", pa.string()),
        pa.field("phone_2", pa.string()),
        pa.field("birth_date", pa.date32()),
        pa.field("gender", pa.string()),
        pa.field("email", pa.string()),
        pa.field("address", pa.string()),
        pa.field("province", pa.string()),
        pa.field("city", pa.string()),
        pa.field("district", pa.string()),
        pa.field("category", pa.string()),
        pa.field("star_level", pa.string()),
        pa.field("sources", pa.string(), nullable=False),  # JSON: attribute -> number of the record it came from.
        pa.field("records", pa.int64(), nullable=False),  # How many records it has.
        pa.field("quality", pa.float64(), nullable=False),  # 0..100: 100 less the points of its flaws.
        pa.field("updated_at", pa.timestamp("us", tz="UTC")),  # The newest source change among its records.
        pa.field("decided", pa.string()),  # For each of GOLDEN_COLUMNS the letter of what decided (DECIDED_BY).
        pa.field("flaws", pa.string()),  # codes.Flaw, each behind a comma: what its quality lacks.
    ]
)
"""One row a living customer."""

DECIDED_BY: Mapping[str, DecidedBy] = MappingProxyType(
    {
        "p": DecidedBy.PINNED,
        "v": DecidedBy.VALID_FIRST,
        "t": DecidedBy.CHANNEL_TRUST,
        "r": DecidedBy.MOST_RECENT,
        "f": DecidedBy.MOST_FREQUENT,
        "l": DecidedBy.LONGEST,
        "k": DecidedBy.RECORD_KEY,
        "o": DecidedBy.ONLY,
        "c": DecidedBy.CERTIFICATE,
    }
)
"""What each letter in `decided` stands for; `-` stands for an attribute that nobody tells."""

PINS = pa.schema(
    [
        pa.field("record", pa.int64(), nullable=False),  # A record of the customer that is meant.
        pa.field("attribute", pa.string(), nullable=False),  # As the orders of survivorship name it.
        pa.field("value", pa.string()),  # What is pinned; null: what the record itself tells.
    ]
)
"""One row a value that a steward pinned, in the order of the decisions: the last holds."""

MEDIA = pa.schema(
    [
        pa.field("customer_id", pa.int64(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),  # codes.MediumKind
        pa.field("rank", pa.int64(), nullable=False),  # 1 is the best of its kind.
        pa.field("value", pa.string(), nullable=False),
        pa.field("first_seen", pa.timestamp("us", tz="UTC")),  # The oldest record that states it.
        pa.field("last_seen", pa.timestamp("us", tz="UTC")),  # The newest.
        pa.field("records", pa.int64(), nullable=False),  # How many of the customer's records state it.
        pa.field("record", pa.int64(), nullable=False),  # The newest of them.
    ]
)
"""One row a contact medium (联系方式) of a customer."""
