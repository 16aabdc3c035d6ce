"""Customers, now and before, how they are reached and what they are found by."""

from sqlalchemy import Column, Index, PrimaryKeyConstraint, Table

from kehu.model import customers as model_customers
from kehu.store.columns import Instant, Word, Writing
from kehu.store.dictionary.ground import LENGTHS, MYSQL, NARROW, NUMBER, columns, metadata

customer = Table(
    "customer",
    metadata,
    Column("customer_id", NUMBER, primary_key=True, autoincrement=False, comment="Number of the customer"),
    *columns(model_customers.CUSTOMERS, without=("customer_id",)),
    Column("merged_into", NUMBER, comment="The customer this one was merged into; null while it lives"),
    Column("valid_from", Instant(), nullable=False, comment="Since when this state holds (UTC)"),
    Column("why", Word(200), nullable=False, comment="What brought this state: load 17, decision 4"),
    # The living customers by what lists and figures ask for, answered from the index alone.
    Index(None, "merged_into", "category"),
    Index(None, "merged_into", "province"),
    Index(None, "merged_into", "quality"),
    # All that segments ask of the customers themselves, so that to count a million of them reads no row: rows are wide.
    # Of what names somebody only how they can be reached stands here: that is asked for being known. It begins with the
    # category, as lists of the living in their order are to be found by the indexes above.
    Index(
        "ix_customer_asked",
        "category", "province", "birth_date", "merged_into", "gender", "star_level", "kind", "id_type", "quality",
        "records", "city", "district", "updated_at", "phone", "email",
        # The whole of an e-mail address is longer than an index of MariaDB and MySQL may be.
        mysql_length={"phone": 1, "email": 1}, mariadb_length={"phone": 1, "email": 1},
        # Who it is stands in every index of the others; PostgreSQL would look each up in its wide row.
        postgresql_include=["customer_id"],
    ),
    comment="One row a customer (客户): golden values with the record each came from",
    **MYSQL,
)  # fmt: skip

customer_history = Table(
    "customer_history",
    metadata,
    Column("customer_id", NUMBER, nullable=False, comment="Number of the customer"),
    Column("valid_from", Instant(), nullable=False, comment="From when this state held (UTC)"),
    Column("valid_to", Instant(), nullable=False, comment="Until when it held (UTC)"),
    *columns(model_customers.CUSTOMERS, without=("customer_id",)),
    Column("merged_into", NUMBER, comment="The customer it was then merged into"),
    Column("why", Word(200), nullable=False, comment="What brought this state"),
    Column("changed", Writing(), nullable=False, comment="JSON: the attributes that the next state changed"),
    PrimaryKeyConstraint("customer_id", "valid_from"),
    comment="The past states of a customer; the present one stands in customer only",
    **MYSQL,
)

contact_medium = Table(
    "contact_medium",
    metadata,
    Column("customer_id", NUMBER, nullable=False, comment="The customer it reaches"),
    Column("kind", Word(16), nullable=False, comment="phone, email or address"),
    Column("rank", NUMBER, nullable=False, comment="1 is the best of its kind"),
    Column("value", Word(500), nullable=False, comment="The number or the address, as cleaned"),
    Column("first_seen", Instant(), comment="When the oldest of its records was changed at its source (UTC)"),
    Column("last_seen", Instant(), comment="When the newest was (UTC)"),
    Column("records", NUMBER, nullable=False, comment="How many of the customer's records state it"),
    Column("record", NUMBER, nullable=False, comment="The newest of them"),
    PrimaryKeyConstraint("customer_id", "kind", "rank"),
    comment="How a customer can be reached (联系方式): every phone, e-mail and address, the best first",
    **NARROW,
)

search_term = Table(
    "search_term",
    metadata,
    Column(
        "term",
        Word(LENGTHS["term"]),
        nullable=False,
        comment="What may be typed; '=' before what only matches whole, '==' before keyed hashes of certificates",
    ),
    Column("customer_id", NUMBER, nullable=False, comment="The customer it finds"),
    PrimaryKeyConstraint("term", "customer_id"),
    Index(None, "customer_id"),
    comment="What a customer is found by",
    **NARROW,
)
