"""What people may say about the use of what is held on them, and how each thing that is held is classed."""

from enum import StrEnum

from kehu.model.codes import Texts


class Purpose(StrEnum):
    """What somebody is asked to consent to. What the contract itself needs is not asked for, and stands not here."""

    MARKETING = "marketing"
    """Offers, by whatever way."""
    PROFILING = "profiling"
    """Being put into segments and scored."""
    SHARING = "sharing"
    """Handing data on to others."""
    ABROAD = "abroad"
    """Handing data on to another country."""
    GUARDIAN = "guardian"
    """A guardian agrees to the service for a child under 14."""


PURPOSES: dict[Purpose, tuple[str, str]] = {
    Purpose.MARKETING: ("营销推广", "Marketing"),
    Purpose.PROFILING: ("画像与分群", "Profiling and segments"),
    Purpose.SHARING: ("向第三方提供", "Sharing with others"),
    Purpose.ABROAD: ("向境外提供", "Sending abroad"),
    Purpose.GUARDIAN: ("监护人同意", "Guardian's consent"),
}
"""The zh and the en text of every purpose."""


class Said(StrEnum):
    """What somebody said of a purpose."""

    GIVEN = "given"
    """They consent."""
    WITHDRAWN = "withdrawn"
    """They do not, or no longer."""


TEXTS = Texts(
    *((purpose, *texts) for purpose, texts in PURPOSES.items()),
    (Said.GIVEN, "同意", "consents"),
    (Said.WITHDRAWN, "拒绝或撤回", "refuses"),
)
"""The zh and the en text of every code."""


class Bound(StrEnum):
    """Why the use of what is held on somebody is restricted."""

    ASKED = "asked"
    """They asked for it, or its rightness is in dispute; a privacy officer may free it again."""
    LAW = "law"
    """They were erased but for what law makes us keep: it may be stored, and nothing else."""


class Class(StrEnum):
    """How a stored column is classed."""

    PUBLIC = "public"
    """Says nothing of a person."""
    PERSONAL = "personal"
    """Says something of a person, alone or with the row it stands in."""
    SENSITIVE = "sensitive"
    """Would harm a person where it leaked: certificates, the second factor."""


class Guard(StrEnum):
    """Whether a guardian has to consent."""

    NONE = "none"
    """Nobody has to: no child."""
    AGREED = "agreed"
    """A child, and a guardian consents."""
    LACKING = "lacking"
    """A child, and no guardian has consented: nothing but the contract itself may be done."""


CHILD_YEARS = 14
"""Below this age a guardian has to consent."""
