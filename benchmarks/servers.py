"""Database servers of our own for benchmarks: their data stays in a folder, for the next run."""

import contextlib
import getpass
import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa

PATIENCE_S = 120
MEMORY = {"mariadb": "4G", "postgresql": "1GB"}
"""What a server may keep of its pages in memory. PostgreSQL reads others from the memory of the system, as SQLite does;
MariaDB goes round it, and reads them from the disk: it is given what a million records need."""


@contextlib.contextmanager
def url(kind: str, folder: Path) -> Iterator[str]:
    """The URL of a database of this kind that lives in the folder: sqlite, mariadb or postgresql."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'kehu.db'}"
        return
    with (_mariadb if kind == "mariadb" else _postgresql)(folder) as served:
        yield served


@contextlib.contextmanager
def _mariadb(folder: Path) -> Iterator[str]:
    owner, port = _owner("mysql"), _free_port()
    common = ["--no-defaults", f"--datadir={folder / 'data'}"]
    if not (folder / "data").exists():
        _own(folder, owner)
        made = [_program("mariadb-install-db"), *common, "--auth-root-authentication-method=normal", "--skip-test-db"]
        _run(made, folder, owner)
    serve = [_program("mariadbd"), *common, f"--port={port}", "--bind-address=127.0.0.1"]
    # Temporary tables stand in the folder, too: whoever tidies up /tmp meanwhile would take them away.
    serve += [f"--socket={folder / 'socket'}", f"--pid-file={folder / 'pid'}", f"--tmpdir={folder / 'data'}"]
    serve += [f"--innodb-buffer-pool-size={MEMORY['mariadb']}"]
    server = f"mariadb+pymysql://root@127.0.0.1:{port}/"
    with _serving(serve, server, folder, owner):
        _execute(server, "CREATE DATABASE IF NOT EXISTS kehu")
        yield f"{server}kehu"


@contextlib.contextmanager
def _postgresql(folder: Path) -> Iterator[str]:
    owner, port = _owner("postgres"), _free_port()
    user = owner or getpass.getuser()
    data = str(folder / "data")
    if not (folder / "data").exists():
        _own(folder, owner)
        _run([_program("initdb"), "-D", data, "-U", user, "-A", "trust", "-E", "UTF8"], folder, owner)
    serve = [_program("postgres"), "-D", data, "-p", str(port), "-k", str(folder), "-c", "listen_addresses=127.0.0.1"]
    served = f"postgresql+psycopg://{user}@127.0.0.1:{port}/postgres"
    with _serving([*serve, "-c", f"shared_buffers={MEMORY['postgresql']}"], served, folder, owner):
        yield served


@contextlib.contextmanager
def _serving(command: list[str], served: str, folder: Path, owner: str | None) -> Iterator[None]:
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=folder, user=owner)
    try:
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                _execute(served, "SELECT 1")
                break
            except sa.exc.OperationalError:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise
                time.sleep(0.2)
        yield
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


def _execute(served: str, statement: str) -> None:
    engine = sa.create_engine(served, poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.execute(sa.text(statement))


def _run(command: list[str], folder: Path, owner: str | None) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=folder, user=owner)


def _own(folder: Path, owner: str | None) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if owner:
        shutil.chown(folder, owner)


def _owner(name: str) -> str | None:
    """Whom a server runs as, where we are root, as whom PostgreSQL refuses to run."""
    if os.geteuid() != 0:
        return None
    return name if name in {entry.pw_name for entry in pwd.getpwall()} else "nobody"


def _program(name: str) -> str:
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    path = shutil.which(name) or shutil.which(name, path="/usr/sbin") or (str(found[-1]) if found else None)
    if path is None:
        raise SystemExit(f"{name} is not installed (Debian: postgresql, mariadb-server)")
    return path


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
