"""Hot values on each real database: what so many records share that it says of nobody who he is."""

from datetime import UTC, datetime
from pathlib import Path

from kehu.engine.few import Few
from kehu.flows.arrive import arrive
from kehu.flows.arrive.arrive import Desk
from kehu.flows.identify import hot, identify
from kehu.flows.identify.hot import HotValue
from kehu.resolve import model as models
from kehu.store.database import Database

NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)


def desk(folder: Path) -> Desk:
    return Desk(
        engine=Few(), model=models.shipped(), home="CN", trust={}, hot_key_limit=4, mappings={}, rules={},
        raw_in=folder / "raw", clock=lambda: NOW,
    )  # fmt: skip


def rows(count: int, **shared: str) -> list[dict[str, str]]:
    names = ["张伟", "王芳", "李娜", "刘洋", "陈静", "杨磊", "赵敏", "黄勇"]
    return [
        {"channel": "hall", "record_id": f"{'-'.join(shared.values())}-{place}", "name": names[place], **shared}
        for place in range(count)
    ]


def test_values_that_too_many_share_are_found_from_the_data(store: Database, tmp_path: Path) -> None:
    at = desk(tmp_path)
    arrive.many(store, at, rows(6, phone="13812348888"))
    arrive.many(store, at, rows(5, email="office@example.org"))
    arrive.many(store, at, rows(4, phone="13912345678"))
    arrive.many(store, at, [{"channel": "app", "record_id": "two", "name": "周杰", "phone_2": "13812348888"}])
    assert hot.values(store, hot_key_limit=4) == (
        HotValue(column="phone", records=7, value="13812348888"),
        HotValue(column="email", records=5, value="office@example.org"),
    )
    assert hot.values(store, hot_key_limit=6) == (HotValue(column="phone", records=7, value="13812348888"),)


def test_a_run_tells_of_the_hot_values_that_it_met(store: Database, tmp_path: Path) -> None:
    at = desk(tmp_path)
    arrive.many(store, at, rows(6, phone="13812348888"))
    arrive.many(store, at, rows(5, email="office@example.org"))
    with store.begin() as tx:
        done = identify.anew(tx, at.engine, at.model, hot_key_limit=4, trust={}, at=NOW, why="again")
    assert [one.value for one in hot.of(store, done.hot)] == ["13812348888", "office@example.org"]
    assert hot.of(store, ()) == ()
