"""Ahead: what is asked whoever arrives, so that a server is asked it at once: it is sooner answered than reached."""

from collections.abc import Iterable
from datetime import datetime

from kehu.flows.intake.judged import Judged
from kehu.store import decisions, facts, fingerprints, loads, records, sequence
from kehu.store.asking import Put
from kehu.store.privacy import tombstones


def questions(judged: Iterable[tuple[tuple[str, str | None], Judged]], *, at: datetime) -> list[Put]:
    """The locks that keep the answers true, in the order in which all take them, and what is asked behind each.

    Args:
        judged: The channel and whoever pushes to it, and what arrives.
        at: Now.
    """
    keys: dict[str, list[str]] = {}
    whose = []
    for sheaf, one in judged:
        channel, _ = sheaf
        whose.append(sheaf)
        # What a second one pushes to a channel may be other versions of what the first one does.
        keys[channel] = [] if channel in keys else one.clean["record_id"].to_pylist()
    return [
        sequence.question("customer"),
        tombstones.QUESTION,
        facts.question(facts.MODEL),
        decisions.QUESTION,
        *loads.questions_of_day(whose, at=at),
        fingerprints.question(),
        *records.questions_of_few(keys),
    ]
