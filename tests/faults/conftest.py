"""What all faults need: the program to be killed, a seed that is printed, and what a store must still be."""

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from kehu.flows.upkeep import verify
from kehu.flows.upkeep.verify import Rules
from kehu.model.customers import GOLDEN_COLUMNS
from kehu.resolve.survivorship import DEFAULT
from kehu.store import customers, database, records, search
from kehu.store.database import Database
from kehu.store.sealing import keyring
from kehu.store.sealing.vault import Vault

RULES = Rules(trust={}, survivorship=DEFAULT)


@pytest.fixture
def chance(request: pytest.FixtureRequest) -> random.Random:
    """Where the faults strike: by KEHU_FAULTS_SEED, else by a new seed, which is printed with what fails."""
    seed = int(os.environ.get("KEHU_FAULTS_SEED") or random.SystemRandom().randrange(2**32))
    print(f"KEHU_FAULTS_SEED={seed} {request.node.name}")  # noqa: T201
    return random.Random(seed)


@dataclass(frozen=True, kw_only=True)
class Died:
    """How a job ended."""

    is_killed: bool
    refused: str | None
    """Why, where it was refused."""
    calls: int
    """How many calls it made, unless it was killed."""


class Victims:
    """Does jobs, and kills them where that is wanted."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self.answer()

    def answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the program itself has died"
        return dict(json.loads(line))

    def do(self, work: str, store: Database, folder: Path, *, at: int | None = None, **more: Any) -> Died:
        """Do a piece of work on a store whose keys lie in the folder; killed at the n-th call."""
        url = store.engine.url.render_as_string(hide_password=False)
        assert self._process.stdin is not None
        job = {"work": work, "url": url, "folder": str(folder), "at": at, **more}
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        told = self.answer()
        assert told.get("status", -9) == -9, f"{work} broke: {told}"
        return Died(is_killed="status" in told, refused=told.get("refused"), calls=told.get("calls", 0))


@pytest.fixture(scope="session")
def victims() -> Iterator[Victims]:
    program = [sys.executable, str(Path(__file__).with_name("victim.py"))]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Victims(process)
        assert process.stdin is not None
        process.stdin.close()


@dataclass(kw_only=True)
class Life:
    """A store that is made stage by stage, by a program that is killed on the way."""

    victims: Victims
    store: Database
    folder: Path
    """Where its keys are, and what else its program writes."""
    kills: int = 0
    calls: dict[str, int] = field(default_factory=dict)
    """How many calls each stage took, when it was not killed."""

    def killed(self, stage: str, chance: random.Random, *, most: int, **more: Any) -> Died:
        """Do a stage that is killed before so many calls, unless it is done sooner."""
        died = self.victims.do(stage, self.store, self.folder, at=chance.randint(1, most), **more)
        self.kills += died.is_killed
        return died

    def through(self, *stages: str, **more: Any) -> None:
        """Do these stages, undisturbed."""
        for stage in stages:
            died = self.victims.do(stage, self.store, self.folder, **more)
            assert (died.is_killed, died.refused) == (False, None)
            self.calls[stage] = died.calls
        self.require_sound()

    def require_sound(self) -> None:
        """Refuse a store of which anything does not hold that must always."""
        with self.store.read() as tx:
            has_tables = database.version(tx) is not None
        if has_tables:
            assert verify.verify(self.store, RULES, seal=None).findings == ()

    def require_known(self) -> None:
        """Refuse a store that does not find a customer by each certificate, or takes what it holds for new."""
        self.through("intake", "identify")
        with self.store.read() as tx:
            rows = records.read(tx, columns=("id_number", "customer_id")).to_pylist()
            held = [(row["id_number"], row["customer_id"]) for row in rows if row["id_number"]]
            assert held
            assert all(customer in search.find(tx, number).customer_ids for number, customer in held)

    def believed(self) -> dict[tuple[str, ...], dict[str, Any]]:
        """The golden values of every customer, by the keys of its records: what does not depend on numbers."""
        of: dict[int, list[str]] = {}
        with self.store.read() as tx:
            for row in records.read(tx, columns=("record_id", "customer_id")).to_pylist():
                of.setdefault(row["customer_id"], []).append(row["record_id"])
            golden = {
                row["customer_id"]: {name: row[name] for name in (*GOLDEN_COLUMNS, "records", "quality", "updated_at")}
                for row in customers.states(tx, retired=False).to_pylist()
            }
        return {tuple(sorted(keys)): golden[customer] for customer, keys in of.items()}


STAGES = ("migrate", "intake", "identify", "decide")
"""The whole way."""


@pytest.fixture(scope="session")
def quiet(victims: Victims, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    """A store that went the whole way undisturbed: what the others must come to, and how many calls it takes."""
    lives = []
    keys = keyring.made()
    for name in ("quiet", "arrivals", "restored"):
        folder = tmp_path_factory.mktemp(name)
        keyring.write(folder / "kehu.key", keys)
        store = replace(
            database.connect("sqlite:///kehu.db", folder=folder), vault=Vault(keyring.live(folder / "kehu.key"))
        )
        lives.append(Life(victims=victims, store=store, folder=folder))
    whole, arrivals, restored = lives
    whole.through(*STAGES)
    whole.through("backup", file=str(whole.folder / "kehu.zip"))
    arrivals.through("migrate")
    arrivals.through("arrive", file=str(arrivals.folder / "told"))
    restored.through("restore", file=str(whole.folder / "kehu.zip"))
    restored.through("rotate")
    whole.calls |= {"arrive": arrivals.calls["arrive"]} | {name: restored.calls[name] for name in ("restore", "rotate")}
    yield whole
    for life in lives:
        life.store.close()


Begin = Callable[[str], Life]


@pytest.fixture
def begin(opened: Callable[[str], Database], tmp_path: Path, victims: Victims, quiet: Life) -> Begin:
    """Begin a life in an empty database of the kind asked for, with the keys of the undisturbed one."""

    def life(kind: str) -> Life:
        store = opened(kind)
        folder = tmp_path / f"{kind} {len(list(tmp_path.iterdir()))}"
        if kind == "sqlite":
            folder = Path(str(store.engine.url.database)).parent
        folder.mkdir(exist_ok=True)
        shutil.copy(quiet.folder / "kehu.key", folder / "kehu.key")
        store = replace(store, vault=Vault(keyring.live(folder / "kehu.key")))
        return Life(victims=victims, store=store, folder=folder)

    return life
