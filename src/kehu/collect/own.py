"""Channels of your own: classes of other packages, each with a table of settings as it wants it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol

from pydantic import BaseModel

from kehu.collect.channel import Channel
from kehu.errors import SettingsError
from kehu.model import plugged

GROUP = "kehu.channels"
"""The entry points by which channels are found; the name of one stands in `type`."""


class ChannelClass(Protocol):
    """What such a class is like; its objects follow `channel.Channel`."""

    Settings: ClassVar[type[BaseModel]]
    """The settings of `[channels.NAME]` beside those of every channel."""

    def __call__(self, name: str, settings: BaseModel, *, folder: Path, secret: Callable[[str], str]) -> Channel:
        """A channel of this name; paths start in `folder`, and `secret` reads a variable of the environment."""


@dataclass(frozen=True, kw_only=True)
class OwnSource:
    """A channel of another package, as `kehu.toml` describes it."""

    made_by: ChannelClass
    settings: BaseModel

    @property
    def is_sparse(self) -> bool:
        """Whether its rows leave out what is empty; the class says so by `sparse = True`."""
        return bool(getattr(self.made_by, "sparse", False))


def find(name: str) -> ChannelClass | None:
    """The class that an installed package has for this type of channel; None where none has.

    Raises:
        SettingsError: It cannot be imported, or has no settings.
    """
    if name not in plugged.names(GROUP):
        return None
    made_by = plugged.load(GROUP, name)
    settings = getattr(made_by, "Settings", None)
    if not (isinstance(settings, type) and issubclass(settings, BaseModel)):
        raise SettingsError(f"channel type {name!r}: {made_by!r} has no class Settings, a pydantic model")
    return made_by  # type: ignore[no-any-return]  # whatever the package has there
