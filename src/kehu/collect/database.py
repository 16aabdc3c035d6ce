"""A relational database as a channel: a table or a query, read in batches, only what is new by a cursor column."""

import re
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow as pa
import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from kehu.collect import flatten, values
from kehu.collect.formats import text
from kehu.errors import SettingsError, SourceError
from kehu.model.records import BadRow, Batch, Reason

ATTEMPTS = 5
"""How often a lost connection is made again, while nothing new is read, before the run fails."""

CONNECT_TIMEOUT_S = 10
"""How long to wait for a server to answer at all."""

_DRIVERS = {"mysql": "mysql+pymysql", "mariadb": "mariadb+pymysql", "postgres": "postgresql+psycopg"}


class DatabaseSource(BaseModel):
    """A relational database, as `kehu.toml` describes it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str = Field(description="Where it is, as an SQLAlchemy URL; an SQLite path is relative to kehu.toml's folder.")
    secret_env: str | None = Field(
        default=None, description="Name of the environment variable with the password, so the URL need not hold it."
    )
    table: str | None = Field(default=None, description="The table or view to read, with its schema where needed.")
    query: str | None = Field(default=None, description="A SELECT to read instead of a table.")
    cursor: str | None = Field(
        default=None, description="A column that only grows (a number, a time); without it every run reads everything."
    )
    overlap: float = Field(
        default=0,
        ge=0,
        description="How far before the last cursor each run starts again, for rows that were committed late: "
        "in units of a number, in seconds of a time.",
    )
    encoding: str = Field(
        default="utf-8", description="Encoding of the text in an SQLite file; other databases tell theirs."
    )
    batch_rows: int = Field(default=50_000, gt=0, description="At most so many rows are handed on in one batch.")

    @field_validator("encoding")
    @classmethod
    def _known(cls, value: str) -> str:
        return text.known(value)

    @model_validator(mode="after")
    def _one_of_both(self) -> "DatabaseSource":
        if (self.table is None) == (self.query is None):
            raise ValueError("set either table or query")
        return self


_Part = tuple[pa.Table, tuple[BadRow, ...], Any]
"""Rows of a result, the bad ones, and the last cursor value among them."""


class DatabaseChannel:
    """Reads a table or query, in the order of its cursor column."""

    def __init__(
        self,
        name: str,
        source: DatabaseSource,
        *,
        folder: Path,
        secret: str | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.name = name
        self._source = source
        self._url = _url(name, source.url, secret)
        self._folder = folder
        self._sleep = sleep

    def batches(self, *, after: str | None) -> Iterator[Batch]:
        """The rows behind the cursor, and those within the overlap before it.

        Where the cursor column is not unique, the rows at the cursor itself come again: another one with the same
        time may have been committed since. Rows without a cursor value come with every run, as nothing tells whether
        they are new. A connection lost on the way is made again, and reading goes on behind the last batch.
        """
        last = values.read_cursor(after, self.name)
        start = values.earlier(last, self._source.overlap, self.name)
        failures = 0
        with self._engine() as engine:
            while True:
                try:
                    with closing(self._stream(engine, start, again=start != last)) as stream:
                        for rows, bad, seen in stream:
                            start = start if seen is None else seen
                            last = values.later(last, seen)
                            failures = 0
                            yield Batch(rows=rows, bad=bad, cursor=values.written_cursor(last, self.name))
                except SQLAlchemyError as why:
                    failures += 1
                    if self._source.cursor is None or failures > ATTEMPTS or not _is_lost(why, again=failures > 1):
                        raise self._refused(why) from None
                    self._sleep(2.0 ** (failures - 1))
                else:
                    return

    def sample(self, rows: int) -> Batch:
        """The first rows of the table or query."""
        with self._engine() as engine:
            try:
                with engine.connect() as connection:
                    source, names = self._selected(connection)
                    found = connection.execute(sa.select(source).limit(rows)).fetchall()
            except SQLAlchemyError as why:
                raise self._refused(why) from None
        table, bad = self._rows(names, found, 0)
        return Batch(rows=table, bad=bad, cursor=None)

    @contextmanager
    def _engine(self) -> Iterator[sa.Engine]:
        """An engine whose connections read only."""
        url, backend = self._url, self._url.get_backend_name()
        if backend == "sqlite":
            path = self._folder / (url.database or "")
            if not path.is_file():
                raise SourceError(f"channel {self.name!r}: there is no database file {path}; mend url")
            url = url.set(database=f"file:{quote(str(path.absolute()))}", query={"mode": "ro", "uri": "true"})
        timeout = {} if backend == "sqlite" else {"connect_timeout": CONNECT_TIMEOUT_S}
        engine = sa.create_engine(url, poolclass=sa.NullPool, connect_args=timeout)
        if backend == "sqlite":
            # A value that is not of the encoding must not stop the rows around it: see `_rows`.
            decode = partial(str, encoding=self._source.encoding, errors="surrogateescape")
            sa.event.listen(engine, "connect", lambda connection, _: setattr(connection, "text_factory", decode))
        elif backend in {"mysql", "mariadb"}:
            sa.event.listen(engine, "connect", _forbid_writing)
        elif url.get_driver_name() == "psycopg":
            sa.event.listen(engine, "connect", _keep_digits)
            sa.event.listen(engine, "connect", _allow_infinity)
        try:
            yield engine.execution_options(postgresql_readonly=True) if backend == "postgresql" else engine
        finally:
            engine.dispose()

    def _stream(self, engine: sa.Engine, start: object, *, again: bool) -> Generator[_Part]:
        """Batches of rows, each with the last cursor value in it."""
        cursor = self._source.cursor
        with engine.connect() as connection:
            source, names = self._selected(connection)
            statement = sa.select(source)
            if cursor is not None:
                column = source.c[cursor]
                only, filled = self._cursor_is(connection)
                statement = statement.order_by(column)
                if start is not None:
                    behind = column > start if only and not again else column >= start
                    statement = statement.where(behind if filled else sa.or_(behind, column.is_(None)))
            options = {"yield_per": self._source.batch_rows, "stream_results": True}
            with connection.execute(statement, execution_options=options) as result:
                count = 0
                for rows in result.partitions():
                    seen = None
                    if cursor is not None:
                        at = names.index(cursor)
                        seen = next((row[at] for row in reversed(rows) if row[at] is not None), None)
                    yield *self._rows(names, rows, count), seen
                    count += len(rows)

    def _selected(self, connection: sa.Connection) -> tuple[sa.FromClause, list[str]]:
        """What is read, and the names of its columns."""
        if self._source.table is not None:
            source: Any = _table(self._source.table)
            self._require_table(connection, source)
        else:
            source = sa.text(_escaped(self._source.query or "")).columns().subquery("read")
        nothing = sa.select(sa.text("*")).select_from(source).where(sa.false())
        names = list(connection.execute(nothing).keys())
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise SourceError(f"channel {self.name!r}: column {twice[0]!r} comes twice; give one another name by AS")
        if self._source.cursor is not None and self._source.cursor not in names:
            has = ", ".join(names)
            raise SourceError(f"channel {self.name!r}: cursor column {self._source.cursor!r} is not there (has: {has})")
        # The columns carry no type on purpose: values come as the driver gives them, so a time that SQLite keeps as
        # text is compared as the text it is, and nothing is rounded on the way.
        columns: list[Any] = [sa.column(name) for name in names]
        if self._source.table is not None:
            return sa.table(source.name, *columns, schema=source.schema), names
        return sa.text(_escaped(self._source.query or "")).columns(*columns).subquery("read"), names

    def _require_table(self, connection: sa.Connection, table: sa.TableClause) -> None:
        inspector = sa.inspect(connection)
        if not inspector.has_table(table.name, schema=table.schema):
            has = sorted([*inspector.get_table_names(table.schema), *inspector.get_view_names(table.schema)])
            shown = ", ".join(has[:20]) or "no table at all"
            raise SourceError(
                f"channel {self.name!r}: table {self._source.table!r} is not in the database (has: {shown})"
            )

    def _cursor_is(self, connection: sa.Connection) -> tuple[bool, bool]:
        """Whether the cursor column is unique, and whether every row has it."""
        if self._source.table is None:
            return False, False
        table, inspector = _table(self._source.table), sa.inspect(connection)
        alone = [self._source.cursor]
        key = inspector.get_pk_constraint(table.name, schema=table.schema)["constrained_columns"]
        unique = [found["column_names"] for found in inspector.get_unique_constraints(table.name, schema=table.schema)]
        return key == alone or alone in unique, key == alone

    def _rows(self, names: list[str], rows: Sequence[sa.Row[Any]], before: int) -> tuple[pa.Table, tuple[BadRow, ...]]:
        """The rows as text, and those that hold bytes that are not of the encoding."""
        positions = self._positions(names, rows, before)
        found = list(zip(*rows, strict=True)) or [()] * len(names)
        columns: dict[str, pa.Array] = {}
        try:
            for name, column in zip(names, found, strict=True):
                columns.update(values.columns(name, column))
        except UnicodeEncodeError:
            records = [
                {name: None if value is None else values.text(value) for name, value in zip(names, row, strict=True)}
                for row in rows
            ]
            table, bad = flatten.table(records, positions)
            encoding = self._source.encoding
            reason = Reason(
                zh=f"该行含有不是 {encoding} 编码的文本；如果全部是另一种编码，请设置 encoding",
                en=f"the row holds text that is not {encoding}; set encoding if all of it is in another",
            )
            return table, tuple(replace(row, reason=reason) for row in bad)
        return flatten.positioned(columns, pa.array(positions, pa.string())), ()

    def _positions(self, names: list[str], rows: Sequence[sa.Row[Any]], before: int) -> list[str]:
        where = self._source.table or "query"
        if self._source.cursor is None:
            return [f"{where}: row {number}" for number in range(before + 1, before + len(rows) + 1)]
        at = names.index(self._source.cursor)
        return [f"{where}: {self._source.cursor} {row[at]}" for row in rows]

    def _refused(self, why: SQLAlchemyError) -> SourceError:
        # What stands behind the ? may be a password, too.
        url = self._url.set(query={}).render_as_string(hide_password=True)
        told = str(why.orig if isinstance(why, DBAPIError) else why).splitlines()[0]
        is_asked = (
            isinstance(why, sa.exc.StatementError) and why.statement is not None and not _is_lost(why, again=False)
        )
        way_out = "table or query, cursor, and whether the user may read them" if is_asked else "url, user and password"
        return SourceError(f"channel {self.name!r}: {url} cannot be read ({told}); check {way_out}")


def _url(channel: str, written: str, secret: str | None) -> sa.URL:
    """The address with its driver and password."""
    try:
        url = make_url(written)
        url = url.set(drivername=_DRIVERS.get(url.drivername, url.drivername))
        url.get_dialect()
    except (ArgumentError, NoSuchModuleError):
        raise SettingsError(
            f"channel {channel!r}: the url is none of a database; write it like mariadb://user@host/name"
        ) from None
    if secret is not None:
        url = url.set(password=secret)
    if url.get_backend_name() == "sqlite" and url.database in {None, "", ":memory:"}:
        raise SettingsError(f"channel {channel!r}: name the file: sqlite:///calls.db")
    return url


def _forbid_writing(connection: Any, _: object) -> None:
    with closing(connection.cursor()) as cursor:
        cursor.execute("SET SESSION TRANSACTION READ ONLY")


def _keep_digits(connection: Any, _: object) -> None:
    """Have numbers within JSON columns of PostgreSQL read as the text they are."""
    from psycopg.types.json import set_json_loads  # noqa: PLC0415  (most channels are no PostgreSQL)

    set_json_loads(flatten.parse, connection)


def _allow_infinity(connection: Any, _: object) -> None:
    """Have times of PostgreSQL that Python knows none for, as `infinity`, read as none, not end the load."""
    from psycopg import DataError  # noqa: PLC0415  (most channels are no PostgreSQL)
    from psycopg.types import datetime as loaders  # noqa: PLC0415

    for kind, usual in (
        ("date", loaders.DateLoader),
        ("timestamp", loaders.TimestampLoader),
        ("timestamptz", loaders.TimestamptzLoader),
    ):

        class Loader(usual):  # type: ignore[valid-type, misc]  # One class for each of the three.
            def load(self, data: Any) -> Any:
                try:
                    return super().load(data)
                except DataError:
                    return None

        connection.adapters.register_loader(kind, Loader)


def _table(written: str) -> sa.TableClause:
    schema, _, name = written.rpartition(".")
    return sa.table(name, schema=schema or None)


def _escaped(query: str) -> str:
    r"""A query in which no `:name` is taken for a parameter, without the semicolon at its end.

    It ends its line, as a comment in it would go on over what is written behind it.

    >>> _escaped("select '10:30' as at, x::text from t;")
    "select '10\\:30' as at, x::text from t\n"
    """
    return re.sub(r"(?<!:):(?=\w)", r"\:", query.strip().removesuffix(";")) + "\n"


def _is_lost(why: SQLAlchemyError, *, again: bool) -> bool:
    """Whether trying again may help: the connection broke, or the server is not up again yet."""
    return isinstance(why, DBAPIError) and (
        why.connection_invalidated or (again and isinstance(why, sa.exc.OperationalError))
    )
