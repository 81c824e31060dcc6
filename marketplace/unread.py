"""What the header counts: messages and notifications that somebody has not seen."""

from typing import NamedTuple

from django.db.models import Count, F, IntegerField, OuterRef, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from accounts.models import User
from chat.models import Thread
from marketplace.common.models import Notification


class Unread(NamedTuple):
    messages: int
    notifications: int


NOTHING = Unread(messages=0, notifications=0)


def unread_of(user: User) -> Unread:
    """Count both. One query, on every page with a header."""
    counts = User.objects.filter(pk=user.pk).values_list(
        Coalesce(_messages(user), 0) if user.is_student or user.is_mentor else Value(0),
        Coalesce(_notifications(), 0),
    )
    return Unread(*counts.get())


def _messages(user: User) -> Subquery:
    """What the other side has written and this one has not read, over all their conversations."""
    side, read = ("student", "student_read_number") if user.is_student else ("mentor", "mentor_read_number")
    mine = Thread.objects.filter(**{side: OuterRef("pk")}).order_by().values(side)
    return Subquery(mine.values(count=Sum(F("last_number") - F(read), output_field=IntegerField())))


def _notifications() -> Subquery:
    mine = Notification.objects.filter(user=OuterRef("pk"), read_at=None).order_by().values("user")
    return Subquery(mine.values(count=Count("pk")))
