"""Sight: what somebody may see. Whatever is shown to people or machines passes through it whole, at one place.

    told = sight.of(insight.whole(database, customer_id))

Somebody who sees values masked must not read them out of an explanation either: who may hand in records could guess a
room, and see by the weights when the guess is right. So they are told what names, kind, gender and district say, all
the rest in one line, and no weight beyond a thousand to one.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import date
from enum import Enum, auto
from functools import cache
from operator import is_not
from types import UnionType
from typing import Any, Final, TypeVar, Union, get_args, get_origin, get_type_hints

from kehu.flows.insight.explaining import Explanation
from kehu.model import masks
from kehu.model.people import Permission
from kehu.resolve.explain import Evidence

Told = TypeVar("Told")

SHOWN_COMPARISONS = frozenset(
    {"han_name", "given_name", "surname", "organization_name", "kind", "gender", "place", "prior"}
)
"""What these comparisons look at is shown to everybody."""

BEYOND_DOUBT = 10.0
"""Log2 odds of a thousand to one; what a masked weight goes up to."""


@dataclass(frozen=True, kw_only=True)
class Sight:
    """What somebody may see."""

    is_clear: bool = False
    """Everything, as it is."""
    is_whole: bool = False
    """Also those whose data is restricted."""
    clear: frozenset[str] = frozenset()
    """Columns they see as they are, though the others are masked."""

    def of(self, told: Told) -> Told:
        """What was found, as they may see it: dataclasses, mappings by column, and lists of them."""
        return told if self.is_clear else _veiled(told, None, self.clear)


CLEAR: Final = Sight(is_clear=True)
"""Of whoever may see everything."""


@cache
def by(permissions: frozenset[Permission]) -> Sight:
    """What somebody with these permissions may see.

    >>> by(frozenset({Permission.FIND})).of({"phone": "13812341234", "city": "北京市"})
    {'phone': '138****1234', 'city': '北京市'}
    """
    if Permission.CLEAR in permissions:
        return Sight(is_clear=True, is_whole=Permission.PRIVACY in permissions)
    # A row in quarantine cannot be mended by somebody who does not see it.
    return Sight(clear=frozenset({"raw"}) if Permission.MEND in permissions else frozenset())


UNMASKED = (int, Enum, type(None))
"""What no mask is ever put on, whatever column it stands in."""
PLAIN = (*UNMASKED, str, float, date)
"""What holds no other values: it is shown as it is where it stands in no column that is masked."""


class _Form(Enum):
    """What is done with values of a type."""

    UNMASKED = auto()
    SEVERAL = auto()
    NAMED = auto()
    DATACLASS = auto()
    PLAIN = auto()


@cache
def _form(kind: type) -> _Form:
    if issubclass(kind, UNMASKED):
        return _Form.UNMASKED
    if issubclass(kind, tuple | list):
        return _Form.SEVERAL
    if issubclass(kind, Mapping):
        return _Form.NAMED
    return _Form.DATACLASS if is_dataclass(kind) else _Form.PLAIN


def _veiled(told: Any, column: str | None, clear: frozenset[str]) -> Any:
    """A value of a column, or whatever holds values, masked; itself where nothing of it is."""
    form = _form(told.__class__)
    if form is _Form.UNMASKED:
        return told
    veil = VEILS.get(column) if column is not None else None
    if veil is not None and column not in clear and isinstance(told, veil.kind):
        return veil.put_on(told)
    if form is _Form.PLAIN:
        return told
    if form is _Form.DATACLASS:
        return _dataclass(told, column, clear)
    if form is _Form.SEVERAL:
        veiled = [_veiled(one, column, clear) for one in told]
        return type(told)(veiled) if any(map(is_not, veiled, told)) else told
    by_name = {name: _veiled(value, name, clear) for name, value in told.items()}
    return by_name if any(map(is_not, by_name.values(), told.values())) else told


def _dataclass(told: Any, column: str | None, clear: frozenset[str]) -> Any:
    changed: dict[str, Any] = {}
    kind: Any = type(told)
    for name, is_told, teller in _looked_at(kind):
        value = getattr(told, name)
        if value is None or value == ():
            continue
        its_column = name if not is_told else column if teller is None else getattr(told, teller)
        veiled = _veiled(value, its_column, clear)
        if veiled is not value:
            changed[name] = veiled
    if isinstance(told, Explanation):
        changed |= {"frequencies": (), "keys": ()}
    return replace(told, **changed) if changed else told


@cache
def _looked_at(kind: Any) -> tuple[tuple[str, bool, str | None], ...]:
    """Each field that may hold what is masked: its name, whether its column is told elsewhere, and by which field."""
    hints = get_type_hints(kind)
    return tuple(
        (one.name, masks.COLUMN in one.metadata, one.metadata.get(masks.COLUMN))
        for one in fields(kind)
        if masks.COLUMN in one.metadata or one.name in VEILS or not _is_bare(hints[one.name])
    )


def _is_bare(hint: Any) -> bool:
    """Whether what is of this type is, and holds, nothing that is masked, in a field that is no such column.

    >>> _is_bare(tuple[str, ...]), _is_bare(date | None), _is_bare(Mapping[str, int]), _is_bare(Mapping[str, str])
    (True, True, True, False)
    """
    origin, inner = get_origin(hint) or hint, get_args(hint)
    if origin in {Union, UnionType}:
        return all(map(_is_bare, inner))
    if not isinstance(origin, type):
        return False
    if issubclass(origin, tuple | list | set | frozenset):
        return bool(inner) and all(one is Ellipsis or _is_bare(one) for one in inner)
    if issubclass(origin, Mapping):
        # Its names are columns, too.
        return bool(inner) and isinstance(inner[1], type) and issubclass(inner[1], UNMASKED)
    return issubclass(origin, PLAIN)


@dataclass(frozen=True)
class _Veil:
    """How a column is masked, where it holds values of this kind."""

    kind: Any
    put_on: Callable[[Any], Any]


def _capped(weight: float) -> float:
    return max(-BEYOND_DOUBT, min(BEYOND_DOUBT, weight))


def _folded(evidence: tuple[Evidence, ...]) -> tuple[Evidence, ...]:
    """What everybody may be told, and all the rest as one line."""
    shown = [one for one in evidence if one.comparison in SHOWN_COMPARISONS]
    rest = sum(one.weight for one in evidence if one.comparison not in SHOWN_COMPARISONS)
    if not evidence:
        return evidence
    line = Evidence(
        comparison="masked",
        level="masked",
        weight=_capped(round(rest, 2)),
        zh="您所见已脱敏的各项，合计",
        en="all that you see masked, together",
    )
    return (*shown, line)


VEILS: Mapping[str, _Veil] = {
    **{column: _Veil(str | date, mask) for column, mask in masks.MASKS.items()},
    "weight": _Veil(float, _capped),
    "levels": _Veil(str, masks.wholly),
    "evidence": _Veil(tuple, _folded),
}
"""What is put before each column."""
