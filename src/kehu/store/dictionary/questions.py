"""The table of questions for stewards, made from links as customers are grouped."""

from sqlalchemy import Column, Index, PrimaryKeyConstraint, Table

from kehu.store.dictionary.ground import NARROW, NUMBER, metadata

question = Table(
    "question",
    metadata,
    Column("customer_l", NUMBER, nullable=False, comment="The lesser number of the two customers"),
    Column("customer_r", NUMBER, nullable=False, comment="The greater number of the two customers"),
    Column("value", NUMBER, nullable=False, comment="Thousandths of records that an answer may move"),
    Column("pairs", NUMBER, nullable=False, comment="How many pairs of records are in doubt between the two"),
    Column("record_l", NUMBER, nullable=False, comment="The heaviest of these pairs: its lesser record number"),
    Column("record_r", NUMBER, nullable=False, comment="Its greater record number"),
    PrimaryKeyConstraint("customer_l", "customer_r"),
    Index(None, "customer_r"),
    Index(None, "value", "record_l", "record_r"),
    comment="Whether two customers are one: what stewards are asked (复核), made anew with the customers",
    **NARROW,
)
