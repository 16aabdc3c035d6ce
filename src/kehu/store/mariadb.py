"""Statements handed to MariaDB and MySQL over the connection of their driver, and their answers read from it at once.

Their driver makes an object of each packet, of each column and of each value, several times what the server takes for
a short question. Here several statements travel as one text: questions together, and in a transaction what only changes
rows waits for the next question. A server stops at the first statement that it refuses. Connections are opened and
transactions are ended by the driver.
"""

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple, TypeAlias

import pymysql
import sqlalchemy as sa
from pymysql import converters
from pymysql.connections import TEXT_TYPES
from pymysql.constants import CLIENT, COMMAND, SERVER_STATUS
from pymysql.protocol import MysqlPacket

from kehu.store import unsent
from kehu.store.packets import AT_ONCE, ERROR, HEAD, LAST, LENGTHS, LONGEST, NULL
from kehu.store.wire import Answer

LETTERS = 2**20
"""Statements, and rows of one, travel together up to so many letters: a server refuses a text of 16 MB."""

IN_BYTES = 63
"""The character set of what is no text."""

OPEN = SERVER_STATUS.SERVER_STATUS_IN_TRANS
"""Stands in the status of a connection in which a transaction is open, or may be: whoever is about to ask notes it, and
only the server's own word takes it back."""

MORE = 0x0008
"""Stands in the status behind an answer that another one follows."""

Values: TypeAlias = Sequence[object] | Mapping[str, object]
"""In the order of the statement, or by name."""

Reader: TypeAlias = Callable[[bytes], Any]
"""Makes a value of what the server writes."""


def take_over(engine: sa.Engine) -> None:
    """Let the connections of an engine take several statements in one text, and end what may be open when given back.

    The pool itself would have the server roll back each time: once more to be reached, behind every COMMIT.
    """

    @sa.event.listens_for(engine, "do_connect")
    def ask(_: object, __: object, ___: object, told: dict[str, Any]) -> None:
        told["client_flag"] = told.get("client_flag", 0) | CLIENT.MULTI_STATEMENTS

    @sa.event.listens_for(engine, "reset")
    def end(driver: Any, *_: object) -> None:
        if driver.server_status & OPEN:
            driver.rollback()  # On a connection that is lost it raises, and the pool throws that away.


def rows(tx: sa.Connection, text: str, values: Values) -> Answer:
    """The answer to a question.

    Args:
        tx: A transaction of MariaDB or MySQL.
        text: A question in the words of the driver.
        values: The values.
    """
    told = _told(tx, _worded(_driver(tx), text, values))
    return told.rows, told.types


def done(tx: sa.Connection, text: str, values: Values) -> int:
    """How many rows a change found."""
    return _told(tx, _worded(_driver(tx), text, values)).found


def later(tx: sa.Connection, text: str, several: Sequence[Sequence[object]]) -> None:
    """Run a statement for each of some rows of values, before anything else is done in the transaction or it ends.

    They travel with the next question: nobody waits for what a change found.
    """
    driver, once = _driver(tx), tx.get_execution_options().get("once")
    worded = _of_each(driver, text, several)
    if once is None or driver.get_autocommit():
        for one in worded:
            _told(tx, one)
        return
    left = unsent.wait(tx, worded)
    if len(left) >= unsent.WAITING or sum(map(len, left)) >= LETTERS:
        send(tx)


def send(tx: sa.Connection) -> None:
    """Let what was left for later be done now, before the driver asks or ends something itself."""
    _together(tx, unsent.taken(tx))


def several(tx: sa.Connection, questions: Sequence[tuple[str, Sequence[object]]]) -> list[Answer | None]:
    """The answers to several questions that travel to the server together, and their answers back.

    Args:
        tx: A look, or a transaction.
        questions: The text of each, and its values.

    Returns:
        None for each where one of a look is refused: they are to be asked alone.
    """
    if not questions:
        return []
    driver = _driver(tx)
    sent = [*unsent.taken(tx), *(_worded(driver, *one) for one in questions)]
    try:
        return [(one.rows, one.types) for one in _together(tx, sent)[-len(questions) :]]
    except pymysql.err.MySQLError:
        if not driver.get_autocommit():
            raise
    return [None] * len(questions)


class _Told(NamedTuple):
    """What the server says to a statement."""

    found: int
    """Rows that a change found."""
    rows: list[tuple[Any, ...]]
    types: list[int]
    """Of each column."""


def _driver(tx: sa.Connection) -> Any:
    return tx.connection.driver_connection


def _told(tx: sa.Connection, worded: str) -> _Told:
    return _together(tx, [*unsent.taken(tx), worded])[-1]


def _worded(driver: Any, text: str, values: Values) -> str:
    """A statement with its values, as the driver writes them."""
    if isinstance(values, Mapping):
        return text % {name: _written(driver, value) for name, value in values.items()}
    return text % tuple([_written(driver, value) for value in values])


def _written(driver: Any, value: object) -> str:
    if value is None:
        return "NULL"
    return str(value) if type(value) is int else str(driver.escape(value))


def _of_each(driver: Any, text: str, several: Sequence[Sequence[object]]) -> list[str]:
    """A statement for each row of values; where they are rows to insert, one for many of them."""
    head, values, marks = text.partition(" VALUES ")
    if len(several) == 1 or not values:
        return [_worded(driver, text, row) for row in several]
    rows = [_worded(driver, marks, row) for row in several]
    return [f"{head % ()}{values}{', '.join(some)}" for some in _pieces(rows)]


def _pieces(texts: Sequence[str]) -> Iterator[list[str]]:
    """The texts in their order, as many together as may travel so, one at least."""
    piece: list[str] = []
    letters = 0
    for text in texts:
        if piece and letters + len(text) > LETTERS:
            yield piece
            piece, letters = [], 0
        piece.append(text)
        letters += len(text)
    if piece:
        yield piece


def _together(tx: sa.Connection, statements: Sequence[str]) -> list[_Told]:
    """What the server says to statements that travel together."""
    driver = _driver(tx)
    driver.server_status |= OPEN
    told: list[_Told] = []
    try:
        for piece in _pieces(statements):
            driver._execute_command(COMMAND.COM_QUERY, "; ".join(piece).encode(driver.encoding))  # noqa: SLF001
            told += _answers(driver)
    except pymysql.err.MySQLError:
        raise  # The server's own word is the last one of its answer, and who lost the connection has closed it.
    except BaseException:
        # Nobody may be given what the connection has still to say.
        tx.invalidate()
        raise
    return told


def _answers(driver: Any) -> Iterator[_Told]:
    packets = _Packets(driver)
    first, status = packets.first(), MORE
    while status & MORE:
        told, status = _answer(driver, first, packets)
        yield told
        if status & MORE:
            first = packets.next()
    driver.server_status = status


def _answer(driver: Any, first: bytes, packets: "_Packets") -> tuple[_Told, int]:
    """What the server says to one statement, and the status behind it."""
    if first[0] == 0:
        found, at = _number(first, 1)
        _, at = _number(first, at)
        return _Told(found, [], []), first[at] | first[at + 1] << 8
    columns = [packets.next() for _ in range(_number(first, 0)[0])]
    packets.next()  # Behind the columns stands that it was all.
    # The last twelve bytes of a column tell its character set, length, type, flags and decimals, and two say nothing.
    types = [column[-6] for column in columns]
    readers = [
        _reader(kind, driver.decoders.get(kind), is_text=column[-12] != IN_BYTES or column[-11] != 0)
        for kind, column in zip(types, columns, strict=True)
    ]
    rows: list[tuple[Any, ...]] = []
    while True:
        row = packets.next()
        if row[0] == LAST and len(row) < 2 * HEAD + 1:
            return _Told(len(rows), rows, types), row[3] | row[4] << 8
        rows.append(_values(row, readers))


def _values(row: bytes, readers: Sequence[Reader]) -> tuple[Any, ...]:
    values: list[Any] = []
    at = 0
    for read in readers:
        if row[at] == NULL:
            values.append(None)
            at += 1
            continue
        size, at = _number(row, at)
        values.append(read(row[at : at + size]))
        at += size
    return tuple(values)


def _number(packet: bytes, at: int) -> tuple[int, int]:
    """A number at a place, and where it ends."""
    number = packet[at]
    if number < NULL:
        return number, at + 1
    end = at + 1 + LENGTHS[number]
    return int.from_bytes(packet[at + 1 : end], "little"), end


@functools.lru_cache(maxsize=256)
def _reader(kind: int, convert: Callable[[str], Any] | None, *, is_text: bool) -> Reader:
    """How the driver reads values of this type, `convert` being what it makes of what is written."""
    if kind in TEXT_TYPES and not is_text:
        return bytes
    if convert is None or convert is converters.through:
        return bytes.decode
    if convert in {int, float}:
        return convert  # Both read bytes as well.
    return lambda told: convert(told.decode())


class _Packets:
    """The packets of an answer, one after the other."""

    def __init__(self, driver: Any) -> None:
        self._driver = driver
        self._held, self._at = b"", 0

    def first(self) -> bytes:
        """The first one, which the driver reads: it knows how long to wait."""
        packet = self._driver._read_packet()  # noqa: SLF001
        return bytes(packet.get_all_data())

    def next(self) -> bytes:
        """The next one.

        Raises:
            pymysql.err.MySQLError: It tells why the server refuses a statement, or the connection is lost.
        """
        packet = part = self._part()
        while len(part) == LONGEST:
            part = self._part()
            packet += part
        if packet[0] == ERROR:
            MysqlPacket(packet, self._driver.encoding).raise_for_error()
        return packet

    def _part(self) -> bytes:
        """A packet as it comes; one that is longer than a packet may be comes in several."""
        while True:
            held, begin = self._held, self._at + HEAD
            length = int.from_bytes(held[self._at : begin - 1], "little")
            if len(held) >= begin and len(held) >= begin + length:
                self._at = begin + length
                return held[begin : self._at]
            self._held, self._at = held[self._at :] + self._more(), 0

    def _more(self) -> bytes:
        with suppress(OSError):
            if more := self._driver._rfile.read1(AT_ONCE):  # noqa: SLF001
                return bytes(more)
        return bytes(self._driver._read_bytes(1))  # noqa: SLF001 - tells that the connection is lost
