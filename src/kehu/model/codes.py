"""The code tables: every closed choice that stands in a column, with its zh and en text."""

from collections.abc import Iterator, Mapping
from enum import Enum, StrEnum


class Kind(StrEnum):
    """What stands behind a record."""

    INDIVIDUAL = "individual"
    """A person (个人)."""
    ORGANIZATION = "organization"
    """A company, an office, a school (组织)."""


class Gender(StrEnum):
    """The gender a record states, or its certificate implies."""

    FEMALE = "female"
    """女."""
    MALE = "male"
    """男."""


class IdType(StrEnum):
    """The type of an identification (证件类型)."""

    RESIDENT_ID = "resident_id"
    """居民身份证, 18 characters with a check digit; also residence permits of that form."""
    USCC = "uscc"
    """统一社会信用代码 of an organization, 18 characters with a check character (GB 32100-2015)."""
    PASSPORT = "passport"
    """护照."""
    HK_MACAU_PERMIT = "hk_macau_permit"
    """港澳居民来往内地通行证."""
    TAIWAN_PERMIT = "taiwan_permit"
    """台湾居民来往大陆通行证."""
    OFFICER_CARD = "officer_card"
    """军官证, 警官证."""
    OTHER = "other"
    """Any other number that identifies: a social security or a customer number of another country."""


class Category(StrEnum):
    """The default customer categories (客户类别); an operator's own codes may stand beside them."""

    STUDENT = "student"
    """学生."""
    ENTERPRISE = "enterprise"
    """企业用户."""
    ORDINARY = "ordinary"
    """普通用户."""
    OTHER = "other"
    """其他."""


class StarLevel(StrEnum):
    """The star level of a customer (客户星级), as the operator reckons it; its own grades may stand beside them."""

    ONE = "1"
    """一星."""
    TWO = "2"
    """二星."""
    THREE = "3"
    """三星."""
    FOUR = "4"
    """四星."""
    FIVE = "5"
    """五星, of no tier that is told."""
    FIVE_SILVER = "5_silver"
    """五星银."""
    FIVE_GOLD = "5_gold"
    """五星金."""
    FIVE_DIAMOND = "5_diamond"
    """五星钻."""


class LoadState(StrEnum):
    """How far a load came."""

    RUNNING = "running"
    """Batches are still arriving."""
    DONE = "done"
    """All batches are stored."""
    FAILED = "failed"
    """It stopped; what its stored batches brought is kept, and the next run resumes after them."""
    INTERRUPTED = "interrupted"
    """Its process was killed, or the power went; what its stored batches brought is kept, as of a failed one."""


class Severity(StrEnum):
    """What breaking a rule does to a row."""

    REJECT = "reject"
    """The row goes to quarantine."""
    WARN = "warn"
    """The row is accepted; the breach is counted."""


class NumberState(StrEnum):
    """The state of a number (号码状态)."""

    PRE_OPENED = "pre_opened"
    """预开户."""
    ACTIVE = "active"
    """正常."""
    SUSPENDED_BY_REQUEST = "suspended_by_request"
    """申请停机."""
    SUSPENDED_FOR_ARREARS = "suspended_for_arrears"
    """欠费停机."""
    PARKED = "parked"
    """停机保号."""
    REPORTED_LOST = "reported_lost"
    """挂失."""
    SHUT_FOR_VIOLATION = "shut_for_violation"
    """违规关停."""
    PRE_CLOSED = "pre_closed"
    """预销户."""
    CLOSED = "closed"
    """销户."""
    FROZEN = "frozen"
    """冷冻: released, and not yet sold again."""
    PORTED_OUT = "ported_out"
    """携出."""
    PORTED_IN = "ported_in"
    """携入."""


class Role(StrEnum):
    """What a customer is to a subscription."""

    HOLDER = "holder"
    """机主."""
    USER = "user"
    """实际使用人."""
    PROXY = "proxy"
    """经办人."""
    PAYER = "payer"
    """付费人."""


class AccountType(StrEnum):
    """When an account pays."""

    PREPAID = "prepaid"
    """预付费."""
    POSTPAID = "postpaid"
    """后付费."""


class InteractionKind(StrEnum):
    """How a customer and the operator met (接触记录)."""

    CALL = "call"
    """通话: a call with the call centre."""
    VISIT = "visit"
    """到厅: a visit to a business hall."""
    APPLICATION = "application"
    """网上申请: an application on the web or in the app."""
    MESSAGE = "message"
    """消息: a short message, a chat, a letter."""
    CONTACT = "contact"
    """其他接触: any other."""


class Direction(StrEnum):
    """Who began an interaction."""

    IN = "in"
    """The customer."""
    OUT = "out"
    """The operator."""


class DecidedBy(StrEnum):
    """What decided that a value is the golden one."""

    PINNED = "pinned"
    """人工指定: a steward says so."""
    VALID_FIRST = "valid_first"
    """有效优先: it is valid, the others are not."""
    CHANNEL_TRUST = "channel_trust"
    """渠道可信度: its channel is trusted more."""
    MOST_RECENT = "most_recent"
    """最近更新: its source changed it last."""
    MOST_FREQUENT = "most_frequent"
    """最多记录: most records state it."""
    LONGEST = "longest"
    """最完整: it is the longest."""
    RECORD_KEY = "record_key"
    """记录编号: nothing told them apart, so the lesser key of a record did."""
    ONLY = "only"
    """唯一取值: no record states anything else."""
    CERTIFICATE = "certificate"
    """证件所载: nobody states it, and the certificate tells it."""


class MediumKind(StrEnum):
    """A kind of contact medium (联系方式)."""

    PHONE = "phone"
    """电话."""
    EMAIL = "email"
    """电子邮箱."""
    ADDRESS = "address"
    """地址."""


class Flaw(StrEnum):
    """What the quality of a customer lacks."""

    NO_NAME = "no_name"
    """无姓名."""
    WEAK_NAME = "weak_name"
    """姓名不完整: a title or initials in place of a name."""
    NO_CERTIFICATE = "no_certificate"
    """无证件."""
    UNVERIFIED_CERTIFICATE = "unverified_certificate"
    """证件未验证: its check digit is wrong, or it has none."""
    NO_PHONE = "no_phone"
    """无电话."""
    NO_ADDRESS = "no_address"
    """无地址."""
    NO_EMAIL = "no_email"
    """无邮箱."""
    NO_BIRTH_DATE = "no_birth_date"
    """无出生日期: of individuals only."""
    CONFLICTING_NAME = "conflicting_name"
    """姓名不一致: records state different names."""
    CONFLICTING_CERTIFICATE = "conflicting_certificate"
    """证件不一致: records state different certificates."""
    CONFLICTING_BIRTH_DATE = "conflicting_birth_date"
    """出生日期不一致: records, or a record and its certificate, state different ones."""
    CONFLICTING_GENDER = "conflicting_gender"
    """性别不一致: records, or a record and its certificate, state different ones."""
    ONE_RECORD = "one_record"
    """仅一条记录: nothing confirms what it states."""
    STALE = "stale"
    """久未更新: its newest change was two years old when we received it."""


class Verdict(StrEnum):
    """Why two records are one customer, or two."""

    TOGETHER = "together"
    """人工合并: a steward put them together."""
    JOINED = "joined"
    """直接关联: their own evidence is enough."""
    CHAINED = "chained"
    """经由其他记录: other records of the customer connect them."""
    APART = "apart"
    """人工分开: a steward keeps them apart."""
    CERTIFICATE = "certificate"
    """证件不同: they hold two different valid certificates."""
    GROUP = "group"
    """组间矛盾: joining them would join two groups that contradict each other."""
    CROWD = "crowd"
    """人群过大: so many records hang together by links like this one that it says too little."""
    UNPAIRED = "unpaired"
    """未比对: they share no key, or only such as too many share, so nobody compared them."""
    DOUBTFUL = "doubtful"
    """存疑: the evidence is too weak to join and too strong to drop."""
    TOO_LIGHT = "too_light"
    """证据不足: the evidence speaks against it."""
    WAITING = "waiting"
    """待识别: one of them has no customer yet."""


class Relation(StrEnum):
    """What two customers are to each other; it never makes them one."""

    FAMILY = "family"
    """家庭: two people of one surname, at one door or under one phone."""
    HOUSEHOLD = "household"
    """同住: two people at one door."""
    SHARED_CONTACT = "shared_contact"
    """共用联系方式: two people with one phone or e-mail."""
    STAFF = "staff"
    """单位与个人: a person and an organization with one phone, e-mail or door."""
    AFFILIATED = "affiliated"
    """关联单位: two organizations with one phone, e-mail or door."""


class Texts(Mapping[Enum, tuple[str, str]]):
    """The zh and the en text of codes; two of one value, `other` of a certificate and of a category, keep their own."""

    def __init__(self, *texts: tuple[Enum, str, str]) -> None:
        self._texts = {(type(code), code): (zh, en) for code, zh, en in texts}

    def __getitem__(self, code: Enum) -> tuple[str, str]:
        return self._texts[type(code), code]

    def __iter__(self) -> Iterator[Enum]:
        return iter([code for _, code in self._texts])

    def __len__(self) -> int:
        return len(self._texts)


TEXTS = Texts(
    (Kind.INDIVIDUAL, "个人", "individual"),
    (Kind.ORGANIZATION, "组织", "organization"),
    (Gender.FEMALE, "女", "female"),
    (Gender.MALE, "男", "male"),
    (IdType.RESIDENT_ID, "居民身份证", "resident ID"),
    (IdType.USCC, "统一社会信用代码", "unified social credit code"),
    (IdType.PASSPORT, "护照", "passport"),
    (IdType.HK_MACAU_PERMIT, "港澳居民来往内地通行证", "Hong Kong and Macau permit"),
    (IdType.TAIWAN_PERMIT, "台湾居民来往大陆通行证", "Taiwan permit"),
    (IdType.OFFICER_CARD, "军官证", "officer card"),
    (IdType.OTHER, "其他证件", "other identification"),
    (Category.STUDENT, "学生", "student"),
    (Category.ENTERPRISE, "企业用户", "enterprise"),
    (Category.ORDINARY, "普通用户", "ordinary"),
    (Category.OTHER, "其他", "other"),
    (StarLevel.ONE, "一星", "one star"),
    (StarLevel.TWO, "二星", "two stars"),
    (StarLevel.THREE, "三星", "three stars"),
    (StarLevel.FOUR, "四星", "four stars"),
    (StarLevel.FIVE, "五星", "five stars"),
    (StarLevel.FIVE_SILVER, "五星银", "five stars (silver)"),
    (StarLevel.FIVE_GOLD, "五星金", "five stars (gold)"),
    (StarLevel.FIVE_DIAMOND, "五星钻", "five stars (diamond)"),
    (NumberState.PRE_OPENED, "预开户", "pre-opened"),
    (NumberState.ACTIVE, "正常", "active"),
    (NumberState.SUSPENDED_BY_REQUEST, "申请停机", "suspended by request"),
    (NumberState.SUSPENDED_FOR_ARREARS, "欠费停机", "suspended for arrears"),
    (NumberState.PARKED, "停机保号", "parked"),
    (NumberState.REPORTED_LOST, "挂失", "reported lost"),
    (NumberState.SHUT_FOR_VIOLATION, "违规关停", "shut for violation"),
    (NumberState.PRE_CLOSED, "预销户", "pre-closed"),
    (NumberState.CLOSED, "销户", "closed"),
    (NumberState.FROZEN, "冷冻", "frozen"),
    (NumberState.PORTED_OUT, "携出", "ported out"),
    (NumberState.PORTED_IN, "携入", "ported in"),
    (Role.HOLDER, "机主", "holder"),
    (Role.USER, "实际使用人", "user"),
    (Role.PROXY, "经办人", "proxy"),
    (Role.PAYER, "付费人", "payer"),
    (AccountType.PREPAID, "预付费", "prepaid"),
    (AccountType.POSTPAID, "后付费", "postpaid"),
    (InteractionKind.CALL, "通话", "call"),
    (InteractionKind.VISIT, "到厅", "visit"),
    (InteractionKind.APPLICATION, "网上申请", "application"),
    (InteractionKind.MESSAGE, "消息", "message"),
    (InteractionKind.CONTACT, "其他接触", "other contact"),
    (Direction.IN, "呼入", "inbound"),
    (Direction.OUT, "呼出", "outbound"),
    (DecidedBy.PINNED, "人工指定", "pinned by a steward"),
    (DecidedBy.VALID_FIRST, "有效优先", "valid first"),
    (DecidedBy.CHANNEL_TRUST, "渠道可信度", "channel trust"),
    (DecidedBy.MOST_RECENT, "最近更新", "most recent"),
    (DecidedBy.MOST_FREQUENT, "最多记录", "most frequent"),
    (DecidedBy.LONGEST, "最完整", "longest"),
    (DecidedBy.RECORD_KEY, "不分上下，按记录编号", "a tie: by record key"),
    (DecidedBy.ONLY, "唯一取值", "the only value"),
    (DecidedBy.CERTIFICATE, "证件所载", "read off the certificate"),
    (MediumKind.PHONE, "电话", "phone"),
    (MediumKind.EMAIL, "电子邮箱", "e-mail"),
    (MediumKind.ADDRESS, "地址", "address"),
    (Flaw.NO_NAME, "无姓名", "no name"),
    (Flaw.WEAK_NAME, "姓名不完整", "only a title or initials for a name"),
    (Flaw.NO_CERTIFICATE, "无证件", "no certificate"),
    (Flaw.UNVERIFIED_CERTIFICATE, "证件未验证", "unverified certificate"),
    (Flaw.NO_PHONE, "无电话", "no phone"),
    (Flaw.NO_ADDRESS, "无地址", "no address"),
    (Flaw.NO_EMAIL, "无邮箱", "no e-mail"),
    (Flaw.NO_BIRTH_DATE, "无出生日期", "no birth date"),
    (Flaw.CONFLICTING_NAME, "姓名不一致", "conflicting names"),
    (Flaw.CONFLICTING_CERTIFICATE, "证件不一致", "conflicting certificates"),
    (Flaw.CONFLICTING_BIRTH_DATE, "出生日期不一致", "conflicting birth dates"),
    (Flaw.CONFLICTING_GENDER, "性别不一致", "conflicting genders"),
    (Flaw.ONE_RECORD, "仅一条记录", "only one record"),
    (Flaw.STALE, "久未更新", "stale"),
    (Verdict.TOGETHER, "数据管家已将二者合并", "a steward put them together"),
    (Verdict.JOINED, "自身证据足够，已关联", "joined: their own evidence is enough"),
    (Verdict.CHAINED, "经由该客户的其他记录相连", "one customer, because other records connect them"),
    (Verdict.APART, "数据管家已将二者分开", "a steward keeps them apart"),
    (Verdict.CERTIFICATE, "两个不同的有效证件，不合并", "refused: two different valid certificates"),
    (
        Verdict.GROUP,
        "会把相互矛盾的两组记录合并，已拒绝",
        "refused: it would join two groups that contradict each other",
    ),
    (
        Verdict.CROWD,
        "因这样轻的关联而连在一起的记录过多，已拒绝",
        "refused: too many records hang together by links as light as this one",
    ),
    (
        Verdict.UNPAIRED,
        "没有共同的分块键，或共有的键过于常见，未曾比对",
        "never compared: they share no key but such as too many share",
    ),
    (
        Verdict.DOUBTFUL,
        "证据不足以合并，又不宜忽略，待复核",
        "in doubt: too weak to join and too strong to drop",
    ),
    (Verdict.TOO_LIGHT, "证据不足，未关联", "not joined: the evidence is too weak"),
    (Verdict.WAITING, "尚待识别", "one of them waits to be identified"),
    (Relation.FAMILY, "家庭", "family"),
    (Relation.HOUSEHOLD, "同住", "household"),
    (Relation.SHARED_CONTACT, "共用联系方式", "shared contact"),
    (Relation.STAFF, "单位与个人", "firm and person"),
    (Relation.AFFILIATED, "关联单位", "affiliated firms"),
    (LoadState.RUNNING, "进行中", "running"),
    (LoadState.DONE, "完成", "done"),
    (LoadState.FAILED, "失败", "failed"),
    (LoadState.INTERRUPTED, "中断", "interrupted"),
    (Severity.REJECT, "拒绝", "reject"),
    (Severity.WARN, "警告", "warn"),
)
"""The zh and the en text of every code."""
