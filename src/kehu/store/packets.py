"""Rows as MariaDB and MySQL send them: packets, which are taken apart into whole columns.

Their driver makes an object of each packet and another of each value, several times the work of the rest. A packet is
a row: how long it is, its number, then each value behind its length. One walk along the packets tells where the rows
begin, and from there numpy finds a column of all of them at once.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from kehu.errors import StoreError
from kehu.store import wire

AT_ONCE = 2**20
"""So many bytes are asked of the connection."""

BLOCK_BYTES = 8 * 2**20
"""Rows are taken apart once so many bytes of them are there."""

HEAD = 4
"""Bytes of a packet's length and number."""

LONGEST = 0xFFFFFF
"""A packet of this length holds a part of its row only."""

LAST, ERROR = 0xFE, 0xFF
"""How a packet begins that no row follows; a row that begins so is longer than any."""

NULL = 0xFB
"""Stands where a value would tell its length, as do the marks of lengths that take more than one byte."""

LENGTHS = {0xFC: 2, 0xFD: 3, 0xFE: 8}
"""The bytes that a length takes, by its mark."""


def batches(cursor: Any, kinds: Sequence[pa.DataType]) -> Iterator[list[pa.Array]]:
    """The rows that an unbuffered cursor has not read yet, some MB at a time, in columns of these types."""
    blocks = _blocks(cursor._result)  # noqa: SLF001 - the driver itself hands out rows only
    try:
        for block, starts in blocks:
            yield _columns(block, np.array(starts), kinds)
    finally:
        for _ in blocks:  # Nothing else can be asked until the last row is read.
            pass


def _blocks(answer: Any) -> Iterator[tuple[bytes, list[int]]]:
    """Whole rows, and where each of them begins."""
    held, size, starts, at, is_over = bytearray(), 0, list[int](), 0, not answer.unbuffered_active
    connection = answer.connection
    while not is_over:
        with suppress(OSError):
            held += connection._rfile.read1(AT_ONCE)  # noqa: SLF001
        if len(held) == size:
            connection._read_bytes(1)  # noqa: SLF001 - tells that the connection is lost
        size = len(held)
        at, is_over = _walk(held, at, starts)
        if is_over:
            _end(answer, bytes(held[at + HEAD :]))
        if starts and (is_over or at >= BLOCK_BYTES):
            yield bytes(held[:at]), starts
            held, size, starts, at = held[at:], len(held) - at, [], 0


def _walk(held: bytearray, at: int, starts: list[int]) -> tuple[int, bool]:
    """Note where whole rows begin; returns where the packet behind them begins, and whether it is the last.

    Raises:
        StoreError: A row is longer than a packet.
    """
    size = len(held)
    while at + HEAD < size:
        length = held[at] | held[at + 1] << 8 | held[at + 2] << 16
        if length == LONGEST:
            raise StoreError("a row is longer than 16 MB")
        if at + HEAD + length > size:
            break
        first = held[at + HEAD]
        if first == ERROR or (first == LAST and length <= 8):
            return at, True
        starts.append(at + HEAD)
        at += HEAD + length
    return at, False


def _end(answer: Any, last: bytes) -> None:
    """Let the driver know that the answer was read, and what its last packet says."""
    from pymysql.protocol import MysqlPacket  # noqa: PLC0415 - loaded only where this driver is in use

    packet = MysqlPacket(last, answer.connection.encoding)
    answer.unbuffered_active, answer.connection = False, None
    packet.check_error()
    answer._check_packet_is_eof(packet)  # noqa: SLF001


def _columns(block: bytes, at: npt.NDArray[np.int64], kinds: Sequence[pa.DataType]) -> list[pa.Array]:
    """The columns of the rows that begin at these places."""
    letters = np.frombuffer(block, np.uint8)
    columns = []
    for kind in kinds:
        begin, end, is_null = _places(letters, at)
        # Every other value is what lies between two of this column.
        bounds = np.column_stack([begin, end]).astype(np.int32)
        told = pa.Array.from_buffers(
            pa.binary() if pa.types.is_fixed_size_binary(kind) else pa.string(),
            2 * len(at) - 1,
            [None, pa.py_buffer(bounds), pa.py_buffer(block)],
        )
        columns.append(_typed(told.take(pa.array(np.arange(0, 2 * len(at), 2), mask=is_null)), kind))
        at = end
    return columns


def _places(
    letters: npt.NDArray[np.uint8], at: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Where the values begin and end that tell their lengths at these places, and which of them are null."""
    mark = letters[at]
    begin, length, is_null = at + 1, mark.astype(np.int64), mark == NULL
    length[is_null] = 0
    for long, size in LENGTHS.items():
        if len(which := np.flatnonzero(mark == long)):
            length[which] = sum(letters[at[which] + 1 + byte].astype(np.int64) << 8 * byte for byte in range(size))
            begin[which] += size
    return begin, begin + length, is_null


def _typed(told: pa.Array, kind: pa.DataType) -> pa.Array:
    """Values as they are written, in the type we want."""
    if pa.types.is_timestamp(kind):
        return told.cast(pa.timestamp("us")).cast(kind)
    if pa.types.is_uint64(kind):
        return wire.unsigned(told.cast(pa.int64()))
    if pa.types.is_boolean(kind):
        return told.cast(pa.int8()).cast(kind)
    return told.cast(kind)
