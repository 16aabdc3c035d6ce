"""Rules on rows: which rows break which, with the reason in Chinese and English."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, ConfigDict, Field, model_validator

from kehu.errors import SettingsError
from kehu.model import records
from kehu.model.codes import IdType, Severity
from kehu.process import distinct

BREACHES = pa.schema(
    [
        pa.field("row", pa.int64(), nullable=False),  # Number of the row in the checked tables, from 0.
        pa.field("rule", pa.string(), nullable=False),  # The name of the rule: required, checksum, …
        pa.field("severity", pa.string(), nullable=False),  # codes.Severity
        pa.field("column", pa.string(), nullable=False),  # Our column; several are parted by ", ".
        pa.field("reason_zh", pa.string(), nullable=False),
        pa.field("reason_en", pa.string(), nullable=False),
    ]
)
"""One row a breach. A reason never holds the value: it may be a certificate or a phone."""

COLUMN_TEXTS: dict[str, tuple[str, str]] = {
    "record_id": ("记录编号", "record id"),
    "channel": ("渠道", "channel"),
    "kind": ("类型", "kind"),
    "name": ("姓名", "name"),
    "given_name": ("名", "given name"),
    "surname": ("姓", "surname"),
    "id_type": ("证件类型", "certificate type"),
    "id_number": ("证件号码", "certificate number"),
    "phone": ("电话", "phone"),
    "phone_2": ("备用电话", "second phone"),
    "birth_date": ("出生日期", "birth date"),
    "gender": ("性别", "gender"),
    "email": ("电子邮箱", "e-mail"),
    "address": ("地址", "address"),
    "address_1": ("地址一", "address line 1"),
    "address_2": ("地址二", "address line 2"),
    "suburb": ("区县", "suburb"),
    "city": ("城市", "city"),
    "state": ("省份", "state"),
    "postcode": ("邮编", "post code"),
    "category": ("客户类别", "category"),
    "updated_at": ("更新时间", "update time"),
    "id_birth_date": ("证件上的出生日期", "birth date in the certificate"),
    "id_gender": ("证件上的性别", "gender in the certificate"),
    "province": ("省", "province"),
    "district": ("区县", "district"),
    "road": ("道路", "road"),
    "road_number": ("门牌号", "house number"),
}
"""The zh and the en name of every column a rule may name."""


class _Rule(BaseModel):
    """What all rules have."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    severity: Severity = Field(
        default=Severity.REJECT, description="reject sends the row to quarantine, warn counts it."
    )
    message_zh: str | None = Field(default=None, description="The reason in Chinese, in place of the usual one.")
    message_en: str | None = Field(default=None, description="The reason in English, in place of the usual one.")


class _OnColumns(_Rule):
    """A rule that looks at each of its columns on its own."""

    columns: tuple[str, ...] = Field(min_length=1, description="Our columns the rule is about.")


class Required(_OnColumns):
    """The columns hold a value once they are cleaned."""

    rule: Literal["required"]
    any: bool = Field(default=False, description="One of the columns is enough.")


class Pattern(_OnColumns):
    """The cleaned value, where there is one, fits a regular expression from end to end."""

    rule: Literal["pattern"]
    pattern: str = Field(description="A regular expression (RE2: no look-around, no back-references).")

    @model_validator(mode="after")
    def _compiles(self) -> Self:
        try:
            pc.match_substring_regex(pa.array([""]), self.pattern)
        except pa.ArrowInvalid as error:
            raise ValueError(f"is no regular expression: {error}") from error
        return self


class OneOf(_OnColumns):
    """The cleaned value, where there is one, is in a list."""

    rule: Literal["one_of"]
    values: tuple[str, ...] = Field(min_length=1, description="The values that may stand there.")


class NotPlaceholder(_OnColumns):
    """What stands there means something: no placeholder, no number that cannot be one, no impossible date."""

    rule: Literal["not_placeholder"]


class Checksum(_Rule):
    """A resident ID or a social credit code has the right check digit and, of a person, a real birth date."""

    rule: Literal["checksum"]
    columns: tuple[Literal["id_number"], ...] = Field(default=("id_number",), description="Always id_number.")


class Length(_OnColumns):
    """The cleaned value, where there is one, has so many characters."""

    rule: Literal["length"]
    min: int = Field(default=0, ge=0, description="The fewest characters.")
    max: int | None = Field(default=None, ge=0, description="The most characters.")


class Range(_OnColumns):
    """The cleaned date or number, where there is one, lies between two bounds, both allowed."""

    rule: Literal["range"]
    min: str | None = Field(default=None, description="The least value: a date as 1900-01-01, or a number.")
    max: str | None = Field(default=None, description="The greatest value.")

    @model_validator(mode="before")
    @classmethod
    def _as_text(cls, given: Any) -> Any:
        if isinstance(given, dict):
            return {
                key: str(bound) if key in ("min", "max") and bound is not None else bound
                for key, bound in given.items()
            }
        return given


class Unique(_OnColumns):
    """No other row of the batch has the same cleaned values in all these columns."""

    rule: Literal["unique"]


class Comparison(_Rule):
    """Two cleaned columns, where both hold a value, stand to each other as they should."""

    rule: Literal["comparison"]
    left: str = Field(description="A column of ours.")
    is_: Literal["equal", "not_equal", "less", "less_equal", "greater", "greater_equal"] = Field(
        alias="is", description="How left stands to right."
    )
    right: str = Field(description="A column of ours.")


Rule = Annotated[
    Required | Pattern | OneOf | NotPlaceholder | Checksum | Length | Range | Unique | Comparison,
    Field(discriminator="rule"),
]
"""Any rule; `rule` says which."""

_ALWAYS_ONE_OF = ("name", "phone", "id_number", "email")


def broken(flat: pa.Table, clean: pa.Table, rules: Sequence[Rule]) -> pa.Table:
    """Every breach of a rule, one row each, in the order of the rows.

    Two rules always hold: a row has a `record_id`, and a name, a phone, a certificate or an e-mail.

    Args:
        flat: The rows before cleaning.
        clean: The same rows, cleaned.
        rules: The rules of the channel.

    Returns:
        A table of `BREACHES`.

    Raises:
        SettingsError: A rule names a column we do not have, or a bound that is none.

    >>> from kehu.process import clean
    >>> flat = pa.table({"record_id": ["1", ""], "name": ["张伟", "无"]})
    >>> [(row["row"], row["reason_en"]) for row in broken(flat, clean.clean(flat), []).to_pylist()]
    [(1, 'record id is missing'), (1, 'name, phone, certificate number and e-mail are all missing')]
    """
    always: list[Any] = [
        Required(rule="required", columns=("record_id",)),
        Required(rule="required", columns=_ALWAYS_ONE_OF, any=True),
    ]
    found: list[pa.Table] = []
    for rule in [*always, *rules]:
        for columns, mask, reasons in _breaches(rule, flat, clean):
            found.append(_table(rule, columns, mask, reasons))
    return pa.concat_tables(found).sort_by("row")


_Reasons = tuple[str, str]


def _table(rule: Any, columns: Sequence[str], mask: pa.Array, reasons: _Reasons) -> pa.Table:
    rows = pc.indices_nonzero(pc.fill_null(mask, False)).cast(pa.int64())
    texts = (
        rule.rule,
        rule.severity.value,
        ", ".join(columns),
        rule.message_zh or reasons[0],
        rule.message_en or reasons[1],
    )
    return pa.table([rows, *(pa.repeat(pa.scalar(text), len(rows)) for text in texts)], schema=BREACHES)


def _breaches(rule: Any, flat: pa.Table, clean: pa.Table) -> list[tuple[Sequence[str], pa.Array, _Reasons]]:
    """For each thing the rule looks at: the columns, where it is broken, and why."""
    match rule:
        case Required(any=True):
            empty = [pc.invert(_filled(flat, clean, name)) for name in rule.columns]
            mask = empty[0]
            for other in empty[1:]:
                mask = pc.and_(mask, other)
            zh, en = _listed(rule.columns)
            return [(rule.columns, mask, (f"{zh}均为空", f"{en} are all missing"))]
        case Comparison():
            left, right = _value(flat, clean, rule.left), _value(flat, clean, rule.right)
            if left.type != right.type:
                left, right = left.cast(pa.string()), right.cast(pa.string())
            holds = pc.call_function(rule.is_, [left, right])
            (left_zh, left_en), (right_zh, right_en) = _named(rule.left), _named(rule.right)
            zh, en = _COMPARISONS[rule.is_]
            return [
                (
                    (rule.left, rule.right),
                    pc.invert(holds),
                    (f"{left_zh}应{zh}{right_zh}", f"{left_en} should be {en} {right_en}"),
                )
            ]
        case Unique():
            zh, en = _listed(rule.columns)
            return [
                (
                    rule.columns,
                    _repeated(flat, clean, rule.columns),
                    (f"{zh}在本批中重复", f"{en} stands more than once in this batch"),
                )
            ]
        case _:
            return [((name,), *_breach(rule, name, flat, clean)) for name in rule.columns]


_COMPARISONS: dict[str, _Reasons] = {
    "equal": ("等于", "equal to"), "not_equal": ("不同于", "other than"), "less": ("小于", "less than"),
    "less_equal": ("不大于", "at most"), "greater": ("大于", "greater than"), "greater_equal": ("不小于", "at least"),
}  # fmt: skip


def _breach(rule: Any, name: str, flat: pa.Table, clean: pa.Table) -> tuple[pa.Array, _Reasons]:
    """Where one column breaks a rule, and why."""
    zh, en = _named(name)
    match rule:
        case Required():
            return pc.invert(_filled(flat, clean, name)), (f"{zh}为空", f"{en} is missing")
        case Pattern():
            fits = pc.match_substring_regex(_text(flat, clean, name), f"^(?:{rule.pattern})$")
            return pc.invert(fits), (f"{zh}格式不符", f"{en} has not the form it should have")
        case OneOf():
            value = _text(flat, clean, name)
            listed = pc.is_in(value, value_set=pa.array(rule.values))
            return pc.and_(pc.is_valid(value), pc.invert(listed)), (
                f"{zh}不在允许的取值中",
                f"{en} is not one of the values allowed",
            )
        case NotPlaceholder():
            wrote = _wrote(flat, name)
            return pc.and_(wrote, pc.invert(_filled(flat, clean, name))), (
                f"{zh}不是有效值",
                f"{en} is a placeholder or cannot be read",
            )
        case Checksum():
            checked = pc.is_in(
                clean.column("id_type"), value_set=pa.array([IdType.RESIDENT_ID.value, IdType.USCC.value])
            )
            wrong = pc.and_(checked, pc.invert(clean.column("id_valid")))
            return wrong, (f"{zh}校验不通过", f"{en} has a wrong check digit or an impossible birth date")
        case Length():
            size = pc.utf8_length(_text(flat, clean, name))
            wrong = pc.less(size, rule.min)
            wrong = wrong if rule.max is None else pc.or_(wrong, pc.greater(size, rule.max))
            bounds = f"{rule.min}–{rule.max}" if rule.max is not None else f"≥{rule.min}"
            return wrong, (f"{zh}长度应为{bounds}", f"{en} should have {bounds} characters")
        case Range():
            return _outside(rule, name, _value(flat, clean, name)), _range_reasons(rule, name)
    raise AssertionError(rule)


def _outside(rule: Range, name: str, value: pa.Array) -> pa.Array:
    """Where the value lies outside the bounds; text is read as numbers, and no number is a breach."""
    if pa.types.is_string(value.type):
        numeric = pc.match_substring_regex(value, r"^-?[0-9]+(\.[0-9]+)?$")
        wrong = pc.invert(numeric)
        value = pc.if_else(numeric, value, None).cast(pa.float64())
    else:
        wrong = pc.and_(pc.is_valid(value), pa.repeat(pa.scalar(False), len(value)))
    try:
        bounds = [None if bound is None else pa.scalar(bound).cast(value.type) for bound in (rule.min, rule.max)]
    except pa.ArrowInvalid as error:
        raise SettingsError(f"rule range on {name}: {rule.min!r} or {rule.max!r} is no {value.type}") from error
    least, most = bounds
    if least is not None:
        wrong = pc.or_(wrong, pc.fill_null(pc.less(value, least), False))
    if most is not None:
        wrong = pc.or_(wrong, pc.fill_null(pc.greater(value, most), False))
    return wrong


def _range_reasons(rule: Range, name: str) -> _Reasons:
    zh, en = _named(name)
    if rule.min is not None and rule.max is not None:
        return f"{zh}应在{rule.min}与{rule.max}之间", f"{en} should lie between {rule.min} and {rule.max}"
    if rule.min is not None:
        return f"{zh}不应小于{rule.min}", f"{en} should be at least {rule.min}"
    return f"{zh}不应大于{rule.max}", f"{en} should be at most {rule.max}"


def _repeated(flat: pa.Table, clean: pa.Table, columns: Sequence[str]) -> pa.Array:
    """Where a row is not the first with its values; rows that lack one of them are left alone."""
    texts = [_text(flat, clean, name) for name in columns]
    whole = pc.binary_join_element_wise(*texts, "\x1f")
    table = pa.table({"value": whole, "row": pa.array(range(len(whole)), type=pa.int64())})
    firsts = table.group_by("value").aggregate([("row", "min")])
    first = firsts.column("row_min").take(pc.index_in(whole, value_set=distinct.one_chunk(firsts.column("value"))))
    return pc.and_(pc.is_valid(whole), pc.not_equal(distinct.one_chunk(first), table.column("row").combine_chunks()))


def _named(name: str) -> _Reasons:
    return COLUMN_TEXTS.get(name, (name, name))


def _listed(columns: Sequence[str]) -> _Reasons:
    zh, en = zip(*map(_named, columns), strict=True)
    return "、".join(zh), ", ".join(en[:-1]) + " and " + en[-1] if len(en) > 1 else en[0]


def _wrote(flat: pa.Table, name: str) -> pa.Array:
    """Where the source wrote something."""
    if name not in flat.column_names:
        return pa.repeat(pa.scalar(False), flat.num_rows)
    text = distinct.one_chunk(flat.column(name))
    return pc.fill_null(pc.not_equal(pc.utf8_trim_whitespace(text), ""), False)


def _value(flat: pa.Table, clean: pa.Table, name: str) -> pa.Array:
    """The cleaned column, or the flat one where cleaning has dissolved it into others; never an empty text."""
    if name in clean.column_names:
        value = distinct.one_chunk(clean.column(name))
    elif name in flat.column_names:
        value = distinct.one_chunk(flat.column(name))
    elif name in records.FLAT_COLUMNS:
        return distinct.nulls(flat.num_rows)
    else:
        raise SettingsError(
            f"a rule names column {name!r}, which we do not have (has: {', '.join(records.FLAT_COLUMNS)})"
        )
    if pa.types.is_string(value.type):
        return pc.if_else(pc.equal(pc.utf8_trim_whitespace(value), ""), None, value)
    return value


def _text(flat: pa.Table, clean: pa.Table, name: str) -> pa.Array:
    return _value(flat, clean, name).cast(pa.string())


def _filled(flat: pa.Table, clean: pa.Table, name: str) -> pa.Array:
    return pc.is_valid(_value(flat, clean, name))
