"""Withhold: rows of people who were erased are left out as they come, before anything of them is kept.

They are counted, so read = accepted + duplicate + quarantined + erased.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from kehu.flows.intake.judged import Judged
from kehu.store.database import Transaction
from kehu.store.privacy import tombstones
from kehu.store.sealing.vault import Vault


@dataclass(frozen=True, kw_only=True)
class Withheld:
    """A batch without the rows of the erased."""

    judged: Judged
    places: Sequence[int] = ()
    """Where the rows stood that were left out, among all of the batch, those that could not be read behind."""


def withheld(tx: Transaction, judged: Judged, *, channel: str, vault: Vault | None) -> Withheld:
    """Leave out what is of people who were erased; a store in which nobody was answers at once."""
    if vault is None or not judged.read or not tombstones.are_there(tx):
        return Withheld(judged=judged)
    is_good = np.zeros(judged.read, bool)
    is_good[judged.good.to_numpy()] = True
    is_gone = np.zeros(judged.read, bool)
    is_gone[judged.good.to_numpy()] = tombstones.gone(tx, judged.clean, vault=vault).to_numpy(zero_copy_only=False)
    bad = zip(judged.faulty["record_id"].to_pylist(), judged.faulty["raw"].to_pylist(), strict=True)
    is_gone[~is_good] = tombstones.gone_bad(tx, [(channel, key, raw) for key, raw in bad], vault=vault)
    if not is_gone.any():
        return Withheld(judged=judged)
    return Withheld(judged=_without(judged, is_gone, is_good), places=np.flatnonzero(is_gone).tolist())


def _without(judged: Judged, is_gone: npt.NDArray[np.bool_], is_good: npt.NDArray[np.bool_]) -> Judged:
    many = judged.batch.rows.num_rows
    rows, stays = pa.array(~is_gone[:many]), pa.array(~is_gone[is_good])
    unread = tuple(row for row, gone in zip(judged.batch.bad, is_gone[many:], strict=True) if not gone)
    place = np.cumsum(~is_gone) - 1
    broke = judged.broke.filter(pa.array(~is_gone[judged.broke["row"].to_numpy()]))
    warned = int(np.count_nonzero(is_good[judged.broke["row"].to_numpy()]))
    left = int(np.count_nonzero(is_good[~is_gone][place[broke["row"].to_numpy()]]))
    return replace(
        judged,
        batch=replace(judged.batch, rows=judged.batch.rows.filter(rows), bad=unread),
        clean=judged.clean.filter(stays),
        hashes=judged.hashes.filter(rows),
        good=pa.array(place[judged.good.to_numpy()][~is_gone[is_good]]),
        faulty=judged.faulty.filter(pa.array(~is_gone[~is_good])),
        warned=max(0, judged.warned - (warned - left)),
        broke=broke.set_column(0, "row", pa.array(place[broke["row"].to_numpy()])),
        standing=judged.standing.filter(stays),
        stated=None if judged.stated is None else judged.stated.filter(stays),
        erased=int(np.count_nonzero(is_gone)),
    )
