import json

import pyarrow as pa
import pytest

from kehu.errors import NotFoundError
from kehu.model.records import POSITION
from kehu.store import pushed
from kehu.store.database import Database


def test_what_was_sent_is_kept_as_it_came_and_a_duplicate_is_not(store: Database) -> None:
    rows = pa.table({"name": ["张伟\0\t", "李娜"], "phone": [None, "1"], POSITION: ["pushed, row 1", "pushed, row 2"]})
    with store.begin() as tx:
        pushed.keep(tx, rows.cast(pa.schema([(name, pa.string()) for name in rows.column_names])),
                    records=pa.array([7, None], pa.int64()))  # fmt: skip
        pushed.keep(tx, rows.slice(1), records=pa.array([None], pa.int64()))
    with store.read() as tx:
        assert json.loads(pushed.raw(tx, 7)) == {"name": "张伟\0\t"}
        with pytest.raises(NotFoundError, match="record 8"):
            pushed.raw(tx, 8)
