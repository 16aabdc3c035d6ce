"""Our columns as rules name them: what each is called, of which type it is, and how a value of it is written."""

import datetime as dt
import difflib
import re
from typing import Annotated, Any

import pyarrow as pa
from pydantic import AfterValidator

from kehu.model import households, records

TEXTS: dict[str, tuple[str, str]] = {
    "record_id": ("记录编号", "record id"),
    "channel": ("渠道", "channel"),
    "kind": ("类型", "kind"),
    "name": ("姓名", "name"),
    "given_name": ("名", "given name"),
    "surname": ("姓", "surname"),
    "id_type": ("证件类型", "certificate type"),
    "id_number": ("证件号码", "certificate number"),
    "phone": ("电话", "phone"),
    "phone_2": ("备用电话", "second phone"),
    "birth_date": ("出生日期", "birth date"),
    "gender": ("性别", "gender"),
    "email": ("电子邮箱", "e-mail"),
    "address": ("地址", "address"),
    "address_1": ("地址一", "address line 1"),
    "address_2": ("地址二", "address line 2"),
    "suburb": ("区县", "suburb"),
    "city": ("城市", "city"),
    "state": ("省份", "state"),
    "postcode": ("邮编", "post code"),
    "category": ("客户类别", "category"),
    "star_level": ("客户星级", "star level"),
    "updated_at": ("更新时间", "update time"),
    "name_match": ("匹配用姓名", "name for matching"),
    "name_sound": ("姓名读音", "sound of the name"),
    "name_weak": ("姓名不全", "incomplete name"),
    "org_core": ("单位简称", "core of the organization's name"),
    "id_valid": ("证件有效", "validity of the certificate"),
    "id_birth_date": ("证件上的出生日期", "birth date in the certificate"),
    "id_gender": ("证件上的性别", "gender in the certificate"),
    "province": ("省", "province"),
    "district": ("区县", "district"),
    "road": ("道路", "road"),
    "road_number": ("门牌号", "house number"),
    "building": ("小区楼栋", "building"),
    "unit": ("单元", "unit"),
    "room": ("房间号", "room"),
    "msisdn": ("业务号码", "number of the subscription"),
    "role": ("客户角色", "role"),
    "plan": ("套餐", "plan"),
    "number_state": ("号码状态", "state of the number"),
    "opened_at": ("开户时间", "opening time"),
    "user_name": ("实际使用人", "actual user"),
    "proxy_name": ("经办人姓名", "name of the proxy"),
    "proxy_id_type": ("经办人证件类型", "certificate type of the proxy"),
    "proxy_id_number": ("经办人证件号码", "certificate number of the proxy"),
    "account_id": ("账户编号", "account"),
    "account_type": ("付费方式", "account type"),
    "payer_name": ("付费人", "payer"),
    "interaction_at": ("接触时间", "time of the contact"),
    "interaction_ended_at": ("接触结束时间", "end of the contact"),
    "interaction_kind": ("接触方式", "kind of the contact"),
    "interaction_direction": ("呼叫方向", "direction of the contact"),
    "interaction_number": ("对方号码", "number of the contact"),
    "interaction_reason": ("接触原因", "reason of the contact"),
    "interaction_reason_2": ("接触原因二级", "reason of the contact, level 2"),
    "interaction_reason_3": ("接触原因三级", "reason of the contact, level 3"),
    "interaction_verified": ("是否核验", "verification"),
    "interaction_agent": ("坐席工号", "agent"),
    "interaction_satisfaction": ("满意度", "satisfaction"),
}
"""The zh and the en name of every column a rule may name."""

TYPES: dict[str, pa.DataType] = dict.fromkeys(records.FLAT_COLUMNS, pa.string()) | {
    field.name: field.type for field in (*households.STATED, *records.CLEAN)
}
"""The type of each column once it is cleaned; one that cleaning dissolves into others stays text."""


def _known(name: str) -> str:
    if name not in TYPES:
        near = difflib.get_close_matches(name, TYPES, n=3)
        hint = f"did you mean {' or '.join(near)}?" if near else f"has: {', '.join(TYPES)}"
        raise ValueError(f"{name!r} is no column of ours ({hint})")
    return name


Column = Annotated[str, AfterValidator(_known)]
"""The name of one of our columns."""

_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")


def literal(name: str, written: str) -> Any:
    """A value of a column as it is written in settings; one of a column of texts is a number.

    >>> literal("birth_date", "1900-01-01"), literal("postcode", "1000"), literal("interaction_satisfaction", "3")
    (datetime.date(1900, 1, 1), 1000.0, 3)
    >>> str(literal("updated_at", "2026-01-01"))
    '2026-01-01 00:00:00+00:00'

    Raises:
        ValueError: It is none.
    """
    kind = TYPES[name]
    try:
        if pa.types.is_date(kind):
            return dt.date.fromisoformat(written)
        if pa.types.is_timestamp(kind):
            moment = dt.datetime.fromisoformat(written)
            return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
        if pa.types.is_integer(kind):
            return int(written)
        if pa.types.is_string(kind) and _NUMBER.fullmatch(written):
            return float(written)
    except ValueError:
        pass
    raise ValueError(f"{written!r} is {_LACKS.get(str(kind), 'no number')}, as {name} wants it")


_LACKS = {
    "date32[day]": "no date like 1900-01-01",
    "timestamp[us, tz=UTC]": "no date or time like 2026-01-01 or 2026-01-01T08:00:00+08:00",
    "int64": "no whole number",
    "bool": "no bound: true and false have no order",
}


def are_comparable(left: str, right: str) -> bool:
    """Whether values of two columns can be laid side by side; a date can be with the day of a time.

    >>> are_comparable("birth_date", "updated_at"), are_comparable("birth_date", "name")
    (True, False)
    """
    kinds = {TYPES[name] for name in (left, right)}
    return len(kinds) == 1 or all(pa.types.is_temporal(kind) for kind in kinds)
