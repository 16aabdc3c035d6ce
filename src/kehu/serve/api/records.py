"""Records: send one, or a batch."""

from typing import Annotated

from anyio import CapacityLimiter
from fastapi import Body
from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from kehu.flows.arrive import arrive, door
from kehu.flows.users.pace import Asked
from kehu.model.people import Permission
from kehu.serve import problems
from kehu.serve.given import Desk, Parts, Sees
from kehu.serve.pace import paced
from kehu.serve.threads import OnOneThread, Router
from kehu.serve.who import Who, needs

BATCH_ROWS = 1000
"""So many records may be sent at once."""

BATCH_BYTES = 8 * 1024 * 1024
"""No batch of so many records is longer."""

Text = Annotated[
    str | None,
    Field(default=None, max_length=10_000),
    WithJsonSchema({"anyOf": [{"type": "string", "maxLength": 10_000}, {"type": "number"}, {"type": "null"}]}),
]


class AtTheDoor(OnOneThread):
    """Senders wait until those before them are served: nobody who opens a page waits behind them for a thread."""

    threads = CapacityLimiter(door.MOST)


router = Router(prefix="/records", tags=["records"], dependencies=[paced(Asked.PUSH)], route_class=AtTheDoor)

Sender = Annotated[Who, needs(Permission.ARRIVE)]


class Pushed(BaseModel):
    """A record with our column names. Values may be as dirty as they come; what is no text may be a number."""

    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True)

    channel: str = Field(pattern=r"^\w[\w-]{0,63}$", description="The channel it comes by", examples=["online"])
    record_id: Text = Field(description="The channel's own key of the record", examples=["A00000911"])
    kind: Text = Field(description="individual or organization, or words for them")
    name: Text = Field(description="The whole name of a person or an organization", examples=["张伟"])
    given_name: Text = Field(description="The given name, where it stands alone")
    surname: Text = Field(description="The surname, where it stands alone")
    id_type: Text = Field(description="The type of certificate")
    id_number: Text = Field(description="The number of the certificate")
    phone: Text = Field(description="A phone number")
    phone_2: Text = Field(description="Another phone number")
    birth_date: Text = Field(description="The birth date")
    gender: Text = Field(description="The gender")
    email: Text = Field(description="The e-mail address")
    address: Text = Field(description="The whole address in one line")
    address_1: Text = Field(description="Street and number, where they stand alone")
    address_2: Text = Field(description="Building, estate or flat")
    suburb: Text = Field(description="District or suburb")
    city: Text = Field(description="City")
    state: Text = Field(description="Province or state")
    postcode: Text = Field(description="Post code")
    category: Text = Field(description="The customer category")
    star_level: Text = Field(description="The star level, as the operator reckons it")
    updated_at: Text = Field(description="When the source last changed it", examples=["2026-01-05T09:15:00+08:00"])
    msisdn: Text = Field(description="The number, or broadband login, that it is about; a subscription then")
    role: Text = Field(description="What the person is to that number: holder (if not said), user, proxy or payer")
    plan: Text = Field(description="The plan of that number")
    number_state: Text = Field(description="The state of that number")
    opened_at: Text = Field(description="When that number was opened")
    user_name: Text = Field(description="Who really uses that number, if not the holder")
    proxy_name: Text = Field(description="Who acted for the holder")
    proxy_id_type: Text = Field(description="The type of the proxy's certificate")
    proxy_id_number: Text = Field(description="The number of the proxy's certificate; it never becomes the holder's")
    account_id: Text = Field(description="The account that pays")
    account_type: Text = Field(description="prepaid or postpaid, or words for them")
    payer_name: Text = Field(description="Who pays, if not the person")
    interaction_at: Text = Field(description="When the person and the operator met; an interaction then")
    interaction_ended_at: Text = Field(description="When that ended")
    interaction_kind: Text = Field(description="call, visit, application or message, or words for them")
    interaction_direction: Text = Field(description="in (the person came) or out")
    interaction_number: Text = Field(description="The number that called or was called")
    interaction_reason: Text = Field(description="What it was about")
    interaction_reason_2: Text = Field(description="The same, on the second level")
    interaction_reason_3: Text = Field(description="The same, on the third level")
    interaction_verified: Text = Field(description="Whether the certificate was asked for")
    interaction_agent: Text = Field(description="Who served, by name or number")
    interaction_satisfaction: Text = Field(description="How content the person was, 1 to 5")


Batch = Annotated[
    list[Pushed],
    Body(embed=True, min_length=1, max_length=BATCH_ROWS, description="The records, by one channel or more"),
]


@router.post("", summary="Send a record", responses=problems.documented(413, 422, 429, 503))
def one(parts: Parts, desk: Desk, sight: Sees, who: Sender, record: Pushed) -> arrive.ArrivedOne:
    """Store one record and say whose it is and why; answered once that is on the disk.

    Sent again, it is a `duplicate` with the same customer: it needs no `Idempotency-Key`. What breaks a rule is
    `quarantined`, with its `reasons`.
    """
    return sight.of(arrive.one(parts.database, desk, record.model_dump(), by=who.by(parts.clock())))


@router.post("/batch", summary="Send records", responses=problems.documented(413, 422, 429, 503))
def batch(parts: Parts, desk: Desk, who: Sender, records: Batch) -> arrive.ArrivedMany:
    """Store up to 1,000 records, all of them or none; one answer a record, in their order."""
    rows = [record.model_dump() for record in records]
    return arrive.many(parts.database, desk, rows, by=who.by(parts.clock()))
