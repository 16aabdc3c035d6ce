"""No reader but a privacy officer is told anything of a restricted customer: every reader, on each database."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest

from kehu.flows.analysis import chosen, export, figures, segments
from kehu.flows.analysis.segments import Purpose, Reader
from kehu.flows.arrive import arrive, newcomer
from kehu.flows.arrive.arrive import Desk
from kehu.flows.decide import review
from kehu.flows.insight import graph, insight, relations
from kehu.flows.insight.sight import CLEAR
from kehu.flows.privacy import restrict
from kehu.flows.service import calls
from kehu.flows.users.people import By
from kehu.model import segments as model
from kehu.store import exports
from kehu.store.conditions import Today
from kehu.store.database import Database
from kehu.store.exports import What
from kehu.store.filters import Filter
from kehu.store.tallies import Cut

EVERYBODY = model.parsed({"column": "customer.kind", "is": "known"})
READER = Reader(sees_persons=True, sight=CLEAR, smallest=0)
SISTER = {
    "name": "覃碧玉",
    "phone": "13912348765",
    "address": "浙江省杭州市西湖区文三路138号",
    "birth_date": "1993-08-08",
}


@dataclass(frozen=True, kw_only=True)
class World:
    """A store with her, restricted, and with those who could lead to her."""

    store: Database
    desk: Desk
    her: int
    sister: int
    by: By
    folder: Path

    @property
    def today(self) -> Today:
        return Today(day=self.by.at.date(), zone=UTC)

    def written(self, write: Callable[[Path], Any]) -> str:
        """What a file says that was taken out."""
        path = self.folder / "out.csv"
        write(path)
        return path.read_text("utf-8")


PHONE = {"phone": "13912348765"}
LIKE_HER = {"channel": "hall", "record_id": "n", "name": "覃碧瑶", "birth_date": "1990-03-07", **PHONE}
WHY = Purpose(purpose="a survey", recipient="the survey team")

READERS: dict[str, Callable[[World], object]] = {
    "search by name": lambda world: insight.find(world.store, "覃碧瑶", sight=CLEAR),
    "search by phone": lambda world: insight.find(world.store, "13912348765", sight=CLEAR),
    "list": lambda world: insight.listed(world.store, Filter()),
    "relations": lambda world: relations.relations(world.store, world.sister, model=world.desk.model),
    "links": lambda world: graph.links(world.store, world.sister),
    "review queue": lambda world: review.queue(world.store, world.desk.model),
    "newcomer": lambda world: newcomer.meet(
        world.store, world.desk, LIKE_HER
    ),
    "caller": lambda world: calls.arrived(world.store, PHONE["phone"], channel="10086", home="CN", by=world.by),
    "segment": lambda world: segments.members(world.store, EVERYBODY, world.today, sight=CLEAR),
    "segment taken out": lambda world: world.written(
        lambda path: segments.export(
            world.store, saved(world), EVERYBODY, world.today, path, why=WHY, by=world.by, reader=READER
        )
    ),
    "chosen taken out": lambda world: world.written(
        lambda path: chosen.export(world.store, [world.her, world.sister], path, why=WHY, by=world.by, sight=CLEAR)
    ),
    **{
        f"{what} taken out": lambda world, what=what: world.written(  # type: ignore[misc]  # mypy cannot infer it
            lambda path: export.export(
                world.store, what, path, asked=export.Asked(who="ann", at=world.by.at), is_masked=False
            )
        )
        for what in What
    },
    "notebook": lambda world: list(pieces(world)),
    "figures": lambda world: figures.shown(
        world.store, Cut(), at=world.by.at, zone=UTC, reader=READER, names=("category", "province")
    ),
}  # fmt: skip
"""Reader -> what it tells."""


def saved(world: World) -> segments.Shown:
    """The segment of everybody."""
    found = segments.listed(world.store, reader=READER)
    return found[0] if found else segments.save(world.store, EVERYBODY, name="all", by=world.by, reader=READER)


def pieces(world: World) -> list[object]:
    """What a notebook reads."""
    with world.store.read() as tx:
        return [piece.to_pylist() for what in What for piece in exports.batches(tx, what)]


@pytest.fixture
def world(held: Database, desk: Desk, known: Any, asked: Any, tmp_path: Path) -> World:
    number = known(held, desk)
    sister = arrive.one(held, desk, {"channel": "hall", "record_id": "s1", **SISTER}).customer_id
    assert sister not in {None, number}
    by = By(login="ann", at=asked().at, whence=None)
    return World(store=held, desk=desk, her=number, sister=sister or 0, by=by, folder=tmp_path)


def test_every_reader_tells_of_her_until_she_is_restricted_and_none_then(world: World, her: Any, asked: Any) -> None:
    canaries = ("覃碧瑶", her.certificate, "tan.biyao@example.org")

    def told() -> dict[str, bool]:
        return {name: any(canary in str(read(world)) for canary in canaries) for name, read in READERS.items()}

    before = told()
    # Links and figures tell of nobody by name; who reads them is led to nobody either.
    assert {name for name, tells in before.items() if not tells} <= {
        "links",
        "links taken out",
        "figures",
        "review queue",
    }
    restrict.restrict(world.store, world.her, asked=asked())
    assert [name for name, tells in told().items() if tells] == []
