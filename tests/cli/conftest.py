"""The command line, called as the script calls it."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from kehu.__main__ import main


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The last line on stdout."""
        return json.loads(self.out.splitlines()[-1])


Kehu = Callable[..., Answer]


@pytest.fixture
def kehu(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Kehu:
    """Run `kehu` with these arguments in an empty folder."""
    monkeypatch.chdir(tmp_path)
    for name in ("KEHU_CONFIG", "KEHU_STORE", "KEHU_ONLINE_KEY"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: object) -> Answer:
        monkeypatch.setattr("sys.argv", ["kehu", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            main()
        printed = capsys.readouterr()
        return Answer(code=int(left.value.code or 0), out=printed.out, err=printed.err)

    return run


@pytest.fixture
def project(kehu: Kehu, tmp_path: Path) -> Path:
    """The project that `kehu init` makes, with its drop folder only."""
    kehu("init", ".")
    settings = tmp_path / "kehu.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text[: text.index("# --- Online")], encoding="utf-8")
    return tmp_path
