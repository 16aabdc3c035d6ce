"""What columns and codes are called on pages. `marked` texts are English; the catalogue holds the Chinese ones."""

from enum import StrEnum

from kehu.model import codes
from kehu.model.languages import Language


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
    "sources": marked("Sources"),
    "records": marked("Records"),
    "quality": marked("Quality"),
    "updated_at": marked("Changed at source"),
    "merged_into": marked("Merged into"),
    "record_id": marked("Key in its channel"),
    "channel": marked("Channel"),
    "row": marked("Row"),
}
"""Column -> what people call it."""

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
    "doubtful": marked("the evidence is too weak to join and too strong to drop"),
}
"""Why a link was refused or is in doubt -> in words."""

CAUSES: dict[str, str] = {
    "load": marked("load %(number)s"),
    "decision": marked("decision %(number)s"),
}
"""What brings a change -> in words."""

CODES: dict[str, type[StrEnum]] = {
    "kind": codes.Kind,
    "gender": codes.Gender,
    "id_type": codes.IdType,
    "category": codes.Category,
    "load": codes.LoadState,
    "number_state": codes.NumberState,
    "role": codes.Role,
    "account_type": codes.AccountType,
    "interaction_kind": codes.InteractionKind,
    "interaction_direction": codes.Direction,
    "severity": codes.Severity,
}
"""Column -> the codes that stand in it."""


def code(value: str, column: str, language: Language) -> str:
    """What a code is called in a column; an operator's own code is its own name.

    >>> code("student", "category", Language.ZH), code("gold", "category", Language.ZH)
    ('学生', 'gold')
    """
    if value not in set(CODES[column]):
        return value
    zh, en = codes.TEXTS[CODES[column](value)]
    return zh if language is Language.ZH else en
