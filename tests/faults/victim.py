"""A program to be killed: it does one piece of kehu's work, and may end by SIGKILL in the middle of it.

It reads one job a line (JSON) and does each in a child of its own, so that everything is imported once. A job is killed
at its n-th call of a function, which is the same point each time; so a kill that broke something can be had again. The
answer is a line with the exit code (-9: killed) and the number of calls.
"""

import json
import os
import resource
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from kehu.collect.town import town
from kehu.engine.duck import Duck
from kehu.errors import ConflictError, KehuError
from kehu.flows.arrive import arrive
from kehu.flows.arrive.arrive import Desk
from kehu.flows.decide import decide
from kehu.flows.identify.identify import identify
from kehu.flows.intake import intake
from kehu.flows.upkeep import backup, restore, rotate
from kehu.flows.upkeep.audit import Seal
from kehu.flows.upkeep.backup import Asked
from kehu.flows.upkeep.rotate import Cupboard
from kehu.model.records import FLAT_COLUMNS, POSITION, Batch
from kehu.process import clean
from kehu.process.mapping import Mapping
from kehu.resolve import model as models
from kehu.store import database, fingerprints, records
from kehu.store.database import Database
from kehu.store.sealing import keyring
from kehu.store.sealing.keyring import Keyring
from kehu.store.sealing.vault import Vault

CLOCK = datetime(2026, 1, 5, 8, tzinfo=UTC)
PEOPLE = town.make(60, seed=11).records.drop_columns(["channel"])
BATCH = 30
LASTING = ("/kehu/store/", "/kehu/flows/", "/kehu/collect/raw")
"""Where anything is done that lasts; a kill in between changes nothing."""
ARRIVALS = 10
ASKED = Asked(who="cli:ann", at=CLOCK)


class Hall:
    """The people of a small town, in batches; it goes on after its cursor."""

    name = "hall"

    def batches(self, *, after: str | None) -> Iterator[Batch]:
        for start in range(0 if after is None else int(after), PEOPLE.num_rows, BATCH):
            rows = PEOPLE.slice(start, BATCH)
            positions = pa.array([f"row {start + place}" for place in range(rows.num_rows)], pa.string())
            yield Batch(rows=rows.append_column(POSITION, positions), cursor=str(start + BATCH))

    def sample(self, rows: int) -> Batch:
        raise NotImplementedError


def desk_in(folder: Path) -> Desk:
    return Desk(
        engine=Duck(threads=1), model=models.shipped(), home="CN", trust={}, hot_key_limit=100, mappings={}, rules={},
        raw_in=folder / "raw", clock=lambda: CLOCK,
    )  # fmt: skip


def migrating(store: Database, folder: Path, file: Path) -> None:
    database.migrate(store)
    assert store.vault is not None
    with store.begin() as tx:
        fingerprints.note(tx, store.vault)


def taking_in(store: Database, folder: Path, file: Path) -> None:
    mapping = {column: column for column in PEOPLE.column_names if column in FLAT_COLUMNS}
    feed = intake.Feed(channel=Hall(), mapping=Mapping.model_validate(mapping), sparse=True)
    brought = intake.intake(store, feed, raw_in=folder / "raw", home="CN", clock=lambda: CLOCK)
    if brought.failure:
        raise KehuError(brought.failure)


def identifying(store: Database, folder: Path, file: Path) -> None:
    identify(store, Duck(threads=1), models.shipped(), trust={}, hot_key_limit=100, clock=lambda: CLOCK, why="a test")


def deciding(store: Database, folder: Path, file: Path) -> None:
    """Merge some customers, and split others; what is so already is left alone."""
    desk = desk_in(folder)
    keys = sorted(PEOPLE.column("record_id").to_pylist())
    for left, right in zip(keys[:8:2], keys[1:8:2], strict=True):
        of = owners(store)
        if of[left][1] != of[right][1]:
            decide.merge(store, desk, [of[left][1], of[right][1]], reason="a test", by="ann")
    for key in keys[20:26]:
        number, customer = owners(store)[key]
        try:
            decide.split(store, desk, customer, [number], reason="a test", by="ann")
        except ConflictError:  # It is alone.
            continue


def owners(store: Database) -> dict[str, tuple[int, int]]:
    """The number and the customer of each record, by its key."""
    with store.read() as tx:
        rows = records.read(tx, columns=("record_id", "record", "customer_id")).to_pylist()
    return {row["record_id"]: (row["record"], row["customer_id"]) for row in rows}


def arriving(store: Database, folder: Path, file: Path) -> None:
    """Take records in one by one, and tell of each that was acknowledged."""
    desk = desk_in(folder)
    with file.open("a") as acknowledged:
        for place in range(ARRIVALS):
            row = {"channel": "app", "record_id": f"a{place}", "name": "张伟", "phone": f"139{place:08d}"}
            arrive.one(store, desk, row)
            acknowledged.write(f"a{place}\n")
            acknowledged.flush()


def backing_up(store: Database, folder: Path, file: Path) -> None:
    backup.backup(store, file, asked=ASKED)


def restoring(store: Database, folder: Path, file: Path) -> None:
    assert store.vault is not None
    seal = Seal(keys=store.vault.keys, head_at=folder / "audit.head")
    restore.restore(store, file, asked=ASKED, seal=seal)


def rotating(store: Database, folder: Path, file: Path) -> None:
    assert store.vault is not None
    path = folder / "kehu.key"

    def another() -> Keyring:
        keyring.write(path, keyring.read(path).with_another(), over=True)
        return keyring.live(path)

    def forget(numbers: set[int]) -> None:
        keyring.write(path, keyring.read(path).without(numbers), over=True)

    cupboard = Cupboard(another=another, forget=forget, raw_in=folder / "raw", ledger_at=folder / "erased.ledger")
    seal = Seal(keys=store.vault.keys, head_at=folder / "audit.head")
    rotate.rotate(store, cupboard, asked=ASKED, seal=seal, clock=lambda: datetime.now(UTC), drops=True)


WORK: dict[str, Callable[[Database, Path, Path], None]] = {
    "migrate": migrating,
    "intake": taking_in,
    "identify": identifying,
    "decide": deciding,
    "arrive": arriving,
    "backup": backing_up,
    "restore": restoring,
    "rotate": rotating,
}


def opened(url: str, folder: Path) -> Database:
    return replace(database.connect(url, folder=folder), vault=Vault(keyring.live(folder / "kehu.key")))


def killed_at(last: int | None) -> Callable[[], int]:
    """Let this process be killed at its call of that number; answers how many there were so far."""
    calls = 0

    def count(frame: Any, event: str, _: Any) -> None:
        nonlocal calls
        # What C does counts where it was asked for there: drivers, files, locks.
        if event.endswith("call") and any(part in frame.f_code.co_filename for part in LASTING):
            calls += 1
            if calls == last:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(count)
    return lambda: calls


def do(job: dict[str, Any]) -> None:
    folder = Path(job["folder"])
    store = opened(job["url"], folder)
    if job.get("largest_file"):
        resource.setrlimit(resource.RLIMIT_FSIZE, (job["largest_file"], job["largest_file"]))
    calls = killed_at(job.get("at"))
    try:
        WORK[job["work"]](store, folder, Path(job.get("file", "")))
    except KehuError as why:
        sys.setprofile(None)
        tell(refused=str(why), calls=calls())
    else:
        sys.setprofile(None)
        tell(calls=calls())


def tell(**answer: int | str) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def main() -> None:
    # What every child would have to make anew.
    models.shipped()
    clean.clean(PEOPLE)
    tell()
    for line in sys.stdin:
        child = os.fork()
        if not child:
            try:
                do(json.loads(line))
                os._exit(0)
            finally:
                os._exit(1)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if status:
            tell(status=status)


if __name__ == "__main__":
    main()
