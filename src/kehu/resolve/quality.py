"""Quality: how far a customer can be relied on, 0 to 100, and what it lacks.

A customer starts with 100 and loses the points of each flaw. So every score can be read back into its reasons, and
what would raise it most is plain. It depends on the customer's records alone, never on the day it is asked for.
"""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kehu.model.codes import Flaw, Kind
from kehu.resolve.coded import Coded, coded
from kehu.resolve.members import Mask, Members, Numbers

POINTS: Mapping[Flaw, int] = MappingProxyType({
    Flaw.NO_NAME: 20, Flaw.WEAK_NAME: 12, Flaw.NO_CERTIFICATE: 18, Flaw.UNVERIFIED_CERTIFICATE: 10, Flaw.NO_PHONE: 15,
    Flaw.NO_ADDRESS: 10, Flaw.NO_EMAIL: 5, Flaw.NO_BIRTH_DATE: 5, Flaw.CONFLICTING_NAME: 8,
    Flaw.CONFLICTING_CERTIFICATE: 12, Flaw.CONFLICTING_BIRTH_DATE: 8, Flaw.CONFLICTING_GENDER: 4, Flaw.ONE_RECORD: 5,
    Flaw.STALE: 10,
})  # fmt: skip
"""What each flaw takes off."""

STALE_US = 2 * 365 * 86_400 * 1_000_000
"""Two years, in microseconds: a newest change so long before we received it is stale."""


def of(members: Members, made: Mapping[str, pa.Array], *, certificate: Numbers) -> tuple[pa.Array, pa.Array]:
    """The quality of each customer, and its flaws, each behind a comma.

    Args:
        members: The records.
        made: The golden values, and `updated_at`.
        certificate: For each customer the row its certificate came from; -1 for none.
    """
    flaws = _flaws(members, made, certificate)
    bits = np.zeros(len(members.starts), dtype=np.int64)
    for place, holds in enumerate(flaws.values()):
        bits |= holds.astype(np.int64) << place
    patterns, which = np.unique(bits, return_inverse=True)  # Most customers lack what many others lack.
    having = [[flaw for place, flaw in enumerate(flaws) if pattern >> place & 1] for pattern in patterns.tolist()]
    quality = np.array([max(100.0 - sum(POINTS[flaw] for flaw in lacks), 0.0) for lacks in having], dtype=np.float64)
    texts = pa.array(["".join(f",{flaw.value}" for flaw in lacks) for lacks in having], pa.string())
    return pa.array(quality[which]), texts.take(pa.array(which))


def _flaws(members: Members, made: Mapping[str, pa.Array], certificate: Numbers) -> dict[Flaw, Mask]:
    has = {name: made[name].is_valid().to_numpy(zero_copy_only=False) for name in made if name != "customer_id"}
    whole = members.mask(pc.invert(members.column("name_weak"))) & members.mask(pc.is_valid(members.column("name")))
    valid = np.append(members.mask(members.column("id_valid")), False)
    person = np.asarray(pc.equal(made["kind"], Kind.INDIVIDUAL.value).to_numpy(zero_copy_only=False), dtype=np.bool_)
    is_whole = members.greatest(whole.astype(np.int64)) > 0
    return {
        Flaw.NO_NAME: ~has["name"],
        Flaw.WEAK_NAME: has["name"] & ~is_whole,
        Flaw.NO_CERTIFICATE: ~has["id_number"],
        Flaw.UNVERIFIED_CERTIFICATE: has["id_number"] & ~valid[certificate],
        Flaw.NO_PHONE: ~has["phone"],
        Flaw.NO_ADDRESS: ~has["address"],
        Flaw.NO_EMAIL: ~has["email"],
        Flaw.NO_BIRTH_DATE: person & ~has["birth_date"],
        Flaw.CONFLICTING_NAME: members.differ(_names(members, whole)),
        Flaw.CONFLICTING_CERTIFICATE: members.differ(members.coded("id_number")),
        Flaw.CONFLICTING_BIRTH_DATE: members.differ(*_both(members, "birth_date", "id_birth_date")),
        Flaw.CONFLICTING_GENDER: members.differ(*_both(members, "gender", "id_gender")),
        Flaw.ONE_RECORD: members.sizes == 1,
        Flaw.STALE: _stale(members, made["updated_at"]),
    }


def _names(members: Members, whole: Mask) -> Coded:
    """Whole names as they are matched: 张伟 and 張偉 are one, a short and a full name of a company, too."""
    core = members.column("org_core")
    matched = pc.coalesce(core, members.column("name_match"))
    return coded(matched).where(whole)


def _both(members: Members, stated: str, certified: str) -> tuple[Coded, Coded]:
    """What records state and what their valid certificates tell, in one coding."""
    valid = pa.chunked_array([pa.array(members.mask(members.column("id_valid")))])
    told = pc.if_else(valid, members.column(certified).cast(pa.string()), pa.scalar(None, pa.string()))
    texts = members.column(stated).cast(pa.string())
    joint = coded(pa.chunked_array([*texts.chunks, *told.chunks], pa.string()))
    size = len(members)
    return joint[:size], joint[size:]


def _stale(members: Members, changed: pa.Array) -> Mask:
    if not members.has("received_at"):
        return np.zeros(len(members.starts), dtype=np.bool_)
    received = members.greatest(members.column("received_at").cast(pa.int64()).to_numpy())
    newest = pc.fill_null(changed.cast(pa.int64()), np.iinfo(np.int64).max).to_numpy(zero_copy_only=False)
    return np.asarray(received - STALE_US > newest)
