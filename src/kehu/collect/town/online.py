"""Online applications: nested JSON, one application a line, as the application server keeps them."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kehu.collect.town import draw

KINDS = {"individual": "P", "organization": "C"}
ID_TYPES = {
    "resident_id": "ID", "uscc": "UC", "passport": "PP", "hk_macau_permit": "HM", "taiwan_permit": "TW",
    "officer_card": "OF",
}  # fmt: skip
CATEGORIES = {"student": "1", "enterprise": "2", "ordinary": "3", "other": "9"}
"""The codes of the application server."""
PLANS = "5G-59 5G-89 5G-129 5G-199 4G-38 校园-29 亲情-99 宽带-300M 宽带-1000M 物联-10"
CONSENTS = "2022-11 2024-05 2025-09"


def write(
    rng: np.random.Generator, records: pa.Table, visits: pa.Table, path: Path, *, again: draw.Mask, bad: int
) -> None:
    """Write the applications, oldest first; `again` are sent twice, and `bad` ones come to nothing."""
    size = len(records)
    column = {name: records[name].to_pylist() for name in records.column_names}
    login = draw.glue("u", draw.text(visits["customer"].to_numpy() * 7919 % 100_000_007)).to_pylist()
    plan = draw.words(rng, PLANS, size).to_pylist()
    consent = draw.words(rng, CONSENTS, size).to_pylist()
    lines: list[str] = []
    for row in range(size):
        certificate = column["id_number"][row]
        kind, category = column["kind"][row], column["category"][row]
        line = _line(
            {
                "application_id": column["record_id"][row],
                "login": login[row],
                "submitted_at": column["updated_at"][row],
                "applicant": {
                    "name": column["name"][row],
                    "kind": KINDS[kind],
                    "gender": column["gender"][row],
                    "birth": column["birth_date"][row],
                    "certificate": certificate and {"type": ID_TYPES[column["id_type"][row]], "number": certificate},
                    "contact": {
                        "mobile": column["phone"][row],
                        "other": column["phone_2"][row],
                        "email": column["email"][row],
                    },
                    "category": category and CATEGORIES[category],
                },
                "delivery": {"address": column["address"][row], "express": row % 3 == 0},
                "plan": plan[row],
                "consent_version": consent[row],
            }
        )
        lines.append(line)
        if again[row]:
            lines.append(line)
    lines.extend(_bad(size, bad, pc.max(records["updated_at"]).as_py()))
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def _bad(size: int, bad: int, last: str | None) -> list[str]:
    """Applications of nobody, and of a day that never was."""
    lines: list[str] = []
    wrong = (("test", "00000000000", last), ("李娜", "13912345678", "2026-02-30T10:00:00+08:00"))
    for row in range(bad):
        name, mobile, when = wrong[row % len(wrong)]
        applicant = {"name": name, "kind": "P", "contact": {"mobile": mobile}}
        lines.append(_line({"application_id": f"A{size + row + 1:08d}", "submitted_at": when, "applicant": applicant}))
    return lines


def _line(application: dict[str, Any]) -> str:
    return json.dumps(_filled(application), ensure_ascii=False, separators=(",", ":"))


def _filled(part: dict[str, Any]) -> dict[str, Any]:
    """The part without what is empty, as the server writes it."""
    kept = {name: _filled(value) if isinstance(value, dict) else value for name, value in part.items()}
    return {name: value for name, value in kept.items() if value is not None and value != {}}
