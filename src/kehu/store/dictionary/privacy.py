"""The tables of privacy: what people consented to, whose data is restricted, and who was erased.

Consent and restriction are about records, as decisions are: they follow them through merges and splits, and taking a
merge back finds them as they were. What is left of the erased are keyed hashes, by which nobody is recognised who has
not the key and the value itself.
"""

from sqlalchemy import Column, ForeignKey, Index, PrimaryKeyConstraint, Table

from kehu.store.columns import Digest, Instant, Word, Writing
from kehu.store.dictionary.ground import MYSQL, NARROW, NUMBER, metadata

NOTICE_LENGTH = 64
CHANNEL_LENGTH = 64

consent = Table(
    "consent",
    metadata,
    Column("consent_id", NUMBER, primary_key=True, autoincrement=False, comment="Number of the statement"),
    Column("origin", NUMBER, nullable=False, comment="record.origin of the record that carries it"),
    Column("purpose", Word(16), nullable=False, comment="What for: marketing, profiling, sharing, abroad or guardian"),
    Column("said", Word(16), nullable=False, comment="given or withdrawn"),
    Column("notice", Word(NOTICE_LENGTH), nullable=False, comment="Version of the notice that they were shown"),
    Column("channel", Word(CHANNEL_LENGTH), nullable=False, comment="The way they said it: hall, 10086, page"),
    Column("at", Instant(), nullable=False, comment="When they said it (UTC)"),
    Column("noted_at", Instant(), nullable=False, comment="When it was noted here (UTC)"),
    Column("noted_by", Word(200), nullable=False, comment="Who noted it"),
    Index(None, "origin"),
    comment="What people consented to, and withdrew (同意): rows are only added, the latest of a purpose holds",
    **MYSQL,
)

restriction = Table(
    "restriction",
    metadata,
    Column("origin", NUMBER, nullable=False, comment="record.origin of a record whose use is restricted"),
    Column("since", Instant(), nullable=False, comment="Since when (UTC)"),
    Column("bound", Word(16), nullable=False, comment="asked: by the person; law: kept though its person was erased"),
    Column("noted_by", Word(200), nullable=False, comment="Who restricted it"),
    Column("until", Instant(), comment="Until when law makes us keep it (UTC); null where nobody asked for erasure"),
    Column("freed_at", Instant(), comment="When it was freed (UTC); null while it is restricted"),
    Column("freed_by", Word(200), comment="Who freed it"),
    PrimaryKeyConstraint("origin", "since"),
    Index(None, "freed_at", "origin"),
    comment="Records that may be stored and not used (限制处理); a customer with one of them is restricted whole",
    **NARROW,
)

erasure = Table(
    "erasure",
    metadata,
    Column("erasure_id", NUMBER, primary_key=True, autoincrement=False, comment="Number of the receipt"),
    Column("at", Instant(), nullable=False, comment="When (UTC)"),
    Column("erased_by", Word(200), nullable=False, comment="Who did it"),
    Column("state", Word(16), nullable=False, comment="running: copies outside the tables are left; done"),
    Column("finished_at", Instant(), comment="When the last copy was gone (UTC)"),
    Column("receipt", Writing(), nullable=False, comment="JSON: how many rows of which table; never a personal value"),
    comment="Persons that were erased (删除): what proves it, without saying who they were",
    **MYSQL,
)

tombstone = Table(
    "tombstone",
    metadata,
    Column("kind", Word(16), nullable=False, comment="Of what: key, certificate, content, customer"),
    Column("digest", Digest(16), nullable=False, comment="Keyed hash of the channel and key, or of the number"),
    Column("key_number", NUMBER, nullable=False, comment="Number of the key it was hashed with"),
    Column("erasure_id", NUMBER, ForeignKey("erasure.erasure_id"), nullable=False, comment="By which erasure"),
    Column("at", Instant(), nullable=False, comment="When that was (UTC)"),
    PrimaryKeyConstraint("kind", "digest"),
    Index(None, "erasure_id"),
    comment="By what the erased are known when they come again: such rows are left out",
    **NARROW,
)
