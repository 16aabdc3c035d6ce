"""The TOML of a channel that `kehu.toml` does not know yet, ready to be pasted."""

import re
from collections.abc import Sequence
from pathlib import Path

from kehu.process import proposal
from kehu.process.proposal import Suggestion

_WHO = ("name", "phone", "id_number")


def name_of(file: Path) -> str:
    """What to call the channel of a file: as the folder it lies in, else as the file.

    >>> name_of(Path("hall/2026-01-05.csv")), name_of(Path("营业厅 明细.xlsx"))
    ('hall', '营业厅-明细')
    """
    called = file.parent.name or file.stem
    return re.sub(r"[^\w-]+", "-", called).strip("-")[:64] or "files"


def pattern_of(file: Path) -> str:
    """A pattern for the files that will come after this one.

    >>> pattern_of(Path("a.csv")), pattern_of(Path("a.csv.gz")), pattern_of(Path("README"))
    ('*.csv', '*.csv.gz', 'README')
    """
    endings = "".join(file.suffixes[-2:] if file.suffix in {".gz", ".zip"} else file.suffixes[-1:])
    return f"*{endings}" if endings else file.name


def of_file(file: Path, suggestions: Sequence[Suggestion], *, folder: Path) -> str:
    """A whole channel that reads such files, for a kehu.toml in this folder.

    >>> print(of_file(Path("/p/hall/a.csv"), [Suggestion(column="phone", source="电话", by_head=True, fits=1.0)],
    ...               folder=Path("/p")))
    [channels.hall]
    type = "files"
    path = "hall"
    pattern = "*.csv"
    <BLANKLINE>
    [channels.hall.mapping]    # our column = the file's column
    phone = "电话"
    <BLANKLINE>
    [[channels.hall.rules]]    # a row that breaks it goes to quarantine
    rule = "required"
    columns = ["phone"]
    """
    drops = file.parent.relative_to(folder) if file.is_relative_to(folder) else file.parent
    channel = proposal.key(name_of(file))
    lines = [
        f"[channels.{channel}]",
        'type = "files"',
        f"path = {proposal.quoted(drops.as_posix())}",
        f"pattern = {proposal.quoted(pattern_of(file))}",
        "",
        f"[channels.{channel}.mapping]    # our column = the file's column",
        *proposal.lines(list(suggestions)),
    ]
    mapped = {one.column for one in suggestions}
    if who := [name for name in _WHO if name in mapped]:
        listed = ", ".join(proposal.quoted(name) for name in who)
        lines += ["", f"[[channels.{channel}.rules]]    # a row that breaks it goes to quarantine", 'rule = "required"']
        lines += [f"columns = [{listed}]", *(["any = true    # one of them is enough"] if len(who) > 1 else [])]
    if "id_number" in mapped:
        lines += ["", f"[[channels.{channel}.rules]]", 'rule = "checksum"', 'severity = "warn"    # only counted']
    return "\n".join(lines)
