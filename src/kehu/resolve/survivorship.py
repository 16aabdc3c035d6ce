"""Survivorship (存续规则): by which strategies one value of a customer survives the others, attribute by attribute."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator


class Strategy(StrEnum):
    """What makes one value survive another; the first that tells them apart decides."""

    PINNED = "pinned"
    """A steward says so. It comes before every other, whether an order names it or not."""
    VALID_FIRST = "valid_first"
    """A name that is whole before a mere title; a certificate with the right check digit before one without; what such
    a certificate says of birth date and gender before what anybody states."""
    CHANNEL_TRUST = "channel_trust"
    """The channel with the higher `trust`."""
    MOST_RECENT = "most_recent"
    """The record its source changed last."""
    MOST_FREQUENT = "most_frequent"
    """The value that most records of the customer hold."""
    LONGEST = "longest"
    """The value with most characters: the address with its room."""


Order = tuple[Strategy, ...]

P, V, T, R, F, L = Strategy  # One letter each, so that the orders below can be read at a glance.


class Survivorship(BaseModel):
    """`[survivorship]`: for each attribute the order of strategies; values that tie in all go by the record's key."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Order = Field(default=(P, F, T, R), description="Individual or organization.")
    name: Order = Field(default=(P, V, F, T, R, L), description="The name.")
    certificate: Order = Field(default=(P, V, F, T, R), description="Number and type of the certificate, together.")
    phone: Order = Field(default=(P, R, F, T), description="The phones, the first and the second.")
    birth_date: Order = Field(default=(P, V, F, T, R), description="The birth date.")
    gender: Order = Field(default=(P, V, F, T, R), description="The gender.")
    email: Order = Field(default=(P, R, F, T), description="The e-mail address.")
    address: Order = Field(default=(P, L, R, T), description="The address with its province, city and district.")
    category: Order = Field(default=(P, T, R, F), description="The customer category.")
    star_level: Order = Field(default=(P, R, T, F), description="The star level: it is reckoned anew each year.")

    @field_validator("*", mode="before")
    @classmethod
    def _is_an_order(cls, given: Any) -> Any:
        known = ", ".join(Strategy)
        if not isinstance(given, list | tuple):
            raise ValueError(f"an order is a list of strategies (has: {known})")  # noqa: TRY004 (pydantic wants it so)
        for strategy in given:
            if strategy not in set(Strategy):
                raise ValueError(f"there is no strategy {strategy!r} (has: {known})")
        if len(set(given)) < len(given):
            raise ValueError("an order names each strategy once")
        return tuple(given)

    def orders(self) -> dict[str, Order]:
        """The order of each attribute, with `pinned` at its head.

        >>> Survivorship(email=["longest"]).orders()["email"]
        (<Strategy.PINNED: 'pinned'>, <Strategy.LONGEST: 'longest'>)
        """
        orders: dict[str, Sequence[Strategy]] = {name: getattr(self, name) for name in type(self).model_fields}
        return {name: (P, *(one for one in order if one is not P)) for name, order in orders.items()}

    def fingerprint(self, trust: Mapping[str, int]) -> str:
        """Tells whether golden values were made by these orders, this trust and this way of making them."""
        told = {"made": MADE, "orders": self.orders(), "trust": sorted(trust.items())}
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:32]


TRUST = 1
"""How far a channel is believed that `kehu.toml` does not name, or of which it says nothing."""

MADE = 4
"""Counts the ways in which kehu made golden values so far; another number has every customer made anew."""

DEFAULT = Survivorship()
"""The orders where `kehu.toml` names none."""
