"""Ahead: what is asked whoever arrives, so that a server is asked it at once: it is sooner answered than reached."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TypeVar

from kehu.flows.intake.judged import Judged
from kehu.store import decisions, facts, fingerprints, loads, records, sequence
from kehu.store.asking import Put
from kehu.store.privacy import tombstones

Whose = TypeVar("Whose", bound=tuple[str, str | None])
"""A channel, and whoever pushes to it."""


def questions(judged: Mapping[Whose, Judged], *, at: datetime) -> Iterator[Put]:
    """The locks that keep the answers true, in the order in which all take them, and what is asked behind each.

    Args:
        judged: What arrives, by its channel and whoever pushes it.
        at: Now.
    """
    yield sequence.question("customer")
    yield tombstones.QUESTION
    yield facts.question(facts.MODEL)
    yield decisions.QUESTION
    yield from loads.questions_of_day(judged, at=at)
    yield fingerprints.question()
    keys: dict[str, list[str]] = {}
    for (channel, _), one in judged.items():
        # What a second one pushes to a channel may be other versions of what the first one does.
        keys[channel] = [] if channel in keys else one.clean["record_id"].to_pylist()
    yield from records.questions_of_few(keys)
