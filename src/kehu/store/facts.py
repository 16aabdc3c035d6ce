"""Facts about the store itself: a name and a text."""

import sqlalchemy as sa

from kehu.store import asking
from kehu.store.database import Transaction
from kehu.store.dictionary.loads import setting

SURVIVORSHIP = "survivorship"
"""The fingerprint of the settings by which the golden values were made."""

QUESTIONS = "questions"
"""How the questions for stewards are kept; a store that is older than that has them made anew, and then it is noted."""

FINDS = "finds by key"
"""The number of the key in force: sealed values and keyed hashes are made with it."""

TURNS = "turns to key"
"""The number of the key that the store is being brought under; nobody has noted it where none is."""

MODEL = "model"
"""The model that was adopted (JSON), by which the customers are grouped."""


def get(tx: Transaction, name: str) -> str | None:
    """A fact; None where nobody noted it."""
    return next((value for (value,) in asking.rows(tx, *question(name))), None)


def question(name: str) -> asking.Put:
    """What `get` asks."""
    return asking.Put(_OF_NAME, {"name": name})


_OF_NAME = sa.select(setting.c.value).where(setting.c.name == sa.bindparam("name"))


def drop(tx: Transaction, name: str) -> None:
    """Forget a fact."""
    tx.execute(setting.delete().where(setting.c.name == name))


def put(tx: Transaction, name: str, value: str) -> None:
    """Note a fact, in place of what was noted of that name."""
    if tx.execute(setting.update().where(setting.c.name == name).values(value=value)).rowcount == 0:
        tx.execute(setting.insert().values(name=name, value=value))
