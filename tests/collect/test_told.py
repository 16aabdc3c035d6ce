"""Why a row or a file could not be read, told in zh and in en."""

import gzip
import io
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from kehu.collect import files, flatten
from kehu.model.records import BadRow

WHOLE = "文件无法读取："
ALLOWED = re.compile(
    r"\ba[.a-z/]*|\.jsonl|'[^']*'|\"[^\"]*\"|kehu|gzip|zip|encoding|records_at"
    r"|max_unpacked_mb|UTF-8|UTF-16|GB18030|JSON|XLSX|CSV|HTML|XML|Parquet|MB|page|utf-8"
)
"""Names, and words that are the same in Chinese."""


def packed_by_gzip(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)  # Else each worker would have tests of other names.


def packed(*, encrypted: bool = False, wraps: bytes = b"") -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as into:
        into.writestr("inner.zip" if wraps else "1.csv", wraps or "n\n1\n")
    content = bytearray(written.getvalue())
    if encrypted:
        content[content.index(b"PK\x01\x02") + 8] |= 1
    return bytes(content)


def workbook() -> bytes:
    written = io.BytesIO()
    book = xlsxwriter.Workbook(written)
    book.add_worksheet("一").write_row(0, 0, ["n"])
    book.close()
    return written.getvalue()


def bad(folder: Path, **settings: Any) -> list[BadRow]:
    source = files.FilesSource.model_validate({"path": ".", "settle_s": 0, **settings})
    channel = files.FilesChannel("hall", source, folder=folder)
    return [row for batch in channel.batches(after=None) for row in batch.bad]


@pytest.mark.parametrize(
    ("name", "content", "settings", "zh"),
    [
        ("a.csv", "n,m\n1\n1,2\n", {}, "该行有 1 个值，表头有 2 列"),
        ("a.csv", 'n,m\n1,2\n3,"4\n5,6\n', {}, "有引号没有闭合"),
        ("a.jsonl", '{"n": 1}\n{"n"\n', {}, "该行不是 JSON"),
        ("a.json", '[{"n": 1}, 7]', {}, "该记录不是对象"),
        ("a.json", '[{"n.m": 1, "n": {"m": 2}}]', {}, "该记录的 'n.m' 有两个值"),
        ("a.json", r'[{"n": "\ud800"}]', {}, "该记录含有半个字符（单独的代理码元）"),
        ("a.json", '{"page": []}', {}, WHOLE + "a.json：最上层没有记录列表，请设置 records_at（现有：page）"),
        ("a.json", "7", {"records_at": "page.n"}, WHOLE + "a.json：'page.n' 处没有记录列表，请设置 records_at"),
        ("a.json", "[7", {}, WHOLE + "a.json：不是 JSON"),
        (
            "a.json",
            "[" + " " * (1 << 20),
            {"max_unpacked_mb": 1},
            WHOLE + "a.json：超过 1 MB；请每行写一条记录（.jsonl）",
        ),
        ("a.csv", 'n,"m\n', {}, WHOLE + "a.csv：第 1 行：表头中有引号没有闭合"),
        (
            "a.csv",
            b"n\n\xff\xff\n",
            {},
            WHOLE + "a.csv：第 2 行既不是 UTF-8 也不是 GB18030；请设置 encoding，或另存为 UTF-8",
        ),
        (
            "a.csv",
            "客户姓名\n".encode() * 20 + b"\xff\n",
            {},
            WHOLE + "a.csv：第 21 行不是 UTF-8，而前面各行是；请重新保存文件",
        ),
        (
            "a.csv",
            b"n\n\xff\n",
            {"encoding": "utf-8"},
            WHOLE + "a.csv：第 2 行不是 UTF-8；请重新保存文件，或设置 encoding",
        ),
        ("a.csv", bytes(range(256)), {}, WHOLE + "a.csv：是二进制文件，不是逐行的文本文件"),
        (
            "a.csv",
            "name,phone\n".encode("utf-16-le"),
            {},
            WHOLE + 'a.csv：是二进制文件，不是逐行的文本文件；如果是 UTF-16，请设置 encoding = "utf-16-le"',
        ),
        ("a.csv", "<table>", {}, WHOLE + "a.csv：是 HTML 或 XML，不是表格；请另存为 CSV 或 XLSX"),
        ("a.zip", b"PK\x03\x04" + bytes(100), {}, WHOLE + "a.zip：已损坏，无法解压"),
        ("a.csv.gz", packed_by_gzip(b"n\n" * 9)[:-9], {}, WHOLE + "a.csv.gz：已损坏，无法解压"),
        ("a.zip", packed(encrypted=True), {}, WHOLE + "a.zip：已加密，请先解压再放入此文件夹"),
        ("a.zip", packed(wraps=packed()), {}, WHOLE + "a.zip/inner.zip：被压缩了两次，请先解压一次"),
        (
            "a.csv.gz",
            packed_by_gzip(b"n\n" * (1 << 20)),
            {"max_unpacked_mb": 1},
            WHOLE + "a.csv.gz：解压后超过 1 MB；如属正常，请调高 max_unpacked_mb",
        ),
        (
            "a.gz",
            packed_by_gzip(packed_by_gzip(b"n")),
            {},
            WHOLE + "a：kehu 不能解压这种压缩方式，请用 gzip 或 zip 压缩一次",
        ),
        ("a.parquet", b"PAR1" + bytes(20), {}, WHOLE + "a.parquet：Parquet 文件已损坏"),
        ("a.xlsx", b"\xd0\xcf\x11\xe0" + bytes(600), {}, WHOLE + "a.xlsx：无法作为工作簿读取，请重新另存为 XLSX"),
        ("a.xlsx", workbook(), {"sheets": ["二"]}, WHOLE + "a.xlsx：没有工作表 '二'（现有：一）"),
    ],
)
def test_what_cannot_be_read_says_why_in_both_languages(
    tmp_path: Path, name: str, content: str | bytes, settings: dict[str, Any], zh: str
) -> None:
    (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    (row,) = bad(tmp_path, **settings)
    assert row.reason.zh == zh
    assert not re.search("[A-Za-z]", ALLOWED.sub("", zh))
    assert re.match("(the|a) [a-z]", row.reason.en)
    assert not re.search("[，。；：（）]", row.reason.en)


def test_a_record_that_is_nested_too_deeply_says_so_in_both_languages() -> None:
    deep: object = "x"
    for _ in range(100_000):
        deep = [deep]
    (row,) = flatten.table([{"deep": deep}], ["a"])[1]
    assert row.reason == ("该记录嵌套过深", "the record is nested too deeply")


@pytest.mark.parametrize(
    ("records", "reason"),
    [
        pytest.param(
            [dict.fromkeys(map(str, range(2001)), "x")],
            ("该记录的值超过 2000 个", "the record has more than 2000 values"),
            id="in one record",
        ),
        pytest.param(
            [{f"{number}.{n}": "x" for n in range(1500)} for number in range(2)],
            (
                "加上该记录，所在批次的列就超过 2000 个",
                "the record would be the one by which its batch has more than 2000 columns",
            ),
            id="in all of a batch",
        ),
    ],
)
def test_too_many_columns_are_told_in_both_languages(records: list[object], reason: tuple[str, str]) -> None:
    (row,) = flatten.table(records, [str(number) for number in range(len(records))])[1]
    assert row.reason == reason
