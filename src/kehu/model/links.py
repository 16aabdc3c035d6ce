"""The columns of keys, pairs, links and groups. A record stands in them as its number, an int64 `record`."""

import pyarrow as pa

KEYS = pa.schema([pa.field("key", pa.uint64(), nullable=False), pa.field("record", pa.int64(), nullable=False)])
"""One row a key of a record; records that share a key are compared."""

KIND_BITS = 5
"""How many of a key's last bits tell its kind, and with it how many records may share the key."""

KIND = 2**KIND_BITS - 1
"""Those bits."""

CERTIFICATE = 0
"""The kind of the keys that are made of a certificate alone."""

PAIRS = pa.schema([pa.field("record_l", pa.int64(), nullable=False), pa.field("record_r", pa.int64(), nullable=False)])
"""One row a pair to compare, each pair once: `record_l` < `record_r`."""

LINKS = pa.schema(
    [
        *PAIRS,
        pa.field("weight", pa.float64(), nullable=False),  # log2 odds that the two are one customer; 0 is even.
        pa.field("levels", pa.string(), nullable=False),  # The level of every comparison, one character each.
    ]
)
"""One row a scored pair."""

GROUPS = pa.schema([pa.field("record", pa.int64(), nullable=False), pa.field("group", pa.int64(), nullable=False)])
"""One row a record: `group` is the least record of its group."""

REFUSED = pa.schema(
    [*LINKS, pa.field("reason", pa.string(), nullable=False)]  # certificate, apart, group, crowd, doubtful
)
"""One row a pair that was not joined though its weight asked for it, or that is in doubt: the review queue."""
