"""What columns and codes are called on pages. `marked` texts are English; the catalogue holds the Chinese ones."""

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from gettext import NullTranslations

from kehu.model import codes, privacy, tickets
from kehu.model.languages import Language
from kehu.serve import language as languages


def marked(text: str) -> str:
    """The text itself, marked for the catalogue."""
    return text


ATTRIBUTES: dict[str, str] = {
    "kind": marked("Kind"),
    "name": marked("Name"),
    "id_type": marked("Certificate type"),
    "id_number": marked("Certificate number"),
    "phone": marked("Phone"),
    "phone_2": marked("Second phone"),
    "birth_date": marked("Birth date"),
    "gender": marked("Gender"),
    "email": marked("E-mail"),
    "address": marked("Address"),
    "province": marked("Province"),
    "city": marked("City"),
    "district": marked("District"),
    "category": marked("Category"),
    "star_level": marked("Star level"),
    "sources": marked("Sources"),
    "records": marked("Records"),
    "quality": marked("Quality"),
    "decided": marked("What decided"),
    "flaws": marked("What its quality lacks"),
    "han_surname": marked("Surname"),
    "han_given_name": marked("Given name"),
    "latin_surname": marked("Surname"),
    "latin_given_name": marked("Given name"),
    "surname_sound": marked("Surname, by sound"),
    "given_sound": marked("Given name, by sound"),
    "org_core": marked("Name without region and legal form"),
    "updated_at": marked("Changed at source"),
    "merged_into": marked("Merged into"),
    "record_id": marked("Key in its channel"),
    "channel": marked("Channel"),
    "row": marked("Row"),
    "subscriptions": marked("Subscriptions"),
    "accounts": marked("Accounts"),
    "contacts": marked("Contacts"),
}
"""Column -> what people call it."""

KEYS: dict[str, str] = {
    "certificate": marked("certificate"),
    "phone": marked("phone"),
    "second phone": marked("second phone"),
    "e-mail": marked("e-mail"),
    "e-mail local part": marked("e-mail local part"),
    "name and birth date": marked("name and birth date"),
    "surname and birth date": marked("surname and birth date"),
    "given name and birth date": marked("given name and birth date"),
    "birth date": marked("birth date"),
    "birth date and postcode": marked("birth date and postcode"),
    "name": marked("name"),
    "name and city": marked("name and city"),
    "surname and city": marked("surname and city"),
    "given name and city": marked("given name and city"),
    "surname and postcode": marked("surname and postcode"),
    "given name and postcode": marked("given name and postcode"),
    "surname and door": marked("surname and door"),
    "given name and door": marked("given name and door"),
    "surname and room": marked("surname and room"),
    "organization": marked("organization"),
    "organization's sound": marked("organization's sound"),
    "organization's start": marked("organization's start"),
    "organization's door": marked("organization's door"),
}
"""Kind of a key -> what people call it."""

LINK_STATES: dict[str, str] = {
    "linked": marked("linked"),
    "refused": marked("refused"),
    "doubtful": marked("in doubt"),
}
"""State of a link -> what people call it."""

LINK_REASONS: dict[str, str] = {
    "certificate": marked("two different valid certificates"),
    "apart": marked("a steward keeps them apart"),
    "group": marked("it would join two groups that contradict each other"),
    "crowd": marked("too many records hang together by links as light as this one"),
    "doubtful": marked("the evidence is too weak to join and too strong to drop"),
}
"""Why a link was refused or is in doubt -> in words."""

ROLES: dict[str, str] = {
    "agent": marked("Agent"),
    "steward": marked("Steward"),
    "analyst": marked("Analyst"),
    "privacy_officer": marked("Privacy officer"),
    "administrator": marked("Administrator"),
}
"""Role -> what people call it."""

ROLE_WORDS: dict[str, str] = {
    "agent": marked("serves customers; sees personal values masked"),
    "steward": marked("answers for who is one customer, and for quality"),
    "analyst": marked("counts, and never sees a person"),
    "privacy_officer": marked("answers for consent, disclosure and erasure"),
    "administrator": marked("lets people in and keeps the system running"),
}
"""Role -> what it is for."""

SOURCE_KINDS: dict[str, str] = {
    "rest": marked("REST service"),
    "database": marked("database"),
    "files": marked("files in a folder"),
    "push": marked("sent to us"),
    "own": marked("channel of your own"),
}
"""How a channel is read -> what people call it."""

ACTS: dict[str, str] = {
    "sign_in": marked("came in"),
    "sign_in_refused": marked("was refused"),
    "sign_out": marked("left"),
    "look": marked("looked"),
    "unmask": marked("saw in clear"),
    "export": marked("took out"),
    "merge": marked("merged"),
    "split": marked("split"),
    "review": marked("judged a pair"),
    "pin": marked("set by hand"),
    "undo": marked("took back"),
    "arrive": marked("handed records in"),
    "mend": marked("mended or replayed"),
    "dismiss": marked("dismissed rows"),
    "adopt": marked("adopted a model"),
    "note": marked("wrote a note"),
    "ticket": marked("worked on a ticket"),
    "consent": marked("recorded consent"),
    "restrict": marked("restricted or freed"),
    "disclose": marked("disclosed"),
    "erase": marked("erased"),
    "affected": marked("asked who is affected"),
    "users": marked("changed users or keys"),
    "backup": marked("backed up"),
    "restore": marked("restored"),
    "rotate": marked("changed the keys"),
}
"""What was noted -> what people call it."""

PERMISSIONS: dict[str, str] = {
    "find": marked("find customers"),
    "clear": marked("see values in clear"),
    "unmask": marked("unmask, with a reason"),
    "arrive": marked("hand in records"),
    "edit": marked("set values by hand"),
    "serve": marked("work on tickets"),
    "decide": marked("merge, split, judge pairs"),
    "mend": marked("mend the quarantine"),
    "analyse": marked("see figures, make segments"),
    "export": marked("take lists out"),
    "operate": marked("see loads and quality"),
    "privacy": marked("consent, restrict, disclose, erase"),
    "audit": marked("read the audit trail"),
    "users": marked("manage users and keys"),
}
"""Permission -> what people call it."""

USER_STATES: dict[str, str] = {
    "invited": marked("invited"),
    "active": marked("active"),
    "disabled": marked("disabled"),
}
"""State of a user -> what people call it."""

COMPLAINTS: tuple[str, ...] = (
    marked("a login has 1 to 100 characters, and no blanks"),
    marked("a user needs at least one role"),
    marked("there is a user with this login already"),
    marked("they are the last who may let others in: give somebody else that role first"),
    marked("they are disabled: enable them first"),
    marked("a password has 10 to 200 characters"),
    marked("this password is guessed at once: take several words, and not the login"),
    marked("the two are not the same"),
    marked("this is not your password"),
    marked("the code is wrong, or was used already: wait for the next one"),
    marked("a key needs a name and at least one permission"),
    marked("there is a key with this name already"),
)
"""Why a form was refused, as the errors say it."""

CAUSES: dict[str, str] = {
    "load": marked("load %(number)s"),
    "decision": marked("decision %(number)s"),
    "undo": marked("decision %(number)s taken back"),
    "settings": marked("changed settings of golden values"),
    "identify": marked("identifying what waited"),
}
"""What brings a change -> in words."""

CODES: dict[str, type[StrEnum]] = {
    "kind": codes.Kind,
    "gender": codes.Gender,
    "id_type": codes.IdType,
    "category": codes.Category,
    "star_level": codes.StarLevel,
    "load": codes.LoadState,
    "number_state": codes.NumberState,
    "role": codes.Role,
    "account_type": codes.AccountType,
    "interaction_kind": codes.InteractionKind,
    "interaction_direction": codes.Direction,
    "severity": codes.Severity,
    "decided_by": codes.DecidedBy,
    "medium": codes.MediumKind,
    "flaw": codes.Flaw,
    "relation": codes.Relation,
    "verdict": codes.Verdict,
    "ticket_kind": tickets.TicketKind,
    "ticket_severity": tickets.TicketSeverity,
    "ticket_state": tickets.TicketState,
    "ticket_act": tickets.TicketAct,
    "purpose": privacy.Purpose,
    "said": privacy.Said,
}
"""Column -> the codes that stand in it."""


RULES: dict[str, str] = {
    "required": marked("required value missing"),
    "pattern": marked("wrong form"),
    "one_of": marked("value not in the list"),
    "not_placeholder": marked("placeholder"),
    "checksum": marked("wrong check digit"),
    "length": marked("wrong length"),
    "range": marked("out of range"),
    "unique": marked("repeated within the load"),
    "comparison": marked("contradictory columns"),
    "nul": marked("NUL character"),
    "readable": marked("unreadable row"),
}
"""Rule -> what people call breaking it."""


ROW_STATES: dict[str, str] = {
    "open": marked("open"),
    "mended": marked("mended"),
    "replayed": marked("replayed as it came"),
    "dismissed": marked("dismissed"),
    "all": marked("all"),
}
"""State of a row in quarantine, or `all` of them -> what people call it."""


@dataclass(frozen=True, kw_only=True)
class Speaker:
    """Says things in one language, outside a template."""

    catalogue: NullTranslations

    def text(self, marked_text: str) -> str:
        """A text of the catalogue."""
        return self.catalogue.gettext(marked_text)

    def rule(self, name: str) -> str:
        """What breaking a rule is called; one without words is its own name."""
        return self.text(RULES[name]) if name in RULES else name


def speaker(language: Language) -> Speaker:
    """Who says things in this language."""
    return Speaker(catalogue=languages.translations(language))


@lru_cache(maxsize=10_000)
def code(value: str, column: str, language: Language) -> str:
    """What a code is called in a column; an operator's own code is its own name.

    >>> code("student", "category", Language.ZH), code("gold", "category", Language.ZH)
    ('学生', 'gold')
    """
    if value not in set(CODES[column]):
        return value
    named = CODES[column](value)
    zh, en = next(texts for texts in (tickets.TEXTS, privacy.TEXTS, codes.TEXTS) if named in texts)[named]
    return zh if language is Language.ZH else en
