"""Yes/no questions about accounts."""

from accounts.models import User


def may_lock(user: User, account: User) -> bool:
    """Support locks any account but their own; that the caller is support was asked by the guard."""
    return user.pk != account.pk


def is_ready(user: User) -> bool:
    """Whether the welcome page has nothing left to ask: staff, and whoever has a role and a name."""
    return user.is_staff or bool(user.role and user.name)
