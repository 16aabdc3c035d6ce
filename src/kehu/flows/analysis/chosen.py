"""Chosen customers: those that somebody ticked on a list, taken out as a file for a purpose and a recipient."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from kehu.analyse import sheets
from kehu.flows.analysis import export as exporting
from kehu.flows.analysis.segments import IN_CLEAR, Purpose
from kehu.flows.insight.sight import Sight
from kehu.flows.users.people import By
from kehu.model.masks import MASKS
from kehu.store import exports
from kehu.store.audit import trail
from kehu.store.database import Database
from kehu.store.exports import What
from kehu.store.privacy import breaches, children, consents, restrictions

WHAT = "chosen customers"
"""What the audit trail calls them."""


def export(database: Database, numbers: Sequence[int], path: Path, *, why: Purpose, by: By, sight: Sight) -> int:
    """Write chosen customers to a file, whose name tells its form; returns how many.

    It is masked as they see who take it. Whoever does not want to be on a list for its purpose is left out, and so are
    restricted customers, and children whose guardian has not consented. The audit trail names by number whoever was
    asked for, before the first is written.

    Raises:
        SettingsError: The name of the file tells no form that we write.
        SourceError: The file cannot be written.
    """
    form = sheets.form_of(path)
    fields = [exports.COLUMNS[What.CUSTOMERS].field(name) for name in IN_CLEAR]
    schema = pa.schema([field if sight.is_clear else exporting.masked_field(field) for field in fields])
    _note(database, numbers, why, by=by, is_masked=not sight.is_clear)
    meant = breaches.named(numbers) & restrictions.is_free(exports.CUSTOMER) & children.may_be_named(by.at.date())
    if why.consent is not None:
        meant = meant & consents.allows(exports.CUSTOMER, why.consent)
    rows = 0
    with database.read() as tx, sheets.opened(path, form, schema) as sheet:
        for piece in exports.customers(tx, meant, IN_CLEAR):
            sheet.write(piece if sight.is_clear else exporting.masked(piece, schema))
            rows += piece.num_rows
    return rows


def _note(database: Database, numbers: Sequence[int], why: Purpose, *, by: By, is_masked: bool) -> None:
    if database.vault is None:  # A store without a vault has no trail.
        return
    detail: trail.Detail = {
        "customers": sorted(set(numbers)),
        "masked": is_masked,
        "fields": [name for name in IN_CLEAR if name in MASKS],
    }
    entry = trail.Entry(
        at=by.at, who=by.login, act=trail.Act.EXPORT, what=WHAT, whence=by.whence,
        why=f"{why.purpose}; for {why.recipient}", detail=detail,
    )  # fmt: skip
    with database.begin() as tx:
        trail.note(tx, entry, vault=database.vault)
