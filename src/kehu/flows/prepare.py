"""From flat records to what matching reads: a stage of its own, so that a process that does only this loads no more."""

import pyarrow as pa

from kehu.process import clean
from kehu.resolve import coded


def prepare(flat: pa.Table) -> pa.Table:
    """Flat records cleaned and packed for `resolve.coded.Records`."""
    return coded.packed(clean.clean(flat))
