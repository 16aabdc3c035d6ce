"""Connections at hand: a few that glances use again, as taking one from the pool costs more than a short question."""

import time
from dataclasses import dataclass, field

import sqlalchemy as sa

from kehu.store.sealing.vault import Vault

MOST = 4
"""So many connections are kept; the others are given back to the pool."""

IDLE_S = 1.0
"""A connection that lay idle for longer is asked whether its server still answers before it is used."""


@dataclass
class AtHand:
    """Connections that nobody uses at the moment; any thread may take one."""

    _lying: list[tuple[sa.Connection, Vault | None, float]] = field(default_factory=list)
    """Each with the vault it was opened for, and since when it lies here."""
    _is_closed: bool = False

    def take(self, vault: Vault | None) -> sa.Connection | None:
        """The connection laid down last that was opened for this vault and whose server answers, if there is one."""
        while self._lying:
            try:
                tx, opened_for, since = self._lying.pop()
            except IndexError:  # Another thread was faster.
                break
            if opened_for is vault and (time.monotonic() - since < IDLE_S or _answers(tx)):
                return tx
            tx.close()
        return None

    def lay_down(self, tx: sa.Connection, vault: Vault | None) -> None:
        """Keep a connection that was used, or give it back."""
        if self._is_closed:
            _end(tx)
        elif len(self._lying) >= MOST:
            tx.close()
        else:
            # What was found out by one is not kept for the next: it may hold personal values, and be true no longer.
            tx.get_execution_options()["once"].clear()
            self._lying.append((tx, vault, time.monotonic()))

    def close(self) -> None:
        """End all of them, and keep none from now on."""
        self._is_closed = True
        while self._lying:
            _end(self._lying.pop()[0])


def _end(tx: sa.Connection) -> None:
    """End a connection whose pool may be gone already: nobody would end what is given back."""
    tx.detach()
    tx.close()


def _answers(tx: sa.Connection) -> bool:
    """Whether its server still answers; a connection on which it does not is thrown away."""
    try:
        opened = tx.connection.dbapi_connection
        assert opened is not None, "who lies here is open"
        tx.dialect.do_ping(opened)
    except tx.dialect.loaded_dbapi.Error:
        tx.invalidate()
        return False
    return True
