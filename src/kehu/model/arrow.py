"""pyarrow without pandas, which it would load wherever that is installed and kehu has no use for."""

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType

import pyarrow as pa


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
