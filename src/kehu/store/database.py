"""The database: opening it safely, its transactions, its schema.

A flow opens one transaction and hands it to the functions of this room; nothing else here commits.

    store = database.connect("sqlite:///kehu.db", folder=Path("."))
    database.migrate(store)
    with store.begin() as tx:
        load = loads.start(tx, "hall", at=now)
"""

import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any, TypeAlias

import sqlalchemy as sa

from kehu.errors import ConflictError, KehuError, StoreError
from kehu.store import at_hand, carrying, columns, doctor
from kehu.store.at_hand import AtHand
from kehu.store.carrying import Carrier
from kehu.store.sealing.vault import Vault

Transaction: TypeAlias = sa.Connection
"""An open transaction: the first argument of every function of this room."""

DRIVERS = {
    "sqlite": "sqlite",
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mariadb+pymysql",
}
"""The driver of each database that `store =` may name."""

POOL: dict[str, Any] = {"pool_use_lifo": True, "max_overflow": 10 + at_hand.MOST}
"""The connection that was used last is taken next: what it keeps in memory is of use again. Beside those that are kept
at hand there are as many as SQLAlchemy allows by itself."""

STATEMENTS = 1_000
"""So many statements each connection to SQLite keeps prepared: records that arrive need more than its driver's 128."""


@dataclass(frozen=True, kw_only=True)
class Database:
    """An open store."""

    engine: sa.Engine
    """Its connections."""
    vault: Vault | None = None
    """What seals certificates; where it is None, nothing that is sealed can be read or written."""
    _at_hand: AtHand = field(default_factory=AtHand, repr=False, compare=False)
    """Connections for glances."""
    _carrier: Carrier = field(default_factory=Carrier, repr=False, compare=False)
    """Who carries SQLite's log over."""

    @contextmanager
    def begin(self) -> Iterator[Transaction]:
        """A transaction that may write; commits where the block ends, rolls back where it raises."""
        with _plainly(self), self._connect(begins="BEGIN IMMEDIATE") as tx, self._carrier.beside(tx), tx.begin():
            yield tx

    @contextmanager
    def trial(self) -> Iterator[Transaction]:
        """A transaction that may write, and is taken back where the block ends."""
        with _plainly(self), self._connect(begins="BEGIN IMMEDIATE") as tx, self._carrier.beside(tx):
            begun = tx.begin()
            try:
                yield tx
            finally:
                begun.rollback()

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """A transaction that looks only."""
        with _plainly(self), self._connect() as tx, tx.begin():
            yield tx

    @contextmanager
    def look(self) -> Iterator[Transaction]:
        """As `read`, for some questions of few rows: nothing is streamed, and there are no tables of its own.

        Servers show each question what is committed by then, in a transaction or not: there is none around them.
        """
        with self.glance() as tx:
            if self.engine.dialect.name == "sqlite":
                with tx.begin():
                    yield tx
            else:
                yield tx

    @contextmanager
    def glance(self) -> Iterator[Transaction]:
        """A look that asks one question of few rows: a transaction around it would cost more than the question."""
        with _plainly(self):
            # The driver of SQLite begins none by itself.
            level = {} if self.engine.dialect.name == "sqlite" else {"isolation_level": "AUTOCOMMIT"}
            tx = self._at_hand.take(self.vault) or self._connect(**level)
            try:
                yield tx
                if tx.in_transaction():  # SQLAlchemy begins one where it is asked by itself.
                    tx.rollback()
            except BaseException:
                tx.close()
                raise
            self._at_hand.lay_down(tx, self.vault)

    @contextmanager
    def snapshot(self) -> Iterator[Transaction]:
        """A transaction that looks only, and sees the store as it is now however long it looks."""
        # SQLite has no lower level; the others would show to each statement what was committed before it.
        level = {} if self.engine.dialect.name == "sqlite" else {"isolation_level": "REPEATABLE READ"}
        with _plainly(self), self._connect(**level) as tx, tx.begin():
            yield tx

    def _connect(self, **options: str) -> sa.Connection:
        """A connection that brings along what seals, and a place for what is found out once in its transaction."""
        return self.engine.connect().execution_options(vault=self.vault, once={}, **options)

    def close(self) -> None:
        """Close every connection."""
        self._at_hand.close()
        self._carrier.close()
        self.engine.dispose()

    @property
    def name(self) -> str:
        """Where it is, without the password, and without what stands behind the ?, which may be one, too."""
        return self.engine.url.set(query={}).render_as_string(hide_password=True)


def vault_of(tx: Transaction) -> Vault:
    """What the transaction's store is sealed with.

    Raises:
        StoreError: It was opened without its keys.
    """
    found: Vault | None = tx.get_execution_options().get("vault")
    if found is None:
        raise StoreError("this store was opened without its keys: nothing sealed can be read or written")
    return found


@contextmanager
def _plainly(database: Database) -> Iterator[None]:
    """Say what the database refused in our words; its own text may hold personal values."""
    try:
        yield
    except sa.exc.TimeoutError:
        raise StoreError(f"store {database.name}: all connections are in use; ask again in a moment") from None
    except (sa.exc.StatementError, database.engine.dialect.loaded_dbapi.Error) as error:
        told = getattr(error, "orig", error)
        if isinstance(error, sa.exc.StatementError) and not isinstance(error, sa.exc.DBAPIError):
            raise told if isinstance(told, KehuError) else error from None
        raise _refusal(database, told) from None


def _refusal(database: Database, error: BaseException) -> StoreError:
    """What a driver's error means; its text is told only where it speaks of the server, not of values."""
    driver = database.engine.dialect.loaded_dbapi
    if isinstance(error, driver.IntegrityError):
        return ConflictError(f"store {database.name}: somebody else stored a row with this key first; try again")
    if isinstance(error, driver.OperationalError | driver.InterfaceError):
        told = str(error.args[-1] if error.args else error).strip().splitlines() or [type(error).__name__]
        return StoreError(f"store {database.name}: {told[0]}")
    number = next((f" {told}" for told in error.args[:1] if isinstance(told, int)), "")
    return StoreError(f"store {database.name} refuses a statement: {type(error).__name__}{number}")


def connect(url: str, *, folder: Path, vault: Vault | None = None) -> Database:
    """Open the store that a URL names; a relative SQLite path starts at `folder`.

    Args:
        url: Where it is.
        folder: Where a relative path starts.
        vault: What seals its certificates.

    Raises:
        StoreError: The URL cannot be read, or names a database we do not speak.
    """
    try:
        where = sa.make_url(url)
    except sa.exc.ArgumentError:
        raise StoreError('store: not a database URL (like "sqlite:///kehu.db")') from None
    kind = where.get_backend_name()
    if kind not in DRIVERS:
        raise StoreError(f"store: {kind} is not one of {', '.join(sorted(set(DRIVERS) - {'postgres'}))}")
    if "+" not in where.drivername:
        where = where.set(drivername=DRIVERS[kind])
    if kind == "sqlite":
        return Database(engine=_sqlite(where, folder), vault=vault)
    if kind in columns.MYSQL_FAMILY:
        where = where.update_query_dict({"charset": "utf8mb4"})
        is_handed_over = where.get_driver_name() == "pymysql"
        # READ COMMITTED as PostgreSQL has it: the default would lock gaps and hide what others committed.
        engine = sa.create_engine(
            where,
            isolation_level="READ COMMITTED",
            connect_args={"local_infile": True},
            pool_reset_on_return=None if is_handed_over else "rollback",
            **POOL,
        )
        if is_handed_over:
            from kehu.store import mariadb  # noqa: PLC0415  (a store of SQLite needs none of it)

            mariadb.take_over(engine)
            _send_what_waits(engine, mariadb.send)
    else:
        # Whole answers are read through cursors: a plan for their first rows would walk tables in their order.
        told = "-c timezone=UTC -c client_encoding=UTF8 -c cursor_tuple_fraction=1"
        # To find ten thousand rows among millions it would else read all of them, as discs that turn would have it.
        told += " -c random_page_cost=1.1"
        # What is asked again and again is prepared in `libpq`; psycopg would forget that with its own.
        engine = sa.create_engine(where, connect_args={"options": told, "prepare_threshold": None}, **POOL)
        if engine.dialect.driver == "psycopg":
            from kehu.store import libpq  # noqa: PLC0415  (nor of this)

            _send_what_waits(engine, libpq.send)
    _ask_the_idle(engine)
    return Database(engine=engine, vault=vault)


def _send_what_waits(engine: sa.Engine, send: Callable[[Transaction], None]) -> None:
    """Let a server do what was left for later, before SQLAlchemy asks anything else of it, or commits."""

    @sa.event.listens_for(engine, "before_cursor_execute")
    def ask(connection: sa.Connection, *_: object) -> None:
        send(connection)

    sa.event.listen(engine, "commit", send)


def _ask_the_idle(engine: sa.Engine) -> None:
    """As the pool's own `pool_pre_ping`, which asks each time: a third of what a short question costs."""

    @sa.event.listens_for(engine, "connect")
    @sa.event.listens_for(engine, "checkin")
    def note(_: object, record: Any) -> None:
        record.info["used"] = time.monotonic()

    @sa.event.listens_for(engine, "checkout")
    def ask(connection: Any, record: Any, _: object) -> None:
        if time.monotonic() - record.info["used"] < at_hand.IDLE_S:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise sa.exc.InvalidatePoolError("the server went away") from error


def _sqlite(where: sa.URL, folder: Path) -> sa.Engine:
    if not where.database or where.database == ":memory:":
        raise StoreError('store: SQLite keeps its store in a file (like "sqlite:///kehu.db")')
    path = folder / where.database
    if not path.parent.is_dir():
        raise StoreError(f"store: the folder {path.parent} is not there")
    _spare_adapting()
    told = {"timeout": 30, "cached_statements": STATEMENTS}
    engine = sa.create_engine(where.set(database=str(path)), connect_args=told, **POOL)

    @sa.event.listens_for(engine, "connect")
    def prepare(connection: Any, _: object) -> None:
        # The driver must not begin transactions by itself: `begin` below does.
        connection.isolation_level = None
        for pragma in (
            "journal_mode = WAL",
            "synchronous = FULL",  # With NORMAL a power cut loses what was acknowledged.
            "foreign_keys = ON",
            "temp_store = MEMORY",
            "cache_size = -131072",
            f"wal_autocheckpoint = {carrying.PAGES}",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        # A writer takes the lock at once: taking it later, after a read, cannot wait and fails.
        driver: Any = connection.connection.dbapi_connection
        driver.execute(connection.get_execution_options().get("begins", "BEGIN"))

    return engine


def _spare_adapting() -> None:
    """Let the driver of SQLite take None and bytes as they are.

    For each of them it looks for an adapter, and finds by errors that it swallows that there is none: a third of what
    it takes to write a row of many columns.
    """
    nothing: dict[None, None] = {}
    sqlite3.register_adapter(type(None), nothing.get)  # It answers None, without a frame of Python.
    sqlite3.register_adapter(bytes, bytes)


def _versions(connection: sa.Connection) -> tuple[str | None, str, set[str]]:
    """The schema version that the store has, the newest we know, and all we know."""
    # The names of the files say what Alembic would read out of all of them.
    steps = resources.files("kehu.store").joinpath("migrations", "versions")
    known = {found[1] for step in steps.iterdir() if (found := re.match(r"v(\d{4})_\w+\.py$", step.name))}
    if not known:
        raise StoreError("kehu is installed without its migrations: install it again")
    return version(connection), max(known), known


def version(tx: Transaction) -> str | None:
    """The version of the schema; None where there are no tables yet."""
    if not sa.inspect(tx).has_table(_VERSION.name):
        return None
    return tx.scalar(sa.select(_VERSION.c.version_num))


_VERSION = sa.table("alembic_version", sa.column("version_num", sa.String))
"""Where Alembic notes the version."""


def migrate(database: Database, *, to: str | None = None) -> None:
    """Bring the schema to our version (or to an older one: `to`), from none or from an older one.

    It may be killed at any point and run again: where the database cannot roll DDL back, each step looks first.

    Raises:
        StoreError: The store was made by a newer kehu, or holds tables that are not ours.
    """
    with database.begin() as connection, _alone(connection):
        has, newest, known = _versions(connection)
        if has is not None and has not in known:
            raise StoreError(_too_new(database, has))
        if to is not None and to not in known:
            raise StoreError(f"schema {to} is of a newer kehu: install it first")
        if has != (to or newest):
            _upgrade(connection, to=to or newest)


@contextmanager
def _alone(connection: sa.Connection) -> Iterator[None]:
    """Let one process migrate at a time; on SQLite the transaction does."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext('kehu migrate'))")
    if connection.dialect.name not in columns.MYSQL_FAMILY:
        yield
        return
    if connection.exec_driver_sql("SELECT GET_LOCK('kehu migrate', 600)").scalar() != 1:
        raise StoreError("another kehu has been migrating this store for ten minutes: try again when it is done")
    try:
        yield
    finally:
        if not connection.invalidated:  # Its lock went with it: the server died, or somebody pressed Ctrl-C.
            connection.exec_driver_sql("DO RELEASE_LOCK('kehu migrate')")


def _upgrade(connection: sa.Connection, *, to: str) -> None:
    """Run the steps that are missing, in the caller's transaction; Alembic needs no `env.py` for it."""
    # Loaded where it is wanted: a store is opened many times, and migrated a few.
    from alembic.config import Config  # noqa: PLC0415
    from alembic.runtime.environment import EnvironmentContext  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", "kehu.store:migrations")
    scripts = ScriptDirectory.from_config(config)

    def missing(has: Any, _: Any) -> Any:
        return scripts._upgrade_revs(to, has)  # noqa: SLF001  (as Alembic's page on EnvironmentContext does)

    with EnvironmentContext(Config(), scripts, fn=missing) as environment:
        # SQLite rolls DDL back as well, once its driver leaves transactions to us.
        environment.configure(connection=connection, transactional_ddl=True)
        environment.run_migrations()


def check(database: Database) -> None:
    """Refuse a store that we could not trust.

    Raises:
        StoreError: Naming what is wrong and the mend.
    """
    with database.read() as connection:
        has, newest, known = _versions(connection)
        if has is None:
            raise StoreError(f"store {database.name} is empty: `kehu run` makes its tables")
        if has not in known:
            raise StoreError(_too_new(database, has))
        if has != newest:
            raise StoreError(
                f"store {database.name} has schema {has}, this kehu wants {newest}: `kehu run` migrates it"
            )
        for complaint in doctor.complaints(connection):
            raise StoreError(f"store {database.name}: {complaint}")


def _too_new(database: Database, has: str) -> str:
    return f"store {database.name} has schema {has}, which this kehu does not know: install the newer kehu"
