"""Every table of the store: the data dictionary. A column's comment says what it holds.

Numbers of records, customers and loads are drawn from `sequence` and never given twice. A row of `record` never
changes but for `current`; what we believe about it stands in narrow tables beside it (`member`, `fresh`, `match_key`,
`link`), so a load of millions is inserts only.
"""

from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy import Boolean, Column, Date, ForeignKey, Index, Integer, PrimaryKeyConstraint, Table, UniqueConstraint

from kehu.model import customers as model_customers
from kehu.model import records as model_records
from kehu.store.columns import Digest, Instant, Real, Sealed, SealedWriting, Word, Writing

metadata = sa.MetaData(
    naming_convention={"ix": "ix_%(table_name)s_%(column_0_N_name)s", "uq": "uq_%(table_name)s_%(column_0_N_name)s"}
)
"""All tables."""

MYSQL: dict[str, Any] = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4"}
MYSQL |= {"mariadb_engine": "InnoDB", "mariadb_charset": "utf8mb4"}
NARROW: dict[str, Any] = {"sqlite_with_rowid": False, **MYSQL}
"""For tables that are little more than their primary key."""

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
"""A number drawn from `sequence`; SQLite calls its 64-bit integers INTEGER."""

LENGTHS: dict[str, int] = {
    "record_id": 200, "channel": 64, "kind": 16, "name": 200, "name_match": 200, "surname": 100, "given_name": 200,
    "name_sound": 400, "org_core": 200, "id_type": 32, "id_number": 64, "id_gender": 16, "phone": 32, "phone_2": 32,
    "gender": 16, "email": 320, "address": 500, "province": 64, "city": 64, "district": 100, "road": 200,
    "road_number": 64, "building": 200, "unit": 64, "room": 64, "postcode": 20, "category": 64,
    "source_position": 500, "term": 200, "msisdn": 64, "role": 16, "plan": 200, "number_state": 32, "user_name": 200,
    "proxy_name": 200, "proxy_id_type": 32, "proxy_id_number": 64, "account_id": 64, "account_type": 16,
    "payer_name": 200, "interaction_kind": 16, "interaction_direction": 16, "interaction_number": 64,
    "interaction_reason": 200, "interaction_reason_2": 200, "interaction_reason_3": 200, "interaction_agent": 100,
    "decided": 32, "flaws": 400,
}  # fmt: skip
"""The longest text, in characters, that a column of a record, of what it states, or of a customer holds."""

SEALED = frozenset({"id_number", "proxy_id_number"})
"""The columns that hold certificates: nobody reads them without the key, which is not in the database."""

SAYS: dict[str, str] = {
    "record_id": "The channel's own key of the row",
    "channel": "The channel it came by",
    "kind": "individual or organization",
    "name": "Name for people, as written",
    "name_match": "Name for matching: simplified, folded",
    "surname": "Surname, matching form",
    "given_name": "Given name, matching form",
    "name_sound": "Toneless pinyin of a Chinese name",
    "name_weak": "The name is only a surname and a title, or initials",
    "org_core": "An organization's name without region and legal form",
    "id_type": "Type of the certificate",
    "id_number": "Number of the certificate; sealed",
    "id_valid": "The certificate's check digit and date are right",
    "id_birth_date": "Birth date the certificate says",
    "id_gender": "Gender the certificate says",
    "phone": "Phone, national digits at home, else +country",
    "phone_2": "Second phone",
    "birth_date": "Birth date as stated",
    "gender": "Gender as stated",
    "email": "E-mail address",
    "address": "Address for people, one line",
    "province": "Province or state",
    "city": "City",
    "district": "District or suburb",
    "road": "Road",
    "road_number": "House number in the road",
    "building": "Estate and building",
    "unit": "Unit of the building",
    "room": "Room or flat",
    "postcode": "Postcode",
    "category": "Customer category",
    "updated_at": "When the source last changed it (UTC)",
    "sources": "JSON: attribute -> number of the record its value came from",
    "records": "How many records it has",
    "quality": "0 to 100: 100 less the points of its flaws",
    "decided": "For each attribute a letter: what decided its value; - where nobody tells it",
    "flaws": "What its quality lacks, each behind a comma: ,no_email,one_record",
}


def _column(field: pa.Field) -> Column[Any]:
    """The SQL column of a column of records or customers."""
    kinds: dict[Any, Any] = {
        pa.bool_(): Boolean(),
        pa.date32(): Date(),
        pa.int64(): NUMBER,
        pa.float64(): Real(),
        pa.timestamp("us", tz="UTC"): Instant(),
        pa.string(): _text(field.name),
    }
    return Column(field.name, kinds[field.type], nullable=field.nullable, comment=SAYS[field.name])


def _text(name: str) -> Any:
    """The type of a column of texts."""
    if name not in LENGTHS:
        return Writing()
    return Sealed(LENGTHS[name]) if name in SEALED else Word(LENGTHS[name])


def _columns(schema: pa.Schema, *, without: tuple[str, ...] = ()) -> list[Column[Any]]:
    return [_column(field) for field in schema if field.name not in without]


sequence = Table(
    "sequence",
    metadata,
    Column(
        "name", Word(32), primary_key=True, comment="What is numbered: record, customer, load, quarantine, decision"
    ),
    Column("next", NUMBER, nullable=False, comment="The next number to give"),
    comment="The numbers given so far; a number is never given twice",
    **MYSQL,
)

setting = Table(
    "setting",
    metadata,
    Column("name", Word(64), primary_key=True, comment="Name of the fact"),
    Column("value", Writing(), nullable=False, comment="Its value, as text"),
    comment="Facts about this store itself",
    **MYSQL,
)

load = Table(
    "load",
    metadata,
    Column("load_id", NUMBER, primary_key=True, autoincrement=False, comment="Number of the load"),
    Column("channel", Word(64), nullable=False, comment="The channel it reads"),
    Column("state", Word(16), nullable=False, comment="running, done, failed or interrupted"),
    Column("started_at", Instant(), nullable=False, comment="When it started (UTC)"),
    Column("finished_at", Instant(), comment="When it was done or failed (UTC)"),
    Column("cursor_before", Writing(), comment="The channel's cursor when it started; opaque"),
    Column("cursor_after", Writing(), comment="The channel's cursor after its last stored batch; opaque"),
    Column("read", NUMBER, nullable=False, comment="Rows read: accepted + duplicate + quarantined"),
    Column("accepted", NUMBER, nullable=False, comment="Rows stored as a record"),
    Column("duplicate", NUMBER, nullable=False, comment="Rows we held already"),
    Column("quarantined", NUMBER, nullable=False, comment="Rows that broke a rule"),
    Column(
        "erased",
        NUMBER,
        nullable=False,
        server_default="0",
        comment="Rows of people who are erased, left out as they came or erased since; read counts them too",
    ),
    Column("warned", NUMBER, nullable=False, comment="Breaches of rules of severity warn"),
    Column("changed", NUMBER, nullable=False, comment="Accepted rows that are a new version of a record"),
    Column("failure", Writing(), comment="Why it failed"),
    Column(
        "day", Date, comment="The day (UTC) whose records, pushed one by one, share this load; null for other loads"
    ),
    Index(None, "channel", "load_id"),
    Index(None, "channel", "day"),
    comment="One row a load of a channel (批次)",
    **MYSQL,
)

quality = Table(
    "quality",
    metadata,
    Column("load_id", NUMBER, ForeignKey("load.load_id"), nullable=False, comment="The load that brought the rows"),
    Column("rule", Word(64), nullable=False, comment="The rule that they broke"),
    Column("severity", Word(16), nullable=False, comment="reject: they lie in quarantine; warn: they were accepted"),
    Column("rows", NUMBER, nullable=False, comment="Rows that broke it, each counted once"),
    PrimaryKeyConstraint("load_id", "rule", "severity"),
    comment="How many rows of a load broke which rule; counted as they came, so mending a row changes nothing here",
    **NARROW,
)

completeness = Table(
    "completeness",
    metadata,
    Column("load_id", NUMBER, ForeignKey("load.load_id"), nullable=False, comment="The load that brought the rows"),
    Column("attribute", Word(64), nullable=False, comment="An attribute of records: phone, id_number"),
    Column("filled", NUMBER, nullable=False, comment="Accepted rows in which the source wrote something"),
    Column("valid", NUMBER, nullable=False, comment="Those of them whose value says something and passes its check"),
    PrimaryKeyConstraint("load_id", "attribute"),
    comment="How full and how valid the attributes of a load's accepted rows were",
    **NARROW,
)

pushed = Table(
    "pushed",
    metadata,
    Column("record", NUMBER, primary_key=True, autoincrement=False, comment="The record that it became"),
    Column("raw", SealedWriting(), nullable=False, comment="The record as it was sent: JSON; sealed"),
    comment="Records sent one by one, as they came; batches are kept as Parquet under raw/",
    **MYSQL,
)

lease = Table(
    "lease",
    metadata,
    Column("name", Word(32), primary_key=True, comment="What only one may do at a time: run"),
    Column("token", Word(32), nullable=False, comment="Drawn anew each time it is taken"),
    Column("host", Word(200), nullable=False, comment="The machine of its holder"),
    Column("process", NUMBER, nullable=False, comment="The number of its holder's process there"),
    Column("taken_at", Instant(), nullable=False, comment="Since when it is held (UTC)"),
    Column("expires_at", Instant(), nullable=False, comment="When anybody may take it, unless it is renewed (UTC)"),
    comment="Who is at work on what only one may do at a time",
    **MYSQL,
)

record = Table(
    "record",
    metadata,
    Column("record", NUMBER, primary_key=True, autoincrement=False, comment="Number of the record"),
    *_columns(model_records.CLEAN),
    Column("version", Integer, nullable=False, comment="1 for the first row with this channel and key, then 2, 3, …"),
    Column("current", Boolean, nullable=False, comment="The version in force; only these take part in resolving"),
    Column("origin", NUMBER, nullable=False, comment="Number of the first version: the same for all versions"),
    Column("hash", Digest(16), nullable=False, comment="Keyed fingerprint of the content as the channel gave it"),
    Column("load_id", NUMBER, ForeignKey("load.load_id"), nullable=False, comment="The load that brought it"),
    Column("received_at", Instant(), nullable=False, comment="When it was stored (UTC)"),
    Column(
        "source_position",
        Word(LENGTHS["source_position"]),
        comment="Where the row stands in its source, and so in the raw batch",
    ),
    UniqueConstraint("channel", "record_id", "version"),
    Index(None, "origin"),
    comment="One row a version of a record (源记录), cleaned",
    **MYSQL,
)

fresh = Table(
    "fresh",
    metadata,
    Column("record", NUMBER, primary_key=True, autoincrement=False, comment="Number of the record"),
    comment="Current records that wait to be identified",
    **MYSQL,
)

member = Table(
    "member",
    metadata,
    Column("record", NUMBER, primary_key=True, autoincrement=False, comment="Number of a current record"),
    Column("customer_id", NUMBER, nullable=False, comment="The customer it belongs to"),
    Column("since", Instant(), nullable=False, comment="Since when (UTC)"),
    Index(None, "customer_id", "record"),
    comment="Which customer a current record belongs to; a new version starts with the customer of the old one",
    **MYSQL,
)

member_history = Table(
    "member_history",
    metadata,
    Column("record", NUMBER, nullable=False, comment="Number of the record"),
    Column("customer_id", NUMBER, nullable=False, comment="The customer it belonged to"),
    Column("since", Instant(), nullable=False, comment="From when (UTC)"),
    Column("until", Instant(), nullable=False, comment="Until when (UTC)"),
    PrimaryKeyConstraint("record", "since"),
    Index(None, "customer_id", "since"),
    comment="Where a record belonged before",
    **NARROW,
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("quarantine_id", NUMBER, primary_key=True, autoincrement=False, comment="Number of the row"),
    Column("load_id", NUMBER, ForeignKey("load.load_id"), nullable=False, comment="The load that brought it"),
    Column("channel", Word(64), nullable=False, comment="The channel it came by"),
    Column("record_id", Word(LENGTHS["record_id"]), comment="The channel's own key of the row, where it could be read"),
    Column("source_position", Word(LENGTHS["source_position"]), comment="Where the row stands in its source"),
    Column("raw", SealedWriting(), nullable=False, comment="The row as it came: JSON, or the line; sealed"),
    Column("reasons", Writing(), nullable=False, comment="JSON: each rule it broke, with column, zh and en text"),
    Column("state", Word(16), nullable=False, comment="open, replayed or dismissed"),
    Column("replayed_as", Word(LENGTHS["record_id"]), comment="The key of the record that it became; null before"),
    Column(
        "hash", Digest(16), nullable=False, comment="Keyed fingerprint of key and raw row: the same bad row stands once"
    ),
    Column("received_at", Instant(), nullable=False, comment="When it was stored (UTC)"),
    UniqueConstraint("channel", "hash"),
    Index(None, "state", "channel", "quarantine_id"),
    comment="Rows that broke a rule (隔离区), to be mended and replayed",
    **MYSQL,
)

match_key = Table(
    "match_key",
    metadata,
    Column(
        "key",
        NUMBER,
        nullable=False,
        comment="64-bit hash of a blocking key, as a signed number; of a certificate keyed",
    ),
    Column("record", NUMBER, nullable=False, comment="A record that has it"),
    PrimaryKeyConstraint("key", "record"),
    comment="The blocking keys of records (分块键): who shares one is compared",
    **NARROW,
)

link = Table(
    "link",
    metadata,
    Column("record_l", NUMBER, nullable=False, comment="The lesser record number of the pair"),
    Column("record_r", NUMBER, nullable=False, comment="The greater record number of the pair"),
    Column("weight", Real(), nullable=False, comment="log2 odds that the two are one customer"),
    Column("levels", Word(64), nullable=False, comment="The level of each comparison, one character each"),
    Column("state", Word(16), nullable=False, comment="linked, refused or doubtful"),
    Column("reason", Word(64), comment="Why refused or doubtful: certificate, apart, group, doubtful"),
    PrimaryKeyConstraint("record_l", "record_r"),
    Index(None, "record_r"),
    Index(None, "state", "weight", "record_l", "record_r"),
    comment="Pairs of records that were scored and matter (关联); refused and doubtful ones wait for review",
    **NARROW,
)

decision = Table(
    "decision",
    metadata,
    Column("decision_id", NUMBER, primary_key=True, autoincrement=False, comment="Number of the decision"),
    Column("kind", Word(16), nullable=False, comment="together, apart, unsure or pin"),
    Column("decided_by", Word(200), nullable=False, comment="Who decided"),
    Column("why", Writing(), nullable=False, comment="The reason given"),
    Column("decided_at", Instant(), nullable=False, comment="When (UTC)"),
    Column("undone_by", Word(200), comment="Who took it back; null while it stands"),
    Column("undone_at", Instant(), comment="When it was taken back (UTC)"),
    Column("undone_why", Writing(), comment="The reason given for taking it back"),
    comment="What a steward decided (裁决)",
    **MYSQL,
)

decision_pair = Table(
    "decision_pair",
    metadata,
    Column("decision_id", NUMBER, ForeignKey("decision.decision_id"), nullable=False, comment="The decision"),
    Column("origin_l", NUMBER, nullable=False, comment="record.origin of one side: it holds for every version"),
    Column("origin_r", NUMBER, nullable=False, comment="record.origin of the other side"),
    Column(
        "kind",
        Word(16),
        nullable=False,
        server_default="together",
        comment="What it says of the pair: together, apart or unsure",
    ),
    PrimaryKeyConstraint("decision_id", "origin_l", "origin_r"),
    Index(None, "origin_l"),
    Index(None, "origin_r"),
    comment="The pairs of records that a decision joins or keeps apart",
    **NARROW,
)

decision_member = Table(
    "decision_member",
    metadata,
    Column("decision_id", NUMBER, ForeignKey("decision.decision_id"), nullable=False, comment="The decision"),
    Column("origin", NUMBER, nullable=False, comment="record.origin of a record that it is about"),
    Column("customer_id", NUMBER, nullable=False, comment="The customer of that record before it"),
    PrimaryKeyConstraint("decision_id", "origin"),
    Index(None, "origin"),
    comment="The records a decision is about, and where each belonged before: taking it back gives the ids back",
    **NARROW,
)

decision_pin = Table(
    "decision_pin",
    metadata,
    Column(
        "decision_id",
        NUMBER,
        ForeignKey("decision.decision_id"),
        primary_key=True,
        autoincrement=False,
        comment="The decision",
    ),
    Column("origin", NUMBER, nullable=False, comment="record.origin of the record that carries the value"),
    Column("attribute", Word(32), nullable=False, comment="The attribute of the customer: name, phone"),
    Column("value", Sealed(500), nullable=False, comment="The value that it shall have; sealed"),
    Index(None, "origin"),
    comment="Values that a steward pinned; they go with the record, whatever customer it belongs to",
    **MYSQL,
)

customer = Table(
    "customer",
    metadata,
    Column("customer_id", NUMBER, primary_key=True, autoincrement=False, comment="Number of the customer"),
    *_columns(model_customers.CUSTOMERS, without=("customer_id",)),
    Column("merged_into", NUMBER, comment="The customer this one was merged into; null while it lives"),
    Column("valid_from", Instant(), nullable=False, comment="Since when this state holds (UTC)"),
    Column("why", Word(200), nullable=False, comment="What brought this state: load 17, decision 4"),
    # The living customers by what lists and figures ask for, answered from the index alone.
    Index(None, "merged_into", "category"),
    Index(None, "merged_into", "province"),
    Index(None, "merged_into", "quality"),
    comment="One row a customer (客户): golden values with the record each came from",
    **MYSQL,
)

customer_history = Table(
    "customer_history",
    metadata,
    Column("customer_id", NUMBER, nullable=False, comment="Number of the customer"),
    Column("valid_from", Instant(), nullable=False, comment="From when this state held (UTC)"),
    Column("valid_to", Instant(), nullable=False, comment="Until when it held (UTC)"),
    *_columns(model_customers.CUSTOMERS, without=("customer_id",)),
    Column("merged_into", NUMBER, comment="The customer it was then merged into"),
    Column("why", Word(200), nullable=False, comment="What brought this state"),
    Column("changed", Writing(), nullable=False, comment="JSON: the attributes that the next state changed"),
    PrimaryKeyConstraint("customer_id", "valid_from"),
    comment="The past states of a customer; the present one stands in customer only",
    **MYSQL,
)

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
    comment="A contact between a customer and the operator (接触记录), told by a record",
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
