"""Push: records that somebody sends us, in place of our asking for them."""

import json
from collections.abc import Iterator, Mapping, Sequence

import pyarrow as pa
from pydantic import BaseModel, ConfigDict

from kehu.model.households import STATED
from kehu.model.records import FLAT_COLUMNS, POSITION, Batch

COLUMNS = (*FLAT_COLUMNS, *STATED.names)
"""What may be sent of a record: what it says of its person, and of a subscription, an account and a contact."""

PUSHED = "pushed"
"""How the position of a row begins that was sent to us; its raw form has our column names, not its channel's."""


class PushSource(BaseModel):
    """`type = "push"`: records are sent to `POST /api/v1/records`, with our column names; nothing is asked for."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class PushChannel:
    """A channel that has nothing to be asked for: its records come when they come."""

    def __init__(self, name: str) -> None:
        self.name = name

    def batches(self, *, after: str | None) -> Iterator[Batch]:
        """Nothing."""
        del after
        return iter(())

    def sample(self, rows: int) -> Batch:
        """Nothing."""
        del rows
        return batch([])


def batch(rows: Sequence[Mapping[str, str | None]]) -> Batch:
    """Rows with our column names, as they were sent, in one piece.

    >>> batch([{"record_id": "7", "name": "张伟"}, {"record_id": "8"}]).rows.to_pylist()[1]
    {'record_id': '8', 'name': None, 'source_position': 'pushed, row 2'}
    """
    names = [name for name in COLUMNS if name == "record_id" or any(row.get(name) is not None for row in rows)]
    ours = [{name: row.get(name) for name in names if name != "channel"} for row in rows] or [{"record_id": None}]
    batch = given(ours, [f"{PUSHED}, row {number}" for number in range(1, len(ours) + 1)])
    return batch if rows else Batch(rows=batch.rows.slice(0, 0), cursor=None)


def given(rows: Sequence[Mapping[str, str | None]], positions: Sequence[str]) -> Batch:
    """Rows of any columns, with their positions, in one piece; without a cursor: there is nothing more to ask for."""
    names = dict.fromkeys(name for row in rows for name in row)
    columns = {name: pa.array([row.get(name) for row in rows], pa.string()) for name in names}
    return Batch(rows=pa.table(columns).append_column(POSITION, pa.array(positions, pa.string())), cursor=None)


def again(raw: str, *, columns: Sequence[str]) -> dict[str, str | None] | None:
    """A row of the quarantine as its channel would give it; None where it was not read into columns.

    >>> again('{"no": "7", "姓名": "张伟"}', columns=["no", "姓名", "电话"])
    {'no': '7', '姓名': '张伟', '电话': None}

    Args:
        raw: The row as it came, as the quarantine keeps it.
        columns: Columns that the mapping reads; what was empty was not kept.
    """
    try:
        came = json.loads(raw)
    except ValueError:
        return None
    if not isinstance(came, dict):
        return None
    texts = {name: None if value is None else str(value) for name, value in came.items()}
    return {**texts, **{name: None for name in columns if name not in texts}}
