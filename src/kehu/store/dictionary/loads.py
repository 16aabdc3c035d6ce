"""The loads and what they tell of themselves; the numbers and facts of the store."""

from sqlalchemy import Column, Date, ForeignKey, Index, PrimaryKeyConstraint, Table, UniqueConstraint

from kehu.store.columns import Digest, Instant, SealedWriting, Word, Writing
from kehu.store.dictionary.ground import LENGTHS, MYSQL, NARROW, NUMBER, metadata

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
        "day",
        Date,
        comment="The day (UTC) whose records, pushed one by one, share this load; null for other loads",
    ),
    Column(
        "pushed_by",
        Word(200),
        comment="Who pushed its records: a login, or the name of an API key; null where they were fetched",
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
