"""Notes on customers."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from kehu.flows.service import notes
from kehu.model.people import Permission
from kehu.serve import problems
from kehu.serve.given import Number, Parts
from kehu.serve.looks import looked
from kehu.serve.once import Once
from kehu.serve.threads import Router
from kehu.serve.who import Who, needs
from kehu.store.service.notes import Note

router = Router(prefix="/customers", tags=["customers"])


class NewNote(BaseModel):
    """A note to write."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(
        min_length=1, max_length=10_000, description="What the next one should know", examples=["Calls back on Monday"]
    )


@router.get(
    "/{customer_id}/notes",
    summary="The notes on a customer",
    responses=problems.documented(404, 422),
    dependencies=[needs(Permission.FIND), looked()],
)
def listed(parts: Parts, customer_id: Number) -> tuple[Note, ...]:
    """The newest fifty, the newest first; a retired number is followed."""
    return notes.of_customer(parts.database, customer_id)


@router.post(
    "/{customer_id}/notes",
    summary="Write a note on a customer",
    status_code=201,
    responses=problems.documented(404, 409, 422),
)
def written(
    parts: Parts,
    who: Annotated[Who, needs(Permission.EDIT, Permission.FIND)],
    once: Once,
    customer_id: Number,
    note: NewNote,
) -> Note:
    """Write a note; notes are only added."""
    return notes.write(parts.database, customer_id, note.text, by=who.by(parts.clock()), once=once)
