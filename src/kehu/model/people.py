"""Our own users: what they may do, and the roles that bundle it.

A permission guards routes, a role is a set of permissions. An API key has permissions of its own, at most those of
whoever made it.
"""

from enum import StrEnum
from functools import cache


class Permission(StrEnum):
    """One thing that somebody may do."""

    FIND = "find"
    """Search customers and look at them, with certificates, phones and addresses masked."""
    CLEAR = "clear"
    """See personal values unmasked without asking each time."""
    UNMASK = "unmask"
    """Have a customer's values unmasked, for a reason that is noted."""
    ARRIVE = "arrive"
    """Hand in records, and enter new customers."""
    EDIT = "edit"
    """Set values by hand, and write notes."""
    SERVE = "serve"
    """Open tickets and work on them, take calls."""
    DECIDE = "decide"
    """Judge pairs, merge, split and undo."""
    MEND = "mend"
    """See quarantined rows as they came, mend and replay them."""
    ANALYSE = "analyse"
    """See figures, make segments and count them."""
    EXPORT = "export"
    """Take lists of customers out."""
    OPERATE = "operate"
    """See channels, loads and quality, hot values, and how the application fares."""
    PRIVACY = "privacy"
    """Record consent, restrict, disclose and erase."""
    AUDIT = "audit"
    """Read the audit trail."""
    USERS = "users"
    """Invite and disable users, change their roles, revoke sessions and keys."""


class Role(StrEnum):
    """What somebody is here for."""

    AGENT = "agent"
    """坐席: serves customers."""
    STEWARD = "steward"
    """数据管家: answers for who is one customer, and for the quality of what is held."""
    ANALYST = "analyst"
    """分析师: counts, and never sees a person."""
    PRIVACY_OFFICER = "privacy_officer"
    """隐私专员: answers for consent, restriction, disclosure and erasure."""
    ADMINISTRATOR = "administrator"
    """管理员: lets people in and keeps the system running; sees personal values masked."""


ROLES: dict[Role, frozenset[Permission]] = {
    Role.AGENT: frozenset(
        {Permission.FIND, Permission.UNMASK, Permission.ARRIVE, Permission.EDIT, Permission.SERVE}
    ),
    Role.STEWARD: frozenset(
        {
            Permission.FIND, Permission.CLEAR, Permission.ARRIVE, Permission.EDIT, Permission.DECIDE, Permission.MEND,
            Permission.OPERATE, Permission.ANALYSE,
        }
    ),
    Role.ANALYST: frozenset({Permission.ANALYSE, Permission.EXPORT}),
    Role.PRIVACY_OFFICER: frozenset(
        {Permission.FIND, Permission.CLEAR, Permission.PRIVACY, Permission.AUDIT, Permission.EXPORT}
    ),
    Role.ADMINISTRATOR: frozenset(set(Permission) - {Permission.CLEAR, Permission.PRIVACY}),
}  # fmt: skip
"""What each role may do."""


@cache
def permissions(roles: frozenset[Role]) -> frozenset[Permission]:
    """All that somebody with these roles may do.

    >>> Permission.DECIDE in permissions(frozenset({Role.AGENT, Role.STEWARD}))
    True
    >>> permissions(frozenset())
    frozenset()
    """
    return frozenset().union(*(ROLES[role] for role in roles))
