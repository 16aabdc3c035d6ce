"""Clean records of flat rows: every column cleaned, nothing decided about a row."""

import pyarrow as pa
import pyarrow.compute as pc

from kehu.errors import TableShapeError
from kehu.model import records
from kehu.model.codes import IdType, Kind
from kehu.process import categories, dates, distinct, emails, genders, identification, kinds, phones, stars
from kehu.process.addresses import columns as addresses
from kehu.process.names import organizations, people


def clean(flat: pa.Table, *, home: str = "CN", zone: str = "UTC") -> pa.Table:
    """Every row cleaned, in the order given.

    Args:
        flat: Columns of `records.FLAT_COLUMNS`, all string, dirty as they came. All but `record_id` may be missing;
            other columns are ignored.
        home: The country (ISO 3166) in which numbers without a country are dialled.
        zone: The time zone (IANA) of times that state no offset.

    Returns:
        One row a row, of schema `records.CLEAN`. Pure: a slice of a table is cleaned as the whole table is, so
        slices may be cleaned side by side.

    Raises:
        TableShapeError: `record_id` is missing.
    """
    there = frozenset(flat.schema.names)
    if "record_id" not in there:
        raise TableShapeError(f"flat records: column 'record_id' is missing (has: {', '.join(flat.column_names)})")
    raw = {
        name: distinct.texts(flat.column(name)) if name in there else distinct.nulls(flat.num_rows)
        for name in records.FLAT_COLUMNS
    }
    certificate = identification.columns(raw["id_number"], raw["id_type"])
    kind = kinds.column(raw["kind"], raw["name"], valid_uscc=_valid_uscc(certificate))
    first, second = phones.columns(raw["phone"], home=home), phones.columns(raw["phone_2"], home=home)
    phone = pc.coalesce(first["phone"], second["phone"])
    other = pc.coalesce(second["phone"], first["phone_2"], second["phone_2"])
    found = {
        "record_id": _key(raw["record_id"]),
        "channel": _key(raw["channel"]),
        "kind": kind,
        **_names(raw, pc.equal(kind, Kind.ORGANIZATION.value)),
        **certificate,
        "phone": phone,
        "phone_2": other if other.null_count == len(other) else pc.if_else(pc.equal(phone, other), None, other),
        "birth_date": dates.column(raw["birth_date"], home=home),
        "gender": pc.coalesce(genders.column(raw["gender"]), genders.of_title(raw["name"])),
        "email": emails.column(raw["email"]),
        **addresses.columns({name: raw[name] for name in addresses.READ}),
        "category": categories.column(raw["category"]),
        "star_level": stars.column(raw["star_level"]),
        "updated_at": dates.moments(raw["updated_at"], zone=zone),
    }
    return pa.table([found[field.name] for field in records.CLEAN], schema=records.CLEAN)


def _key(texts: pa.Array) -> pa.Array:
    """A key as it came, without blanks around it and without NUL, which not every database takes."""
    if len(texts) <= distinct.FEW and all(map(_is_plain, texts.to_pylist())):
        return texts
    return pc.fill_null(pc.utf8_trim_whitespace(pc.replace_substring(texts, "\x00", "")), "")


def _is_plain(text: str | None) -> bool:
    """Whether a key is as it shall be: there, of plain letters, and without blanks around it."""
    return text is not None and text.isascii() and text.isprintable() and text == text.strip()


def _valid_uscc(certificate: dict[str, pa.Array]) -> pa.Array:
    uscc = pc.fill_null(pc.equal(certificate["id_type"], IdType.USCC.value), False)
    return pc.and_(uscc, certificate["id_valid"])


def _names(raw: dict[str, pa.Array], organization: pa.Array) -> dict[str, pa.Array]:
    """The columns of names: each row read as a person's or as an organization's, as its kind says."""
    nobody, told = distinct.nulls(len(organization)), [raw[name] for name in ("name", "given_name", "surname")]
    if not organization.true_count:
        return people.columns(*told) | {"org_core": nobody}
    person = people.columns(*(pc.if_else(organization, nobody, column) for column in told))
    firm = organizations.columns(pc.if_else(organization, raw["name"], nobody))
    shared = {name: pc.coalesce(firm[name], person[name]) for name in ("name", "name_match", "name_sound")}
    return person | shared | {"org_core": firm["org_core"]}
