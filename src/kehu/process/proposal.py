"""A first mapping for a source nobody has described yet, from the heads of its columns and what stands in them."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from kehu.model import records
from kehu.process import dates, distinct, emails, genders, identification, kinds, phones, text
from kehu.process.addresses import columns as addresses
from kehu.process.mapping import Mapping
from kehu.process.names import organizations, people

SAMPLE = 500
"""How many rows are looked at."""

_HEADS: dict[str, tuple[str, ...]] = {
    "record_id": (
        "记录编号", "编号", "单号", "业务单号", "订单号", "订单编号", "工单号", "受理单号", "受理编号", "流水号",
        "业务流水", "业务流水号", "申请编号", "序号", "主键",
        "recordid", "id", "uid", "uuid", "orderno", "orderid", "applicationid", "callid", "serialno", "key", "rowid",
        "no",
    ),
    "kind": ("客户类型", "用户类型", "客户性质", "kind", "customertype", "partytype"),
    "name": (
        "姓名", "客户姓名", "客户名称", "用户姓名", "用户名称", "机主姓名", "机主", "名称", "申请人", "申请人姓名",
        "联系人", "单位名称", "企业名称",
        "name", "fullname", "customername", "username", "applicantname", "contactname", "companyname", "custname",
        "custnm",
    ),
    "given_name": ("名", "givenname", "firstname", "forename", "given"),
    "surname": ("姓", "姓氏", "surname", "lastname", "familyname"),
    "id_type": ("证件类型", "证件种类", "证件类别", "idtype", "certtype", "certificatetype", "documenttype"),
    "id_number": (
        "证件号码", "证件号", "证件编号", "身份证", "身份证号", "身份证号码", "统一社会信用代码", "社会信用代码",
        "营业执照号",
        "idnumber", "idno", "idcard", "idcardno", "certno", "certificateno", "certificatenumber", "passportno",
        "ssn", "socsecid",
        "nationalid", "creditcode", "uscc",
    ),
    "phone": (
        "电话", "手机", "手机号", "手机号码", "电话号码", "联系电话", "联系方式", "移动电话", "主叫号码", "主叫",
        "phone", "mobile", "mobileno", "mobilephone", "phoneno", "phonenumber", "tel", "telephone", "cell",
        "caller",
    ),
    "phone_2": (
        "备用电话", "备用号码", "其他电话", "其它电话", "第二联系电话", "固定电话", "座机", "家庭电话", "办公电话",
        "联系电话2", "电话2",
        "phone2", "otherphone", "contactphone", "homephone", "workphone", "landline", "altphone",
    ),
    "birth_date": (
        "出生日期", "出生年月", "出生年月日", "生日", "birthdate", "dateofbirth", "dob", "birth", "birthday",
    ),
    "gender": ("性别", "gender", "sex"),
    "email": ("邮箱", "电子邮箱", "电子邮件", "邮件", "email", "mail", "emailaddress"),
    "address": (
        "地址", "通讯地址", "联系地址", "家庭地址", "住址", "家庭住址", "证件地址", "装机地址", "安装地址",
        "收货地址", "详细地址",
        "address", "fulladdress", "addr", "deliveryaddress", "homeaddress",
    ),
    "address_1": ("街道地址", "address1", "addressline1", "street", "streetaddress", "addrline1"),
    "address_2": ("address2", "addressline2", "addrline2"),
    "suburb": ("区县", "区", "县", "suburb", "district", "county"),
    "city": ("城市", "市", "地市", "city", "town"),
    "state": ("省", "省份", "state", "province", "region"),
    "postcode": ("邮编", "邮政编码", "postcode", "zip", "zipcode", "postalcode"),
    "category": (
        "客户类别", "客户分类", "用户类别", "category", "customerclass", "customercategory", "segment",
    ),
    "star_level": ("客户星级", "星级", "用户星级", "客户等级", "starlevel", "customerstar", "stars", "star"),
    "updated_at": (
        "更新时间", "修改时间", "最后更新时间", "受理时间", "办理时间", "提交时间", "创建时间", "时间", "日期",
        "受理日期",
        "updatedat", "updated", "modifiedat", "modified", "lastmodified", "submittedat", "createdat",
        "timestamp", "time",
    ),
    "msisdn": (
        "业务号码", "服务号码", "用户号码", "计费号码", "设备号码", "宽带账号",
        "msisdn", "servicenumber", "serviceno", "subscriberno", "accessnumber",
    ),
    "role": ("客户角色", "role"),
    "plan": ("套餐", "新套餐", "套餐名称", "主套餐", "资费", "plan", "planname", "package", "product", "tariff"),
    "number_state": ("号码状态", "用户状态", "业务状态", "状态", "numberstate", "numberstatus", "status"),
    "opened_at": (
        "开户时间", "开户日期", "入网时间", "入网日期", "激活时间", "openedat", "opendate",
        "activatedat", "activationdate",
    ),
    "user_name": ("实际使用人", "使用人", "使用人姓名", "实际使用人姓名", "actualuser", "enduser"),
    "proxy_name": ("经办人", "经办人姓名", "代办人", "代办人姓名", "代理人", "代理人姓名", "proxy", "proxyname"),
    "proxy_id_type": ("经办人证件类型", "代办人证件类型", "代理人证件类型", "proxyidtype", "proxycerttype"),
    "proxy_id_number": (
        "经办人证件号码", "经办人证件号", "经办人身份证号", "代办人证件号码",
        "代理人证件号码", "proxyidnumber", "proxycertno",
    ),
    "account_id": (
        "账户", "账户编号", "账户标识", "账号", "合同号", "付费账户", "accountid", "accountno", "account", "acctid",
        "billingaccount",
    ),
    "account_type": ("付费方式", "付费类型", "账户类型", "accounttype", "paymenttype", "paytype", "billingtype"),
    "payer_name": ("付费人", "付款人", "缴费人", "付费人姓名", "payer", "payername"),
    "interaction_at": (
        "开始时间", "通话开始时间", "呼叫时间", "来电时间", "接入时间", "startedat",
        "starttime", "calltime", "callstart",
    ),
    "interaction_ended_at": ("结束时间", "通话结束时间", "挂机时间", "endedat", "endtime", "callend"),
    "interaction_direction": ("呼叫方向", "通话方向", "方向", "direction", "calldirection"),
    "interaction_reason": (
        "业务类型", "服务类型", "来电原因", "来电类型", "诉求", "一级原因", "reason", "reason1",
        "callreason", "calltype",
    ),
    "interaction_reason_2": ("二级原因", "reason2"),
    "interaction_reason_3": ("三级原因", "reason3"),
    "interaction_verified": ("是否核验", "是否验证", "身份核验", "verified", "isverified"),
    "interaction_agent": (
        "工号", "坐席", "坐席工号", "营业员", "营业员工号", "操作员", "操作员工号", "受理人", "agent",
        "agentno", "agentid",
        "clerk", "clerkno", "operator", "staff", "staffno",
    ),
    "interaction_satisfaction": ("满意度", "评价", "satisfaction", "csat", "rating"),
}  # fmt: skip
"""How people call our columns: simplified, in lower case, without blanks and signs."""

_OF_OTHERS = re.compile(
    "经办|代办|代理|营业员|操作员|工号|坐席|受理人|推荐|担保|紧急|被叫|客户经理|网格经理|发展人|装维|施工|法定代表|法人(?:姓名|代表|证件|身份证|电话|手机)"
    "|配偶|监护人|proxy|agent|clerk|operator|staff|callee|manager"
)
"""Words in the head of a column that is about somebody else than the customer."""
_FOR_OTHERS = frozenset({"proxy_name", "proxy_id_type", "proxy_id_number", "interaction_agent"})
"""Our columns that are about somebody else."""
_SIGNS = re.compile(r"[\W_]+")

_EXACT, _INSIDE, _NONE = 1.0, 0.6, 0.0
_SURE = 0.8  # So much of a column must look like something to be taken for it without a word in its head.
_UNTOLD = 0.5  # As good as this is a column in which nothing can tell.
_LIKELY = 0.3  # So much of it must look like what its head says.
_SPEAKING = frozenset({"id_number", "phone", "email", "address"})  # Their values speak for themselves.


@dataclass(frozen=True, kw_only=True)
class Suggestion:
    """One of our columns, and where it seems to come from."""

    column: str
    """Our column."""
    source: str
    """The channel's column."""
    by_head: bool
    """Whether the head of the column says so; else only what stands in it."""
    fits: float | None
    """Which share of its values is what it should be, 0..1; None where nothing can tell, or nothing stands there."""


def suggest(rows: pa.Table) -> list[Suggestion]:
    """Where our columns seem to come from, in our order; each of the channel's columns is used once.

    Only a time is used twice: a row that tells of a contact changed when the contact was, or ended.

    >>> rows = pa.table({"工单号": ["1", "2"], "客户姓名": ["张伟", "李娜"], "x": ["13912345678", "13812345678"]})
    >>> [(found.column, found.source, found.by_head) for found in suggest(rows)]
    [('record_id', '工单号', True), ('name', '客户姓名', True), ('phone', 'x', False)]
    """
    sample = rows.slice(0, SAMPLE)
    columns = {
        name: text.column(distinct.one_chunk(sample.column(name)).cast(pa.string()))
        for name in sample.column_names
        if name != records.POSITION
    }
    rated = []
    for place, (source, values) in enumerate(columns.items()):
        is_of_others = _OF_OTHERS.search(_folded(source)) is not None
        for column in _HEADS:
            if is_of_others is not (column in _FOR_OTHERS):
                continue
            by_head = _by_head(column, source)
            fits = _fits(column, values, alone=by_head == _NONE)
            if _is_likely(column, by_head=by_head, fits=fits):
                rated.append((by_head + (_UNTOLD if fits is None else fits), -place, Suggestion(
                    column=column, source=source, by_head=by_head > _NONE, fits=fits
                )))  # fmt: skip
    chosen: dict[str, Suggestion] = {}
    for _, _, suggestion in sorted(rated, key=lambda one: one[:2], reverse=True):
        if suggestion.column not in chosen and all(suggestion.source != other.source for other in chosen.values()):
            chosen[suggestion.column] = suggestion
    _share(chosen)
    return [chosen[column] for column in _HEADS if column in chosen]


def _share(chosen: dict[str, Suggestion]) -> None:
    if "updated_at" not in chosen:
        times = (chosen.get(name) for name in ("interaction_ended_at", "interaction_at"))
        twice = next((found for found in times if found is not None), None)
        if twice is not None:
            chosen["updated_at"] = replace(twice, column="updated_at")
    tells_of_a_contact = any(column.startswith("interaction_") for column in chosen)
    if tells_of_a_contact and "interaction_at" not in chosen and "updated_at" in chosen:
        chosen["interaction_at"] = replace(chosen["updated_at"], column="interaction_at")


def as_toml(channel: str, suggestions: list[Suggestion]) -> str:
    """The mapping as it would stand in kehu.toml, with a remark beside what was only guessed from the values.

    >>> print(as_toml("hall", [Suggestion(column="phone", source="联系电话", by_head=True, fits=1.0)]))
    [channels.hall.mapping]
    phone = "联系电话"
    """
    return "\n".join([f"[channels.{key(channel)}.mapping]", *lines(suggestions)])


def lines(suggestions: list[Suggestion]) -> list[str]:
    """The lines of the mapping."""
    return [
        f"{one.column} = {quoted(one.source)}"
        + ("" if one.by_head else f"    # {one.fits or 0:.0%} of its values look like it")
        for one in suggestions
    ]


def quoted(text: str) -> str:
    """A text as TOML writes it."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def key(name: str) -> str:
    """A name as it stands in the head of a TOML table.

    >>> key("hall-2"), key("营业厅")
    ('hall-2', '"营业厅"')
    """
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else quoted(name)


def as_mapping(suggestions: list[Suggestion]) -> Mapping:
    """The mapping itself.

    Raises:
        ValidationError: Nothing was found that could be the key of a row.
    """
    return Mapping.model_validate({one.column: one.source for one in suggestions})


def _folded(head: str) -> str:
    return _SIGNS.sub("", text.simplify(head).casefold())


def _by_head(column: str, source: str) -> float:
    """How much the head of a column says that it is one of ours: a nested one by its whole name or its last part."""
    whole, last = _folded(source), _folded(source.rsplit(".", 1)[-1])
    words = _HEADS[column]
    if whole in words or last in words:
        return _EXACT
    longest = max((len(word) for word in words if len(word) > 1 and word in whole), default=0)
    return _INSIDE * longest / len(whole) if longest else _NONE


def _is_likely(column: str, *, by_head: float, fits: float | None) -> bool:
    if by_head == _NONE:
        return column in _SPEAKING and fits is not None and fits >= _SURE
    return fits is None or fits >= _LIKELY


def _fits(column: str, values: pa.Array, *, alone: bool) -> float | None:
    """Which share of the filled values is what the column should hold; `alone` where no head tells it."""
    test = _ALONE.get(column, _TESTS.get(column)) if alone else _TESTS.get(column)
    filled = values.drop_null()
    if test is None or len(filled) == 0:
        return None
    if column == "record_id":
        return pc.count_distinct(filled).as_py() / len(values)  # type: ignore[no-any-return]  # pyarrow is untyped
    return pc.mean(test(filled).cast(pa.float64())).as_py()  # type: ignore[no-any-return]  # pyarrow is untyped


def _each(looks_right: Callable[[str], Any]) -> Callable[[pa.Array], pa.Array]:
    return lambda values: distinct.mapped(values, lambda value: bool(looks_right(value)), to=pa.bool_())


def _is_phone(values: pa.Array) -> pa.Array:
    numbers = phones.columns(values, home="CN")["phone"]
    known = pc.match_substring_regex(numbers, r"^(?:1[3-9]\d{9}|0\d{9,11}|[48]00\d{7}|\+\d{8,15})$")
    return pc.fill_null(known, False)


def _is_certificate(values: pa.Array) -> pa.Array:
    found = identification.columns(values, distinct.nulls(len(values)))
    foreign = pc.is_in(found["id_type"], value_set=pa.array(["passport", "hk_macau_permit", "officer_card"]))
    return pc.or_(found["id_valid"], foreign)


def _is_name(value: str) -> bool:
    name = people.clean(value)
    is_short = name.name is not None and len(name.name) <= (4 if people.HAS_HAN.search(name.name) else 40)
    return organizations.looks_like_one(value) or (is_short and not any(map(str.isdigit, value)))


def _is_address(value: str) -> bool:
    found = addresses.line(value)
    return bool(found.road_number or found.building) or found.district is not None


def _is_whole_address(value: str) -> bool:
    """An address that nobody takes for a name, a number or a firm, each of which may be the name of a building."""
    found = addresses.line(value)
    at = found.road_number or found.building
    return bool((at and (found.road or found.district)) or (found.district and found.city))


def _is_birth_date(value: str) -> bool:
    """A day; many databases write midnight behind it."""
    day = _MIDNIGHT.sub("", value)
    return ":" not in day and dates.clean(day) is not None


_MIDNIGHT = re.compile(r"[ T]0?0:00(?::00(?:\.0+)?)?$")


def _is_moment(value: str) -> bool:
    return ":" in value and dates.clean_moment(value) is not None


def _is_time(value: str) -> bool:
    return _is_moment(value) or dates.clean(value) is not None


def _is_line(values: pa.Array) -> pa.Array:
    """A number to call, or the login of a broadband line."""
    login = pc.match_substring_regex(values, r"^[0-9]*[A-Za-z][0-9A-Za-z_.@-]*$")
    return pc.or_(_is_phone(values), pc.fill_null(login, False))


_TESTS: dict[str, Callable[[pa.Array], pa.Array]] = {
    "record_id": lambda values: values,
    "kind": _each(kinds.clean),
    "name": _each(_is_name),
    "id_type": _each(identification.clean_type),
    "id_number": _is_certificate,
    "phone": _is_phone,
    "phone_2": _is_phone,
    "birth_date": _each(_is_birth_date),
    "gender": _each(lambda value: genders.clean(value) or value in ("0", "9")),
    "email": _each(emails.clean),
    "address": _each(_is_address),
    "updated_at": _each(_is_time),
    "msisdn": _is_line,
    "opened_at": _each(_is_time),
    "user_name": _each(_is_name),
    "proxy_name": _each(_is_name),
    "proxy_id_type": _each(identification.clean_type),
    "proxy_id_number": _is_certificate,
    "payer_name": _each(_is_name),
    "interaction_at": _each(_is_time),
    "interaction_ended_at": _each(_is_time),
}
"""How the values of a column are recognized, where they can be."""

_ALONE: dict[str, Callable[[pa.Array], pa.Array]] = {"address": _each(_is_whole_address)}
"""How they are recognized where no head tells what they should be."""
