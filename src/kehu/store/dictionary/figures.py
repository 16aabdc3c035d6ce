"""The table of figures that are kept, because counting a million customers takes longer than anybody waits."""

from sqlalchemy import Column, PrimaryKeyConstraint, Table

from kehu.store.columns import Word
from kehu.store.tables import NARROW, NUMBER, metadata

kept_figure = Table(
    "kept_figure",
    metadata,
    Column("name", Word(32), nullable=False, comment="Name of the figure: category, age"),
    Column("code", Word(200), nullable=False, comment="What is counted; empty for those of whom it is not known"),
    Column("customers", NUMBER, nullable=False, comment="How many"),
    PrimaryKeyConstraint("name", "code"),
    comment="Figures as they were when last counted; the fact `figures at` in setting says when",
    **NARROW,
)
