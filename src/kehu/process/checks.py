"""Rules on rows: which rows break which, with the reason in Chinese and English."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, ConfigDict, Field, model_validator

from kehu.model import arrow
from kehu.model.codes import IdType, Severity
from kehu.process import columns, distinct
from kehu.process.columns import Column
from kehu.process.rows import Rows

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

    columns: tuple[Column, ...] = Field(min_length=1, description="Our columns the rule is about.")


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

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.max is not None and self.max < self.min:
            raise ValueError(f"min = {self.min} is greater than max = {self.max}")
        return self


class Range(_OnColumns):
    """The cleaned date or number, where there is one, lies between two bounds, both allowed."""

    rule: Literal["range"]
    min: str | None = Field(
        default=None,
        description="The least value: a date (1900-01-01), a time (2026-01-01T08:00:00+08:00) or a number.",
    )
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

    @model_validator(mode="after")
    def _are_bounds(self) -> Self:
        if self.min is None and self.max is None:
            raise ValueError("wants min, max or both")
        for name in self.columns:
            least, most = self.bounds(name)
            if least is not None and most is not None and least > most:
                raise ValueError(f"min = {self.min} is greater than max = {self.max}")
        return self

    def bounds(self, name: str) -> tuple[Any, Any]:
        """The least and the greatest value of a column, as such; None where there is no bound."""
        least, most = (None if bound is None else columns.literal(name, bound) for bound in (self.min, self.max))
        return least, most


class Unique(_OnColumns):
    """No other row of the load has the same cleaned values in all these columns; the first row with them is kept."""

    rule: Literal["unique"]


class Comparison(_Rule):
    """Two cleaned columns, where both hold a value, stand to each other as they should."""

    rule: Literal["comparison"]
    left: Column = Field(description="A column of ours.")
    is_: Literal["equal", "not_equal", "less", "less_equal", "greater", "greater_equal"] = Field(
        alias="is", description="How left stands to right."
    )
    right: Column = Field(description="A column of ours.")

    @model_validator(mode="after")
    def _side_by_side(self) -> Self:
        if not columns.are_comparable(self.left, self.right):
            kinds = f"{columns.TYPES[self.left]} and {columns.TYPES[self.right]}"
            raise ValueError(f"{self.left} and {self.right} cannot be compared: they are {kinds}")
        return self


Rule = Annotated[
    Required | Pattern | OneOf | NotPlaceholder | Checksum | Length | Range | Unique | Comparison,
    Field(discriminator="rule"),
]
"""Any rule; `rule` says which."""

_ALWAYS_ONE_OF = ("name", "phone", "id_number", "email")
_ALWAYS: tuple[Any, ...] = (
    Required(rule="required", columns=("record_id",)),
    Required(rule="required", columns=_ALWAYS_ONE_OF, any=True),
)


def broken(rows: Rows, rules: Sequence[Rule]) -> pa.Table:
    """Every breach of a rule, one row each, in the order of the rows.

    Three rules always hold: a row has a `record_id`, that is no number which a spreadsheet rounded, and there is a
    name, a phone, a certificate or an e-mail. Whether a value is unique the rows alone cannot tell: see `repeats.Seen`.

    Args:
        rows: The rows before and after cleaning.
        rules: The rules of the channel.

    Returns:
        A table of `BREACHES`.

    >>> from kehu.process import clean
    >>> flat = pa.table({"record_id": ["1", ""], "name": ["张伟", "无"]})
    >>> found = broken(Rows(flat=flat, clean=clean.clean(flat)), [])
    >>> [(row["row"], row["reason_en"]) for row in found.to_pylist()]
    [(1, 'record id is missing'), (1, 'name, phone, certificate number and e-mail are all missing')]
    """
    found = []
    if not _surely_hold(rows):
        found.append(table(_NO_ROUNDED, _NO_ROUNDED.columns, _is_rounded(rows.text("record_id")), _ROUNDED))
        rules = [*_ALWAYS, *rules]
    for rule in rules:
        for names, mask, reasons in _breaches(rule, rows):
            found.append(table(rule, names, mask, reasons))
    found = [one for one in found if one.num_rows]
    return pa.concat_tables(found).sort_by("row") if found else arrow.empty(BREACHES)


def _surely_hold(rows: Rows) -> bool:
    """Whether few rows break none of the rules that always hold, as is seen at a glance."""
    if rows.clean.num_rows > distinct.FEW:
        return False
    keys, *others = (distinct.values(rows.clean.column(name)) for name in ("record_id", *_ALWAYS_ONE_OF))
    if not all(key and key.strip() and "+" not in key for key in keys):
        return False
    return all(any(text and text.strip() for text in texts) for texts in zip(*others, strict=True))


_Reasons = tuple[str, str]

# One such key stands for many rows, and each would be taken for a later version of the one before it.
_NO_ROUNDED = NotPlaceholder(rule="not_placeholder", columns=("record_id",))
_ROUNDED: _Reasons = (
    "记录编号被电子表格四舍五入，请以文本格式重新导出",
    "record id was rounded by a spreadsheet; export it again as text",
)


def _is_rounded(keys: pa.Array) -> pa.Array:
    """Which keys are numbers as a spreadsheet writes those that have more digits than it keeps: 2.02401E+17."""
    if not pc.any(pc.match_substring(keys, "+")).as_py():
        return pa.repeat(pa.scalar(False), len(keys))
    return pc.match_substring_regex(keys, r"^[0-9](\.[0-9]+)?[Ee]\+[0-9]{2}$")


def table(rule: Any, names: Sequence[str], mask: pa.Array, reasons: tuple[str, str]) -> pa.Table:
    """A breach of a rule on these columns for each row where the mask is true; the rule's own words come first."""
    if not pc.any(mask).as_py():
        return arrow.empty(BREACHES)
    rows = pc.indices_nonzero(pc.fill_null(mask, False)).cast(pa.int64())
    texts = (
        rule.rule,
        rule.severity.value,
        ", ".join(names),
        rule.message_zh or reasons[0],
        rule.message_en or reasons[1],
    )
    return pa.table([rows, *(pa.repeat(pa.scalar(text), len(rows)) for text in texts)], schema=BREACHES)


def _breaches(rule: Any, rows: Rows) -> list[tuple[Sequence[str], pa.Array, _Reasons]]:
    """For each thing the rule looks at: the columns, where it is broken, and why."""
    match rule:
        case Required(any=True):
            empty = [pc.invert(rows.filled(name)) for name in rule.columns]
            mask = empty[0]
            for other in empty[1:]:
                mask = pc.and_(mask, other)
            zh, en = listed(rule.columns)
            return [(rule.columns, mask, (f"{zh}均为空", f"{en} are all missing"))]
        case Comparison():
            left, right = rows.value(rule.left), rows.value(rule.right)
            if left.type != right.type:  # A date beside a time.
                left, right = (pc.floor_temporal(side, unit="day").cast(pa.date32()) for side in (left, right))
            holds = pc.call_function(rule.is_, [left, right])
            (left_zh, left_en), (right_zh, right_en) = columns.TEXTS[rule.left], columns.TEXTS[rule.right]
            zh, en = _COMPARISONS[rule.is_]
            return [
                (
                    (rule.left, rule.right),
                    pc.invert(holds),
                    (f"{left_zh}应{zh}{right_zh}", f"{left_en} should be {en} {right_en}"),
                )
            ]
        case Unique():
            return []
        case _:
            return [((name,), *_breach(rule, name, rows)) for name in rule.columns]


_COMPARISONS: dict[str, _Reasons] = {
    "equal": ("等于", "equal to"), "not_equal": ("不同于", "other than"), "less": ("小于", "less than"),
    "less_equal": ("不大于", "at most"), "greater": ("大于", "greater than"), "greater_equal": ("不小于", "at least"),
}  # fmt: skip


def _breach(rule: Any, name: str, rows: Rows) -> tuple[pa.Array, _Reasons]:
    """Where one column breaks a rule, and why."""
    zh, en = columns.TEXTS[name]
    match rule:
        case Required():
            return pc.invert(rows.filled(name)), (f"{zh}为空", f"{en} is missing")
        case Pattern():
            fits = pc.match_substring_regex(rows.text(name), f"^(?:{rule.pattern})$")
            return pc.invert(fits), (f"{zh}格式不符", f"{en} has not the form it should have")
        case OneOf():
            value = rows.text(name)
            listed = pc.is_in(value, value_set=pa.array(rule.values))
            return pc.and_(pc.is_valid(value), pc.invert(listed)), (
                f"{zh}不在允许的取值中",
                f"{en} is not one of the values allowed",
            )
        case NotPlaceholder():
            return pc.and_(rows.wrote(name), pc.invert(rows.filled(name))), (
                f"{zh}不是有效值",
                f"{en} is a placeholder or cannot be read",
            )
        case Checksum():
            checked = pc.is_in(rows.value("id_type"), value_set=pa.array([IdType.RESIDENT_ID.value, IdType.USCC.value]))
            wrong = pc.and_(checked, pc.invert(rows.value("id_valid")))
            return wrong, (f"{zh}校验不通过", f"{en} has a wrong check digit or an impossible birth date")
        case Length():
            size = pc.utf8_length(rows.text(name))
            wrong = pc.less(size, rule.min)
            wrong = wrong if rule.max is None else pc.or_(wrong, pc.greater(size, rule.max))
            bounds = f"{rule.min}–{rule.max}" if rule.max is not None else f"≥{rule.min}"
            return wrong, (f"{zh}长度应为{bounds}", f"{en} should have {bounds} characters")
        case Range():
            return _outside(rows.value(name), *rule.bounds(name)), _range_reasons(rule, name)
    raise AssertionError(rule)


def _outside(value: pa.Array, least: Any, most: Any) -> pa.Array:
    """Where the value lies outside the bounds; text is read as numbers, and no number is a breach."""
    wrong = pa.repeat(pa.scalar(False), len(value))
    if pa.types.is_string(value.type):
        numeric = pc.match_substring_regex(value, r"^-?[0-9]+(\.[0-9]+)?$")
        wrong = pc.fill_null(pc.invert(numeric), False)
        value = pc.if_else(numeric, value, None).cast(pa.float64())
    if least is not None:
        wrong = pc.or_(wrong, pc.fill_null(pc.less(value, pa.scalar(least, value.type)), False))
    if most is not None:
        wrong = pc.or_(wrong, pc.fill_null(pc.greater(value, pa.scalar(most, value.type)), False))
    return wrong


def _range_reasons(rule: Range, name: str) -> _Reasons:
    zh, en = columns.TEXTS[name]
    if rule.min is not None and rule.max is not None:
        return f"{zh}应在{rule.min}与{rule.max}之间", f"{en} should lie between {rule.min} and {rule.max}"
    if rule.min is not None:
        return f"{zh}不应小于{rule.min}", f"{en} should be at least {rule.min}"
    return f"{zh}不应大于{rule.max}", f"{en} should be at most {rule.max}"


def listed(names: Sequence[str]) -> tuple[str, str]:
    """Columns in a sentence, in zh and en.

    >>> listed(["name", "phone", "email"])
    ('姓名、电话、电子邮箱', 'name, phone and e-mail')
    """
    zh, en = zip(*(columns.TEXTS[name] for name in names), strict=True)
    return "、".join(zh), ", ".join(en[:-1]) + " and " + en[-1] if len(en) > 1 else en[0]
