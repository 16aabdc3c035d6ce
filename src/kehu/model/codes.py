"""The code tables: every closed choice that stands in a column, with its zh and en text."""

from enum import StrEnum


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


class LoadState(StrEnum):
    """How far a load came."""

    RUNNING = "running"
    """Batches are still arriving."""
    DONE = "done"
    """All batches are stored."""
    FAILED = "failed"
    """It stopped; what its stored batches brought is kept, and the next run resumes after them."""


class Severity(StrEnum):
    """What breaking a rule does to a row."""

    REJECT = "reject"
    """The row goes to quarantine."""
    WARN = "warn"
    """The row is accepted; the breach is counted."""


TEXTS: dict[StrEnum, tuple[str, str]] = {
    Kind.INDIVIDUAL: ("个人", "individual"),
    Kind.ORGANIZATION: ("组织", "organization"),
    Gender.FEMALE: ("女", "female"),
    Gender.MALE: ("男", "male"),
    IdType.RESIDENT_ID: ("居民身份证", "resident ID"),
    IdType.USCC: ("统一社会信用代码", "unified social credit code"),
    IdType.PASSPORT: ("护照", "passport"),
    IdType.HK_MACAU_PERMIT: ("港澳居民来往内地通行证", "Hong Kong and Macau permit"),
    IdType.TAIWAN_PERMIT: ("台湾居民来往大陆通行证", "Taiwan permit"),
    IdType.OFFICER_CARD: ("军官证", "officer card"),
    IdType.OTHER: ("其他证件", "other identification"),
    Category.STUDENT: ("学生", "student"),
    Category.ENTERPRISE: ("企业用户", "enterprise"),
    Category.ORDINARY: ("普通用户", "ordinary"),
    Category.OTHER: ("其他", "other"),
    LoadState.RUNNING: ("进行中", "running"),
    LoadState.DONE: ("完成", "done"),
    LoadState.FAILED: ("失败", "failed"),
    Severity.REJECT: ("拒绝", "reject"),
    Severity.WARN: ("警告", "warn"),
}
"""The zh and the en text of every code."""
