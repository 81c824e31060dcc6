"""What becomes of the holds and sessions of somebody who is suspended or locked, and of what is left when they close their account."""

from functools import partial
from uuid import UUID

from django.utils import timezone
from procrastinate.contrib.django import app

from accounts.models import User
from bookings.errors import AlreadyBegun, WrongState
from bookings.models import Booking, CalendarFeed, ClockNotice, SearchRow
from bookings.services.cancellations import cancel_booking
from bookings.services.claims import expire_hold, free_hold, lock_people
from marketplace.common.logging import get_logger
from marketplace.common.passes import run_each

log = get_logger(__name__)


def let_person_go(*, user: User, by: User, reason: str, keep_sessions: bool) -> None:
    """Let somebody's holds go at once, on either side, and leave the cancelling of their coming sessions to a job.

    In the transaction that suspends or locks them, which lets nobody hold or confirm anything with them in between.
    ``reason`` is what both sides of a cancelled session read.
    """
    now = lock_people(user.pk)
    holds = Booking.objects.select_for_update(no_key=True).of(user).filter(status=Booking.Status.HELD)
    for hold in holds.order_by("pk"):
        if not expire_hold(booking=hold, at=now):
            free_hold(hold, Booking.Status.ABANDONED, at=now, by=by)
    if not keep_sessions:
        app.configure_task("bookings.cancel_sessions", allow_unknown=True).defer(
            user_id=str(user.pk), by_id=str(by.pk), reason=reason
        )


def forget_person(*, user: User) -> None:
    """Forget what is somebody's alone: their calendar's address, where they met, their place in search.

    In the transaction that closes their account, which has seen that no session is open. Sessions stay, for the other side.
    """
    CalendarFeed.objects.filter(user=user).delete()
    ClockNotice.objects.filter(user=user).delete()
    SearchRow.objects.filter(mentor=user.pk).delete()
    Booking.objects.filter(mentor=user.pk).exclude(meeting_url="").update(meeting_url="")


def cancel_sessions(*, user_id: UUID, by_id: UUID, reason: str) -> None:
    """Cancel the coming sessions of somebody, with everything back, each in a transaction of its own. Safe to repeat.

    One that can't be cancelled does not keep the others: it is raised at the end, so that the job tries again.
    """
    user, by = User.objects.get(pk=user_id), User.objects.get(pk=by_id)
    coming = Booking.objects.of(user).filter(status=Booking.Status.CONFIRMED, starts_at__gt=timezone.now())
    keys = list(coming.order_by("starts_at", "pk").values_list("pk", flat=True))
    run_each("cancel_session", partial(_cancel, by=by, reason=reason), keys)


def _cancel(booking_id: UUID, *, by: User, reason: str) -> None:
    try:
        cancel_booking(booking_id=booking_id, by=by, side=Booking.Side.ADMIN, reason=reason)
    except (AlreadyBegun, WrongState) as refusal:  # the world was faster: begun by now, or cancelled by one of the two
        log.info("session_not_cancelled", booking_id=str(booking_id), code=refusal.code)
