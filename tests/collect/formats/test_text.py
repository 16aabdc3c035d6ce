import io

import pytest

from kehu.collect.formats import text
from kehu.collect.formats.piece import Document
from kehu.errors import SourceError


def document(data: bytes) -> Document:
    return Document(name="hall.csv", open=lambda: io.BytesIO(data))


def test_blocks_of_many_short_lines_are_all_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "BLOCK_LINES", 1_000)
    lines = b"".join(f"{number},\xe5\xbc\xa0\r\n".encode() for number in range(10_000, 20_000))
    blocks = list(text.blocks(document(lines), "utf-8", size=20_000))
    assert b"".join(blocks) == lines.replace(b"\r", b"")
    counts = [block.count(b"\n") for block in blocks]
    assert max(counts) <= 1_000
    assert min(counts[:-1]) >= 500


@pytest.mark.parametrize(
    ("written", "read"),
    [
        pytest.param(b"a\r\nb\r\n", b"a\nb\n", id="line ends of Windows"),
        pytest.param(b"a\rb\r\nc\n", b"a b\nc\n", id="a return inside a value is a blank"),
        pytest.param(b"a\r\nb\r", b"a\nb ", id="a return behind the last line"),
    ],
)
def test_lines_end_in_one_sign(written: bytes, read: bytes) -> None:
    assert b"".join(text.blocks(document(written), "utf-8")) == read


@pytest.mark.parametrize("broken", [b"\xff", b"\x80", b"\x81\n", b"\x81\x30\x81\n"])
@pytest.mark.parametrize("before", [3, 200_000])
def test_the_line_that_no_encoding_reads_is_named(broken: bytes, before: int) -> None:
    lines = "张,丂\n".encode("gb18030") * before + b"1," + broken
    with pytest.raises(SourceError, match=f"line {before + 1} is neither UTF-8 nor GB18030"):
        text.encoding_of(document(lines))
