"""What every table stands on: the list of all, what the databases are told, and the columns of `model/` in SQL.

Numbers of records, customers and loads are drawn from `sequence` and never given twice.
"""

from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy import Boolean, Column, Date

from kehu.store.columns import Instant, Real, Sealed, Word, Writing

metadata = sa.MetaData(
    naming_convention={"ix": "ix_%(table_name)s_%(column_0_N_name)s", "uq": "uq_%(table_name)s_%(column_0_N_name)s"}
)
"""All tables."""

MYSQL: dict[str, Any] = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4"}
MYSQL |= {"mariadb_engine": "InnoDB", "mariadb_charset": "utf8mb4"}
NARROW: dict[str, Any] = {"sqlite_with_rowid": False, **MYSQL}
"""For tables that are little more than their primary key."""

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
"""A number drawn from `sequence`; SQLite calls its 64-bit integers INTEGER."""

LENGTHS: dict[str, int] = {
    "record_id": 200, "channel": 64, "kind": 16, "name": 200, "name_match": 200, "surname": 100, "given_name": 200,
    "name_sound": 400, "org_core": 200, "id_type": 32, "id_number": 64, "id_gender": 16, "phone": 32, "phone_2": 32,
    "gender": 16, "email": 320, "address": 500, "province": 64, "city": 64, "district": 100, "road": 200,
    "road_number": 64, "building": 200, "unit": 64, "room": 64, "postcode": 20, "category": 64,
    "star_level": 64,
    "source_position": 500, "term": 200, "msisdn": 64, "role": 16, "plan": 200, "number_state": 32, "user_name": 200,
    "proxy_name": 200, "proxy_id_type": 32, "proxy_id_number": 64, "account_id": 64, "account_type": 16,
    "payer_name": 200, "interaction_kind": 16, "interaction_direction": 16, "interaction_number": 64,
    "interaction_reason": 200, "interaction_reason_2": 200, "interaction_reason_3": 200, "interaction_agent": 100,
    "decided": 32, "flaws": 400,
}  # fmt: skip
"""The longest text, in characters, that a column of a record, of what it states, or of a customer holds."""

SEALED = frozenset({"id_number", "proxy_id_number"})
"""The columns that hold certificates: nobody reads them without the key, which is not in the database."""

SAYS: dict[str, str] = {
    "record_id": "The channel's own key of the row",
    "channel": "The channel it came by",
    "kind": "individual or organization",
    "name": "Name for people, as written",
    "name_match": "Name for matching: simplified, folded",
    "surname": "Surname, matching form",
    "given_name": "Given name, matching form",
    "name_sound": "Toneless pinyin of a Chinese name",
    "name_weak": "The name is only a surname and a title, or initials",
    "org_core": "An organization's name without region and legal form",
    "id_type": "Type of the certificate",
    "id_number": "Number of the certificate; sealed",
    "id_valid": "The certificate's check digit and date are right",
    "id_birth_date": "Birth date the certificate says",
    "id_gender": "Gender the certificate says",
    "phone": "Phone, national digits at home, else +country",
    "phone_2": "Second phone",
    "birth_date": "Birth date as stated",
    "gender": "Gender as stated",
    "email": "E-mail address",
    "address": "Address for people, one line",
    "province": "Province or state",
    "city": "City",
    "district": "District or suburb",
    "road": "Road",
    "road_number": "House number in the road",
    "building": "Estate and building",
    "unit": "Unit of the building",
    "room": "Room or flat",
    "postcode": "Postcode",
    "category": "Customer category",
    "star_level": "Star level (客户星级): 1 to 5, 5_silver, 5_gold, 5_diamond, or the operator's own grade",
    "updated_at": "When the source last changed it (UTC)",
    "sources": "JSON: attribute -> number of the record its value came from",
    "records": "How many records it has",
    "quality": "0 to 100: 100 less the points of its flaws",
    "decided": "For each attribute a letter: what decided its value; - where nobody tells it",
    "flaws": "What its quality lacks, each behind a comma: ,no_email,one_record",
}


def _column(field: pa.Field) -> Column[Any]:
    """The SQL column of a column of records or customers."""
    kinds: dict[Any, Any] = {
        pa.bool_(): Boolean(),
        pa.date32(): Date(),
        pa.int64(): NUMBER,
        pa.float64(): Real(),
        pa.timestamp("us", tz="UTC"): Instant(),
        pa.string(): _text(field.name),
    }
    return Column(field.name, kinds[field.type], nullable=field.nullable, comment=SAYS[field.name])


def _text(name: str) -> Any:
    """The type of a column of texts."""
    if name not in LENGTHS:
        return Writing()
    return Sealed(LENGTHS[name]) if name in SEALED else Word(LENGTHS[name])


def columns(schema: pa.Schema, *, without: tuple[str, ...] = ()) -> list[Column[Any]]:
    """The SQL columns of a table of `model/`."""
    return [_column(field) for field in schema if field.name not in without]
