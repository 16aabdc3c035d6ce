"""Parts that other installed packages bring: found by the entry points they declare, loaded when they are named."""

from importlib.metadata import entry_points
from typing import Any

from kehu.errors import SettingsError


def names(group: str) -> list[str]:
    """What is installed of a group: `kehu.cleaners` or `kehu.channels`."""
    return sorted({point.name for point in entry_points(group=group)})


def installed(group: str) -> str:
    """The same, in words for a complaint."""
    return f"installed under the entry points {group}: {', '.join(names(group)) or 'none'}"


def load(group: str, name: str) -> Any:
    """What an entry point names.

    Raises:
        SettingsError: No installed package has it, or it cannot be imported.
    """
    found = [point for point in entry_points(group=group) if point.name == name]
    if not found:
        raise SettingsError(f"there is no {name!r} ({installed(group)})")
    try:
        return found[0].load()
    except (ImportError, AttributeError, SyntaxError) as why:
        raise SettingsError(f"{name!r} is installed as {found[0].value}, but cannot be imported: {why}") from why
