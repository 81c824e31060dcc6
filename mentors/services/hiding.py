"""Hiding a mentor from search and booking for a while, without taking anything else from them."""

from datetime import datetime

from django.db import transaction

from mentors.models import Mentor
from mentors.signals import status_changed


def hide_until(*, mentor: Mentor, until: datetime | None) -> None:
    """Let nobody find or book a mentor until then; None shows them again. Booked sessions stay. Safe to repeat.

    In the caller's transaction. Announces ``status_changed``.
    """
    hidden = Mentor.objects.filter(pk=mentor.pk).exclude(hidden_until=until)
    if until is None:
        hidden = Mentor.objects.filter(pk=mentor.pk, hidden_until__isnull=False)
    if hidden.update(hidden_until=until):
        mentor.hidden_until = until
        status_changed.send(sender=Mentor, mentor=mentor, before=mentor.status)


def show_again(*, at: datetime) -> int:
    """Show those mentors again whose time has passed; tell how many. Each by itself, safe to repeat."""
    passed = Mentor.objects.filter(hidden_until__lte=at).order_by("hidden_until", "pk")
    shown = 0
    for mentor in passed:
        with transaction.atomic():
            if Mentor.objects.filter(pk=mentor.pk, hidden_until__lte=at).update(hidden_until=None):
                mentor.hidden_until = None
                status_changed.send(sender=Mentor, mentor=mentor, before=mentor.status)
                shown += 1
    return shown
