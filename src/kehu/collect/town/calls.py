"""The call centre: a table of calls in SQLite, with what the agents typed while they talked."""

import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kehu.collect.town import draw

TABLE = """
create table calls (
  call_id integer primary key,  -- 呼叫流水号, grows with time
  direction text not null,      -- in, out
  caller text,                  -- the number the line showed; null where it was withheld
  callee text not null,
  started_at text not null,     -- local time
  answered_at text,
  ended_at text not null,
  queue text not null,
  agent_no text not null,
  reason_1 text not null,
  reason_2 text not null,
  reason_3 text,
  verified integer not null,    -- whether the agent asked for the certificate
  ticket_id text,
  satisfaction integer,         -- 1 to 5, where the caller pressed a key
  customer_name text,           -- from here on what the agent typed
  gender text,
  birth text,
  cert_type text,
  cert_no text,
  contact_phone text,
  email text,
  address text,
  customer_class text,
  star text
)
"""
ID_TYPES = {
    "resident_id": "身份证", "uscc": "营业执照", "passport": "护照", "hk_macau_permit": "港澳居民来往内地通行证",
    "taiwan_permit": "台胞证", "officer_card": "军官证",
}  # fmt: skip
CATEGORIES = {"student": "学生", "enterprise": "政企客户", "ordinary": "普通客户", "other": "其他"}
STARS = {"5_silver": "5S", "5_gold": "5G", "5_diamond": "5D"}
"""The words of the call centre; stars are else their number."""
REASONS = (
    ("咨询", "资费", "流量"), ("咨询", "资费", "套餐变更"), ("咨询", "业务办理", "宽带"), ("查询", "账单", "话费"),
    ("查询", "余额", None), ("投诉", "扣费争议", "增值业务"), ("投诉", "服务态度", "营业厅"),
    ("报障", "网络", "无信号"), ("报障", "宽带", "断网"),
    ("办理", "停复机", "挂失"), ("办理", "携号转网", None), ("办理", "补卡", None),
)  # fmt: skip


def write(
    rng: np.random.Generator, records: pa.Table, visits: pa.Table, path: Path, *, again: draw.Mask, bad: int
) -> None:
    """Write the calls; of the `bad` ones nothing is known but that they were."""
    assert not again.any(), "a primary key knows no duplicate"
    size = len(records)
    typed = _calls(rng, visits["at"].to_numpy(), size)
    typed += [_words(records[name]) for name in ("name", "gender", "birth_date")]
    typed += [[name and ID_TYPES[name] for name in records["id_type"].to_pylist()]]
    typed += [_words(records[name]) for name in ("id_number", "phone_2", "email", "address")]
    typed += [[name and CATEGORIES[name] for name in records["category"].to_pylist()]]
    typed += [[level and STARS.get(level, level) for level in records["star_level"].to_pylist()]]
    typed[2] = _words(records["phone"])
    typed[0] = [int(key) for key in records["record_id"].to_pylist()]
    nobody = _calls(rng, np.repeat(visits["at"].to_numpy()[-1:], bad), bad) + [[None] * bad for _ in range(10)]
    nobody[0] = [int(f"1{size + row + 1:08d}") for row in range(bad)]
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(TABLE)
        places = ", ".join("?" * len(typed))
        for columns in (typed, nobody):
            connection.executemany(f"insert into calls values ({places})", zip(*columns, strict=True))  # noqa: S608


def _words(column: pa.ChunkedArray) -> list[object]:
    words: list[object] = column.to_pylist()
    return words


def _calls(rng: np.random.Generator, started: np.ndarray, size: int) -> list[list[object]]:
    """The columns up to the typed ones; call id and caller still empty."""
    answered = started + rng.integers(2, 90, size=size).astype("timedelta64[s]")
    ended = answered + rng.integers(20, 1200, size=size).astype("timedelta64[s]")
    times = [_words(pc.strftime(pa.array(at), "%Y-%m-%d %H:%M:%S")) for at in (started, answered, ended)]
    reason = rng.integers(len(REASONS), size=size)
    ticket = draw.absent(draw.glue("T", draw.padded(rng.permutation(size), 8)), rng.random(size) < 0.85)
    satisfaction: list[object] = pa.array(rng.integers(1, 6, size=size), mask=rng.random(size) < 0.6).to_pylist()
    return [
        [None] * size,
        ["in"] * size,
        [None] * size,
        ["10086"] * size,
        *times,
        _words(draw.words(rng, "普通 VIP 政企 宽带 投诉", size, (60, 10, 10, 12, 8))),
        _words(draw.glue("Z", draw.padded(rng.integers(1, 400, size=size), 4))),
        *[[REASONS[row][level] for row in reason.tolist()] for level in range(3)],
        rng.integers(2, size=size).tolist(),
        _words(ticket),
        satisfaction,
    ]
