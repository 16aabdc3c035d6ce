"""Column types that mean the same on SQLite, MariaDB, MySQL and PostgreSQL.

Texts are compared by their bytes everywhere: `ABC` is not `abc` and `x ` is not `x`, and order is the order of code
points, so an index serves a prefix on every database and pages come in one order. Times are UTC with microseconds.
"""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

from kehu.errors import UnstorableError
from kehu.store.sealing.vault import sealed_length

MYSQL_FAMILY = ("mysql", "mariadb")


def _collation(dialect: Dialect) -> str:
    """The collation of the MySQL family that compares bytes and does not pad blanks; the two name it differently."""
    return "utf8mb4_nopad_bin" if getattr(dialect, "is_mariadb", False) else "utf8mb4_0900_bin"


class _Text(TypeDecorator[str]):
    """A text that every database keeps as it is."""

    impl = sa.String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Refuse NUL characters, which PostgreSQL does not take; what `bulk` stores is looked at there."""
        if value is not None and "\0" in value:
            raise UnstorableError("a text holds a NUL character: take it out")
        return value


class Word(_Text):
    """A text of bounded length, compared by its bytes."""

    impl = sa.String
    cache_ok = True

    def __init__(self, length: int) -> None:
        super().__init__(length)
        self.length = length

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The text type of this database."""
        if dialect.name in MYSQL_FAMILY:
            return mysql.VARCHAR(self.length, charset="utf8mb4", collation=_collation(dialect))
        if dialect.name == "postgresql":
            return postgresql.VARCHAR(self.length, collation="C")
        return sa.String(self.length)


class Writing(_Text):
    """A text of any length (up to 16 MB), never searched: JSON, a raw row."""

    impl = sa.Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The long text type of this database."""
        if dialect.name in MYSQL_FAMILY:
            return mysql.MEDIUMTEXT(charset="utf8mb4", collation=_collation(dialect))
        return sa.Text()


class _Closed:
    """Keeps sealed columns out of plain statements: only `bulk` and `sealed.rows` take them through the vault."""

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Refuse to store what is not sealed."""
        if value is not None:
            raise TypeError("a sealed column is written by store.bulk only")
        return value

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Refuse to hand out what is sealed."""
        if value is not None:
            raise TypeError("a sealed column is read by store.bulk or store.sealed.rows only")
        return value


class Sealed(_Closed, Word):
    """A text of bounded length that stands sealed in the database; `characters` is what it holds when it is open."""

    cache_ok = True

    def __init__(self, characters: int) -> None:
        super().__init__(sealed_length(characters))
        self.characters = characters

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The text type of this database; SQLite's keeps texts of any length, so there none has to be widened."""
        return sa.String(self.characters) if dialect.name == "sqlite" else super().load_dialect_impl(dialect)


class SealedWriting(_Closed, Writing):
    """A text of any length that stands sealed in the database."""

    cache_ok = True


class Instant(TypeDecorator[datetime]):
    """A point in time: aware in Python, UTC with microseconds in the database."""

    impl = sa.DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The time type of this database."""
        if dialect.name in MYSQL_FAMILY:
            return mysql.DATETIME(fsp=6)
        if dialect.name == "postgresql":
            return postgresql.TIMESTAMP(timezone=True)
        return sa.DateTime()

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Take any aware time to UTC; a naive one is a mistake of ours."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without a zone cannot be stored: {value}")
        utc = value.astimezone(UTC)
        return utc if dialect.name == "postgresql" else utc.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Give the time back as UTC."""
        if value is None:
            return None
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


class Digest(TypeDecorator[bytes]):
    """A hash of fixed length, compared by its bytes."""

    impl = sa.LargeBinary
    cache_ok = True

    def __init__(self, length: int) -> None:
        super().__init__(length)
        self.length = length

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The binary type of this database."""
        if dialect.name in MYSQL_FAMILY:
            return mysql.BINARY(self.length)
        return sa.LargeBinary(self.length)


class Real(TypeDecorator[float]):
    """A double: MariaDB's FLOAT would keep 24 bits only."""

    impl = sa.Double
    cache_ok = True
