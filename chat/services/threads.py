"""Opening and closing conversations. Only a student opens one; the database refuses the rest."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from bookings.models import Booking
from bookings.services import lock_people
from chat.errors import MentorNotOpen, TooManyThreads
from chat.models import Thread
from chat.queries import unsent_files
from chat.services.messages import post_message
from chat.services.telling import tell_of_thread
from marketplace.common.analytics import track
from marketplace.common.rates import count_and_period
from mentors.models import Mentor
from uploads.services import release_upload


def open_thread(*, handle: str, body: str, client_id: str, by: User) -> tuple[Thread, bool]:
    """Write to a mentor, opening the thread if there is none; tell whether it is new.

    Safe to repeat: the thread is one per student and mentor, the message one per ``client_id``.
    Raises ``MentorNotOpen`` (a new thread needs a bookable mentor), ``TooManyThreads``, ``AccessDenied`` (403, the
    account was closed meanwhile), and what ``post_message`` raises.
    """
    with transaction.atomic():
        # The student's row is the lock: two first messages at once make one thread, and the day's count holds.
        now = lock_people(by.pk, begun_by=by.pk)
        thread = Thread.objects.filter(student=by, mentor__handle=handle).first()
        is_new = thread is None
        if thread is None:
            # Locked: who suspends, pauses or closes this mentor comes before the conversation, or finds it there.
            mentor = Mentor.objects.listed().select_for_update(no_key=True).filter(handle=handle).first()
            if mentor is None:
                raise MentorNotOpen
            _check_new_thread_limit(by, at=now)
            thread = Thread.objects.create(student=by, mentor=mentor, opened_by=by, created_at=now, last_message_at=now)
            track("thread_started", user_id=by.pk)
        post_message(thread=thread, body=body, client_id=client_id, by=by)
        return thread, is_new


def block_thread(*, thread: Thread, by: User) -> None:
    """Close a thread for both: readable, nobody writes. Safe to repeat."""
    open_one = Thread.objects.filter(pk=thread.pk, blocked_by=None)
    with transaction.atomic():
        if open_one.update(blocked_by=by, blocked_at=timezone.now()):
            tell_of_thread(thread)


def unblock_thread(*, thread: Thread, by: User) -> None:
    """Open a thread again; only who closed it can."""
    closed = Thread.objects.filter(pk=thread.pk, blocked_by=by)
    with transaction.atomic():
        if closed.update(blocked_by=None, blocked_at=None):
            tell_of_thread(thread)


def leave_threads(*, user: User, at: datetime) -> None:
    """Close every conversation of somebody who closes their account, for good, and give up the files they had not sent.

    What was said stays, for the other side. Closed in the leaver's name, so that nobody opens it again.
    """
    threads = Thread.objects.visible_to(user).exclude(blocked_by=user).order_by("pk")
    for thread in threads.select_for_update(no_key=True):
        Thread.objects.filter(pk=thread.pk).update(blocked_by=user, blocked_at=at)
        tell_of_thread(thread)
    for upload in unsent_files(user):
        release_upload(upload=upload)


def _check_new_thread_limit(by: User, *, at: datetime) -> None:
    """New threads a day, until the first paid booking. Counted in the rows, under the lock."""
    limit, period = count_and_period("NEW_THREAD")
    window = timedelta(seconds=period)
    recent = Thread.objects.filter(student=by, created_at__gt=at - window).order_by("-created_at", "-pk")
    oldest_that_counts = recent.values_list("created_at", flat=True)[limit - 1 : limit].first()
    if oldest_that_counts is None or Booking.objects.filter(student=by, confirmed_at__isnull=False).exists():
        return
    raise TooManyThreads(retry_after=int((oldest_that_counts + window - at).total_seconds()), limit=limit)
