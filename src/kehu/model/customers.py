"""The columns of customers: what we believe stands behind a group of records."""

import pyarrow as pa

GOLDEN_COLUMNS: tuple[str, ...] = (
    "kind", "name", "id_type", "id_number", "phone", "phone_2", "birth_date", "gender", "email", "address",
    "province", "city", "district", "category",
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
        pa.field("sources", pa.string(), nullable=False),  # JSON: attribute -> number of the record it came from.
        pa.field("records", pa.int64(), nullable=False),  # How many records it has.
        pa.field("quality", pa.float64(), nullable=False),  # 0..1: how complete and how well confirmed.
        pa.field("updated_at", pa.timestamp("us", tz="UTC")),  # The newest source change among its records.
    ]
)
"""One row a living customer."""
