"""The data dictionary as a whole: every table of the store."""

from kehu.store.dictionary import (
    audit,
    customers,
    decisions,
    figures,
    ground,
    households,
    loads,
    people,
    privacy,
    questions,
    records,
    segments,
    service,
)

PARTS = (
    loads,
    records,
    decisions,
    customers,
    households,
    audit,
    people,
    segments,
    service,
    privacy,
    figures,
    questions,
)
"""Where tables are described; reading them fills the one list of all."""

metadata = ground.metadata
"""All tables."""

tables = metadata.tables
"""Every table by its name."""
