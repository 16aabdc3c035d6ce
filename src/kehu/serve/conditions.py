"""What the conditions of segments are called on pages."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from kehu.model.languages import Language
from kehu.serve import words
from kehu.serve.words import marked

ABOUT: dict[str, str] = {
    "customer": marked("The customer"),
    "record": marked("Records"),
    "subscription": marked("Numbers"),
    "account": marked("Accounts"),
    "interaction": marked("Contacts"),
    "ticket": marked("Tickets"),
    "consent": marked("Consents"),
}
"""What a group of questions is about."""

TOP: dict[str, str] = {"all": marked("all groups hold"), "any": marked("at least one group holds")}
MODES: dict[str, str] = {"all": marked("all hold"), "any": marked("any holds"), "none": marked("none holds")}
HAS: dict[str, str] = {"all": marked("has some for which all hold"), "none": marked("has none for which all hold")}

COLUMNS: dict[str, str] = {
    "customer.kind": marked("Kind"),
    "customer.category": marked("Category"),
    "customer.star_level": marked("Star level"),
    "customer.gender": marked("Gender"),
    "customer.id_type": marked("Certificate type"),
    "customer.province": marked("Province"),
    "customer.city": marked("City"),
    "customer.district": marked("District"),
    "customer.name": marked("Name"),
    "customer.phone": marked("Phone"),
    "customer.email": marked("E-mail"),
    "customer.address": marked("Address"),
    "customer.id_number": marked("Certificate number"),
    "customer.birth_date": marked("Birth date"),
    "customer.age": marked("Age"),
    "customer.records": marked("Records"),
    "customer.quality": marked("Quality"),
    "customer.updated_at": marked("Changed at source"),
    "record.channel": marked("Channel"),
    "record.updated_at": marked("Changed at source"),
    "record.received_at": marked("Received"),
    "subscription.role": marked("Role"),
    "subscription.plan": marked("Plan"),
    "subscription.number_state": marked("State of the number"),
    "subscription.opened_at": marked("Opened"),
    "account.account_type": marked("Type"),
    "interaction.kind": marked("Kind of contact"),
    "interaction.direction": marked("Direction"),
    "interaction.reason": marked("Reason"),
    "interaction.at": marked("When"),
    "interaction.satisfaction": marked("Satisfaction"),
    "interaction.verified": marked("Certificate asked for"),
    "ticket.kind": marked("Kind of ticket"),
    "ticket.severity": marked("How bad it is"),
    "ticket.state": marked("State"),
    "ticket.queue": marked("Queue"),
    "ticket.opened_at": marked("Opened on"),
    "ticket.resolved_at": marked("Resolved on"),
    "ticket.late": marked("Found to be late"),
    "consent.purpose": marked("Purpose"),
    "consent.said": marked("Latest word"),
    "consent.at": marked("When"),
}
"""Column -> what people call it."""

QUESTIONS: dict[str, str] = {
    "known": marked("is known"),
    "one_of": marked("is one of"),
    "begins": marked("begins with"),
    "between": marked("is between"),
    "after": marked("is on or after"),
    "before": marked("is before"),
    "after_days": marked("is in the last … days"),
    "before_days": marked("is longer ago than … days"),
    "true": marked("is yes"),
    "false": marked("is no"),
}
"""Question -> how it is asked."""

_KINDS: dict[str, str] = {
    "customer.kind": "kind",
    "customer.category": "category",
    "customer.star_level": "star_level",
    "customer.gender": "gender",
    "customer.id_type": "id_type",
    "subscription.role": "role",
    "subscription.number_state": "number_state",
    "account.account_type": "account_type",
    "interaction.kind": "interaction_kind",
    "interaction.direction": "interaction_direction",
    "ticket.kind": "ticket_kind",
    "ticket.severity": "ticket_severity",
    "ticket.state": "ticket_state",
    "consent.purpose": "purpose",
    "consent.said": "said",
}
"""Columns that hold codes -> what `words.CODES` calls them."""


OPEN = frozenset({"customer.category", "customer.star_level", "record.channel"})
"""Columns of codes in which others may stand than those that we know."""


@dataclass(frozen=True, kw_only=True)
class Sayer:
    """Says conditions in one language."""

    language: Language
    channels: tuple[str, ...] = ()
    """Those that records came by."""

    def _said(self, table: dict[str, str], name: str) -> str:
        return words.speaker(self.language).text(table[name]) if name in table else name

    def about(self, name: str) -> str:
        """What a group is about."""
        return self._said(ABOUT, name)

    def top(self, name: str) -> str:
        """How groups hang together."""
        return self._said(TOP, name)

    def mode(self, name: str) -> str:
        """How questions about the customer hang together."""
        return self._said(MODES, name)

    def has(self, name: str) -> str:
        """How questions about a thing hang together."""
        return self._said(HAS, name)

    def column(self, name: str) -> str:
        """What a column is called."""
        return self._said(COLUMNS, name)

    def question(self, name: str) -> str:
        """How a question is asked."""
        return self._said(QUESTIONS, name)

    def codes(self, column: str) -> tuple[tuple[str, str], ...]:
        """The codes that may stand in a column, with their words; none where people write what they like."""
        if column == "record.channel":
            return tuple((name, name) for name in self.channels)
        if column not in _KINDS:
            return ()
        kind: type[StrEnum] = words.CODES[_KINDS[column]]
        return tuple((code.value, words.code(code.value, _KINDS[column], self.language)) for code in kind)

    open_codes = OPEN

    def lines(self, tree: dict[str, Any]) -> Iterator[tuple[int, str]]:
        """A tree of conditions as lines, each with its depth."""
        yield from self._lines(tree, 0, is_not=False)

    def _lines(self, tree: dict[str, Any], depth: int, *, is_not: bool) -> Iterator[tuple[int, str]]:
        say = words.speaker(self.language).text
        no = say(marked("not: ")) if is_not else ""
        if "not" in tree:
            yield from self._lines(tree["not"], depth, is_not=not is_not)
        elif "has" in tree:
            least = tree.get("at_least", 1)
            yield depth, f"{no}{self.about(tree['has'])} ≥ {least}"
            for leaf in tree.get("where", ()):
                yield from self._lines(leaf, depth + 1, is_not=False)
        elif "column" in tree:
            yield depth, no + self._leaf(tree)
        else:
            mode = "all" if "all" in tree else "any"
            yield depth, no + self.mode(mode)
            for one in tree[mode]:
                yield from self._lines(one, depth + 1, is_not=False)

    def _leaf(self, leaf: dict[str, Any]) -> str:
        column, asked = leaf["column"], leaf["is"]
        known = dict(self.codes(column))
        if "days_ago" in leaf:
            value = words.speaker(self.language).text(marked("%(days)s days ago")) % {"days": leaf["days_ago"]}
        elif asked == "between":
            value = " – ".join(_end(leaf.get(end)) for end in ("from", "to"))
        else:
            many = leaf.get("values") or [leaf.get("value") or leaf.get("day") or ""]
            value = ", ".join(known.get(one, one) for one in many)
        return f"{self.column(column)} {self.question(asked)} {value}".strip()


def _end(bound: float | None) -> str:
    """An end of a range.

    >>> _end(18.0), _end(25.5), _end(1_500_000), _end(None)
    ('18', '25.5', '1500000', '…')
    """
    return "…" if bound is None else f"{bound:.15g}"
