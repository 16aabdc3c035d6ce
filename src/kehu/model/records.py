"""The columns of records, from a channel's row to a clean record.

A record walks through three tables. A **batch** is what a channel hands on: its own columns, all text, nested
fields with dotted names (`applicant.name`, `phones.0`). A **flat** table has our column names and values as dirty
as they came. A **clean** table is what every later room reads.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

import pyarrow as pa

from kehu.errors import TableShapeError

POSITION = "source_position"
"""Column of a batch: where the row stands in its source, for people (`hall-0612.csv:17`, `page 3, row 5`)."""

FLAT_COLUMNS: tuple[str, ...] = (
    "record_id", "channel", "kind", "name", "given_name", "surname", "id_type", "id_number", "phone", "phone_2",
    "birth_date", "gender", "email", "address", "address_1", "address_2", "suburb", "city", "state", "postcode",
    "category", "updated_at", "star_level",
)  # fmt: skip
"""Our column names before cleaning; all text, all but `record_id` may be null or missing."""

CLEAN = pa.schema(
    [
        pa.field("record_id", pa.string(), nullable=False),  # The channel's own key of the row.
        pa.field("channel", pa.string(), nullable=False),  # "" where a flat file names none.
        pa.field("kind", pa.string(), nullable=False),  # codes.Kind, stated or read off name and certificate.
        # The name, for people: NFKC, blanks folded, titles taken off, script kept (張偉 stays 張偉).
        pa.field("name", pa.string()),
        # The name, for matching: simplified, case and accents folded; Latin tokens in "given surname" order.
        pa.field("name_match", pa.string()),
        pa.field("surname", pa.string()),  # Matching form: 欧阳, smith. Null where it cannot be told.
        pa.field("given_name", pa.string()),  # Matching form: 娜娜, john paul.
        pa.field("name_sound", pa.string()),  # Toneless "zhang wei", surname read as one; null for Latin.
        pa.field("name_weak", pa.bool_(), nullable=False),  # Only a surname and a title (张先生), or initials.
        pa.field("org_core", pa.string()),  # Organizations: without region, brackets and legal form (华信科技).
        pa.field("id_type", pa.string()),  # codes.IdType
        pa.field("id_number", pa.string()),  # Upper-case, 15-digit resident IDs lengthened to 18.
        pa.field("id_valid", pa.bool_(), nullable=False),  # The check digit and the birth date are right.
        pa.field("id_birth_date", pa.date32()),  # As a resident ID says, if a real date.
        pa.field("id_gender", pa.string()),  # What a resident ID says.
        pa.field("phone", pa.string()),  # National digits at home (13912345678), else +44….
        pa.field("phone_2", pa.string()),
        pa.field("birth_date", pa.date32()),  # As stated by the record, never filled in from the certificate.
        pa.field("gender", pa.string()),  # codes.Gender, as stated.
        pa.field("email", pa.string()),
        pa.field("address", pa.string()),  # For people: NFKC, one line.
        pa.field("province", pa.string()),  # 浙江省; a state where there are no provinces.
        pa.field("city", pa.string()),  # 杭州市
        pa.field("district", pa.string()),  # 西湖区; a suburb elsewhere.
        pa.field("road", pa.string()),  # 文三路; "stanley street", folded.
        pa.field("road_number", pa.string()),  # 138号 -> 138; a house number.
        pa.field("building", pa.string()),  # Estate and building: 翠苑小区3幢 -> 翠苑小区3; address_2 elsewhere.
        pa.field("unit", pa.string()),  # 2单元 -> 2
        pa.field("room", pa.string()),  # 501室 -> 501
        pa.field("postcode", pa.string()),
        pa.field("category", pa.string()),  # codes.Category, or the operator's own code.
        pa.field("star_level", pa.string()),  # codes.StarLevel, or the operator's own grade.
        pa.field("updated_at", pa.timestamp("us", tz="UTC")),  # When the source last changed the row.
    ]
)
"""A clean record, one row a record."""


class Reason(NamedTuple):
    """Why a row is bad, in a sentence of each language."""

    zh: str
    en: str


@dataclass(frozen=True, kw_only=True)
class BadRow:
    """A row that could not even be read into columns."""

    position: str
    """Where it stands in its source."""
    raw: str
    """What stood there, as text."""
    reason: Reason
    """Why it could not be read."""


@dataclass(frozen=True, kw_only=True)
class Batch:
    """What a channel hands on in one piece."""

    rows: pa.Table
    """The channel's own columns, all `string`, and `POSITION`; dotted names where the source is nested."""
    cursor: str | None
    """What the next run should start after, once this batch is stored; opaque to everyone but the channel."""
    bad: tuple[BadRow, ...] = field(default=())
    """Rows that could not be read."""


def require(table: pa.Table, schema: pa.Schema, *, what: str) -> None:
    """Refuse a table that lacks a column of the schema, or holds it in another type.

    Raises:
        TableShapeError: Naming the column and the types.
    """
    require_columns(table.schema, schema, what=what)


def require_columns(found_in: pa.Schema, schema: pa.Schema, *, what: str) -> None:
    """As `require`, where only the columns are at hand."""
    if found_in.equals(schema):
        return
    types = dict(zip(found_in.names, found_in.types, strict=True))
    for wanted in schema:
        if (found := types.get(wanted.name)) is None:
            raise TableShapeError(f"{what}: column {wanted.name!r} is missing (has: {', '.join(types)})")
        if found != wanted.type:
            raise TableShapeError(f"{what}: column {wanted.name!r} is {found}, wanted {wanted.type}")
