"""A drop folder as a channel."""

import gzip
import io
import json
import os
import zipfile
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from kehu.collect import drops, files
from kehu.collect.formats.csv import pieces as csv
from kehu.collect.formats.piece import Document, Piece
from kehu.errors import SourceError
from kehu.model.records import POSITION, Batch

HEADS = "单号,客户姓名,手机号码\n"
ROWS = "1,张伟,13912345678\n2,王小明,13812345678\n"


def channel(folder: Path, **settings: Any) -> files.FilesChannel:
    source = files.FilesSource.model_validate({"path": ".", "settle_s": 0, **settings})
    return files.FilesChannel("hall", source, folder=folder)


def read(folder: Path, *, after: str | None = None, **settings: Any) -> list[Batch]:
    return list(channel(folder, **settings).batches(after=after))


def rows(batches: list[Batch]) -> list[dict[str, str | None]]:
    return [row for batch in batches for row in batch.rows.drop_columns([POSITION]).to_pylist()]


def positions(batches: list[Batch]) -> list[str]:
    return [position for batch in batches for position in batch.rows[POSITION].to_pylist()]


def bad(batches: list[Batch]) -> list[tuple[str, str]]:
    return [(row.position, row.reason.en) for batch in batches for row in batch.bad]


TWO = [
    {"单号": "1", "客户姓名": "张伟", "手机号码": "13912345678"},
    {"单号": "2", "客户姓名": "王小明", "手机号码": "13812345678"},
]


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_encoding_delimiter_and_line_ends_are_found_per_file(
    tmp_path: Path, codec: str, delimiter: str, end: str
) -> None:
    written = (HEADS + ROWS).replace(",", delimiter).replace("\n", end)
    (tmp_path / "hall.csv").write_bytes(written.encode(codec))
    batches = read(tmp_path)
    assert rows(batches) == TWO
    assert positions(batches) == ["hall.csv:2", "hall.csv:3"]


def test_what_is_waiting_is_what_looks_new(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(HEADS + ROWS)
    hall = channel(tmp_path)
    assert hall.waiting(after=None) == len((HEADS + ROWS).encode())
    (batch,) = hall.batches(after=None)
    assert hall.waiting(after=batch.cursor) == 0
    (tmp_path / "b.csv").write_text(HEADS)
    assert hall.waiting(after=batch.cursor) == len(HEADS.encode())


def test_one_file_in_gbk_and_one_in_utf8_lie_side_by_side(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(HEADS + "1,张伟,\n", encoding="gbk")
    (tmp_path / "b.csv").write_text(HEADS + "2,章炜,\n", encoding="utf-8")
    assert [row["客户姓名"] for row in rows(read(tmp_path))] == ["张伟", "章炜"]


def test_a_line_in_no_encoding_is_named_and_the_other_files_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes((HEADS + ROWS).encode("gb18030") + b"3,\xff\xff,\n")
    (tmp_path / "b.csv").write_text(HEADS + ROWS)
    batches = read(tmp_path)
    assert rows(batches) == TWO
    assert bad(batches) == [
        (
            "a.csv",
            "the file cannot be read: a.csv: line 4 is neither UTF-8 nor GB18030; set encoding, or save as UTF-8",
        )
    ]
    assert read(tmp_path, after=batches[-1].cursor) == []


def test_a_damaged_utf8_file_is_not_read_as_other_characters(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes((HEADS + ROWS * 20).encode() + b"3,\xe5\xbc,\n")
    assert bad(read(tmp_path))[0][1].endswith("line 42 is not UTF-8, as the lines before it are; save the file again")


def test_a_stated_encoding_is_believed(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("n\tname\n1\tMüller\n", encoding="latin-1")
    assert rows(read(tmp_path, encoding="latin-1")) == [{"n": "1", "name": "Müller"}]
    with pytest.raises(ValidationError, match="klingon"):
        channel(tmp_path, encoding="klingon")


def test_rows_of_the_wrong_width_are_bad_rows_with_line_and_text(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(HEADS + "1,张伟,138\n2,少\n\n3,多,139,x\n4,李四,137\n")
    (batch,) = read(tmp_path)
    assert [row["单号"] for row in rows([batch])] == ["1", "4"]
    assert positions([batch]) == ["a.csv:2", "a.csv:6"]
    assert [(row.position, row.raw, row.reason.en) for row in batch.bad] == [
        ("a.csv:3", "2,少", "the row has 2 values, the heads name 3"),
        ("a.csv:5", "3,多,139,x", "the row has 4 values, the heads name 3"),
    ]


def test_a_quoted_value_may_hold_delimiters_quotes_and_line_breaks(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('n,remark,by\n1,"a, ""b""",x\n2,"first\nsecond\n\nfourth",y\n3,plain 5" pipe,z\n')
    batches = read(tmp_path)
    assert [row["remark"] for row in rows(batches)] == ['a, "b"', "first\nsecond\n\nfourth", 'plain 5" pipe']
    assert positions(batches) == ["a.csv:2", "a.csv:3", "a.csv:7"]


@pytest.mark.parametrize(
    ("line", "others"),
    [
        pytest.param('2,"王小明,138', "", id="with no other quote in the file"),
        pytest.param('2,"王小明,138', '4,"赵六",137\n', id="with quoted values after it"),
        pytest.param('2,"王小明,138', '4,赵六,"137\n', id="with another one after it"),
        pytest.param('2,"王小明,138', '4,赵",137\n', id="with one only closed after it"),
        pytest.param('2,王小明,"138', "", id="in the last column"),
        pytest.param('2,5" pipe,"138', "", id="beside another quote"),
    ],
)
def test_a_quote_that_is_never_closed_costs_its_own_line_only(tmp_path: Path, line: str, others: str) -> None:
    (tmp_path / "a.csv").write_text(f"{HEADS}1,张伟,139\n{line}\n3,李四,136\n{others}5,周,135\n")
    (batch,) = read(tmp_path)
    assert {"1", "3", "5"} <= {row["单号"] for row in rows([batch])}
    assert (batch.bad[0].position, batch.bad[0].raw) == ("a.csv:3", line)
    assert batch.bad[0].reason.en == "a quote is opened and never closed"
    assert len(rows([batch])) + len(batch.bad) == 4 + bool(others)


def pieces(written: str, *, block_bytes: int, skip: int = 0) -> list[Piece]:
    document = Document(name="a.csv", open=lambda: io.BytesIO(written.encode()))
    return list(csv.pieces(document, "utf-8", block_bytes=block_bytes, skip=skip))


@pytest.mark.parametrize("block", [16, 40, 1 << 20])
def test_where_the_blocks_are_cut_makes_no_difference(block: int) -> None:
    written = HEADS + '1,"张\n\n伟",139\n2,"a""b",138\n3,"open,137\n4,short\n5,"x\ny","z\nw"\n6,"last,\n'
    got = pieces(written, block_bytes=block)
    names = [name for piece in got for name in piece.rows["客户姓名"].to_pylist()]
    assert names == ["张\n\n伟", 'a"b', "x\ny"]
    found = [position for piece in got for position in piece.rows[POSITION].to_pylist()]
    assert found == ["a.csv:2", "a.csv:5", "a.csv:8"]
    assert [row.position for piece in got for row in piece.bad] == ["a.csv:6", "a.csv:7", "a.csv:11"]


PLAIN = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"], exclude_characters="\ufeff"))
LINES = st.lists(st.text("张伟ab "), max_size=4).map("\n".join)


@given(
    table=st.integers(2, 4).flatmap(
        lambda width: st.lists(st.lists(PLAIN | LINES, min_size=width, max_size=width), max_size=8)
    ),
    block=st.integers(1, 64),
    skip=st.integers(0, 9),
)
def test_what_a_spreadsheet_writes_is_read_back_from_any_piece_on(
    table: list[list[str]], block: int, skip: int
) -> None:
    width = len(table[0]) if table else 2
    lines = [",".join('"' + value.replace('"', '""') + '"' for value in row) + "\n" for row in table]
    written = ",".join(f"c{n}" for n in range(width)) + "\n" + "".join(lines)
    got = pieces(written, block_bytes=block)
    wanted = [tuple(value or None for value in row) for row in table if any(row)]
    assert [values(row) for piece in got for row in piece.rows.to_pylist()] == wanted
    assert not any(piece.bad for piece in got)
    if skip < len(got):
        again = pieces(written, block_bytes=block, skip=got[skip].done)
        assert [piece.rows for piece in again if piece.rows.num_rows] == [
            piece.rows for piece in got[skip + 1 :] if piece.rows.num_rows
        ]


def values(row: dict[str, str | None]) -> tuple[str | None, ...]:
    return tuple(value for name, value in row.items() if name != POSITION)


def test_titles_above_the_heads_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("营业厅日报\n\n" + HEADS + ROWS)
    batches = read(tmp_path, skip_lines=1)
    assert rows(batches) == TWO
    assert positions(batches) == ["a.csv:4", "a.csv:5"]


def test_heads_may_be_missing_or_come_twice(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("备注,,备注,source_position\n1,2,3,4\n")
    (batch,) = read(tmp_path)
    assert batch.rows.column_names == ["备注", "column 2", "备注 (2)", "source_position (2)", POSITION]


def test_an_empty_file_or_one_of_heads_only_gives_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"")
    (tmp_path / "b.csv").write_text(HEADS)
    (tmp_path / "c.csv").write_text("\n\n")
    assert read(tmp_path) == []


def test_a_binary_file_is_a_bad_row_and_blocks_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(bytes(range(256)) * 40)
    (tmp_path / "b.csv").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    (tmp_path / "c.csv").write_text(HEADS + ROWS)
    (batch,) = batches = read(tmp_path)
    assert rows(batches) == TWO
    assert bad(batches) == [
        (name, f"the file cannot be read: {name}: is binary, not a text file of rows") for name in ("a.csv", "b.csv")
    ]
    assert channel(tmp_path).sample(1).bad == batch.bad


def test_what_is_no_table_is_told_with_what_it_looks_like(tmp_path: Path) -> None:
    (tmp_path / "a.xls").write_text("<html><table><tr><td>1</td></tr></table></html>")
    (tmp_path / "b.csv").write_text(HEADS + ROWS, "utf-16-le")
    assert [reason.split(": ", 2)[2] for _, reason in bad(read(tmp_path))] == [
        "is HTML or XML, not a table; save it as CSV or XLSX",
        'is binary, not a text file of rows; if it is UTF-16, set encoding = "utf-16-le"',
    ]
    assert rows(read(tmp_path, pattern="*.csv", encoding="utf-16-le")) == TWO


def test_a_workbook_gives_text_days_and_whole_numbers(tmp_path: Path) -> None:
    book = xlsxwriter.Workbook(str(tmp_path / "hall.xlsx"), {"default_date_format": "yyyy-mm-dd"})
    sheet = book.add_worksheet("六月")
    sheet.write_row(0, 0, ["单号", "号码", "证件", "日", "时刻", "钟", "金额", "开通", "合计"])
    moment, hour = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}), book.add_format({"num_format": "hh:mm:ss"})
    sheet.write_row(1, 0, ["0012", 13912345678, "330106199001011234"])
    sheet.write_datetime(1, 3, datetime(2024, 6, 12))  # noqa: DTZ001 - a spreadsheet knows no zones.
    sheet.write_datetime(1, 4, datetime(2024, 6, 12, 9, 30), moment)  # noqa: DTZ001
    sheet.write_datetime(1, 5, time(9, 30), hour)
    sheet.write(1, 6, 12.5)
    sheet.write_boolean(1, 7, True)
    sheet.write_formula(1, 8, "=G2*2", None, 25)
    sheet.write(3, 0, "13")
    book.add_worksheet("说明").write(0, 0, "无关")
    book.close()
    batches = read(tmp_path)
    assert rows(batches)[0] == {
        "单号": "0012",
        "号码": "13912345678",
        "证件": "330106199001011234",
        "日": "2024-06-12",
        "时刻": "2024-06-12 09:30:00",
        "钟": "09:30:00",
        "金额": "12.5",
        "开通": "true",
        "合计": "25",
    }
    assert positions(batches) == ["hall.xlsx:2", "hall.xlsx:4"]


def test_a_certificate_typed_as_a_number_is_not_taken_for_one(tmp_path: Path) -> None:
    book = xlsxwriter.Workbook(str(tmp_path / "hall.xlsx"))
    sheet = book.add_worksheet()
    sheet.write_row(2, 1, ["单号", "证件号码"])
    sheet.write_row(3, 1, [1234567890123456, 110101199006078000])  # Its check digit happens to be right.
    sheet.write_number(4, 1, 2)
    sheet.write_string(4, 2, "110101199006078000", book.add_format({"num_format": "@"}))
    book.close()
    (batch,) = read(tmp_path)
    assert batch.rows["单号"].to_pylist() == ["1234567890123456", "2"]
    assert batch.rows["证件号码"].to_pylist() == ["1.10101199006078E+17", "110101199006078000"]


def workbook(path: Path, sheets: dict[str, list[list[str]]]) -> None:
    book = xlsxwriter.Workbook(str(path))
    for name, lines in sheets.items():
        sheet = book.add_worksheet(name)
        for number, line in enumerate(lines):
            sheet.write_row(number, 0, line)
    book.close()


def test_the_named_sheets_of_a_workbook_are_read(tmp_path: Path) -> None:
    workbook(tmp_path / "a.xlsx", {"一": [["n"], ["1"]], "空": [], "二": [["题"], ["n"], ["2"]]})
    assert rows(read(tmp_path)) == [{"n": "1"}]
    batches = read(tmp_path, sheets=["一", "空"])
    assert positions(batches) == ["a.xlsx/一:2"]
    assert positions(read(tmp_path, sheets=["二"], skip_lines=1)) == ["a.xlsx:3"]
    assert "has no sheet '三' (has: 一, 空, 二)" in bad(read(tmp_path, sheets=["三"]))[0][1]


def test_a_table_may_begin_below_and_beside_the_corner_of_its_sheet(tmp_path: Path) -> None:
    workbook(tmp_path / "a.xlsx", {"一": [[], [], ["", "n", "m"], ["", "1", "2"]]})
    batches = read(tmp_path)
    assert rows(batches) == [{"n": "1", "m": "2"}]
    assert positions(batches) == ["a.xlsx:4"]


def test_a_workbook_under_the_name_of_a_csv_is_still_a_workbook(tmp_path: Path) -> None:
    workbook(tmp_path / "a.csv", {"一": [["n"], ["1"]]})
    assert rows(read(tmp_path)) == [{"n": "1"}]


def test_a_workbook_that_unpacks_to_too_much_is_refused_before_it_is_read(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("[Content_Types].xml", b"<Types/>")
        packed.writestr("xl/worksheets/sheet1.xml", bytes(3 << 20))
    assert (tmp_path / "a.xlsx").stat().st_size < 10_000
    assert "unpacks to more than 2 MB; raise max_unpacked_mb" in bad(read(tmp_path, max_unpacked_mb=2))[0][1]


def test_a_workbook_that_lies_about_its_size_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("[Content_Types].xml", b"<Types/>")
        packed.writestr("xl/worksheets/sheet1.xml", bytes(3 << 20))
    true, told = (3 << 20).to_bytes(4, "little"), (1000).to_bytes(4, "little")
    (tmp_path / "a.xlsx").write_bytes((tmp_path / "a.xlsx").read_bytes().replace(true, told))
    assert "is damaged or encrypted" in bad(read(tmp_path, max_unpacked_mb=2))[0][1]


RECORDS = '[{"id": 12345678901234567890, "who": {"phones": ["138", "139"]}}, 7, {"id": 2.50}]'
FOUND = [
    {"id": "12345678901234567890", "who.phones.0": "138", "who.phones.1": "139"},
    {"id": "2.50", "who.phones.0": None, "who.phones.1": None},
]


def test_json_is_read_with_every_digit_and_dotted_names(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(f'{{"page": {{"rows": {RECORDS}}}}}')
    batches = read(tmp_path, records_at="page.rows")
    assert rows(batches) == FOUND
    assert positions(batches) == ["a.json:1", "a.json:3"]
    assert bad(batches) == [("a.json:2", "the record is not an object")]
    assert "no list of records at the top; set records_at (has: page)" in bad(read(tmp_path))[0][1]


@pytest.mark.parametrize("name", ["a.jsonl", "a.ndjson", "a.json"])
def test_json_lines_are_read_line_by_line(tmp_path: Path, name: str) -> None:
    records = json.loads(RECORDS, parse_int=lambda number: number, parse_float=lambda number: number)
    lines = [json.dumps(records[0]), "", '{"id": ', json.dumps(records[2])]
    (tmp_path / name).write_text("\n".join(lines) + "\n")
    batches = read(tmp_path)
    assert rows(batches) == FOUND
    assert positions(batches) == [f"{name}:1", f"{name}:4"]
    assert bad(batches) == [(f"{name}:3", "the line is not JSON")]


def test_broken_json_is_a_bad_row(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('[{"id": 1}, {"id"')
    assert "a.json: is not JSON" in bad(read(tmp_path))[0][1]


def test_parquet_is_read_as_text(tmp_path: Path) -> None:
    table = pa.table(
        {
            "n": pa.array([13912345678, None]),
            "sum": pa.array([Decimal("1.10"), Decimal("2.00")]),
            "day": pa.array([date(2024, 6, 12), None]),
            "at": pa.array([datetime(2024, 6, 12, 9, 30), None], pa.timestamp("s")),  # noqa: DTZ001 - a naive column
            "ok": pa.array([True, False]),
            "half": pa.array([0.5, 3.0]),
            "raw": pa.array(["张".encode(), b"\xff"]),
            "who": pa.array([{"name": "张", "phones": ["1", "2"]}, {"name": None, "phones": None}]),
            "kind": pa.array(["x", "y"]).dictionary_encode(),
            "none": pa.nulls(2),
        }
    )
    pq.write_table(table, tmp_path / "a.parquet")
    batches = read(tmp_path)
    assert rows(batches) == [
        {
            "n": "13912345678",
            "sum": "1.10",
            "day": "2024-06-12",
            "at": "2024-06-12 09:30:00",
            "ok": "true",
            "half": "0.5",
            "raw": "张",
            "who.name": "张",
            "who.phones.0": "1",
            "who.phones.1": "2",
            "kind": "x",
            "none": None,
        },
        {
            "n": None,
            "sum": "2.00",
            "day": None,
            "at": None,
            "ok": "false",
            "half": "3",
            "raw": "ff",
            "who.name": None,
            "who.phones.0": None,
            "who.phones.1": None,
            "kind": "y",
            "none": None,
        },
    ]
    assert all(field.type == pa.string() for field in batches[0].rows.schema)
    (tmp_path / "a.parquet").write_bytes((tmp_path / "a.parquet").read_bytes()[:-200] + b"PAR1")
    assert "is a damaged Parquet file" in bad(read(tmp_path))[0][1]


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        pytest.param(
            pa.array([13912345678.0, None, float("nan"), 1.5]),
            ["13912345678", None, None, "1.5"],
            id="a column of phones in which pandas missed one",
        ),
        pytest.param(
            pa.array([-7.0, 1e17, float("inf")]), ["-7", "1e+17", "inf"], id="what is no digits stays as it is"
        ),
        pytest.param(pa.array([b"\xff\x01", b"ab"], pa.binary(2)), ["ff01", "ab"], id="bytes of one length"),
        pytest.param(pa.array([b"\xff", b"ab"], pa.binary_view()), ["ff", "ab"], id="a view of bytes"),
    ],
)
def test_numbers_and_bytes_of_parquet_keep_their_digits(tmp_path: Path, values: pa.Array, texts: list[str]) -> None:
    pq.write_table(pa.table({"n": range(len(values)), "x": values}), tmp_path / "a.parquet")
    (batch,) = read(tmp_path)
    assert batch.rows["x"].to_pylist() == texts


def test_a_map_of_parquet_gives_a_column_a_key(tmp_path: Path) -> None:
    maps = pa.array([[("phone", "139")], [("city", "杭州")]], pa.map_(pa.string(), pa.string()))
    pq.write_table(pa.table({"m": maps}), tmp_path / "a.parquet")
    (batch,) = read(tmp_path)
    assert batch.rows.select(["m.phone", "m.city"]).to_pylist() == [
        {"m.phone": "139", "m.city": None},
        {"m.phone": None, "m.city": "杭州"},
    ]


def test_gzip_and_zip_of_every_kind_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress((HEADS + ROWS).encode("gbk")))
    workbook(tmp_path / "b.xlsx", {"一": [["n"], ["1"]]})
    pq.write_table(pa.table({"n": ["2"]}), tmp_path / "b.parquet")
    with zipfile.ZipFile(tmp_path / "c.zip", "w") as packed:
        packed.write(tmp_path / "b.parquet", "2.parquet")
        packed.write(tmp_path / "b.xlsx", "1.xlsx")
        packed.writestr("__MACOSX/1", b"x")
        packed.writestr("3.jsonl", '{"n": 3}\n')
    (tmp_path / "b.xlsx").unlink()
    (tmp_path / "b.parquet").unlink()
    batches = read(tmp_path)
    assert rows(batches) == [*TWO, {"n": "1"}, {"n": "2"}, {"n": "3"}]
    assert positions(batches) == ["a.csv:2", "a.csv:3", "c.zip/1.xlsx:2", "c.zip/2.parquet:1", "c.zip/3.jsonl:1"]


def test_a_chinese_name_in_a_zip_is_readable(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as packed:
        packed.writestr("namehere", HEADS + ROWS)
    # Chinese systems write the bytes of GBK, without the flag that would say so.
    written = (tmp_path / "a.zip").read_bytes().replace(b"namehere", "日报.csv".encode("gbk"))
    (tmp_path / "a.zip").write_bytes(written)
    assert positions(read(tmp_path)) == ["a.zip/日报.csv:2", "a.zip/日报.csv:3"]


@pytest.mark.parametrize("name", ["a.csv.gz", "a.zip"])
def test_what_unpacks_to_too_much_is_refused(tmp_path: Path, name: str) -> None:
    large = b"n\n" + b"1\n" * (1 << 20)
    if name.endswith("gz"):
        (tmp_path / name).write_bytes(gzip.compress(large))
    else:
        with zipfile.ZipFile(tmp_path / name, "w", zipfile.ZIP_DEFLATED) as packed:
            packed.writestr("a.csv", large)
    assert "unpacks to more than 1 MB; raise max_unpacked_mb" in bad(read(tmp_path, max_unpacked_mb=1))[0][1]


def test_damaged_or_doubly_packed_files_are_bad_rows(tmp_path: Path) -> None:
    whole = gzip.compress(os.urandom(1000).hex().encode())
    (tmp_path / "a.csv.gz").write_bytes(whole[:-100])
    (tmp_path / "b.gz").write_bytes(gzip.compress(whole))
    (tmp_path / "c.zip").write_bytes(b"PK\x03\x04" + bytes(100))
    reasons = [reason for _, reason in bad(read(tmp_path))]
    assert [reason.partition(": ")[2].split("(")[0].strip() for reason in reasons] == [
        "a.csv.gz: is damaged and cannot be unpacked",
        "b: is packed in a way kehu does not unpack; use gzip or zip, once",
        "c.zip: is damaged and cannot be unpacked",
    ]


def test_the_same_content_under_another_name_loads_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(HEADS + ROWS)
    cursor = read(tmp_path)[-1].cursor
    (tmp_path / "a.csv").rename(tmp_path / "z.csv")
    (tmp_path / "copy.csv").write_text(HEADS + ROWS)
    assert read(tmp_path, after=cursor) == []


def test_a_changed_file_and_a_new_one_are_read_in_name_order(tmp_path: Path) -> None:
    (tmp_path / "b.csv").write_text(HEADS + ROWS)
    cursor = read(tmp_path)[-1].cursor
    (tmp_path / "b.csv").write_text(HEADS + ROWS + "3,李四,137\n")
    (tmp_path / "a.csv").write_text(HEADS + "4,周,136\n")
    assert [row["单号"] for row in rows(read(tmp_path, after=cursor))] == ["4", "1", "2", "3"]


def test_small_files_of_the_same_columns_are_one_batch(tmp_path: Path) -> None:
    for name in "abcd":
        (tmp_path / f"{name}.csv").write_text(f"n,{'m' if name < 'c' else 'k'}\n{name},1\n")
    batches = read(tmp_path)
    assert [positions([batch]) for batch in batches] == [["a.csv:2", "b.csv:2"], ["c.csv:2", "d.csv:2"]]
    assert positions(read(tmp_path, after=batches[0].cursor)) == ["c.csv:2", "d.csv:2"]


def test_a_file_that_could_not_be_read_is_tried_again_with_other_settings(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(HEADS + ROWS, "utf-16-le")
    (batch,) = read(tmp_path)
    assert rows([batch]) == []
    assert read(tmp_path, after=batch.cursor) == []
    (again,) = read(tmp_path, after=batch.cursor, encoding="utf-16-le")
    assert rows([again]) == TWO
    assert read(tmp_path, after=again.cursor) == []


def test_a_run_that_was_killed_resumes_within_the_file(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("n,m\n" + "".join(f"{n},x\n" for n in range(120_000)))
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as packed:
        for name in "xy":
            packed.writestr(f"{name}.csv", "n,m\n" + "".join(f"{name}{n},x\n" for n in range(60_000)))
    whole = read(tmp_path, batch_rows=50_000)
    assert max(batch.rows.num_rows for batch in whole) <= 50_000
    ids = [row["n"] for row in rows(whole)]
    assert len(ids) == len(set(ids)) == 240_000
    for stored in range(1, len(whole)):
        again = read(tmp_path, batch_rows=50_000, after=whole[stored - 1].cursor)
        assert [row["n"] for row in rows(again)] == ids[sum(batch.rows.num_rows for batch in whole[:stored]) :]


def test_a_file_still_being_written_is_left_for_the_next_run(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(HEADS)
    (tmp_path / "b.csv").write_text(HEADS + ROWS)
    os.utime(tmp_path / "b.csv", (0, 0))
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        with (tmp_path / "a.csv").open("a") as growing:
            growing.write("3,李四,")

    source = files.FilesSource(path=Path(), settle_s=5)
    still = files.FilesChannel("hall", source, folder=tmp_path, sleep=sleep)
    assert rows(list(still.batches(after=None))) == TWO
    assert slept == [5]
    settled = files.FilesChannel("hall", source, folder=tmp_path, sleep=slept.append)
    assert [row["单号"] for row in rows(list(settled.batches(after=None)))] == ["1", "2", "3"]


def test_a_file_that_grew_since_it_was_listed_has_no_content_yet(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(HEADS)
    (listed,) = drops.listed(tmp_path, ["*"])
    assert listed.content() is not None
    (tmp_path / "a.csv").write_text(HEADS + ROWS)
    assert listed.content() is None
    (tmp_path / "a.csv").unlink()
    with pytest.raises(FileNotFoundError):
        listed.content()


def test_a_young_file_that_stays_as_it_is_is_read_at_once(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(HEADS + ROWS)
    source = files.FilesSource(path=Path(), settle_s=5)
    assert (
        rows(list(files.FilesChannel("hall", source, folder=tmp_path, sleep=lambda _: None).batches(after=None))) == TWO
    )


def test_only_the_names_asked_for_are_read(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    for name in ("a.CSV", "b.txt", ".hidden.csv", "~$a.csv", "sub/c.csv", "d.csv.part"):
        (tmp_path / name).write_text(f"n,m\n{name},1\n")
    assert [row["n"] for row in rows(read(tmp_path, pattern="*.csv"))] == ["a.CSV"]
    assert [row["n"] for row in rows(read(tmp_path, pattern=["*.csv", "*/*.csv"]))] == ["a.CSV", "sub/c.csv"]


def test_a_missing_folder_and_a_foreign_cursor_are_told(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"channel 'hall': there is no folder .*/nowhere; make it, or mend path"):
        read(tmp_path, path="nowhere")
    with pytest.raises(SourceError, match="its stored cursor is not one of a drop folder"):
        read(tmp_path, after='{"mark": "7"}')


def test_the_cursor_stays_small_however_many_files_have_come_and_gone(tmp_path: Path) -> None:
    known = [f"{number:022}.{number:08}" for number in range(drops.FORGET_AFTER + 500)]
    (tmp_path / "a.csv").write_text(HEADS + ROWS)
    (batch,) = read(tmp_path, after=json.dumps({"known": known}))
    assert batch.cursor is not None
    kept = json.loads(batch.cursor)["known"]
    assert len(kept) == drops.FORGET_AFTER + 1
    assert kept[:-1] == known[500:]


def test_a_sample_is_the_first_rows_of_the_first_file_with_any(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(HEADS)
    (tmp_path / "b.csv").write_text(HEADS + ROWS)
    batch = channel(tmp_path).sample(1)
    assert rows([batch]) == TWO[:1]
    assert batch.cursor is None
    assert rows([channel(tmp_path, pattern="*.none").sample(1)]) == []
