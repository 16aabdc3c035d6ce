"""Every error kehu raises, one tree.

    KehuError
    ├── SettingsError        kehu.toml, a flag or the environment is wrong: exit code 2
    ├── SourceError          a channel, file or host cannot be read: exit code 1
    │   └── UnreadableError  a document in a drop folder cannot be read: its reason is kept, in zh and en
    ├── TableShapeError      a table lacks a column or has another type than its contract says
    ├── ModelError           a model file cannot be read or does not fit
    ├── TooManyError         somebody asks too often
    └── StoreError           the store refuses: wrong schema, unsafe settings, lost connection
        ├── UncountedError   figures were never counted, and counting them takes too long for whoever asks
        ├── UnstorableError  a text is too long, or holds what not every database keeps
        ├── NotFoundError    what was asked for is not there
        └── ConflictError    somebody else changed it first, or a rule forbids it

A bad row is no error: it goes to quarantine with its reasons. The message of an error names the thing and the
way out; it never holds a certificate number or a phone.
"""

import math
from datetime import timedelta


class KehuError(Exception):
    """Anything kehu refuses to do; the message says what to do about it."""

    exit_code = 1


class SettingsError(KehuError):
    """The settings, the flags or the environment are wrong."""

    exit_code = 2


class SourceError(KehuError):
    """A channel, a file or a host cannot be read."""


class UnreadableError(SourceError):
    """A document cannot be read: where others are read on, it becomes a bad row, whose reason speaks zh and en."""

    def __init__(self, told: str, *, zh: str) -> None:
        self.zh = zh
        """The same in zh; what a library said of it, in English only, is left out."""
        super().__init__(told)


class TableShapeError(KehuError):
    """A table lacks a column or has another type than its contract says."""


class ModelError(KehuError):
    """A model file cannot be read, or does not fit these comparisons."""


class TooManyError(KehuError):
    """Somebody asks too often."""

    def __init__(self, told: str, *, wait: timedelta) -> None:
        self.wait_s = max(1, math.ceil(wait.total_seconds()))
        """After so many seconds the next request may come."""
        super().__init__(f"{told}; the next may come in {self.wait_s} s")


class StoreError(KehuError):
    """The store refuses."""


class UncountedError(StoreError):
    """Figures were never counted, and counting them takes too long for whoever asks."""


class UnstorableError(StoreError):
    """A text is too long for its column, or holds what not every database keeps."""


class NotFoundError(StoreError):
    """What was asked for is not in the store."""


class ConflictError(StoreError):
    """Somebody else changed it first, or a rule forbids the change."""
