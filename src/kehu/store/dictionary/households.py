"""What records state of subscriptions, accounts and contacts (三户)."""

from sqlalchemy import Boolean, Column, Index, Integer, Table

from kehu.store.columns import Instant, Sealed, Word
from kehu.store.dictionary.ground import LENGTHS, MYSQL, NUMBER, metadata

subscription = Table(
    "subscription",
    metadata,
    Column("record", NUMBER, primary_key=True, autoincrement=False, comment="The record that says it"),
    Column("channel", Word(64), nullable=False, comment="The channel it came by"),
    Column("msisdn", Word(LENGTHS["msisdn"]), nullable=False, comment="The number, or the login of a broadband line"),
    Column(
        "role",
        Word(LENGTHS["role"]),
        nullable=False,
        comment="What the record's customer is to it: holder, user, proxy or payer",
    ),
    Column("plan", Word(LENGTHS["plan"]), comment="Its plan"),
    Column("number_state", Word(LENGTHS["number_state"]), comment="State of the number (号码状态)"),
    Column("opened_at", Instant(), comment="When it was opened (UTC)"),
    Column("account_id", Word(LENGTHS["account_id"]), comment="The account that pays for it"),
    Column("user_name", Word(LENGTHS["user_name"]), comment="Who really uses it, if not the holder"),
    Column("proxy_name", Word(LENGTHS["proxy_name"]), comment="Who acted for the holder"),
    Column("proxy_id_type", Word(LENGTHS["proxy_id_type"]), comment="Type of the proxy's certificate"),
    Column("proxy_id_number", Sealed(LENGTHS["proxy_id_number"]), comment="Number of the proxy's certificate; sealed"),
    Index(None, "channel", "msisdn"),
    comment="What a record says of a subscription (用户); the newest of those in force holds",
    **MYSQL,
)

account = Table(
    "account",
    metadata,
    Column("record", NUMBER, primary_key=True, autoincrement=False, comment="The record that says it"),
    Column("channel", Word(64), nullable=False, comment="The channel it came by"),
    Column("account_id", Word(LENGTHS["account_id"]), nullable=False, comment="The channel's own key of the account"),
    Column("account_type", Word(LENGTHS["account_type"]), comment="prepaid or postpaid"),
    Column("payer_name", Word(LENGTHS["payer_name"]), comment="Who pays, if not the record's customer"),
    Index(None, "channel", "account_id"),
    comment="What a record says of an account (账户); the newest of those in force holds",
    **MYSQL,
)

interaction = Table(
    "interaction",
    metadata,
    Column("record", NUMBER, primary_key=True, autoincrement=False, comment="The record that tells of it"),
    Column("started_at", Instant(), nullable=False, comment="When it was, or began (UTC)"),
    Column("ended_at", Instant(), comment="When it ended (UTC)"),
    Column(
        "kind",
        Word(LENGTHS["interaction_kind"]),
        nullable=False,
        comment="call, visit, application, message or contact",
    ),
    Column("direction", Word(LENGTHS["interaction_direction"]), comment="in: the customer began it; out"),
    Column("number", Word(LENGTHS["interaction_number"]), comment="The number that called or was called"),
    Column("reason", Word(LENGTHS["interaction_reason"]), comment="What it was about"),
    Column("reason_2", Word(LENGTHS["interaction_reason_2"]), comment="The same, on the second level"),
    Column("reason_3", Word(LENGTHS["interaction_reason_3"]), comment="The same, on the third level"),
    Column("verified", Boolean, comment="The agent asked for the certificate"),
    Column("agent", Word(LENGTHS["interaction_agent"]), comment="Who served, by name or number"),
    Column("satisfaction", Integer, comment="How content the customer was, 1 to 5"),
    # The record stands in every index of the others; PostgreSQL would look it up in its row.
    Index(None, "reason", "started_at", postgresql_include=["record"]),
    comment="A contact between a customer and the operator (接触记录), told by a record",
    **MYSQL,
)
