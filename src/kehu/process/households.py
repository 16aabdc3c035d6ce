"""What a row says beside its customer: a subscription, an account, an interaction."""

from collections.abc import Callable, Collection
from enum import StrEnum

import pyarrow as pa
import pyarrow.compute as pc

from kehu.model import households
from kehu.model.codes import TEXTS, AccountType, Direction, InteractionKind, NumberState, Role
from kehu.process import dates, distinct, identification, phones, text

_WORDS: dict[type[StrEnum], dict[StrEnum, tuple[str, ...]]] = {
    NumberState: {
        NumberState.PRE_OPENED: ("预开",),
        NumberState.ACTIVE: ("在用", "开通", "正常在用", "normal", "in use"),
        NumberState.SUSPENDED_BY_REQUEST: ("停机", "用户申请停机", "报停", "suspended"),
        NumberState.SUSPENDED_FOR_ARREARS: ("欠停", "欠费", "单停", "双停"),
        NumberState.PARKED: ("保号", "保号停机"),
        NumberState.REPORTED_LOST: ("挂失停机", "lost"),
        NumberState.SHUT_FOR_VIOLATION: ("违章停机", "强制停机", "关停"),
        NumberState.PRE_CLOSED: ("预拆机", "预销"),
        NumberState.CLOSED: ("已销户", "拆机", "销号", "cancelled", "terminated"),
        NumberState.FROZEN: ("冷冻期", "号码冷冻"),
        NumberState.PORTED_OUT: ("携号转出", "转出", "port out"),
        NumberState.PORTED_IN: ("携号转入", "转入", "port in"),
    },
    Role: {
        Role.HOLDER: ("户主", "本人", "owner"),
        Role.USER: ("使用人", "使用者"),
        Role.PROXY: ("代办人", "代理人", "agent"),
        Role.PAYER: ("付款人", "缴费人"),
    },
    AccountType: {
        AccountType.PREPAID: ("预付", "pre-paid"),
        AccountType.POSTPAID: ("后付", "post-paid"),
    },
    InteractionKind: {
        InteractionKind.CALL: ("电话", "来电", "去电", "phone"),
        InteractionKind.VISIT: ("营业厅", "到店", "hall"),
        InteractionKind.APPLICATION: ("申请", "网上营业厅", "web", "app"),
        InteractionKind.MESSAGE: ("短信", "在线客服", "sms", "chat"),
    },
    Direction: {
        Direction.IN: ("来电", "入", "呼入电话", "incoming", "i"),
        Direction.OUT: ("去电", "出", "呼出电话", "外呼", "outgoing", "o"),
    },
}
"""What channels write for our codes, beside the codes themselves and their texts."""

_YES = frozenset({"1", "true", "yes", "y", "t", "是", "已核验", "已验证", "通过"})
_NO = frozenset({"0", "false", "no", "n", "f", "否", "未核验", "未验证", "未通过"})
_LOGIN = r"^[0-9A-Za-z_.@-]*(?:[A-Za-z][0-9A-Za-z_.@-]*[0-9]|[0-9][0-9A-Za-z_.@-]*[A-Za-z])[0-9A-Za-z_.@-]*$"


def filled(flat: pa.Table) -> tuple[str, ...]:
    """Which columns of `households.STATED` have a value in some row."""
    there = set(flat.column_names)
    return tuple(
        name for name in households.STATED.names if name in there and flat.column(name).null_count < flat.num_rows
    )


def clean(
    flat: pa.Table,
    records: pa.Table,
    *,
    home: str = "CN",
    zone: str = "UTC",
    columns: Collection[str] | None = None,
) -> pa.Table | None:
    """What rows say of subscriptions, accounts and interactions, cleaned; None where they have no such column.

    Args:
        flat: Rows with our column names, dirty as they came.
        records: The same rows as clean records.
        home: The country in which numbers without a country are dialled.
        zone: The time zone of times that state no offset, the one that `records` was cleaned with.
        columns: Those that count as filled, where the rows are a slice of more; from `filled`.

    Returns:
        The columns of `households.STATED` in which a row has a value, one row a row. A value that says nothing is null.

    >>> flat = pa.table({"msisdn": ["139 1234 5678", "kd05718888", "无"], "number_state": ["欠停", "正常", "?"]})
    >>> for row in clean(flat, pa.table({})).to_pylist():
    ...     print(row)
    {'msisdn': '13912345678', 'role': 'holder', 'number_state': 'suspended_for_arrears'}
    {'msisdn': 'kd05718888', 'role': 'holder', 'number_state': 'active'}
    {'msisdn': None, 'role': None, 'number_state': None}
    """
    names = filled(flat) if columns is None else columns
    raw = {name: distinct.one_chunk(flat.column(name)) for name in names}
    if not raw:
        return None
    found = {name: _cleaned(name, texts, home) for name, texts in raw.items() if name not in _TOGETHER}
    for name in _MOMENTS & raw.keys():
        # Often the very column that says when the row changed: it is read already.
        is_read = "updated_at" in flat.column_names and raw[name].equals(distinct.one_chunk(flat.column("updated_at")))
        found[name] = (
            distinct.one_chunk(records.column("updated_at")) if is_read else dates.moments(raw[name], zone=zone)
        )
    if "msisdn" in raw:
        role = found.get("role", distinct.nulls(flat.num_rows))
        found["role"] = pc.if_else(pc.is_valid(found["msisdn"]), pc.fill_null(role, Role.HOLDER.value), None)
    if "proxy_id_number" in raw:
        certificate = identification.columns(
            raw["proxy_id_number"], raw.get("proxy_id_type", distinct.nulls(flat.num_rows))
        )
        found |= {f"proxy_{name}": certificate[name] for name in ("id_type", "id_number")}
    if "interaction_at" in raw:
        kind = found.get("interaction_kind", distinct.nulls(flat.num_rows))
        met = pc.is_valid(found["interaction_at"])
        found["interaction_kind"] = pc.if_else(met, pc.fill_null(kind, InteractionKind.CONTACT.value), None)
    schema = pa.schema([field for field in households.STATED if field.name in found])
    return pa.table([found[name] for name in schema.names], schema=schema)


_MOMENTS = {"opened_at", "interaction_at", "interaction_ended_at"}
_TOGETHER = _MOMENTS | {"proxy_id_type", "proxy_id_number"}
_CODED: dict[str, type[StrEnum]] = {
    "number_state": NumberState,
    "role": Role,
    "account_type": AccountType,
    "interaction_kind": InteractionKind,
    "interaction_direction": Direction,
}


def _cleaned(name: str, texts: pa.Array, home: str) -> pa.Array:
    """One column that is cleaned on its own."""
    if name in _CODED:
        return distinct.mapped(texts, _reader(_CODED[name]))
    match name:
        case "msisdn" | "interaction_number":
            return _number(texts, home)
        case "interaction_verified":
            return distinct.mapped(texts, _truth, to=pa.bool_())
        case "interaction_satisfaction":
            return distinct.mapped(texts, _score, to=pa.int64())
        case _:
            return text.column(texts)


def _number(texts: pa.Array, home: str) -> pa.Array:
    """A phone number, or the login of a broadband line: letters and digits in one word."""
    encoded = texts.dictionary_encode()
    words = text.column(encoded.dictionary)
    is_login = pc.fill_null(pc.match_substring_regex(words, _LOGIN), False)
    numbers = phones.columns(pc.if_else(is_login, None, words), home=home)["phone"]
    return pc.coalesce(numbers, pc.if_else(is_login, words, None)).take(encoded.indices)


def _reader(codes: type[StrEnum]) -> Callable[[str], str | None]:
    """A function that reads the code a text means; None where it means none of them."""
    words = {
        text.simplify(word).casefold(): code.value
        for code in codes
        for word in (code.value, *TEXTS[code], *_WORDS[codes].get(code, ()))
    }

    def read(value: str) -> str | None:
        cleaned = text.clean(value)
        return None if cleaned is None else words.get(text.simplify(cleaned).casefold())

    return read


def _truth(value: str) -> bool | None:
    word = (text.clean(value) or "").casefold()
    return True if word in _YES else False if word in _NO else None


def _score(value: str) -> int | None:
    """One to five.

    >>> _score("5"), _score("３"), _score("0"), _score("满意")
    (5, 3, None, None)
    """
    cleaned = text.clean(value) or ""
    return int(cleaned) if cleaned in ("1", "2", "3", "4", "5") else None
