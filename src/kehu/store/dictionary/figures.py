"""The table of what is counted ahead, because counting a million customers takes longer than anybody waits."""

from sqlalchemy import Column, PrimaryKeyConstraint, Table

from kehu.store.columns import Word
from kehu.store.dictionary.ground import NARROW, NUMBER, metadata

CODE_LENGTH = 200

tally = Table(
    "tally",
    metadata,
    Column("category", Word(64), nullable=False, comment="Of customers of this category; - of none, empty of any"),
    Column("province", Word(64), nullable=False, comment="Who live here; - where nobody says, empty anywhere"),
    Column("channel", Word(64), nullable=False, comment="Known or told by this channel; empty by any"),
    Column("name", Word(32), nullable=False, comment="Name of the figure: category, age"),
    Column("month", Word(7), nullable=False, comment="When it happened: 2026-11; empty where it is a state of today"),
    Column("code", Word(CODE_LENGTH), nullable=False, comment="What is counted; - where it is not known"),
    Column("many", NUMBER, nullable=False, comment="How many"),
    # What one page asks for lies in one piece.
    PrimaryKeyConstraint("category", "province", "channel", "name", "month", "code"),
    comment="Figures of every filter as they were when last counted; the fact `figures at` in setting says when",
    **NARROW,
)
