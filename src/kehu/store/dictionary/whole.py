"""The data dictionary as a whole: every table of the store."""

from kehu.store import tables
from kehu.store.dictionary import audit, figures, people, privacy, questions, segments, service

PARTS = (tables, audit, people, segments, service, privacy, figures, questions)
"""Where tables are described; reading them fills the one list of all."""

metadata = tables.metadata
"""All tables."""
