"""Who acts for a person's rights, when and why; and what the audit trail tells of it."""

from dataclasses import dataclass
from datetime import datetime

from kehu.errors import SettingsError, StoreError
from kehu.store.audit import trail
from kehu.store.audit.trail import Act
from kehu.store.database import Database
from kehu.store.sealing.vault import Vault

SHORTEST_REASON = 4
"""So many characters say why, at the least: 核实身份."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Who acts, when and why."""

    who: str
    """A login, the name of a key, or `cli:USER`."""
    at: datetime
    why: str
    """The reason, or how the person was known; it is sealed."""
    whence: str | None = None
    """From where: an address, or None for the command line."""

    def entry(self, act: Act, customer_id: int, **detail: int | str | bool) -> trail.Entry:
        """What the trail tells of it."""
        what = f"customer {customer_id}"
        return trail.Entry(
            at=self.at, who=self.who, act=act, what=what, whence=self.whence, why=self.why, detail=detail
        )


def require_reason(asked: Asked, *, of: str) -> None:
    """Refuse what nobody gave a reason for.

    Raises:
        SettingsError: There is none.
    """
    if len(asked.why.strip()) < SHORTEST_REASON:
        raise SettingsError(
            f"{of} needs a reason of {SHORTEST_REASON} characters or more: it stands in the audit trail"
        )


def keys(database: Database) -> Vault:
    """The keys of the store: nothing here is done unnoted, and notes are sealed."""
    if database.vault is None:
        raise StoreError(
            f"store {database.name}: this is noted in the audit trail, and the keys of the store are missing"
        )
    return database.vault
