"""The feed of what people were told, and which of it they want by mail as well.

``mailing.send`` writes the line of the feed in the transaction that caused the event, beside the mail's job.
"""

from collections.abc import Collection
from datetime import timedelta
from typing import Protocol
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from marketplace.common.errors import violated_constraint
from marketplace.common.events import switches_of
from marketplace.common.models import MailSwitchedOff, Notification, ToldOnce

FEED_PAGE = 20
TITLE_MAX = 250
# Longer than anything told once is looked at: the first word of an expiring certificate comes 30 days before.
TOLD_KEPT = timedelta(days=90)


class Person(Protocol):
    """An account, as far as this floor needs to know it."""

    @property
    def pk(self) -> UUID: ...
    @property
    def role(self) -> str: ...


def note(*, event: str, to: UUID, title: str, path: str) -> Notification:
    """Add a line to somebody's feed, in the caller's transaction."""
    return Notification.objects.create(
        user_id=to, event=event, title=title[:TITLE_MAX], path=path, created_at=timezone.now()
    )


def feed(user: Person) -> QuerySet[Notification]:
    """What somebody was told, the latest first."""
    return Notification.objects.filter(user=user.pk).order_by("-created_at", "-pk")


def mark_read(*, notification: Notification) -> None:
    """Note that a line was opened. Safe to repeat: the first time stays."""
    Notification.objects.filter(pk=notification.pk, read_at=None).update(read_at=timezone.now())


def mark_all_read(*, by: Person) -> int:
    """Note that somebody has seen all that stands in their feed. Safe to repeat."""
    return Notification.objects.filter(user=by.pk, read_at=None).update(read_at=timezone.now())


def switched_off(user: Person) -> set[str]:
    """The events whose mail somebody does not want."""
    return set(MailSwitchedOff.objects.filter(user=user.pk).values_list("event", flat=True))


def save_switches(*, by: Person, wanted: Collection[str]) -> None:
    """Say which mails somebody wants, of those that their role may switch off."""
    offered = {event.name for event in switches_of(by.role)}
    with transaction.atomic():
        MailSwitchedOff.objects.filter(user=by.pk, event__in=offered & set(wanted)).delete()
        for event in sorted(offered - set(wanted)):
            switch_off(user_id=by.pk, event=event)


def switch_off(*, user_id: UUID, event: str) -> None:
    """Send somebody no more mail of one event. Safe to repeat; twice at once too."""
    MailSwitchedOff.objects.bulk_create(
        [MailSwitchedOff(user_id=user_id, event=event, at=timezone.now())], ignore_conflicts=True
    )


def is_switched_off(*, user_id: UUID, event: str) -> bool:
    return MailSwitchedOff.objects.filter(user=user_id, event=event).exists()


def tell_once(*, event: str, to: UUID, about: str) -> bool:
    """Note that somebody is told of an event about one thing; tell whether it is the first time.

    In the caller's transaction. Of two that try at once the second waits for the first, and is told no.
    """
    try:
        with transaction.atomic():
            ToldOnce.objects.create(user_id=to, event=event, about=about, at=timezone.now())
    except IntegrityError as exc:
        if violated_constraint(exc) == "told_once":
            return False
        raise
    return True


def forget_person(user: Person) -> None:
    """Drop somebody's feed, their switches and what they were told once: their account is closed. Safe to repeat."""
    for model in (Notification, MailSwitchedOff, ToldOnce):
        model.objects.filter(user=user.pk).delete()


def forget_old() -> None:
    """Drop what is too old to be looked for. Safe to repeat."""
    now = timezone.now()
    Notification.objects.filter(created_at__lt=now - timedelta(days=settings.NOTIFICATION_DAYS)).delete()
    ToldOnce.objects.filter(at__lt=now - TOLD_KEPT).delete()
