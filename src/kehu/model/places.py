"""The administrative divisions of China: provinces, cities and districts, with their codes (GB/T 2260)."""

import functools
import importlib.resources
import io

import pyarrow as pa
import pyarrow.csv

DIVISIONS = pa.schema(
    [
        pa.field("code", pa.string(), nullable=False),  # 2 digits a province, 4 a city, 6 a district.
        pa.field("name", pa.string(), nullable=False),  # 浙江省, 杭州市, 西湖区
        pa.field("level", pa.string(), nullable=False),  # province, city, district
    ]
)
"""One row a division; the first digits of a code are the code of the division above it."""


@functools.cache
def divisions() -> pa.Table:
    """Every province, city and district, ordered by code.

    A district may stand under a filler that nobody writes in an address: 市辖区 (below 北京市), 县 (below 重庆市),
    省直辖县级行政区划 (below 海南省). Hong Kong, Macau and Taiwan are not in the source.

    >>> rows = divisions().to_pylist()
    >>> rows[0]
    {'code': '11', 'name': '北京市', 'level': 'province'}
    >>> [row["name"] for row in rows if row["code"] in ("33", "3301", "330106")]
    ['浙江省', '杭州市', '西湖区']
    """
    file = importlib.resources.files("kehu.model").joinpath("data/divisions.csv")
    options = pyarrow.csv.ConvertOptions(column_types=DIVISIONS)
    return pyarrow.csv.read_csv(io.BytesIO(file.read_bytes()), convert_options=options).cast(DIVISIONS)
