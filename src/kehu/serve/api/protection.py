"""What privacy officers answer for: what people asked, who was erased, what is held and why, who a breach affects."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from kehu.errors import NotFoundError
from kehu.flows.analysis.segments import today
from kehu.flows.privacy import affected, retain, standing
from kehu.flows.privacy.affected import Breach
from kehu.model import purposes
from kehu.model.people import Permission
from kehu.serve import problems
from kehu.serve.api import privacy
from kehu.serve.given import GREATEST, After, Given, Limit, Moment, Number, Parts
from kehu.serve.threads import Router
from kehu.serve.who import Who, needs
from kehu.store.privacy import erasing
from kehu.store.privacy.breaches import Leaked
from kehu.store.privacy.erasing import Receipt

router = Router(prefix="/privacy", tags=["privacy"])

Officer = Annotated[Who, needs(Permission.PRIVACY)]

MOST = 1_000
"""So many of the affected are named in one answer; `kehu affected` writes all of them."""


class Asks(BaseModel):
    """What leaked: any of channel, load, since and until together, or else an export."""

    model_config = ConfigDict(extra="forbid")

    channel: str | None = Field(default=None, max_length=64, description="What came by this channel")
    load_id: int | None = Field(default=None, ge=1, le=GREATEST, description="What this load brought")
    since: Moment | None = Field(default=None, description="What came not before this")
    until: Moment | None = Field(default=None, description="What came before this")
    export: int | None = Field(
        default=None, ge=1, le=GREATEST, description="A list that was taken out, by its entry in the audit trail"
    )
    reason: str = privacy.Reason

    @property
    def breach(self) -> Breach:
        """What leaked.

        Raises:
            SettingsError: It says nothing, or two things.
        """
        leaked = Leaked(channel=self.channel, load_id=self.load_id, since=self.since, until=self.until)
        return Breach(records=None if leaked == Leaked() else leaked, export=self.export)


class One(BaseModel):
    """Somebody who is affected."""

    customer_id: int
    name: str | None
    phone: str | None
    email: str | None
    address: str | None
    records: int | None = Field(description="How many of their records leaked")
    fields: str = Field(description="Which of their values leaked, parted by blanks")


class Affected(BaseModel):
    """Who is affected by a breach."""

    told: affected.Told
    affected: list[One] = Field(description=f"The first {MOST:,} of them, by number")


class Column(BaseModel):
    """A column that is stored."""

    table: str
    column: str
    purpose: purposes.Use
    period: purposes.Period = Field(description="How long it is kept")
    classed: str = Field(description="public, personal or sensitive")


@router.get("/requests", summary="What people asked for", responses=problems.documented(422, 503))
def requests(parts: Parts, who: Officer, after: After = None, limit: Limit = 50) -> standing.Asked:  # noqa: ARG001
    """A page of what was done for people, the newest first, and the latest receipts of who was erased."""
    return standing.of_everybody(parts.database, after=after, limit=limit)


@router.get("/receipts/{erasure_id}", summary="A receipt of an erasure", responses=problems.documented(404, 422, 503))
def receipt(parts: Parts, who: Officer, erasure_id: Number) -> Receipt:  # noqa: ARG001  (the rule)
    """What proves that somebody was erased, and does not say who."""
    return receipt_of(parts, erasure_id)


@router.get("/due", summary="What is kept longer than it may be", responses=problems.documented(503))
def due(parts: Parts, who: Officer) -> retain.Due:
    """What `kehu retain` would do today; the customers whose service ended are erased only where that is asked for."""
    return retain.due(parts.database, asked=privacy.asked(who, parts.clock(), ""), room=parts.erasing)


@router.get("/columns", summary="What is held, what for, how long")
def columns(who: Officer) -> list[Column]:  # noqa: ARG001  (the rule)
    """Every stored column with its purpose, its class and how long it is kept."""
    return [
        Column(table=table, column=column, purpose=one.use, period=one.period, classed=classed.value)
        for table, one in sorted(purposes.HELD.items())
        for column, classed in one.classes.items()
    ]


@router.post("/affected", summary="Find who a breach affects", responses=problems.documented(404, 422, 503))
def found(parts: Parts, who: Officer, wanted: Asks) -> Affected:
    """Who is to be told, how they are reached, and which of their values leaked; noted before anybody is named."""
    return affected_by(parts, who, wanted, limit=MOST)


def affected_by(parts: Given, who: Who, wanted: Asks, *, limit: int) -> Affected:
    """Who is affected, the first of them by number."""
    rows, told = affected.found(
        parts.database, wanted.breach, asked=privacy.asked(who, parts.clock(), wanted.reason),
        on=today(parts.clock(), parts.face.zone), limit=limit,
    )  # fmt: skip
    return Affected(told=told, affected=[One(**row) for row in rows])


def receipt_of(parts: Given, erasure_id: int) -> Receipt:
    """A receipt.

    Raises:
        NotFoundError: There is none of this number.
    """
    with parts.database.read() as tx:
        if erasure_id not in erasing.known(tx):
            raise NotFoundError(f"there is no receipt {erasure_id}")
        return erasing.receipt(tx, erasure_id)
