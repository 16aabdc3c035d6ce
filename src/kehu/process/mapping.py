"""From a channel's own columns to ours."""

import hashlib
from collections.abc import Container, Iterator
from typing import Any, Self

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from kehu.errors import SettingsError
from kehu.model import arrow, households, records
from kehu.process import distinct, own, text


class Source(BaseModel):
    """Where the values of one of our columns come from: a column, several joined, or one value for all rows."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    column: str | None = Field(default=None, description="A column of the channel, dotted where it is nested.")
    columns: tuple[str, ...] = Field(default=(), description="Columns of the channel to join in this order.")
    separator: str = Field(default="", description="What stands between joined columns.")
    value: str | None = Field(default=None, description="One value for every row.")
    clean: tuple[str, ...] = Field(
        default=(), description="Cleaners of your own, by name, also a list; they see the value first."
    )
    codes: dict[str, str] = Field(default={}, description="The channel's codes and what they mean; others stay.")

    @field_validator("clean", mode="before")
    @classmethod
    def _one_or_many(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value

    @field_validator("clean")
    @classmethod
    def _are_installed(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(map(own.require, names))

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, given: Any) -> Any:
        return {"column": given} if isinstance(given, str) else given

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if [self.column is not None, bool(self.columns), self.value is not None].count(True) != 1:
            raise ValueError("wants exactly one of column, columns and value")
        return self

    @property
    def reads(self) -> tuple[str, ...]:
        """The channel's columns it needs."""
        return self.columns or ((self.column,) if self.column is not None else ())


class Mapping(BaseModel):
    """Which of a channel's columns is which of ours.

    >>> hall = Mapping.model_validate({"record_id": "order_no", "name": "客户姓名", "kind": {"value": "individual"}})
    >>> [(name, source.column or source.value) for name, source in hall.sources()]
    [('record_id', 'order_no'), ('kind', 'individual'), ('name', '客户姓名')]
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    record_id: Source = Field(description="The channel's own key of a row.")
    kind: Source | None = Field(default=None, description="individual or organization, or words for them.")
    name: Source | None = Field(default=None, description="The whole name of a person or an organization.")
    given_name: Source | None = Field(default=None, description="The given name, where it has its own column.")
    surname: Source | None = Field(default=None, description="The surname, where it has its own column.")
    id_type: Source | None = Field(default=None, description="The type of certificate.")
    id_number: Source | None = Field(default=None, description="The number of the certificate.")
    phone: Source | None = Field(default=None, description="A phone number; two in one field are told apart.")
    phone_2: Source | None = Field(default=None, description="Another phone number.")
    birth_date: Source | None = Field(default=None, description="The birth date as stated.")
    gender: Source | None = Field(default=None, description="The gender as stated.")
    email: Source | None = Field(default=None, description="The e-mail address.")
    address: Source | None = Field(default=None, description="The whole address in one line.")
    address_1: Source | None = Field(default=None, description="Street and number, where they have their own column.")
    address_2: Source | None = Field(default=None, description="Building, estate or flat.")
    suburb: Source | None = Field(default=None, description="District or suburb.")
    city: Source | None = Field(default=None, description="City.")
    state: Source | None = Field(default=None, description="Province or state.")
    postcode: Source | None = Field(default=None, description="Post code.")
    category: Source | None = Field(default=None, description="The customer category.")
    star_level: Source | None = Field(default=None, description="The star level, as the operator reckons it.")
    updated_at: Source | None = Field(default=None, description="When the source last changed the row.")
    # What a row says beside its customer (model.households).
    msisdn: Source | None = Field(default=None, description="The number, or broadband login, that the row is about.")
    role: Source | None = Field(
        default=None, description="What the person is to that number: holder (if not said), user, proxy or payer."
    )
    plan: Source | None = Field(default=None, description="The plan of that number.")
    number_state: Source | None = Field(default=None, description="The state of that number.")
    opened_at: Source | None = Field(default=None, description="When that number was opened.")
    user_name: Source | None = Field(default=None, description="Who really uses it, if not the holder.")
    proxy_name: Source | None = Field(default=None, description="Who acted for the holder.")
    proxy_id_type: Source | None = Field(default=None, description="The type of the proxy's certificate.")
    proxy_id_number: Source | None = Field(
        default=None, description="The number of the proxy's certificate; it never becomes the holder's."
    )
    account_id: Source | None = Field(default=None, description="The account that pays.")
    account_type: Source | None = Field(default=None, description="prepaid or postpaid, or words for them.")
    payer_name: Source | None = Field(default=None, description="Who pays, if not the person of the row.")
    interaction_at: Source | None = Field(
        default=None, description="When the person and the operator met; without it the row tells of no interaction."
    )
    interaction_ended_at: Source | None = Field(default=None, description="When that ended.")
    interaction_kind: Source | None = Field(
        default=None, description="call, visit, application or message, or words for them; else it is contact."
    )
    interaction_direction: Source | None = Field(default=None, description="in (the person came) or out.")
    interaction_number: Source | None = Field(default=None, description="The number that called or was called.")
    interaction_reason: Source | None = Field(default=None, description="What it was about.")
    interaction_reason_2: Source | None = Field(default=None, description="The same, on the second level.")
    interaction_reason_3: Source | None = Field(default=None, description="The same, on the third level.")
    interaction_verified: Source | None = Field(default=None, description="Whether the certificate was asked for.")
    interaction_agent: Source | None = Field(default=None, description="Who served, by name or number.")
    interaction_satisfaction: Source | None = Field(default=None, description="How content the person was, 1 to 5.")

    def sources(self) -> Iterator[tuple[str, Source]]:
        """Our columns that are mapped, each with where it comes from."""
        for name in type(self).model_fields:
            source: Source | None = getattr(self, name)
            if source is not None:
                yield name, source


_LATER = ("star_level",)
_OURS = (*(name for name in records.FLAT_COLUMNS if name not in _LATER), *households.STATED.names, *_LATER)
"""Our columns before cleaning. The place of one stands in the fingerprints, so new ones come last."""


def apply(rows: pa.Table, mapping: Mapping, *, channel: str, sparse: bool = False) -> pa.Table:
    """The rows with our column names, values as dirty as they came.

    Args:
        rows: The channel's own columns, all string.
        mapping: Which of them is which of ours.
        channel: The name of the channel; it becomes the column `channel`.
        sparse: The source leaves out what is empty, as JSON does: a column that is missing is empty then, except
            the one of `record_id`.

    Returns:
        The mapped columns of `records.FLAT_COLUMNS` and `households.STATED`, all string, and `records.POSITION` where
        the rows have it.

    Raises:
        SettingsError: A mapped column is not in the rows.

    >>> wanted = Mapping.model_validate({"record_id": "no", "category": {"column": "kind", "codes": {"1": "student"}}})
    >>> apply(pa.table({"no": ["7"], "kind": ["1"]}), wanted, channel="hall").to_pylist()
    [{'record_id': '7', 'channel': 'hall', 'category': 'student'}]
    """
    columns = {"channel": pa.repeat(pa.scalar(channel), rows.num_rows)}
    there = frozenset(rows.schema.names)
    for name, source in mapping.sources():
        for wanted in source.reads:
            if wanted not in there and (name == "record_id" or not sparse):
                has = ", ".join(column for column in rows.column_names if column != records.POSITION)
                raise SettingsError(
                    f'channel "{channel}": column "{wanted}" is mapped to {name} but is not in the file (has: {has})'
                )
        columns[name] = _values(rows, source, there)
    names = [name for name in _OURS if name in columns]
    if records.POSITION in there:
        names.append(records.POSITION)
        columns[records.POSITION] = distinct.one_chunk(rows.column(records.POSITION))
    return pa.table([columns[name] for name in names], names=names)


def _values(rows: pa.Table, source: Source, there: Container[str]) -> pa.Array:
    if source.value is not None:
        values = pa.repeat(pa.scalar(source.value), rows.num_rows)
    elif source.column is not None:
        values = _column(rows, source.column, there)
    else:
        values = distinct.joined(
            [_blank_as_null(_column(rows, name, there)) for name in source.columns], source.separator
        )
    for name in source.clean:
        values = own.cleaned(values, name)
    return _decoded(values, source.codes) if source.codes else values


def _column(rows: pa.Table, name: str, there: Container[str]) -> pa.Array:
    if name not in there:
        return distinct.nulls(rows.num_rows)
    return text.unwrapped(distinct.texts(rows.column(name)))


def _blank_as_null(values: pa.Array) -> pa.Array:
    return pc.if_else(pc.equal(pc.utf8_trim_whitespace(values), ""), None, values)


def _decoded(values: pa.Array, codes: dict[str, str]) -> pa.Array:
    places = pc.index_in(pc.utf8_trim_whitespace(values), value_set=pa.array(list(codes)))
    return pc.coalesce(pa.array(list(codes.values())).take(places), values)


_UNPRINTED = ("updated_at",)


def fingerprints(flat: pa.Table) -> pa.Array:
    """One hash a row over what it says, whenever the source touched it: `updated_at` is left out.

    A missing column, a null and an empty text are the same. The hash is 16 bytes of BLAKE2b.

    >>> once, again, other = fingerprints(pa.table({"record_id": ["1", "1", "2"], "updated_at": ["a", "b", "a"]}))
    >>> once == again, once == other
    (True, False)
    """
    if flat.num_rows <= HANDFUL:
        texts = _fingerprinted(flat)
        return pa.array([hashlib.blake2b(text, digest_size=16).digest() for text in texts], type=pa.binary(16))
    fields = [pa.repeat(pa.scalar(""), flat.num_rows)]
    for number, name in enumerate(_OURS):
        if name in flat.column_names and name not in _UNPRINTED:
            values = distinct.one_chunk(flat.column(name)).cast(pa.string())
            # The length of a value stands before it, so that no two rows can be joined to one text.
            sizes = pc.binary_length(values).dictionary_encode()
            heads = [f"{size}|{number}|" if size else "" for size in distinct.values(sizes.dictionary)]
            fields += [pa.array(heads, pa.string()).take(sizes.indices), values]
    texts = pc.binary_join_element_wise(*fields, "", null_handling="replace", null_replacement="").cast(pa.binary())
    hashes = b"".join([hashlib.blake2b(text, digest_size=16).digest() for text in distinct.values(texts)])
    return pa.Array.from_buffers(pa.binary(16), flat.num_rows, [None, pa.py_buffer(hashes)])


HANDFUL = 16
"""So few rows are put together one by one: that is done before the kernels have begun."""


def _fingerprinted(flat: pa.Table) -> list[bytes]:
    """What the fingerprint of each row is of, as `fingerprints` puts it together for many."""
    rows = [b""] * flat.num_rows
    told = dict(zip(flat.column_names, arrow.lists(flat), strict=True))
    for number, name in enumerate(_OURS):
        if name not in _UNPRINTED:
            for row, value in enumerate(told.get(name, ())):
                text = (value or "").encode()
                if text:
                    rows[row] += f"{len(text)}|{number}|".encode() + text
    return rows
