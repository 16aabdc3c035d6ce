"""Records, what pairs them, and whose they are. A column's comment says what it holds.

A row of `record` never changes but for `current`; what we believe about it stands in narrow tables beside it (`member`,
`fresh`, `match_key`, `link`), so a load of millions is inserts only.
"""

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
    text,
)

from kehu.model import records as model_records
from kehu.store.columns import Digest, Instant, Real, Word
from kehu.store.dictionary.ground import LENGTHS, MYSQL, NARROW, NUMBER, columns, metadata

record = Table(
    "record",
    metadata,
    Column("record", NUMBER, primary_key=True, autoincrement=False, comment="Number of the record"),
    *columns(model_records.CLEAN),
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
    Column("plan", Word(LENGTHS["plan"]), comment="The plan that the record states"),
    Index(None, "customer_id", "record"),
    # Who has a plan, told without a look at anything else; most records of most channels state none.
    Index(
        None, "plan", "customer_id", sqlite_where=text("plan IS NOT NULL"), postgresql_where=text("plan IS NOT NULL")
    ),
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
    Column("reason", Word(64), comment="Why refused or doubtful: certificate, apart, group, crowd, doubtful"),
    PrimaryKeyConstraint("record_l", "record_r"),
    Index(None, "record_r"),
    comment="Pairs of records that were scored and matter (关联); refused and doubtful ones wait for review",
    **NARROW,
)
