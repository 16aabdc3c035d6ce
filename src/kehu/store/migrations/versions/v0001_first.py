"""The first schema: records, links, customers, loads and what finds them."""

import sqlalchemy as sa

from kehu.store.columns import Digest, Instant, Real, Word, Writing
from kehu.store.migrations.steps import NUMBER, create_index, create_table, start_sequences

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    create_table(
        "customer",
        sa.Column("customer_id", NUMBER, autoincrement=False, nullable=False, comment="Number of the customer"),
        sa.Column("kind", Word(16), nullable=False, comment="individual or organization"),
        sa.Column("name", Word(200), comment="Name for people, as written"),
        sa.Column("id_type", Word(32), comment="Type of the certificate"),
        sa.Column("id_number", Word(64), comment="Number of the certificate"),
        sa.Column("phone", Word(32), comment="Phone, national digits at home, else +country"),
        sa.Column("phone_2", Word(32), comment="Second phone"),
        sa.Column("birth_date", sa.Date(), comment="Birth date as stated"),
        sa.Column("gender", Word(16), comment="Gender as stated"),
        sa.Column("email", Word(320), comment="E-mail address"),
        sa.Column("address", Word(500), comment="Address for people, one line"),
        sa.Column("province", Word(64), comment="Province or state"),
        sa.Column("city", Word(64), comment="City"),
        sa.Column("district", Word(100), comment="District or suburb"),
        sa.Column("category", Word(64), comment="Customer category"),
        sa.Column(
            "sources", Writing(), nullable=False, comment="JSON: attribute -> number of the record its value came from"
        ),
        sa.Column("records", NUMBER, nullable=False, comment="How many records it has"),
        sa.Column("quality", Real(), nullable=False, comment="0 to 1: how complete and how well confirmed"),
        sa.Column("updated_at", Instant(), comment="When the source last changed it (UTC)"),
        sa.Column("merged_into", NUMBER, comment="The customer this one was merged into; null while it lives"),
        sa.Column("valid_from", Instant(), nullable=False, comment="Since when this state holds (UTC)"),
        sa.Column("why", Word(200), nullable=False, comment="What brought this state: load 17, decision 4"),
        sa.PrimaryKeyConstraint("customer_id"),
        comment="One row a customer (客户): golden values with the record each came from",
    )
    create_index("ix_customer_merged_into_category", "customer", ["merged_into", "category"])
    create_index("ix_customer_merged_into_province", "customer", ["merged_into", "province"])
    create_table(
        "customer_history",
        sa.Column("customer_id", NUMBER, nullable=False, comment="Number of the customer"),
        sa.Column("valid_from", Instant(), nullable=False, comment="From when this state held (UTC)"),
        sa.Column("valid_to", Instant(), nullable=False, comment="Until when it held (UTC)"),
        sa.Column("kind", Word(16), nullable=False, comment="individual or organization"),
        sa.Column("name", Word(200), comment="Name for people, as written"),
        sa.Column("id_type", Word(32), comment="Type of the certificate"),
        sa.Column("id_number", Word(64), comment="Number of the certificate"),
        sa.Column("phone", Word(32), comment="Phone, national digits at home, else +country"),
        sa.Column("phone_2", Word(32), comment="Second phone"),
        sa.Column("birth_date", sa.Date(), comment="Birth date as stated"),
        sa.Column("gender", Word(16), comment="Gender as stated"),
        sa.Column("email", Word(320), comment="E-mail address"),
        sa.Column("address", Word(500), comment="Address for people, one line"),
        sa.Column("province", Word(64), comment="Province or state"),
        sa.Column("city", Word(64), comment="City"),
        sa.Column("district", Word(100), comment="District or suburb"),
        sa.Column("category", Word(64), comment="Customer category"),
        sa.Column(
            "sources", Writing(), nullable=False, comment="JSON: attribute -> number of the record its value came from"
        ),
        sa.Column("records", NUMBER, nullable=False, comment="How many records it has"),
        sa.Column("quality", Real(), nullable=False, comment="0 to 1: how complete and how well confirmed"),
        sa.Column("updated_at", Instant(), comment="When the source last changed it (UTC)"),
        sa.Column("merged_into", NUMBER, comment="The customer it was then merged into"),
        sa.Column("why", Word(200), nullable=False, comment="What brought this state"),
        sa.Column("changed", Writing(), nullable=False, comment="JSON: the attributes that the next state changed"),
        sa.PrimaryKeyConstraint("customer_id", "valid_from"),
        comment="The past states of a customer; the present one stands in customer only",
    )
    create_table(
        "decision",
        sa.Column("decision_id", NUMBER, autoincrement=False, nullable=False, comment="Number of the decision"),
        sa.Column("kind", Word(16), nullable=False, comment="together or apart"),
        sa.Column("decided_by", Word(200), nullable=False, comment="Who decided"),
        sa.Column("why", Writing(), nullable=False, comment="The reason given"),
        sa.Column("decided_at", Instant(), nullable=False, comment="When (UTC)"),
        sa.Column("undone_by", Word(200), comment="Who took it back; null while it stands"),
        sa.Column("undone_at", Instant(), comment="When it was taken back (UTC)"),
        sa.PrimaryKeyConstraint("decision_id"),
        comment="What a steward decided (裁决)",
    )
    create_table(
        "fresh",
        sa.Column("record", NUMBER, autoincrement=False, nullable=False, comment="Number of the record"),
        sa.PrimaryKeyConstraint("record"),
        comment="Current records that wait to be identified",
    )
    create_table(
        "link",
        sa.Column("record_l", NUMBER, nullable=False, comment="The lesser record number of the pair"),
        sa.Column("record_r", NUMBER, nullable=False, comment="The greater record number of the pair"),
        sa.Column("weight", Real(), nullable=False, comment="log2 odds that the two are one customer"),
        sa.Column("levels", Word(64), nullable=False, comment="The level of each comparison, one character each"),
        sa.Column("state", Word(16), nullable=False, comment="linked, refused or doubtful"),
        sa.Column("reason", Word(64), comment="Why refused or doubtful: certificate, apart, group, crowd, doubtful"),
        sa.PrimaryKeyConstraint("record_l", "record_r"),
        comment="Pairs of records that were scored and matter (关联); refused and doubtful ones wait for review",
        sqlite_with_rowid=False,
    )
    create_index("ix_link_record_r", "link", ["record_r"])
    create_index("ix_link_state_weight_record_l_record_r", "link", ["state", "weight", "record_l", "record_r"])
    create_table(
        "load",
        sa.Column("load_id", NUMBER, autoincrement=False, nullable=False, comment="Number of the load"),
        sa.Column("channel", Word(64), nullable=False, comment="The channel it reads"),
        sa.Column("state", Word(16), nullable=False, comment="running, done or failed"),
        sa.Column("started_at", Instant(), nullable=False, comment="When it started (UTC)"),
        sa.Column("finished_at", Instant(), comment="When it was done or failed (UTC)"),
        sa.Column("cursor_before", Writing(), comment="The channel's cursor when it started; opaque"),
        sa.Column("cursor_after", Writing(), comment="The channel's cursor after its last stored batch; opaque"),
        sa.Column("read", NUMBER, nullable=False, comment="Rows read: accepted + duplicate + quarantined"),
        sa.Column("accepted", NUMBER, nullable=False, comment="Rows stored as a record"),
        sa.Column("duplicate", NUMBER, nullable=False, comment="Rows we held already"),
        sa.Column("quarantined", NUMBER, nullable=False, comment="Rows that broke a rule"),
        sa.Column("warned", NUMBER, nullable=False, comment="Breaches of rules of severity warn"),
        sa.Column("changed", NUMBER, nullable=False, comment="Accepted rows that are a new version of a record"),
        sa.Column("failure", Writing(), comment="Why it failed"),
        sa.PrimaryKeyConstraint("load_id"),
        comment="One row a load of a channel (批次)",
    )
    create_index("ix_load_channel_load_id", "load", ["channel", "load_id"])
    create_table(
        "match_key",
        sa.Column("key", NUMBER, nullable=False, comment="64-bit hash of a blocking key, as a signed number"),
        sa.Column("record", NUMBER, nullable=False, comment="A record that has it"),
        sa.PrimaryKeyConstraint("key", "record"),
        comment="The blocking keys of records (分块键): who shares one is compared",
        sqlite_with_rowid=False,
    )
    create_table(
        "member",
        sa.Column("record", NUMBER, autoincrement=False, nullable=False, comment="Number of a current record"),
        sa.Column("customer_id", NUMBER, nullable=False, comment="The customer it belongs to"),
        sa.Column("since", Instant(), nullable=False, comment="Since when (UTC)"),
        sa.PrimaryKeyConstraint("record"),
        comment="Which customer a current record belongs to; a new version starts with the customer of the old one",
    )
    create_index("ix_member_customer_id_record", "member", ["customer_id", "record"])
    create_table(
        "member_history",
        sa.Column("record", NUMBER, nullable=False, comment="Number of the record"),
        sa.Column("customer_id", NUMBER, nullable=False, comment="The customer it belonged to"),
        sa.Column("since", Instant(), nullable=False, comment="From when (UTC)"),
        sa.Column("until", Instant(), nullable=False, comment="Until when (UTC)"),
        sa.PrimaryKeyConstraint("record", "since"),
        comment="Where a record belonged before",
        sqlite_with_rowid=False,
    )
    create_index("ix_member_history_customer_id_since", "member_history", ["customer_id", "since"])
    create_table(
        "search_term",
        sa.Column(
            "term", Word(200), nullable=False, comment="What may be typed; '=' before terms that only match whole"
        ),
        sa.Column("customer_id", NUMBER, nullable=False, comment="The customer it finds"),
        sa.PrimaryKeyConstraint("term", "customer_id"),
        comment="What a customer is found by",
        sqlite_with_rowid=False,
    )
    create_index("ix_search_term_customer_id", "search_term", ["customer_id"])
    create_table(
        "sequence",
        sa.Column(
            "name", Word(32), nullable=False, comment="What is numbered: record, customer, load, quarantine, decision"
        ),
        sa.Column("next", NUMBER, nullable=False, comment="The next number to give"),
        sa.PrimaryKeyConstraint("name"),
        comment="The numbers given so far; a number is never given twice",
    )
    create_table(
        "setting",
        sa.Column("name", Word(64), nullable=False, comment="Name of the fact"),
        sa.Column("value", Writing(), nullable=False, comment="Its value, as text"),
        sa.PrimaryKeyConstraint("name"),
        comment="Facts about this store itself",
    )
    create_table(
        "decision_pair",
        sa.Column("decision_id", NUMBER, nullable=False, comment="The decision"),
        sa.Column("origin_l", NUMBER, nullable=False, comment="record.origin of one side: it holds for every version"),
        sa.Column("origin_r", NUMBER, nullable=False, comment="record.origin of the other side"),
        sa.ForeignKeyConstraint(
            ["decision_id"],
            ["decision.decision_id"],
        ),
        sa.PrimaryKeyConstraint("decision_id", "origin_l", "origin_r"),
        comment="The pairs of records that a decision joins or keeps apart",
        sqlite_with_rowid=False,
    )
    create_index("ix_decision_pair_origin_l", "decision_pair", ["origin_l"])
    create_index("ix_decision_pair_origin_r", "decision_pair", ["origin_r"])
    create_table(
        "quarantine",
        sa.Column("quarantine_id", NUMBER, autoincrement=False, nullable=False, comment="Number of the row"),
        sa.Column("load_id", NUMBER, nullable=False, comment="The load that brought it"),
        sa.Column("channel", Word(64), nullable=False, comment="The channel it came by"),
        sa.Column("record_id", Word(200), comment="The channel's own key of the row, where it could be read"),
        sa.Column("source_position", Word(500), comment="Where the row stands in its source"),
        sa.Column("raw", Writing(), nullable=False, comment="The row as it came: JSON, or the line"),
        sa.Column(
            "reasons", Writing(), nullable=False, comment="JSON: each rule it broke, with column, zh and en text"
        ),
        sa.Column("state", Word(16), nullable=False, comment="open, replayed or dismissed"),
        sa.Column(
            "hash", Digest(16), nullable=False, comment="Fingerprint of key and raw row: the same bad row stands once"
        ),
        sa.Column("received_at", Instant(), nullable=False, comment="When it was stored (UTC)"),
        sa.ForeignKeyConstraint(
            ["load_id"],
            ["load.load_id"],
        ),
        sa.PrimaryKeyConstraint("quarantine_id"),
        sa.UniqueConstraint("channel", "hash", name="uq_quarantine_channel_hash"),
        comment="Rows that broke a rule (隔离区), to be mended and replayed",
    )
    create_index("ix_quarantine_state_channel_quarantine_id", "quarantine", ["state", "channel", "quarantine_id"])
    create_table(
        "record",
        sa.Column("record", NUMBER, autoincrement=False, nullable=False, comment="Number of the record"),
        sa.Column("record_id", Word(200), nullable=False, comment="The channel's own key of the row"),
        sa.Column("channel", Word(64), nullable=False, comment="The channel it came by"),
        sa.Column("kind", Word(16), nullable=False, comment="individual or organization"),
        sa.Column("name", Word(200), comment="Name for people, as written"),
        sa.Column("name_match", Word(200), comment="Name for matching: simplified, folded"),
        sa.Column("surname", Word(100), comment="Surname, matching form"),
        sa.Column("given_name", Word(200), comment="Given name, matching form"),
        sa.Column("name_sound", Word(400), comment="Toneless pinyin of a Chinese name"),
        sa.Column(
            "name_weak", sa.Boolean(), nullable=False, comment="The name is only a surname and a title, or initials"
        ),
        sa.Column("org_core", Word(200), comment="An organization's name without region and legal form"),
        sa.Column("id_type", Word(32), comment="Type of the certificate"),
        sa.Column("id_number", Word(64), comment="Number of the certificate"),
        sa.Column("id_valid", sa.Boolean(), nullable=False, comment="The certificate's check digit and date are right"),
        sa.Column("id_birth_date", sa.Date(), comment="Birth date the certificate says"),
        sa.Column("id_gender", Word(16), comment="Gender the certificate says"),
        sa.Column("phone", Word(32), comment="Phone, national digits at home, else +country"),
        sa.Column("phone_2", Word(32), comment="Second phone"),
        sa.Column("birth_date", sa.Date(), comment="Birth date as stated"),
        sa.Column("gender", Word(16), comment="Gender as stated"),
        sa.Column("email", Word(320), comment="E-mail address"),
        sa.Column("address", Word(500), comment="Address for people, one line"),
        sa.Column("province", Word(64), comment="Province or state"),
        sa.Column("city", Word(64), comment="City"),
        sa.Column("district", Word(100), comment="District or suburb"),
        sa.Column("road", Word(200), comment="Road"),
        sa.Column("road_number", Word(64), comment="House number in the road"),
        sa.Column("building", Word(200), comment="Estate and building"),
        sa.Column("unit", Word(64), comment="Unit of the building"),
        sa.Column("room", Word(64), comment="Room or flat"),
        sa.Column("postcode", Word(20), comment="Postcode"),
        sa.Column("category", Word(64), comment="Customer category"),
        sa.Column("updated_at", Instant(), comment="When the source last changed it (UTC)"),
        sa.Column(
            "version",
            sa.Integer(),
            nullable=False,
            comment="1 for the first row with this channel and key, then 2, 3, …",
        ),
        sa.Column(
            "current", sa.Boolean(), nullable=False, comment="The version in force; only these take part in resolving"
        ),
        sa.Column("origin", NUMBER, nullable=False, comment="Number of the first version: the same for all versions"),
        sa.Column("hash", Digest(16), nullable=False, comment="Fingerprint of the content as the channel gave it"),
        sa.Column("load_id", NUMBER, nullable=False, comment="The load that brought it"),
        sa.Column("received_at", Instant(), nullable=False, comment="When it was stored (UTC)"),
        sa.Column("source_position", Word(500), comment="Where the row stands in its source, and so in the raw batch"),
        sa.ForeignKeyConstraint(
            ["load_id"],
            ["load.load_id"],
        ),
        sa.PrimaryKeyConstraint("record"),
        sa.UniqueConstraint("channel", "record_id", "version", name="uq_record_channel_record_id_version"),
        comment="One row a version of a record (源记录), cleaned",
    )
    create_index("ix_record_origin", "record", ["origin"])
    create_table(
        "subscription",
        sa.Column("record", NUMBER, autoincrement=False, nullable=False, comment="The record that says it"),
        sa.Column("channel", Word(64), nullable=False, comment="The channel it came by"),
        sa.Column("msisdn", Word(64), nullable=False, comment="The number, or the login of a broadband line"),
        sa.Column(
            "role",
            Word(16),
            nullable=False,
            comment="What the record's customer is to it: holder, user, proxy or payer",
        ),
        sa.Column("plan", Word(200), comment="Its plan"),
        sa.Column("number_state", Word(32), comment="State of the number (号码状态)"),
        sa.Column("opened_at", Instant(), comment="When it was opened (UTC)"),
        sa.Column("account_id", Word(64), comment="The account that pays for it"),
        sa.Column("user_name", Word(200), comment="Who really uses it, if not the holder"),
        sa.Column("proxy_name", Word(200), comment="Who acted for the holder"),
        sa.Column("proxy_id_type", Word(32), comment="Type of the proxy's certificate"),
        sa.Column("proxy_id_number", Word(64), comment="Number of the proxy's certificate"),
        sa.PrimaryKeyConstraint("record"),
        comment="What a record says of a subscription (用户); the newest of those in force holds",
    )
    create_index("ix_subscription_channel_msisdn", "subscription", ["channel", "msisdn"])
    create_table(
        "account",
        sa.Column("record", NUMBER, autoincrement=False, nullable=False, comment="The record that says it"),
        sa.Column("channel", Word(64), nullable=False, comment="The channel it came by"),
        sa.Column("account_id", Word(64), nullable=False, comment="The channel's own key of the account"),
        sa.Column("account_type", Word(16), comment="prepaid or postpaid"),
        sa.Column("payer_name", Word(200), comment="Who pays, if not the record's customer"),
        sa.PrimaryKeyConstraint("record"),
        comment="What a record says of an account (账户); the newest of those in force holds",
    )
    create_index("ix_account_channel_account_id", "account", ["channel", "account_id"])
    create_table(
        "interaction",
        sa.Column("record", NUMBER, autoincrement=False, nullable=False, comment="The record that tells of it"),
        sa.Column("started_at", Instant(), nullable=False, comment="When it was, or began (UTC)"),
        sa.Column("ended_at", Instant(), comment="When it ended (UTC)"),
        sa.Column("kind", Word(16), nullable=False, comment="call, visit, application, message or contact"),
        sa.Column("direction", Word(16), comment="in: the customer began it; out"),
        sa.Column("number", Word(64), comment="The number that called or was called"),
        sa.Column("reason", Word(200), comment="What it was about"),
        sa.Column("reason_2", Word(200), comment="The same, on the second level"),
        sa.Column("reason_3", Word(200), comment="The same, on the third level"),
        sa.Column("verified", sa.Boolean(), comment="The agent asked for the certificate"),
        sa.Column("agent", Word(100), comment="Who served, by name or number"),
        sa.Column("satisfaction", sa.Integer(), comment="How content the customer was, 1 to 5"),
        sa.PrimaryKeyConstraint("record"),
        comment="A contact between a customer and the operator (接触记录), told by a record",
    )
    start_sequences("record", "customer", "load", "quarantine", "decision")
