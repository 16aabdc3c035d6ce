"""What several rooms' tests need: real databases, started here, and a store in each."""

import contextlib
import getpass
import itertools
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import settings as laws

from kehu.collect.town import town
from kehu.engine.few import Few
from kehu.flows import arrive, decide, people
from kehu.flows.arrive import Desk
from kehu.model.people import Role
from kehu.process.checks import Required
from kehu.resolve import model as models
from kehu.store import customers, database, fingerprints, tables
from kehu.store.dictionary import whole
from kehu.store.sealing import keyring
from kehu.store.sealing.vault import Vault

# A first example builds tables of characters, so none has a deadline. In CI the examples are the same each time: a
# law that breaks must stop the change that broke it, not the next one.
laws.register_profile("kehu", deadline=None, derandomize=os.environ.get("CI") == "true")
laws.load_profile("kehu")

DATABASES = ("sqlite", "mariadb", "postgresql")
PATIENCE_S = 60


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


@contextlib.contextmanager
def _server(
    prepare: Sequence[str], serve: Sequence[str], url: str, *, folder: Path, owner: str | None
) -> Iterator[str]:
    """A server that answers at the URL, until the block ends."""
    log = folder / "log"
    options = {"user": owner, "group": pwd.getpwnam(owner).pw_gid, "extra_groups": []} if owner else {}
    with log.open("wb") as told:
        running = {"cwd": folder, "stdout": told, "stderr": subprocess.STDOUT, "stdin": subprocess.DEVNULL, **options}
        if subprocess.run(prepare, check=False, **running).returncode != 0:  # type: ignore[call-overload]  # one dict
            pytest.fail(log.read_text(errors="replace"))
        process = subprocess.Popen(serve, **running)  # type: ignore[call-overload]  # one dict
    try:
        engine = sa.create_engine(url, poolclass=sa.NullPool)
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                with engine.connect():
                    break
            except sa.exc.OperationalError:
                if process.poll() is not None or time.monotonic() > deadline:
                    pytest.fail(log.read_text(errors="replace"))
                time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


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
    folder, owner, port = server_folder / "mariadb", _owner("mysql"), _free_port()
    folder.mkdir()
    if owner:
        shutil.chown(folder, owner)
    programs = _binary("mariadb-install-db"), _binary("mariadbd")
    common = ["--no-defaults", f"--datadir={folder / 'data'}"]
    prepare = [programs[0], *common, "--auth-root-authentication-method=normal", "--skip-test-db"]
    serve = [programs[1], *common, f"--port={port}", "--bind-address=127.0.0.1", f"--socket={folder / 'socket'}"]
    # The server's own character set is not ours: the tables must say theirs.
    serve += ["--character-set-server=latin1", "--innodb-buffer-pool-size=256M", f"--pid-file={folder / 'pid'}"]
    with _server(prepare, serve, f"mariadb+pymysql://root@127.0.0.1:{port}/", folder=folder, owner=owner) as url:
        yield url


@pytest.fixture(scope="session")
def postgresql_server(server_folder: Path) -> Iterator[str]:
    """The URL of a PostgreSQL server of our own."""
    folder, owner, port = server_folder / "postgresql", _owner("postgres"), _free_port()
    folder.mkdir()
    if owner:
        shutil.chown(folder, owner)
    user = owner or getpass.getuser()
    programs = _binary("initdb"), _binary("postgres")
    prepare = [programs[0], "-D", str(folder / "data"), "-U", user, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"]
    serve = [programs[1], "-D", str(folder / "data"), "-p", str(port), "-k", str(folder)]
    serve += ["-c", "listen_addresses=127.0.0.1", "-c", "timezone=Asia/Shanghai"]
    url = f"postgresql+psycopg://{user}@127.0.0.1:{port}/postgres"
    with _server(prepare, serve, url, folder=folder, owner=owner) as answering:
        yield answering


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
        opened = database.connect(url, folder=tmp_path)
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
        opened = database.connect(url, folder=Path())
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
        opened = database.connect("sqlite:///kehu.db", folder=tmp_path)
        database.migrate(opened)
    else:
        # Making the tables takes a second there; emptying them does not.
        opened = database.connect(request.getfixturevalue(f"{request.param}_store"), folder=tmp_path)
        with opened.begin() as tx:
            for table in reversed(whole.metadata.sorted_tables):
                if table is not tables.sequence:
                    tx.execute(table.delete())
            tx.execute(tables.sequence.update().values(next=1))
    yield opened
    opened.close()
