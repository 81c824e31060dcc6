"""Reads shaped for the pay and return pages, and the limit on declined cards."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Sum
from django.utils.translation import gettext as _

from bookings.cards import rating
from bookings.models import Booking
from bookings.policies import Tier, refund_tiers
from bookings.queries.profile import profile_of, profiles
from bookings.queries.slots import alternatives_to, slots_of
from bookings.slots import Slot
from marketplace.common.formatting import money
from marketplace.common.rates import count_and_period
from mentors.models import Mentor, Package
from mentors.queries import own_photo_url
from payments.models import ACCEPTED_STATUSES, Payment, PaymentEvent, Refund, WebhookEvent

# A note typed for a hold that ran out goes with the student to the next one.
NOTE_KEPT = timedelta(days=1)


class Standing(Enum):
    """Where paying stands, as the student who waits sees it."""

    UNPAID = "unpaid"
    WAITING = "waiting"
    DECLINED = "declined"
    SENT_BACK = "sent_back"
    OVER = "over"
    BOOKED = "booked"


def standing(booking: Booking, payment: Payment | None, *, at: datetime, since: datetime) -> Standing:
    """Say where paying stands, by our own rows alone; nothing in the browser's return counts.

    ``payment`` is the latest. A decline counts from ``since`` on: an older one was of another try.
    """
    status = booking.status_at(at)
    if status not in {Booking.Status.HELD, Booking.Status.EXPIRED, Booking.Status.ABANDONED}:
        return Standing.BOOKED
    if payment is None:
        return Standing.UNPAID if status == Booking.Status.HELD else Standing.OVER
    if payment.status == Payment.Status.REJECTED:
        return Standing.SENT_BACK
    if not payment.is_open:
        return Standing.UNPAID if status == Booking.Status.HELD else Standing.OVER
    if status == Booking.Status.HELD and payment.events.filter(name="declined", at__gte=since).exists():
        return Standing.DECLINED
    return Standing.WAITING


def confirming(booking: Booking) -> str:
    """Why a time that is not booked yet counts as paid, for what a page says and nothing else.

    "told": the provider works on it, or its word has come and waits for the job. "waited": the student waited on the return
    page, and no word has come since. Else "".
    """
    payment = latest_payment(booking)
    if payment is None or not payment.is_open:
        return ""
    if payment.status == Payment.Status.PROCESSING or _has_unread_success(payment):
        return "told"
    asked_at = payment.read_requested_at
    return "waited" if asked_at is not None and not payment.events.filter(at__gt=asked_at).exists() else ""


def _has_unread_success(payment: Payment) -> bool:
    told = WebhookEvent.objects.filter(processed_at=None, type="payment_intent.succeeded")
    return bool(payment.provider_id) and told.filter(object_id=payment.provider_id).exists()


def latest_payment(booking: Booking) -> Payment | None:
    return booking.payments.order_by("-created_at", "-pk").first()


def given_back(booking: Booking) -> int:
    """Sum what went back of a booking's accepted payment, or will, in minor units. One query."""
    refunds = Refund.objects.filter(payment__booking=booking, payment__status__in=ACCEPTED_STATUSES)
    return int(refunds.aggregate(sum=Sum("amount_minor", default=0))["sum"])


@dataclass(frozen=True)
class Again:
    """What can be had instead of a hold that is over: the same time, or the nearest others."""

    # The hold itself is not over: only its payment was sent back.
    is_held: bool = False
    is_free: bool = False
    alternatives: Sequence[Slot] = ()


def again(booking: Booking, *, at: datetime) -> Again:
    """Look whether a time that was lost is still free, else for the three nearest."""
    if booking.status_at(at) == Booking.Status.HELD:
        return Again(is_held=True)
    mentor, starts_at = booking.mentor, booking.starts_at
    if slots_of(mentor, booking.minutes, starts_at, starts_at + timedelta(minutes=1), student=booking.student, at=at):
        return Again(is_free=True)
    package = Package.objects.select_related("mentor").filter(mentor=mentor, minutes=booking.minutes).first()
    if package is None:
        return Again()
    return Again(alternatives=alternatives_to(package, starts_at, student=booking.student, at=at))


def note_for(booking: Booking, *, at: datetime) -> str:
    """What the student wrote for the mentor: for this hold, or for one with the same mentor that was lost lately."""
    if booking.note:
        return booking.note
    lost = Booking.objects.filter(
        student=booking.student_id,
        mentor=booking.mentor_id,
        status__in=[Booking.Status.HELD, Booking.Status.EXPIRED, Booking.Status.ABANDONED],
        created_at__gt=at - NOTE_KEPT,
    )
    return lost.exclude(note="").order_by("-created_at", "-pk").values_list("note", flat=True).first() or ""


def summary(booking: Booking, *, at: datetime) -> dict[str, Any]:  # Any: template data
    """What is being booked: the mentor as their profile shows them, and what comes back if plans change."""
    mentor = profiles(Mentor.objects.filter(pk=booking.mentor_id)).get()
    profile = profile_of(mentor, at=at)
    price = money(booking.price_minor, booking.currency)
    tiers = {tier.percent: tier for tier in refund_tiers(booking.policy, booking.starts_at) if tier.until > at}
    return {
        "mentor": mentor,
        "mentor_zone": mentor.user.time_zone or mentor.time_zone,
        "photo": own_photo_url(mentor),
        "symbol": profile.symbol,
        "rating": rating(profile.rating) if profile.rating else "",
        "lines": [{"label": _("%(minutes)d minutes, online video") % {"minutes": booking.minutes}, "amount": price}],
        "total": price,
        "free_until": _until(tiers, 100),
        "half_until": _until(tiers, 50),
        "grace_minutes": settings.CANCEL_GRACE_SECONDS // 60 if _has_grace(booking, at) else 0,
    }


def _until(tiers: dict[int, Tier], percent: int) -> datetime | None:
    return tiers[percent].until if percent in tiers else None


def _has_grace(booking: Booking, at: datetime) -> bool:
    return booking.starts_at - at >= timedelta(hours=settings.CANCEL_GRACE_MIN_HOURS)


def seconds_until_next_try(student_id: UUID, *, at: datetime) -> int:
    """How long a student whose cards were declined too often must wait; 0 when they need not.

    Counted from what is written down, under the lock of the people, so that no two tries slip in side by side.
    """
    count, period = count_and_period("CARD_DECLINE")
    since = at - timedelta(seconds=period)
    declines = PaymentEvent.objects.filter(payment__booking__student=student_id, name="declined", at__gt=since)
    moments = list(declines.order_by("-at", "-pk").values_list("at", flat=True)[:count])
    if len(moments) < count:
        return 0
    return max(1, round((moments[count - 1] - since).total_seconds()))
