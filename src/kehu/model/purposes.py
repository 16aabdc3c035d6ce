"""What each stored column is for, how it is classed and how long it is kept (PIPL 6 and 19, GDPR 5).

A column that is not named here fails a test: whoever stores something new says why, and for how long.

    HELD["record"].class_of("id_number")  # Class.SENSITIVE
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from kehu.model.privacy import Class


class Use(StrEnum):
    """What a table is held for (目的)."""

    SERVE = "serve"
    """Knowing a customer and serving them: the contract."""
    RESOLVE = "resolve"
    """Telling which records are one customer, and correcting it."""
    RIGHTS = "rights"
    """Doing what people ask for, and proving it."""
    PROVE = "prove"
    """Proving who used what was held, when and why."""
    GUARD = "guard"
    """Letting our own users and machines in, and nobody else."""
    COUNT = "count"
    """Figures and segments; persons stand in them as numbers only."""
    RUN = "run"
    """Keeping the house running: loads, settings, numbers."""


USES: dict[Use, tuple[str, str]] = {
    Use.SERVE: ("识别并服务客户（履行合同）", "Knowing a customer and serving them (the contract)"),
    Use.RESOLVE: ("判断哪些记录属于同一客户，并可更正", "Telling which records are one customer, and correcting it"),
    Use.RIGHTS: ("办理并证明个人的请求", "Doing what people ask for, and proving it"),
    Use.PROVE: ("证明谁在何时因何使用了数据", "Proving who used what was held, when and why"),
    Use.GUARD: ("让本单位用户和程序进入，拒绝他人", "Letting our own users and machines in, and nobody else"),
    Use.COUNT: ("统计指标与客群", "Figures and segments"),
    Use.RUN: ("维持系统运行", "Keeping the house running"),
}
"""The zh and the en text of every purpose."""


class Period(StrEnum):
    """How long something is kept (保存期限)."""

    SERVICE = "service"
    """While the service lasts, and of who holds a number `keep_years` beyond."""
    CUSTOMER = "customer"
    """As long as the customer it is about."""
    TRAIL = "trail"
    """For good: it proves how data was used, and names customers by numbers alone."""
    MARK = "mark"
    """As long as its key: without it the erased would come back."""
    STAFF = "staff"
    """As long as the user or the key is listed."""
    MOMENT = "moment"
    """Until it is over: hours to days, then it is swept away."""
    STORE = "store"
    """As long as the store; nothing of it is about a person."""


PERIODS: dict[Period, tuple[str, str]] = {
    Period.SERVICE: (
        "服务存续期间；实名信息在服务终止后再保存 keep_years 年",
        "While the service lasts; of who holds a number, keep_years beyond",
    ),
    Period.CUSTOMER: ("与所属客户同期，随其删除", "As long as the customer it is about; goes with their erasure"),
    Period.TRAIL: ("长期保存；只以编号指称客户", "For good; it names customers by numbers alone"),
    Period.MARK: ("与其密钥同期", "As long as the key it was made with"),
    Period.STAFF: ("与用户或密钥同期", "As long as the user or the key is listed"),
    Period.MOMENT: ("结束后数小时至数日内清除", "Until it is over: hours to days, then it is swept away"),
    Period.STORE: ("与系统同期；不涉及个人", "As long as the store; nothing of it is about a person"),
}
"""The zh and the en text of every period."""

CLASSES: dict[Class, tuple[str, str]] = {
    Class.PUBLIC: ("公开", "public"),
    Class.PERSONAL: ("个人", "personal"),
    Class.SENSITIVE: ("敏感", "sensitive"),
}
"""The zh and the en text of every class."""


@dataclass(frozen=True, kw_only=True)
class Held:
    """What a table is held for, how long, and the class of each of its columns."""

    use: Use
    period: Period
    classes: Mapping[str, Class]

    def class_of(self, column: str) -> Class:
        """The class of a column.

        Raises:
            KeyError: Nobody said.
        """
        return self.classes[column]


def _held(use: Use, period: Period, *, public: str = "", personal: str = "", sensitive: str = "") -> Held:
    told = ((Class.PUBLIC, public), (Class.PERSONAL, personal), (Class.SENSITIVE, sensitive))
    return Held(use=use, period=period, classes={name: kind for kind, names in told for name in names.split()})


_GOLDEN = "kind name id_type phone phone_2 birth_date gender email address province city district category star_level"
_STATE = "sources records quality updated_at decided flaws merged_into valid_from why"

HELD: Mapping[str, Held] = {
    # What the channels gave, and what we believe of it.
    "record": _held(
        Use.SERVE, Period.SERVICE,
        public="record channel version current load_id received_at source_position",
        personal=f"record_id name_match surname given_name name_sound name_weak org_core id_valid id_birth_date "
        f"id_gender {_GOLDEN} road road_number building unit room postcode updated_at origin hash",
        sensitive="id_number",
    ),
    "subscription": _held(
        Use.SERVE, Period.SERVICE,
        public="record channel",
        personal="msisdn role plan number_state opened_at account_id user_name proxy_name proxy_id_type",
        sensitive="proxy_id_number",
    ),
    "account": _held(
        Use.SERVE, Period.CUSTOMER, public="record channel", personal="account_id account_type payer_name"
    ),
    "interaction": _held(
        Use.SERVE, Period.CUSTOMER,
        public="record",
        personal="started_at ended_at kind direction number reason reason_2 reason_3 verified agent satisfaction",
    ),
    "customer": _held(
        Use.SERVE, Period.SERVICE, public="customer_id", personal=f"{_GOLDEN} {_STATE}", sensitive="id_number"
    ),
    "customer_history": _held(
        Use.RESOLVE, Period.CUSTOMER,
        public="customer_id",
        personal=f"{_GOLDEN} {_STATE} valid_to changed",
        sensitive="id_number",
    ),
    "contact_medium": _held(
        Use.SERVE, Period.CUSTOMER,
        public="record",
        personal="customer_id kind rank value first_seen last_seen records",
    ),
    "search_term": _held(Use.SERVE, Period.CUSTOMER, personal="term customer_id"),
    "pushed": _held(Use.RESOLVE, Period.CUSTOMER, public="record", sensitive="raw"),
    "quarantine": _held(
        Use.RESOLVE, Period.CUSTOMER,
        public="quarantine_id load_id channel source_position reasons state received_at",
        personal="record_id replayed_as hash",
        sensitive="raw",
    ),
    # Which records are one customer.
    "fresh": _held(Use.RESOLVE, Period.MOMENT, public="record"),
    "member": _held(Use.RESOLVE, Period.SERVICE, personal="record customer_id since plan"),
    "member_history": _held(Use.RESOLVE, Period.CUSTOMER, personal="record customer_id since until"),
    "match_key": _held(Use.RESOLVE, Period.CUSTOMER, personal="key record"),
    "link": _held(Use.RESOLVE, Period.CUSTOMER, personal="record_l record_r weight levels state reason"),
    "question": _held(
        Use.RESOLVE, Period.CUSTOMER, public="value pairs", personal="customer_l customer_r record_l record_r"
    ),
    "decision": _held(
        Use.RESOLVE, Period.CUSTOMER,
        public="decision_id kind decided_by decided_at undone_by undone_at",
        personal="why undone_why",
    ),
    "decision_member": _held(Use.RESOLVE, Period.CUSTOMER, personal="decision_id origin customer_id"),
    "decision_pair": _held(Use.RESOLVE, Period.CUSTOMER, personal="decision_id origin_l origin_r kind"),
    "decision_pin": _held(
        Use.RESOLVE, Period.CUSTOMER, personal="decision_id origin attribute", sensitive="value"
    ),
    # Customer service.
    "phone_call": _held(
        Use.SERVE, Period.CUSTOMER, public="call_id channel agent", personal="at number customer_id"
    ),
    "ticket": _held(
        Use.SERVE, Period.CUSTOMER,
        public="ticket_id kind sla severity state queue assignee channel opened_by due_at left_s breached_at "
        "resolved_at ended_at line_at",
        personal="title customer_id call_id record opened_at",
    ),
    "ticket_event": _held(
        Use.SERVE, Period.CUSTOMER, public="ticket_id place at who act was became", personal="text"
    ),
    "note": _held(Use.SERVE, Period.CUSTOMER, public="note_id at who", personal="customer_id text"),
    "asked": _held(Use.RUN, Period.MOMENT, public="who key body number at"),
    # What people asked for.
    "consent": _held(
        Use.RIGHTS, Period.CUSTOMER,
        public="consent_id notice channel noted_at noted_by",
        personal="origin purpose said at",
    ),
    "restriction": _held(
        Use.RIGHTS, Period.CUSTOMER, public="bound noted_by freed_at freed_by", personal="origin since until"
    ),
    "erasure": _held(Use.RIGHTS, Period.TRAIL, public="erasure_id at erased_by state finished_at receipt"),
    "tombstone": _held(Use.RIGHTS, Period.MARK, public="kind key_number erasure_id at", personal="digest"),
    "audit": _held(
        Use.PROVE, Period.TRAIL, public="audit_id at who act what whence detail mark", personal="why"
    ),
    "audit_chain": _held(Use.PROVE, Period.TRAIL, public="place audit_id digest"),
    # Our own users; they are persons, too.
    "person": _held(
        Use.GUARD, Period.STAFF,
        public="person_id roles state totp_step made_at made_by",
        personal="login name signed_in_at subject",
        sensitive="password totp",
    ),
    "session": _held(
        Use.GUARD, Period.MOMENT,
        public="session_id person_id started_at expires_at",
        personal="seen_at whence browser",
        sensitive="token",
    ),
    "one_time_link": _held(Use.GUARD, Period.MOMENT, public="person_id made_at expires_at", sensitive="token"),
    "api_key": _held(
        Use.GUARD, Period.STAFF,
        public="key_id name permissions made_at made_by expires_at revoked_at seen_at",
        sensitive="token",
    ),
    "refusal": _held(Use.GUARD, Period.MOMENT, public="at mark", personal="whence login"),
    "sign_on": _held(Use.GUARD, Period.MOMENT, public="state at"),
    # Nothing of persons.
    "segment": _held(Use.COUNT, Period.STORE, public="segment_id name version every deleted_at"),
    "segment_version": _held(Use.COUNT, Period.STORE, public="segment_id version condition made_at made_by"),
    "segment_count": _held(Use.COUNT, Period.STORE, public="segment_id at version customers"),
    "tally": _held(Use.COUNT, Period.STORE, public="category province channel name month code many"),
    "completeness": _held(Use.COUNT, Period.STORE, public="load_id attribute filled valid"),
    "quality": _held(Use.COUNT, Period.STORE, public="load_id rule severity rows"),
    "load": _held(
        Use.RUN, Period.STORE,
        public="load_id channel state started_at finished_at cursor_before cursor_after read accepted duplicate "
        "quarantined erased warned changed failure day pushed_by",
    ),
    "lease": _held(Use.RUN, Period.MOMENT, public="name token host process taken_at expires_at"),
    "sequence": _held(Use.RUN, Period.STORE, public="name next"),
    "setting": _held(Use.RUN, Period.STORE, public="name value"),
}  # fmt: skip
"""Table -> what it is held for, how long, and the class of each column."""
