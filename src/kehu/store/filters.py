"""Filters: which customers a list shows, as conditions."""

from dataclasses import dataclass

import sqlalchemy as sa

from kehu.model.codes import Flaw
from kehu.store import behind
from kehu.store.conditions import likely
from kehu.store.dictionary.customers import customer
from kehu.store.dictionary.records import member, record
from kehu.store.privacy import restrictions


@dataclass(frozen=True, kw_only=True)
class Filter:
    """Which customers are wanted; None wants all."""

    category: str | None = None
    """A category; the empty text wants those who state none."""
    channel: str | None = None
    """At least one record came by it."""
    province: str | None = None
    """A province; the empty text wants those of whom none is known."""
    quality_to: float | None = None
    """A quality of so much at the most."""
    flaw: Flaw | None = None
    """Their quality lacks this."""
    part: behind.Part | None = None
    """They stand behind this part of a figure."""

    with_restricted: bool = False
    """Also those whose data may not be used: for privacy officers."""

    def conditions(self) -> list[sa.ColumnElement[bool]]:
        """As SQL."""
        living = customer.c.merged_into.is_(None)
        # Who stands behind a part is found by what it says: that they live parts nobody.
        wanted: list[sa.ColumnElement[bool]] = [living if self.part is None else likely(living)]
        if not self.with_restricted:
            wanted.append(restrictions.is_free(customer.c.customer_id))
        if self.category is not None:
            wanted.append(customer.c.category == self.category if self.category else customer.c.category.is_(None))
        if self.channel is not None:
            # COALESCE keeps the planner off the index by channel, which would be walked anew for each customer.
            came_by = sa.func.coalesce(record.c.channel, "") == self.channel
            theirs = sa.select(member.c.record).join(record, record.c.record == member.c.record)
            wanted.append(theirs.where(member.c.customer_id == customer.c.customer_id, came_by).exists())
        if self.province is not None:
            wanted.append(customer.c.province == self.province if self.province else customer.c.province.is_(None))
        if self.quality_to is not None:
            wanted.append(customer.c.quality <= self.quality_to)
        if self.flaw is not None:
            # Every flaw stands behind a comma, so that no name is found inside another.
            wanted.append(customer.c.flaws.concat(",").like(f"%,{self.flaw.value},%"))
        if self.part is not None:
            wanted.append(behind.meant(self.part))
        return wanted
