"""In force: the one model by which all customers of a store are grouped.

Two models would leave customers of two makes: what one arrival joins, the next run parts. So the store notes which
model was adopted, and whoever groups by another one is refused.
"""

import json
from dataclasses import asdict, dataclass

from kehu.errors import StoreError
from kehu.resolve.model import Model
from kehu.store import facts
from kehu.store.database import Transaction


@dataclass(frozen=True, kw_only=True)
class Adopted:
    """The model in force, as the store notes it."""

    model: str
    """Its file, from the project's folder."""
    fingerprint: str
    """Of what it says."""
    instead_of: str
    """What `[resolve] model` named when it was adopted."""


def adopted(tx: Transaction) -> Adopted | None:
    """The model that was adopted; None where the one that kehu.toml names is in force."""
    noted = facts.get(tx, facts.MODEL)
    return None if noted is None else Adopted(**json.loads(noted))


def adopt(tx: Transaction, model: Adopted) -> None:
    """Let another model be the one in force."""
    facts.put(tx, facts.MODEL, json.dumps(asdict(model), ensure_ascii=False, sort_keys=True))


def require(tx: Transaction, model: Model) -> None:
    """Refuse to group by a model that is not in force.

    Raises:
        StoreError: Another one was adopted since this process read its own.
    """
    now = adopted(tx)
    if now is not None and now.fingerprint != model.fingerprint:
        raise StoreError(f"{now.model} was adopted since this process began: start it again, and it reads that one")
