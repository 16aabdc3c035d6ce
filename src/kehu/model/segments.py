"""Segments (客群): which customers are meant, as data. A condition is a tree, read from JSON; it never runs as code.

    {"all": [
        {"column": "customer.category", "is": "one_of", "values": ["student"]},
        {"column": "customer.age", "is": "between", "from": 18, "to": 25},
        {"has": "interaction", "at_least": 2, "where": [
            {"column": "interaction.reason", "is": "one_of", "values": ["投诉"]},
            {"column": "interaction.at", "is": "after", "days_ago": 90}]},
        {"not": {"column": "customer.email", "is": "known"}}]}

What is not known answers no question with yes: `{"not": …}` of it is true. Conditions inside one `has` are about one
and the same thing: one subscription, one interaction, one ticket.
"""

from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, ValidationError, model_validator

from kehu.errors import SettingsError

LONGEST_LIST = 1000
DEEPEST = 12
"""Levels of a tree; deeper ones are no segment that anybody understands."""
MOST = 200
"""Conditions in a tree."""


class Kind(StrEnum):
    """What a column holds, and so what can be asked of it."""

    CODE = "code"
    """One of a few words."""
    TEXT = "text"
    """Words that people wrote."""
    NUMBER = "number"
    """A number."""
    DAY = "day"
    """A date."""
    TIME = "time"
    """A point in time."""
    AGE = "age"
    """Whole years since a birth date."""
    TRUTH = "truth"
    """Yes or no."""


class Thing(StrEnum):
    """What a customer may have several of."""

    RECORD = "record"
    """A record in force."""
    SUBSCRIPTION = "subscription"
    """A number or login, as a record states it."""
    ACCOUNT = "account"
    """An account, as a record states it."""
    INTERACTION = "interaction"
    """A contact."""
    TICKET = "ticket"
    """A ticket."""
    CONSENT = "consent"
    """The latest word on a purpose; earlier ones hold no longer."""


COLUMNS: dict[str, Kind] = {
    "customer.kind": Kind.CODE, "customer.category": Kind.CODE, "customer.gender": Kind.CODE,
    "customer.star_level": Kind.CODE, "customer.id_type": Kind.CODE,
    "customer.province": Kind.TEXT, "customer.city": Kind.TEXT, "customer.district": Kind.TEXT,
    "customer.name": Kind.TEXT, "customer.phone": Kind.TEXT,
    "customer.email": Kind.TEXT, "customer.address": Kind.TEXT, "customer.id_number": Kind.TEXT,
    "customer.birth_date": Kind.DAY, "customer.age": Kind.AGE, "customer.records": Kind.NUMBER,
    "customer.quality": Kind.NUMBER, "customer.updated_at": Kind.TIME,
    "record.channel": Kind.CODE, "record.updated_at": Kind.TIME, "record.received_at": Kind.TIME,
    "subscription.role": Kind.CODE, "subscription.plan": Kind.TEXT, "subscription.number_state": Kind.CODE,
    "subscription.opened_at": Kind.TIME,
    "account.account_type": Kind.CODE,
    "interaction.kind": Kind.CODE, "interaction.direction": Kind.CODE, "interaction.reason": Kind.TEXT,
    "interaction.at": Kind.TIME, "interaction.satisfaction": Kind.NUMBER, "interaction.verified": Kind.TRUTH,
    "ticket.kind": Kind.CODE, "ticket.severity": Kind.CODE, "ticket.state": Kind.CODE, "ticket.queue": Kind.TEXT,
    "ticket.opened_at": Kind.TIME, "ticket.resolved_at": Kind.TIME, "ticket.late": Kind.TRUTH,
    "consent.purpose": Kind.CODE, "consent.said": Kind.CODE, "consent.at": Kind.TIME,
}  # fmt: skip
"""Every column that a condition may name."""

PERSONAL: frozenset[str] = frozenset(
    {"customer.name", "customer.phone", "customer.email", "customer.address", "customer.id_number"}
)
"""Of these one may ask only whether they are known: a condition must not find out what they say."""


class _Condition(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class _Of(_Condition):
    """A condition on a column."""

    column: str = Field(description="Thing and column: customer.category, interaction.at.")

    @model_validator(mode="after")
    def _is_a_column(self) -> Self:
        if self.column not in COLUMNS:
            raise ValueError(f"there is no column {self.column} (has: {', '.join(COLUMNS)})")
        allowed = _MAY[type(self)]
        if COLUMNS[self.column] not in allowed:
            raise ValueError(f"{self.column} is a {COLUMNS[self.column]}: this question is for {', '.join(allowed)}")
        if self.column in PERSONAL and not isinstance(self, Known):
            raise ValueError(f"{self.column} is personal: a segment may only ask whether it is known")
        return self


class Known(_Of):
    """A value stands there."""

    is_: Literal["known"] = Field(alias="is")


class OneOf(_Of):
    """The value is one of these."""

    is_: Literal["one_of"] = Field(alias="is")
    values: tuple[Annotated[str, Field(min_length=1, max_length=200)], ...] = Field(
        min_length=1, max_length=LONGEST_LIST, description="The values."
    )


class Begins(_Of):
    """The text begins so."""

    is_: Literal["begins"] = Field(alias="is")
    value: str = Field(min_length=1, max_length=200, description="Its beginning.")


class Between(_Of):
    """The number, or the age in years, is in a range; its ends belong to it."""

    is_: Literal["between"] = Field(alias="is")
    from_: float | None = Field(default=None, alias="from", allow_inf_nan=False, description="None: no lower end.")
    to: float | None = Field(default=None, allow_inf_nan=False, description="None: no upper end.")

    @model_validator(mode="after")
    def _has_an_end(self) -> Self:
        if self.from_ is None and self.to is None:
            raise ValueError(f"{self.column} between nothing and nothing: say from, to, or both")
        return self


class Dated(_Of):
    """The day, or the time, is before or after a date or so many days ago; that day itself counts as after."""

    is_: Literal["before", "after"] = Field(alias="is")
    day: date | None = Field(default=None, description="The date.")
    days_ago: int | None = Field(default=None, ge=-36_500, le=36_500, description="Or so many days before today.")

    @model_validator(mode="after")
    def _has_one(self) -> Self:
        if (self.day is None) == (self.days_ago is None):
            raise ValueError(f"{self.column} {self.is_}: say day, or days_ago")
        return self


class Is(_Of):
    """Yes, or no."""

    is_: Literal["true", "false"] = Field(alias="is")


class Has(_Condition):
    """The customer has at least so many things of a kind for which all conditions hold."""

    has: Thing = Field(description="Of what.")
    at_least: int = Field(default=1, ge=1, le=1_000_000, description="How many.")
    where: tuple["Leaf", ...] = Field(default=(), max_length=20, description="What must hold for each of them.")

    @model_validator(mode="after")
    def _of_one_thing(self) -> Self:
        for leaf in self.where:
            if leaf.column.split(".")[0] != self.has:
                raise ValueError(f"inside has {self.has} conditions are about {self.has}, not {leaf.column}")
        return self


class All(_Condition):
    """Every one of these holds."""

    all: tuple["Condition", ...] = Field(min_length=1, max_length=50)


class Any_(_Condition):  # noqa: N801  (Any is taken)
    """At least one of these holds."""

    any: tuple["Condition", ...] = Field(min_length=1, max_length=50)


class Not(_Condition):
    """This does not hold."""

    not_: "Condition" = Field(alias="not")


_MAY: dict[type[_Of], tuple[Kind, ...]] = {
    Known: tuple(Kind),
    OneOf: (Kind.CODE, Kind.TEXT),
    Begins: (Kind.TEXT,),
    Between: (Kind.NUMBER, Kind.AGE),
    Dated: (Kind.DAY, Kind.TIME),
    Is: (Kind.TRUTH,),
}
"""Which question may be asked of which kind of column."""


def _which(value: Any) -> str | None:
    """The kind of a condition, by the key that only it has."""
    if isinstance(value, _Condition):
        return _TAGS[type(value)]
    if not isinstance(value, dict):
        return None
    for key in ("all", "any", "not", "has"):
        if key in value:
            return key
    asked = value.get("is")
    return {"before": "dated", "after": "dated", "true": "truth", "false": "truth"}.get(str(asked), str(asked))


_TAGS: dict[type[_Condition], str] = {
    Known: "known", OneOf: "one_of", Begins: "begins", Between: "between", Dated: "dated", Is: "truth",
    Has: "has", All: "all", Any_: "any", Not: "not",
}  # fmt: skip

Leaf = Annotated[
    Annotated[Known, Tag("known")]
    | Annotated[OneOf, Tag("one_of")]
    | Annotated[Begins, Tag("begins")]
    | Annotated[Between, Tag("between")]
    | Annotated[Dated, Tag("dated")]
    | Annotated[Is, Tag("truth")],
    Discriminator(_which),
]
"""A question about one column."""

Condition = Annotated[
    Annotated[Known, Tag("known")]
    | Annotated[OneOf, Tag("one_of")]
    | Annotated[Begins, Tag("begins")]
    | Annotated[Between, Tag("between")]
    | Annotated[Dated, Tag("dated")]
    | Annotated[Is, Tag("truth")]
    | Annotated[Has, Tag("has")]
    | Annotated[All, Tag("all")]
    | Annotated[Any_, Tag("any")]
    | Annotated[Not, Tag("not")],
    Discriminator(_which),
]
"""Any condition."""

for _model in (Has, All, Any_, Not):
    _model.model_rebuild()


class Segment(_Condition):
    """Which customers are meant."""

    condition: Condition

    @model_validator(mode="after")
    def _is_small_enough(self) -> Self:
        if sum(1 for _ in walk(self.condition)) > MOST:
            raise ValueError(f"a segment has at most {MOST} conditions")
        for one in walk(self.condition):
            if isinstance(one, _Of) and not one.column.startswith("customer."):
                thing = one.column.split(".")[0]
                raise ValueError(f"{one.column} stands inside has {thing}: a customer may have several of them")
        return self


def walk(condition: Any) -> Iterator[Any]:
    """A condition and all inside it that are about the customer, in the order of the tree."""
    yield condition
    inside: tuple[Any, ...] = ()
    match condition:
        case All():
            inside = condition.all
        case Any_():
            inside = condition.any
        case Not():
            inside = (condition.not_,)
    for one in inside:
        yield from walk(one)


def _depth(tree: Any) -> int:
    """How deep JSON is, counted level by level: it may be deeper than Python can follow."""
    depth, level = 0, [tree]
    while level and depth <= DEEPEST:
        inner: list[Any] = []
        for one in level:
            if isinstance(one, dict):
                inner += [one.get("not"), *_many(one.get("all")), *_many(one.get("any"))]
        depth, level = depth + 1, [one for one in inner if one is not None]
    return depth


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def parsed(tree: Any) -> Segment:
    """The segment that JSON describes.

    Raises:
        SettingsError: It describes none; the message says where and why.

    >>> parsed({"column": "customer.category", "is": "one_of", "values": ["student"]}).condition.values
    ('student',)
    >>> parsed({"column": "customer.wealth", "is": "known"})
    Traceback (most recent call last):
    ...
    kehu.errors.SettingsError: segment, known: there is no column customer.wealth (has: customer.kind, ...
    """
    if _depth(tree) > DEEPEST:
        raise SettingsError(f"segment: it is more than {DEEPEST} levels deep")
    try:
        return Segment.model_validate({"condition": tree})
    except ValidationError as why:
        first = why.errors(include_url=False, include_input=False)[0]
        place = ", ".join(str(step) for step in first["loc"] if step != "condition")
        message = first["msg"].removeprefix("Value error, ")
        raise SettingsError(f"segment{f', {place}' if place else ''}: {message}") from None


def written(segment: Segment) -> Any:
    """The JSON that describes a segment, without what goes without saying.

    >>> written(parsed({"not": {"column": "customer.email", "is": "known"}}))
    {'not': {'column': 'customer.email', 'is': 'known'}}
    """
    return segment.model_dump(mode="json", by_alias=True, exclude_none=True, exclude_defaults=True)["condition"]
