"""The seed's way: pandas reads the file, rows that lack a value they need are dropped, and a loop mends the rest.

    python -m ways.seed FILE ROWS

It does less than kehu: no parts of names and addresses, no types of certificates, no reasons for what is dropped.
"""

import json
import re
import sys

import pandas as pd

from kehu.collect.town import hall

NEEDED = ["订单号", "客户姓名", "联系电话", "受理时间"]


def main() -> None:
    file, rows = sys.argv[1], int(sys.argv[2])
    frame = pd.read_csv(file, encoding=hall.ENCODING, dtype=str, nrows=rows)
    kept = frame.dropna(subset=NEEDED).drop_duplicates()
    clean = []
    for _, row in kept.iterrows():
        clean.append(
            {
                "record_id": row["订单号"].strip(),
                "name": row["客户姓名"].replace(" ", ""),
                "phone": re.sub(r"\D", "", row["联系电话"]),
                "id_number": str(row["证件号码"]).upper(),
                "birth_date": pd.to_datetime(row["出生日期"], errors="coerce"),
                "address": str(row["通讯地址"]).strip(),
                "category": row["客户类别"],
                "updated_at": pd.to_datetime(row["受理时间"], errors="coerce"),
            }
        )
    records = pd.DataFrame(clean).dropna(subset=["updated_at"])
    print(json.dumps({"read": len(frame), "accepted": len(records), "quarantined": len(frame) - len(records)}))


if __name__ == "__main__":
    main()
