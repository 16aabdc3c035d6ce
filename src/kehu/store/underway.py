"""Under way: the statements of a transaction that nobody waits for, until something else is asked in it or it ends."""

from typing import Any

import sqlalchemy as sa

MOST = 200
"""When so many statements are under way they are waited for, whatever follows."""


def add(tx: sa.Connection, count: int) -> None:
    """So many more were sent to the server, which has not answered them."""
    info = _info(tx)
    info["under way"] = info.get("under way", 0) + count


def count(tx: sa.Connection) -> int:
    """So many were sent, and are to be answered."""
    return int(_info(tx).get("under way", 0))


def taken(tx: sa.Connection) -> int:
    """The same; their answers are being read, and none is under way any longer."""
    return int(_info(tx).pop("under way", 0))


def _info(tx: sa.Connection) -> dict[Any, Any]:
    """What is known of the connection, be it of whatever transaction."""
    return tx.connection.info
