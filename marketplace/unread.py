"""What the header counts: messages and notifications that somebody has not seen."""

from typing import NamedTuple

from django.db import connection

from accounts.models import User


class Unread(NamedTuple):
    messages: int
    notifications: int


NOTHING = Unread(messages=0, notifications=0)

# By hand (decision 0013), for it is part of every page with a header. Messages: what the other side has written and this
# one has not read, over all their conversations.
COUNT = """
    SELECT (SELECT coalesce(sum(last_number - {side}_read_number), 0) FROM chat_thread WHERE {side}_id = %(user)s),
           (SELECT count(*) FROM common_notification WHERE user_id = %(user)s AND read_at IS NULL)
"""
COUNTS = {str(role): COUNT.format(side=role) for role in (User.Role.STUDENT, User.Role.MENTOR)}
NO_CONVERSATIONS = "SELECT 0, (SELECT count(*) FROM common_notification WHERE user_id = %(user)s AND read_at IS NULL)"


def unread_of(user: User) -> Unread:
    """Count both. One query, on every page with a header."""
    with connection.cursor() as cursor:
        cursor.execute(COUNTS.get(user.role, NO_CONVERSATIONS), {"user": user.pk})
        messages, notifications = cursor.fetchone()
    return Unread(int(messages), notifications)
