"""Whether a person or an organization stands behind a record."""

import pyarrow as pa
import pyarrow.compute as pc

from kehu.model.codes import Kind
from kehu.process import distinct, text
from kehu.process.names import organizations

_STATED: dict[Kind, tuple[str, ...]] = {
    Kind.INDIVIDUAL: (
        "individual", "person", "personal", "private", "个人", "个人客户", "个人用户", "自然人", "公众", "公众客户",
        "consumer", "p", "i", "natural person",
    ),
    Kind.ORGANIZATION: (
        "organization", "organisation", "company", "enterprise", "business", "corporate", "组织", "企业",
        "企业用户", "企业客户", "单位", "单位客户", "集团", "集团客户", "政企", "政企客户", "政企用户", "公司",
        "法人", "机构", "org", "o", "c", "legal entity", "legal person",
    ),
}  # fmt: skip
_WORDS = {word: code for code, words in _STATED.items() for word in words}


def clean(value: str) -> Kind | None:
    """The kind that a word states; None where it states none we know.

    >>> clean("个人"), clean("Company"), clean("1")
    (<Kind.INDIVIDUAL: 'individual'>, <Kind.ORGANIZATION: 'organization'>, None)
    """
    cleaned = text.clean(value)
    return None if cleaned is None else _WORDS.get(text.simplify(cleaned).casefold())


def column(stated: pa.Array, names: pa.Array, *, valid_uscc: pa.Array) -> pa.Array:
    """The kind of every row: as stated; else an organization where the name or a valid credit code says so."""
    if len(names) <= distinct.FEW:
        told = zip(*map(distinct.values, (stated, names, valid_uscc)), strict=True)
        return pa.array([_of_one(*one) for one in told], pa.string())
    firm = pc.fill_null(distinct.mapped(_long(names), _is_firm, to=pa.bool_()), False)
    read = pc.if_else(pc.or_(firm, valid_uscc), Kind.ORGANIZATION.value, Kind.INDIVIDUAL.value)
    return pc.coalesce(distinct.mapped(stated, clean), read)


def _of_one(stated: str | None, name: str | None, is_valid_uscc: bool) -> Kind:  # noqa: FBT001 - a cell of a column
    """The same of one row."""
    said = None if stated is None else clean(stated)
    if said is not None:
        return said
    is_firm = is_valid_uscc or (
        name is not None and not (len(name) <= _SHORT and not name.isascii()) and _is_firm(name)
    )
    return Kind.ORGANIZATION if is_firm else Kind.INDIVIDUAL


_SHORT = 3


def _long(names: pa.Array) -> pa.Array:
    """The names that may be a firm's; null for those of up to three characters that are not ASCII.

    A person's name of two or three Han characters is by far the commonest value, and none of a firm is as short.
    """
    size = pc.utf8_length(names)
    return pc.if_else(pc.and_(pc.less_equal(size, _SHORT), pc.greater(pc.binary_length(names), size)), None, names)


def _is_firm(value: str) -> bool:
    cleaned = text.clean(value)
    return cleaned is not None and organizations.looks_like_one(cleaned)
