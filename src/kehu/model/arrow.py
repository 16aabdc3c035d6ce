"""pyarrow without what takes it long and is of no use here: pandas, and what it would make again and again."""

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType

import pyarrow as pa


def empty(schema: pa.Schema) -> pa.Table:
    """The table without rows of a schema that is made once, as those of modules are.

    pyarrow makes an array for each column, each time anew: of seven columns that takes as long as asking for a row.
    """
    known = _EMPTY.get(id(schema))
    if known is None:
        known = _EMPTY[id(schema)] = schema, schema.empty_table()
    return known[1]


_EMPTY: dict[int, tuple[pa.Schema, pa.Table]] = {}
"""By the identity of the schema, which is kept for it: to tell whether two are equal takes long."""


def without_pandas() -> None:
    """Let pyarrow make its first array without loading pandas: that takes as long as loading half of kehu.

    pyarrow asks for it once, to know an array of pandas when it is handed one. For processes of kehu's own, which hand
    it none; not for a notebook. Who wants pandas later imports it as ever, and `to_pandas` still finds it.
    """
    if "pandas" in sys.modules:
        return
    nowhere = _Nowhere()
    sys.meta_path.insert(0, nowhere)
    try:
        pa.array([])
    finally:
        sys.meta_path.remove(nowhere)


class _Nowhere:
    """Says of pandas that it is not installed."""

    def find_spec(
        self,
        name: str,
        path: Sequence[str] | None,  # noqa: ARG002  (the signature of finders)
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        """Nothing, so that the other finders are asked; for pandas an error in their place."""
        if name == "pandas":
            raise ModuleNotFoundError(name, name=name)
        return None
