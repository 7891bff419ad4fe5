"""When a password has lasted for as long as its owner's role lets it, by the policy in force."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from collector.accounts.roles import Role


def is_due(
    role: Role, password_at: datetime | None, now: datetime, days_by_role: Mapping[str, int]
) -> bool:
    """`password_at`: when it was chosen; None: there is none. 0 days, or a role without a number:
    it lasts for ever."""
    days = days_by_role.get(role, 0)
    return password_at is not None and days > 0 and now >= password_at + timedelta(days=days)
