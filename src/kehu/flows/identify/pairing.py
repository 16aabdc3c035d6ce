"""Pairing in the store: whom waiting records must be compared with."""

import functools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from kehu.engine.engine import Engine
from kehu.flows import meanwhile
from kehu.flows.identify import coding
from kehu.flows.identify.coding import Read
from kehu.flows.intake.held import Held
from kehu.model import arrow
from kehu.model.links import KEYS, KIND, PAIRS
from kehu.model.records import CLEAN
from kehu.resolve import keys
from kehu.resolve.coded import Records
from kehu.store import finding, links, records
from kehu.store import keys as stored
from kehu.store.database import Transaction
from kehu.store.privacy import lawful


@dataclass(frozen=True, kw_only=True)
class Paired:
    """The pairs to compare."""

    pairs: pa.Table
    """`model.links.PAIRS`; one of the two records at least is paired anew."""
    anew: pa.Array
    """The records whose pairs were all made anew: the waiting ones, and those whose key became hot or ceased to be."""
    lost: pa.Array
    """Others who may lose by what went: they shared a key with it, or were decided about."""
    hot: pa.Table
    """The keys that too many records share (`store.keys.HOT`)."""
    others_wait: bool = False
    """Records that are not among these wait: they are left alone, and so is the version before, which has keys yet."""
    read: Read | None = None
    """The records of `anew`, where few were read for their keys."""

    @functools.cached_property
    def newborn(self) -> pa.Array:
        """Those of `anew` that are known to have had no customer, and no version before: nobody is linked to them."""
        if self.read is None:
            return self.anew.slice(0, 0)
        rows = self.read.table
        first = rows.column("version").to_numpy() == 1
        first &= arrow.numbers(rows.column("customer_id"), null=-1) < 0
        return arrow.where(rows.select(["record"]), first).column("record").combine_chunks()


def of_waiting(
    tx: Transaction,
    engine: Engine,
    waiting: pa.Array,
    *,
    limits: Sequence[int],
    held: Held | None = None,
    others_wait: bool = False,
) -> Paired:
    """Store the keys of waiting records, and pair each with all that share one.

    Whether a key is hot depends on how many records share it. Where that changes, in either direction, everybody who
    gains or loses by it is paired anew, so that the order in which records came leaves no trace.

    Where others wait, some of those who share a key may be versions that theirs have replaced: they count as long as
    they have their keys, and are paired with nobody.
    """
    rows = (held or Held()).given_up(tx, waiting, most=READ)
    rows = None if rows is None else coding.in_order(rows)
    gone = arrow.empty(KEYS) if _are_first(rows) else keys_of(tx, records.former(tx, waiting))
    if gone.num_rows:
        stored.remove(tx, gone)
    own = _keys(tx, waiting) if rows is None else _keys_of(tx, rows)
    return _paired(tx, engine, waiting, own, gone, rows, limits=limits, others_wait=others_wait)


def of_gone(tx: Transaction, engine: Engine, gone: pa.Table, *, limits: Sequence[int], others_wait: bool) -> Paired:
    """Pair anew whom it concerns that records went, as if they had never come.

    Args:
        tx: The transaction.
        engine: Who joins keys into pairs.
        gone: The keys that they had (`keys_of`), which are not stored any more.
        limits: For each kind of key how many records may share one before it is hot.
        others_wait: As for `of_waiting`.
    """
    nobody = gone.column("record").combine_chunks().slice(0, 0)
    return _paired(tx, engine, nobody, arrow.empty(KEYS), gone, None, limits=limits, others_wait=others_wait)


def keys_of(tx: Transaction, numbers: pa.Array) -> pa.Table:
    """The stored keys of these records: `KEYS`."""
    return stored.held(tx, _keys(tx, numbers))


def _paired(
    tx: Transaction,
    engine: Engine,
    waiting: pa.Array,
    own: pa.Table,
    gone: pa.Table,
    rows: pa.Table | None,
    *,
    limits: Sequence[int],
    others_wait: bool,
) -> Paired:
    """Pair those who wait, whose keys are `own`, and whom it concerns that these come and that others are `gone`."""
    sharing = stored.sharing(tx, pa.concat_tables([own, gone]) if gone.num_rows else own, limits=limits)
    new, anew, others, hot = own, waiting, sharing.keys, sharing.hot
    outdated = waiting.slice(0, 0)
    if others_wait:
        outdated = records.outdated(tx, pc.unique(sharing.keys["record"]))
    turned = arrow.without(_turned(tx, engine, own, gone, sharing, outdated, limits), outdated)
    if len(turned):
        anew = pc.unique(pa.concat_arrays([waiting, turned]))
        theirs = _keys(tx, turned)
        asked = pc.unique(pa.chunked_array([*own["key"].chunks, *gone["key"].chunks], pa.uint64()))
        more = stored.sharing(tx, theirs.filter(pc.invert(pc.is_in(theirs["key"], value_set=asked))), limits=limits)
        own, hot = pa.concat_tables([own, theirs]), pa.concat_tables([hot, more.hot])
        others = pa.concat_tables([others, more.keys])
        if others_wait:
            outdated = records.outdated(tx, pc.unique(others["record"]))
        others = others.filter(pc.invert(pc.is_in(others["record"], value_set=anew)))
    if gone.num_rows:  # Who shares what went only is told in `lost`: they are paired as they were.
        others = others.filter(pc.is_in(others["key"], value_set=pc.unique(own["key"])))
    # Those who have a hot key may be few among the waiting: it must not pair them with each other.
    cold = arrow.where(own, ~coding.are_among(own["key"].to_numpy(), hot["key"].to_numpy())) if hot.num_rows else own
    with meanwhile.beside(records=len(waiting)) as thread:
        pairs = thread.begin(lambda: engine.pairs(pa.concat_tables([cold, others]), limits=limits))
        stored.add(tx, new)
        found = pairs()
    wanted = touching(found.pairs, anew, np.logical_or)
    if len(outdated):
        wanted &= ~touching(found.pairs, outdated, np.logical_or)
    lost = waiting.slice(0, 0)
    if gone.num_rows:
        with_theirs = pc.is_in(sharing.keys["key"], value_set=pc.unique(gone["key"]))
        lost = arrow.without(pc.unique(sharing.keys.filter(with_theirs)["record"]), outdated)
    hot = pa.concat_tables([arrow.typed(found.hot, stored.HOT), hot])
    return Paired(
        pairs=arrow.where(found.pairs, wanted),
        anew=anew,
        lost=lost,
        hot=hot,
        others_wait=others_wait,
        read=None if rows is None else Read(table=rows, keys=own["key"].to_numpy(), hot=hot["key"].to_numpy()),
    )


FEW = 500
"""So few keys are counted one by one."""

READ = 100_000
"""Up to so many waiting records are read once, and kept in memory until nobody needs them any more."""


def _are_first(rows: pa.Table | None) -> bool:
    """Whether records are known to be the first versions, all of them."""
    return rows is not None and int(rows.column("version").to_numpy().max(initial=0)) == 1


def of_all(tx: Transaction, engine: Engine, *, limits: Sequence[int]) -> Paired:
    """Pair all records, none of which waits: their keys are stored, and do not depend on what weighs them.

    Those that are kept by law alone are paired with nobody, as where one arrives.
    """
    numbers = records.current(tx)
    found = engine.pairs(_keys(tx, arrow.without(numbers, lawful.alone(tx))), limits=limits)
    return Paired(pairs=found.pairs, anew=numbers, lost=numbers.slice(0, 0), hot=found.hot.cast(stored.HOT))


def sides(pairs: pa.Table) -> pa.Array:
    """The numbers of the records of pairs, each once."""
    return pc.unique(pa.chunked_array([c for side in PAIRS.names for c in pairs.column(side).chunks], pa.int64()))


def touching(pairs: pa.Table, numbers: pa.Array, both: np.ufunc) -> npt.NDArray[np.bool_]:
    """Where one side of a pair is (`np.logical_or`), or both are (`np.logical_and`), among these records."""
    wanted = numbers.to_numpy()
    return np.asarray(both(*(coding.are_among(pairs.column(side).to_numpy(), wanted) for side in PAIRS.names)))


def _keys(tx: Transaction, numbers: pa.Array) -> pa.Table:
    if not len(numbers):
        return arrow.empty(KEYS)
    return _keys_of(tx, records.read(tx, numbers, columns=("record", *CLEAN.names)))


def _keys_of(tx: Transaction, rows: pa.Table) -> pa.Table:
    return finding.keys(tx, keys.of(Records(rows.select(CLEAN.names)), rows.column("record").to_numpy()))


def _turned(
    tx: Transaction,
    engine: Engine,
    own: pa.Table,
    gone: pa.Table,
    sharing: stored.Sharing,
    outdated: pa.Array,
    limits: Sequence[int],
) -> pa.Array:
    """The stored records that gain or lose by a key that became hot, or ceased to be.

    Args:
        tx: The transaction.
        engine: Who joins keys into pairs.
        own: `KEYS` that come; they are not stored yet.
        gone: `KEYS` that went; they are not stored any more.
        sharing: Who has one of either.
        outdated: Versions among them whose successors wait.
        limits: For each kind of key how many records may share one before it is hot.
    """
    key = sharing.keys.column("key").to_numpy()
    are_few = len(key) + own.num_rows + gone.num_rows <= FEW
    if not len(key) or (are_few and not _is_turned(key, own, gone, limits)):
        return pa.array([], pa.int64())
    known, back, have = np.unique(key, return_inverse=True, return_counts=True)
    most = np.asarray(limits)[(known & np.uint64(KIND)).astype(np.int64)]
    was_hot = have + _count(gone, known) > most
    is_hot = have + _count(own, known) > most
    if (was_hot == is_hot).all():
        return pa.array([], pa.int64())
    # A phone that is hot counts as not known, whoever is compared; of the other keys none says more than who is.
    loses = is_hot & ~was_hot & ~keys.are_handed_round(known)
    # Links of a version whose successor waits are gone already: they cannot tell who was found by it.
    loses[back[np.isin(sharing.keys.column("record").to_numpy(), outdated.to_numpy())]] = False
    turned = arrow.where(sharing.keys, ((was_hot != is_hot) & ~loses)[back]).column("record")
    holders = pc.unique(arrow.where(sharing.keys, loses[back]).column("record"))
    hot = np.append(known[is_hot], sharing.hot.column("key").to_numpy())
    asked = np.concatenate([table.column("key").to_numpy() for table in (own, gone)])
    loosened = _loosened(tx, engine, holders, hot, asked, limits)
    return pc.unique(pa.chunked_array([*turned.chunks, loosened], pa.int64()))


def _is_turned(key: npt.NDArray[np.uint64], own: pa.Table, gone: pa.Table, limits: Sequence[int]) -> bool:
    """Whether one of a few keys became hot or ceased to be; most often none did."""
    came, went = (Counter(table.column("key").to_pylist()) for table in (own, gone))
    have = Counter(key.tolist())
    return any((n + went[one] > limits[one & KIND]) != (n + came[one] > limits[one & KIND]) for one, n in have.items())


def _loosened(
    tx: Transaction,
    engine: Engine,
    holders: pa.Array,
    hot: npt.NDArray[np.uint64],
    asked: npt.NDArray[np.uint64],
    limits: Sequence[int],
) -> pa.Array:
    """Those of stored records that are linked to another of them with which they share no key but hot ones.

    In a store that grows every thirtieth arrival makes a key hot, most often that of a birth date or of a surname in a
    city, which as good as none of its holders was found by.

    Args:
        tx: The transaction.
        engine: Who joins keys into pairs.
        holders: The records.
        hot: Keys that are known to be hot.
        asked: Keys of which it is known whether they are.
        limits: For each kind of key how many records may share one before it is hot.
    """
    linked = links.of_records(tx, holders).select(PAIRS.names)
    linked = arrow.where(linked, touching(linked, holders, np.logical_and))
    if not linked.num_rows:
        return holders[:0]
    numbers = sides(linked)
    theirs = _keys(tx, numbers)
    theirs = arrow.where(theirs, ~np.isin(theirs.column("key").to_numpy(), hot))
    key, place, have = np.unique(theirs.column("key").to_numpy(), return_inverse=True, return_counts=True)
    unknown = np.setdiff1d(key[have > 1], asked)
    is_hot = np.isin(key, stored.hot(tx, pa.array(unknown), limits=limits).to_numpy())
    found = engine.pairs(arrow.where(theirs, ~is_hot[place]), limits=limits).pairs
    rows = (coding.rows(numbers.to_numpy(), pairs) for pairs in (linked, found))
    held, still = (left * len(numbers) + right for left, right in rows)
    return sides(arrow.where(linked, ~np.isin(held, still)))


def _count(table: pa.Table, known: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
    """How often each of the known keys stands in a table of `KEYS`."""
    key = table.column("key").to_numpy()
    place = np.searchsorted(known, key)
    place[place == len(known)] = 0
    return np.bincount(place[known[place] == key], minlength=len(known))
