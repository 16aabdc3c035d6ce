"""kehu (客户) turns the customer records of every channel into one trusted customer, and serves it."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kehu.notebook import Held

__version__ = "0.1.0"


def open(config: str | Path | None = None, *, reason: str | None = None) -> "Held":
    """What the store of a project holds, as Arrow tables; read only.

    Args:
        config: `kehu.toml`, or its folder; None looks in the current folder, as `kehu` does.
        reason: Why personal values are needed in clear; the audit trail keeps it. None: they are masked.

    Raises:
        SettingsError: The settings are wrong.
        StoreError: The store cannot be opened, or cannot be trusted.
    """
    # Whoever imports kehu for its version alone shall not wait for all of it.
    from kehu.notebook import Held  # noqa: PLC0415

    return Held(None if config is None else Path(config), reason=reason)
