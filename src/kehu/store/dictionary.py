"""The data dictionary: every table of the store, whichever part of the room describes it."""

from kehu.store import tables
from kehu.store.audit import tables as audit
from kehu.store.people import tables as people

PARTS = (tables, audit, people)
"""Where tables are described; reading them fills the one list of all."""

metadata = tables.metadata
"""All tables."""
