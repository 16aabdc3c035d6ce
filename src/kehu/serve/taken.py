"""A list that is taken out: written to a file of its own, sent, and gone from here once it is."""

import tempfile
from collections.abc import Callable
from pathlib import Path

from starlette.background import BackgroundTask
from starlette.responses import FileResponse, Response


def sent(name: str, write: Callable[[Path], object]) -> Response:
    """The file of this name, as `write` writes it."""
    folder = tempfile.TemporaryDirectory(prefix="kehu-export-")
    path = Path(folder.name) / name
    try:
        write(path)
    except BaseException:
        folder.cleanup()
        raise
    return FileResponse(
        path, filename=name, media_type="application/octet-stream", background=BackgroundTask(folder.cleanup)
    )
