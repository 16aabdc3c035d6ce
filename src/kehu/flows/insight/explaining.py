"""Why two records are one customer or two: the evidence, the frequencies, the decisions and the verdict."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from kehu.errors import ConflictError, NotFoundError, SettingsError
from kehu.flows.identify import coding
from kehu.model import codes
from kehu.model.codes import Verdict
from kehu.model.links import KEYS, PAIRS
from kehu.model.records import CLEAN
from kehu.resolve import explain, keys
from kehu.resolve.coded import Records
from kehu.resolve.explain import Evidence, Frequency, Weighed
from kehu.resolve.model import Model
from kehu.store import customers, decisions, finding, links, records, views
from kehu.store import keys as stored
from kehu.store.database import Database, Transaction
from kehu.store.decisions import Kind

MOST_LINKS = 2_000
"""So many links of a customer are followed, the heaviest first."""


@dataclass(frozen=True, kw_only=True)
class Party:
    """One of the two records."""

    record: int
    channel: str
    record_id: str
    customer_id: int | None
    """The customer it belongs to; None while it waits."""


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """Why two records are one customer or two."""

    record_l: Party
    record_r: Party
    verdict: Verdict
    zh: str
    en: str
    weight: float
    """log2 odds that the two are one customer, by their own evidence alone; 0 is even."""
    link_from: float
    """From this weight a pair is joined."""
    review_from: float
    """From this weight a pair that is not joined is shown to a steward."""
    evidence: tuple[Evidence, ...]
    """What each comparison says; the weights add up."""
    frequencies: tuple[Frequency, ...]
    """How common the shared values are: what stands behind the last piece of evidence."""
    keys: tuple[str, ...]
    """The kinds of keys that the two share, and by which they were compared."""
    hot_keys: tuple[str, ...]
    """The kinds of those that too many records share: by them nobody was compared."""
    decision_id: int | None
    """The standing decision about the two."""
    path: tuple[int, ...]
    """The records through which they are one customer, both ends included; empty where they are not."""


def explanation(database: Database, left: int, right: int, *, model: Model, hot_key_limit: int) -> Explanation:
    """Why two records, by number, are one customer or two; a former version stands for the one in force.

    A phone or an e-mail address that is hot counts as not known, as it did when the two were weighed.

    Raises:
        NotFoundError: A record is not there.
        ConflictError: They are versions of one record.
    """
    with database.read() as tx:
        numbers = sorted({_current(tx, number) for number in (left, right)})
        if len(numbers) < 2:
            raise ConflictError(f"record {left} and record {right} are versions of one record: name two")
        rows = records.read(tx, pa.array(numbers, pa.int64()))
        both = Records(rows.select(CLEAN.names))
        limits = keys.limits(hot_key_limit=hot_key_limit)
        cold, hot = _shared(tx, both, limits)
        coding.silence(tx, both, limits)
        weighed = explain.pair(both, model)
        parties = [
            Party(**{name: row[name] for name in ("record", "channel", "record_id", "customer_id")})
            for row in rows.to_pylist()
        ]
        decided = _decided(tx, numbers)
        path = _path(tx, parties)
        refused = Verdict.CROWD if links.reason(tx, *numbers) == Verdict.CROWD else Verdict.GROUP
        verdict = _verdict(parties, weighed, decided, path, model, refused=refused if cold else Verdict.UNPAIRED)
    zh, en = codes.TEXTS[verdict]
    return Explanation(
        record_l=parties[0],
        record_r=parties[1],
        verdict=verdict,
        zh=zh,
        en=en,
        weight=round(weighed.weight, 2),
        link_from=model.link_from,
        review_from=model.review_from,
        evidence=weighed.evidence,
        frequencies=weighed.frequencies,
        keys=cold,
        hot_keys=hot,
        decision_id=decided["decision_id"] if decided else None,
        path=path,
    )


def number_of(database: Database, told: str) -> int:
    """The number of a record that is told as its number, or as `channel:key`.

    Raises:
        NotFoundError: There is none.
        SettingsError: It is neither.
    """
    if told.isascii() and told.isdigit():
        return int(told)
    channel, colon, key = told.partition(":")
    if not colon:
        raise SettingsError(f"{told!r} is neither the number of a record nor CHANNEL:KEY (like hall:H-2026-0451)")
    with database.read() as tx:
        held = customers.of_keys(tx, channel, pa.array([key], pa.string()))
    if not held.num_rows:
        raise NotFoundError(f"channel {channel!r} has no record {key!r}")
    return int(held.column("record")[0].as_py())


def _current(tx: Transaction, number: int) -> int:
    versions = records.versions(tx, number)
    return int(versions.filter(versions.column("current")).column("record")[0].as_py())


def _decided(tx: Transaction, numbers: list[int]) -> dict[str, Any] | None:
    standing = decisions.standing(tx, pa.array(numbers, pa.int64())).to_pylist()
    about = [one for one in standing if [one[side] for side in PAIRS.names] == numbers]
    return about[-1] if about else None


def _shared(tx: Transaction, both: Records, limits: Sequence[int]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The kinds of keys that two records share: of those by which they are compared, and of the hot ones."""
    named = explain.shared(both)
    held = finding.keys(tx, pa.table([list(named), [0] * len(named)], schema=KEYS)).column("key").combine_chunks()
    is_hot = pc.is_in(held, value_set=stored.hot(tx, held, limits=limits)).to_pylist()
    kinds: dict[bool, dict[str, None]] = {False: {}, True: {}}
    for names, hot in zip(named.values(), is_hot, strict=True):
        kinds[hot] |= dict.fromkeys(names)
    return tuple(kinds[False]), tuple(kinds[True])


def _verdict(
    parties: list[Party],
    weighed: Weighed,
    decided: Mapping[str, Any] | None,
    path: tuple[int, ...],
    model: Model,
    *,
    refused: Verdict,
) -> Verdict:
    left, right = (party.customer_id for party in parties)
    joined = weighed.weight >= model.link_from
    if left is None or right is None:
        return Verdict.WAITING
    if left == right:
        if decided and decided["kind"] == Kind.TOGETHER:
            return Verdict.TOGETHER
        return Verdict.JOINED if joined and len(path) <= 2 else Verdict.CHAINED
    if decided and decided["kind"] == Kind.APART:
        return Verdict.APART
    if weighed.certificates_differ:
        return Verdict.CERTIFICATE
    if joined:
        return refused
    return Verdict.DOUBTFUL if weighed.weight >= model.review_from else Verdict.TOO_LIGHT


def _path(tx: Transaction, parties: list[Party]) -> tuple[int, ...]:
    """The shortest way from one record to the other along links of their customer."""
    left, right = parties
    if left.customer_id is None or left.customer_id != right.customer_id:
        return ()
    near: dict[int, list[int]] = {}
    for link in views.links_of(tx, left.customer_id, inside=True, limit=MOST_LINKS):
        if link.state == links.State.LINKED:
            near.setdefault(link.record_l, []).append(link.record_r)
            near.setdefault(link.record_r, []).append(link.record_l)
    came_from: dict[int, int] = {left.record: left.record}
    queue = deque([left.record])
    while queue and right.record not in came_from:
        here = queue.popleft()
        for there in near.get(here, []):
            if there not in came_from:
                came_from[there] = here
                queue.append(there)
    if right.record not in came_from:
        return (left.record, right.record)
    path = [right.record]
    while path[-1] != left.record:
        path.append(came_from[path[-1]])
    return tuple(reversed(path))
