"""What several rooms' tests need: real databases, started here, and a store in each."""

import contextlib
import getpass
import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import settings as laws

from kehu.collect.town import town
from kehu.engine.few import Few
from kehu.flows.arrive import arrive
from kehu.flows.arrive.arrive import Desk
from kehu.flows.decide import decide
from kehu.flows.users import people
from kehu.model.people import Role
from kehu.process.checks import Required
from kehu.resolve import model as models
from kehu.store import customers, database, fingerprints
from kehu.store.dictionary import whole
from kehu.store.dictionary.whole import tables
from kehu.store.sealing import keyring
from kehu.store.sealing.vault import Vault

# A first example builds tables of characters, so none has a deadline. In CI the examples are the same each time: a
# law that breaks must stop the change that broke it, not the next one.
laws.register_profile("kehu", deadline=None, derandomize=os.environ.get("CI") == "true")
laws.load_profile("kehu")

DATABASES = ("sqlite", "mariadb", "postgresql")
PATIENCE_S = 60

KEYS = keyring.Keyring(secrets={1: bytes(range(32))})
"""The keys of all stores of the tests, so that what is keyed in one can be compared with what is in another."""
VAULT = Vault(KEYS)


def _binary(name: str) -> str:
    """A server's program: on the path, or where Debian keeps the versions of PostgreSQL."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    path = shutil.which(name) or shutil.which(name, path="/usr/sbin") or (str(found[-1]) if found else None)
    if path is None:
        reason = f"{name} is not installed (Debian: postgresql, mariadb-server)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return path


def _owner(*names: str) -> str | None:
    """Whom a server runs as, where we are root, as whom PostgreSQL refuses to run."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in (*names, "nobody") if name in known)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(kw_only=True)
class Server:
    """A database server of our own."""

    serve: Sequence[str]
    """Its program and options."""
    url: str
    """Where it answers, without a database."""
    folder: Path
    """All that it has."""
    owner: str | None
    """Whom it runs as."""
    may_be_killed: bool = False
    """It has a process group of its own then; else whoever ends the tests ends it with them."""
    process: "subprocess.Popen[bytes] | None" = None

    def _options(self) -> dict[str, Any]:
        owner = self.owner
        whose = {"user": owner, "group": pwd.getpwnam(owner).pw_gid, "extra_groups": []} if owner else {}
        return {"cwd": self.folder, "stderr": subprocess.STDOUT, "stdin": subprocess.DEVNULL, **whose}

    def prepare(self, command: Sequence[str]) -> None:
        """Make its folder ready, once."""
        if self.owner:
            shutil.chown(self.folder, self.owner)
        with (self.folder / "log").open("wb") as told:
            if subprocess.run(command, check=False, stdout=told, **self._options()).returncode != 0:
                pytest.fail(self._log())

    def start(self, *more: str) -> None:
        """Start it, and wait until it answers."""
        with (self.folder / "log").open("ab") as told:
            self.process = subprocess.Popen(
                [*self.serve, *more], stdout=told, start_new_session=self.may_be_killed, **self._options()
            )
        engine = sa.create_engine(self.url, poolclass=sa.NullPool)
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                with engine.connect():
                    return
            except sa.exc.OperationalError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    pytest.fail(self._log())
                time.sleep(0.1)

    def _log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")

    def kill(self) -> None:
        """End it as a power cut would: nothing is written any more."""
        assert self.process is not None
        assert self.may_be_killed
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(PATIENCE_S)

    def stop(self) -> None:
        """Let it end as it likes to."""
        if self.process is not None and self.process.poll() is None:
            # What PostgreSQL calls fast: it does not wait until the last client has gone.
            self.process.send_signal(signal.SIGINT if "postgres" in self.serve[0] else signal.SIGTERM)
            self.process.wait(PATIENCE_S)


def _mariadb(folder: Path) -> Server:
    owner, port = _owner("mysql"), _free_port()
    folder.mkdir()
    programs = _binary("mariadb-install-db"), _binary("mariadbd")
    # Its temporary tables have names of their process only: two servers that are made at once must not share a folder.
    common = ["--no-defaults", f"--datadir={folder / 'data'}", f"--tmpdir={folder}"]
    serve = [programs[1], *common, f"--port={port}", "--bind-address=127.0.0.1", f"--socket={folder / 'socket'}"]
    # The server's own character set is not ours: the tables must say theirs.
    serve += ["--character-set-server=latin1", "--innodb-buffer-pool-size=256M", f"--pid-file={folder / 'pid'}"]
    server = Server(serve=serve, url=f"mariadb+pymysql://root@127.0.0.1:{port}/", folder=folder, owner=owner)
    server.prepare([programs[0], *common, "--auth-root-authentication-method=normal", "--skip-test-db"])
    return server


def _postgresql(folder: Path) -> Server:
    owner, port = _owner("postgres"), _free_port()
    folder.mkdir()
    user = owner or getpass.getuser()
    programs = _binary("initdb"), _binary("postgres")
    serve = [programs[1], "-D", str(folder / "data"), "-p", str(port), "-k", str(folder)]
    serve += ["-c", "listen_addresses=127.0.0.1", "-c", "timezone=Asia/Shanghai"]
    url = f"postgresql+psycopg://{user}@127.0.0.1:{port}/postgres"
    server = Server(serve=serve, url=url, folder=folder, owner=owner)
    server.prepare(
        [programs[0], "-D", str(folder / "data"), "-U", user, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"]
    )
    return server


SERVERS: dict[str, Callable[[Path], Server]] = {"mariadb": _mariadb, "postgresql": _postgresql}


@pytest.fixture(scope="session")
def server_folder() -> Iterator[Path]:
    """A short path that a server's own user may enter, unlike pytest's."""
    folder = Path(tempfile.mkdtemp(prefix="kehu-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def mariadb_server(server_folder: Path) -> Iterator[str]:
    """The URL of a MariaDB server of our own, without a database in it."""
    server = _mariadb(server_folder / "mariadb")
    server.start()
    yield server.url
    server.stop()


@pytest.fixture(scope="session")
def postgresql_server(server_folder: Path) -> Iterator[str]:
    """The URL of a PostgreSQL server of our own."""
    server = _postgresql(server_folder / "postgresql")
    server.start()
    yield server.url
    server.stop()


@pytest.fixture
def own_server(server_folder: Path) -> Iterator[Callable[[str], Server]]:
    """Make a server that a test may stop and kill; it is not started yet."""
    with contextlib.ExitStack() as stack:

        def make(kind: str) -> Server:
            server = SERVERS[kind](server_folder / uuid.uuid4().hex[:8])
            server.may_be_killed = True
            stack.callback(server.stop)
            return server

        yield make


@contextlib.contextmanager
def _fresh(server: str) -> Iterator[str]:
    """The URL of a new, empty database on a server."""
    name = f"kehu_{uuid.uuid4().hex}"
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    yield sa.make_url(server).set(database=name).render_as_string(hide_password=False)
    with engine.connect() as connection:
        force = " WITH (FORCE)" if engine.dialect.name == "postgresql" else ""
        connection.execute(sa.text(f"DROP DATABASE {name}{force}"))


@pytest.fixture(params=DATABASES)
def bare(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[database.Database]:
    """An open database without any table, of each kind."""
    with contextlib.ExitStack() as stack:
        url = "sqlite:///kehu.db"
        if request.param != "sqlite":
            url = stack.enter_context(_fresh(request.getfixturevalue(f"{request.param}_server")))
        opened = database.connect(url, folder=tmp_path, vault=VAULT)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def mariadb_store(mariadb_server: str) -> Iterator[str]:
    """The URL of a MariaDB database with our tables."""
    yield from _made(mariadb_server)


@pytest.fixture(scope="session")
def postgresql_store(postgresql_server: str) -> Iterator[str]:
    """The URL of a PostgreSQL database with our tables."""
    yield from _made(postgresql_server)


def _made(server: str) -> Iterator[str]:
    with _fresh(server) as url:
        opened = database.connect(url, folder=Path(), vault=VAULT)
        database.migrate(opened)
        opened.close()
        yield url


Opened = Callable[[str], database.Database]


@pytest.fixture
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opened]:
    """Open a new, empty database of the kind asked for, without tables; as many as a test wants."""
    with contextlib.ExitStack() as stack:

        def make(kind: str) -> database.Database:
            url, folder = "sqlite:///kehu.db", tmp_path / uuid.uuid4().hex
            folder.mkdir()
            if kind != "sqlite":
                url = stack.enter_context(_fresh(request.getfixturevalue(f"{kind}_server")))
            made = replace(database.connect(url, folder=folder), vault=Vault(keyring.made()))
            stack.callback(made.close)
            return made

        yield make


Live = Callable[[database.Database], Desk]


@pytest.fixture
def live(tmp_path: Path) -> Live:
    """Let a store live for a while: records come by two channels, some bad, some again; people decide, and are noted.

    It answers the desk at which all this happened; the desk's clock goes on a second whenever it is asked.
    """

    def lived(store: database.Database) -> Desk:
        ticks = itertools.count()
        desk = Desk(
            engine=Few(),
            model=models.shipped(),
            home="CN",
            trust={"hall": 3},
            hot_key_limit=100,
            mappings={},
            rules={"hall": (Required(rule="required", columns=("name",)),)},
            raw_in=tmp_path / "raw",
            clock=lambda: datetime(2026, 11, 22, 8, 30, 0, 123456, tzinfo=UTC) + timedelta(seconds=next(ticks)),
        )
        assert store.vault is not None
        office = people.Office(database=store, vault=store.vault)
        database.migrate(store)
        with store.begin() as tx:
            fingerprints.note(tx, store.vault)
        rows = [
            {**row, "channel": ("hall", "app")[place % 2]}
            for place, row in enumerate(town.make(90, seed=5).records.drop_columns(["channel"]).to_pylist())
        ]
        arrive.many(store, desk, rows)
        odd = {
            "channel": "hall",
            "record_id": "奇 \t\\N'",
            "name": "𠮷𡈽",
            "address": "一\n二 😀",
            "phone": "13912345678",
        }
        arrive.many(store, desk, [odd, {"channel": "hall", "record_id": "nameless"}, {**rows[0], "name": "欧阳娜娜"}])
        by = people.By(login="root", at=desk.clock(), whence="10.0.0.7")
        people.invite(office, login="lihua", name="李华", roles={Role.STEWARD}, by=by)
        with store.read() as tx:
            living = customers.states(tx, retired=False).sort_by(
                [("records", "descending"), ("customer_id", "ascending")]
            )
            ids = living.column("customer_id").to_pylist()
            numbers = customers.records_of(tx, ids[0]).column("record").to_pylist()
        decide.merge(store, desk, ids[1:3], reason="one firm", by="lihua")
        split = decide.split(store, desk, ids[0], numbers[:1], reason="two people", by="lihua")
        decide.undo(store, desk, split.decision_id, reason="a mistake", by="lihua")
        decide.merge(store, desk, ids[4:6], reason="she said so", by="lihua")
        decide.pin(store, desk, ids[7], "email", "pinned@example.org", reason="she called", by="lihua")
        return desk

    return lived


@pytest.fixture(params=DATABASES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[database.Database]:
    """An empty store with its tables, of each kind."""
    if request.param == "sqlite":
        opened = database.connect("sqlite:///kehu.db", folder=tmp_path, vault=VAULT)
        database.migrate(opened)
    else:
        # Making the tables takes a second there; emptying them does not.
        url = request.getfixturevalue(f"{request.param}_store")
        opened = database.connect(url, folder=tmp_path, vault=VAULT)
        with opened.begin() as tx:
            for table in reversed(whole.metadata.sorted_tables):
                if table is not tables["sequence"]:
                    tx.execute(table.delete())
            tx.execute(tables["sequence"].update().values(next=1))
    yield opened
    opened.close()
