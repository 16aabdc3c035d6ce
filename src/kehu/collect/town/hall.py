"""The business halls: exports in GBK with Chinese column heads, one file a day or a month, and one workbook."""

import csv
import io
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xlsxwriter

from kehu.collect.town import customers, draw, online

HEADS = (
    "订单号", "营业厅编码", "工号", "业务类型", "业务号码", "入网日期", "客户姓名", "性别", "证件类型", "证件号码",
    "出生日期", "联系电话", "备用电话", "通讯地址", "客户类别", "客户星级", "经办人姓名", "经办人证件号码", "原套餐",
    "新套餐", "金额", "受理时间",
)  # fmt: skip
SERVICES = "开户 过户 补卡 停复机 销户 携转 缴费 套餐变更"
SERVICE_WEIGHTS = (22, 3, 12, 8, 5, 6, 30, 14)
STATES = {"active": "开户", "ported_in": "携转", "closed": "销户"}
"""The services that say how a number stands afterwards."""
ID_TYPES = {
    "resident_id": "居民身份证", "uscc": "统一社会信用代码", "passport": "护照", "hk_macau_permit": "港澳通行证",
    "taiwan_permit": "台湾通行证", "officer_card": "军官证",
}  # fmt: skip
CATEGORIES = {"student": "学生", "enterprise": "企业用户", "ordinary": "普通用户", "other": "其他"}
STARS = {
    "1": "一星", "2": "二星", "3": "三星", "4": "四星", "5": "五星", "5_silver": "五星银", "5_gold": "五星金",
    "5_diamond": "五星钻",
}  # fmt: skip
"""The words of the halls."""
ENCODING = "gb18030"
"""GBK, and four bytes for the few characters that it lacks."""
LATE = 0.01
"""How many rows were entered by hand later, in a workbook."""
MOST_LATE = 5_000
LAST_MONTH = str(customers.LAST_DAY)[:7]

Row = list[str | None]


def write(
    rng: np.random.Generator, records: pa.Table, visits: pa.Table, folder: Path, *, again: draw.Mask, bad: int
) -> None:
    """Write the exports: closed months as one file each, the days of the last month, and a workbook of late entries.

    Rows `again` stand in the next file, too. Of the `bad` ones a third has a comma too many, a third tells of nobody,
    and a third has a day that never was.
    """
    size = len(records)
    rows = _rows(rng, records, visits)
    late = draw.hits(rng, LATE, size) & (np.arange(size) < MOST_LATE / LATE)
    late[-1:] = True
    files = _exports(visits["at"].combine_chunks(), rows, late=late, again=again)
    for row in _bad_rows(size, bad):
        files[list(files)[int(rng.integers(len(files)))]].append(row)
    for name, lines in files.items():
        if lines:
            _dated(_write_csv(folder / f"hall-{name}.csv", lines), name)
    late_rows = [rows[row] for row in np.flatnonzero(late).tolist()]
    _dated(_write_workbook(folder / f"hall-late-{LAST_MONTH}.xlsx", late_rows), LAST_MONTH)


def _exports(at: pa.Array, rows: list[Row], *, late: draw.Mask, again: draw.Mask) -> dict[str, list[Row]]:
    """The rows of every file, by its month or its day."""
    month, day = pc.strftime(at, "%Y-%m"), pc.strftime(at, "%Y-%m-%d")
    export: list[str] = pc.if_else(pc.equal(month, LAST_MONTH), day, month).to_pylist()
    files: dict[str, list[Row]] = {name: [] for name in sorted(set(export))}
    names = list(files)
    following = dict(zip(names, [*names[1:], *names[-1:]], strict=True))
    for row, name, is_late, is_sent_again in zip(rows, export, late.tolist(), again.tolist(), strict=True):
        if not is_late:
            files[name].append(row)
        if is_sent_again:
            files[following[name]].append(row)
    return files


def _rows(rng: np.random.Generator, records: pa.Table, visits: pa.Table) -> list[Row]:
    size = len(records)
    service = draw.words(rng, SERVICES, size, SERVICE_WEIGHTS)
    plans = [draw.words(rng, online.PLANS, size) for _ in range(2)]
    new = draw.absent(plans[1], ~draw.mask(pc.is_in(service, pa.array(["开户", "携转", "套餐变更"]))))
    fee = draw.text(rng.integers(0, 300, size=size))
    columns = (
        records["record_id"],
        draw.glue("HZ", draw.padded(rng.integers(1, 60, size=size), 3)),
        draw.glue("Y", draw.padded(rng.integers(1, 300, size=size), 4)),
        service,
        visits["msisdn"],
        pc.strftime(visits["opened"], "%Y/%m/%d"),
        records["name"],
        records["gender"],
        [name and ID_TYPES[name] for name in records["id_type"].to_pylist()],
        records["id_number"],
        records["birth_date"],
        records["phone"],
        records["phone_2"],
        records["address"],
        [name and CATEGORIES[name] for name in records["category"].to_pylist()],
        [level and STARS[level] for level in records["star_level"].to_pylist()],
        visits["proxy_name"],
        visits["proxy_id_number"],
        plans[0],
        new,
        draw.glue(fee, ".00"),
        pc.strftime(visits["at"], "%Y/%m/%d %H:%M:%S"),
    )
    lists = [column if isinstance(column, list) else column.to_pylist() for column in columns]
    return [list(row) for row in zip(*lists, strict=True)]


def _bad_rows(size: int, bad: int) -> Iterator[Row]:
    good = {"业务类型": "缴费", "客户姓名": "王芳", "联系电话": "13912345678", "受理时间": "2026/06/30 10:00:00"}
    wrong = ({"通讯地址": "浙江省,杭州市"}, {"客户姓名": "-", "联系电话": "无"}, {"受理时间": "2026/02/30 25:61:00"})
    for number in range(bad):
        filled = {"订单号": f"H{size + number + 1:08d}", **good, **wrong[number % len(wrong)]}
        # A comma that nobody put into quotes makes two cells of one.
        yield [cell for head in HEADS for cell in filled.get(head, "").split(",")]


def _dated(path: Path, closed: str) -> None:
    """Let a file be as old as the night after its month or day: exports are made at night."""
    made = (np.datetime64(closed) + 1).astype("datetime64[s]").astype(np.int64) + 600
    os.utime(path, (float(made), float(made)))


def _write_csv(path: Path, rows: list[Row]) -> Path:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(HEADS)
    writer.writerows(rows)
    path.write_bytes(text.getvalue().encode(ENCODING))
    return path


def _write_workbook(path: Path, rows: list[Row]) -> Path:
    """One sheet; numbers of certificates and phones are text, as Excel would round them otherwise."""
    with xlsxwriter.Workbook(path, {"constant_memory": True, "strings_to_urls": False}) as workbook:
        sheet = workbook.add_worksheet("受理明细")
        table: list[Row] = [list(HEADS), *rows]
        for number, row in enumerate(table):
            for place, value in enumerate(row):
                if value:
                    sheet.write_string(number, place, value)
    return path
