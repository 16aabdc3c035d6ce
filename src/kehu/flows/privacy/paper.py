"""Paper: a new file that only its owner reads."""

from pathlib import Path

from kehu.errors import SourceError


def write(path: Path, text: str) -> None:
    """Write a text to a new file that only its owner reads.

    Raises:
        SourceError: It is there already, or cannot be written.
    """
    try:
        with path.open("x", encoding="utf-8") as stream:
            path.chmod(0o600)
            stream.write(text)
    except FileExistsError:
        raise SourceError(f"{path} is there already: name another file") from None
    except OSError as why:
        raise SourceError(f"{path} cannot be written: {why.strerror or why}") from None
