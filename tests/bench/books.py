"""Rows by the ten thousand: holds that have lapsed, and sessions that were paid, taught and brought to one mentor."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from accounts.models import User
from bookings.models import Booking
from marketplace.common.money import split
from mentors.models import Mentor
from payments.models import Earning, Payment, Payout, PayoutAccount, Transfer
from tests.bench.data import HANDLE, MINUTES, Student, make_students

MANY = 10_000
PRICE_MINOR, FEE_BPS = 3_300, 1_500
LENGTH = timedelta(minutes=MINUTES)


def make_lapsed_holds(starts_at: datetime) -> None:
    """Let each mentor be held by a student of their own whose time is up."""
    now = timezone.now()
    mentors = Mentor.objects.order_by("pk").values_list("pk", flat=True)[:MANY]
    students = User.objects.bulk_create(
        User(email=f"late{number}-{now.timestamp()}@example.org", name="Iris", role="student", password="!")
        for number in range(MANY)
    )
    pairs = zip(mentors, students, strict=True)
    Booking.objects.bulk_create(
        [_booking(mentor, student, starts_at, "held", hold_place=1, created_at=now) for mentor, student in pairs]
    )


def make_earnings() -> Student:
    """Give one mentor ten thousand sessions that were paid out; return them, signed in."""
    [student, mentor_user] = make_students(2, name="paid")
    User.objects.filter(pk=mentor_user.user.pk).update(role="mentor")
    model = Mentor.objects.get(handle=HANDLE)
    model.pk, model.handle, model._state.adding = mentor_user.user.pk, "paid-out", True
    model.save(force_insert=True)
    account = PayoutAccount(mentor=model, provider_id="acct_bench", country="US", created_at=timezone.now())
    account.details_submitted = account.may_receive = account.may_pay_out = True
    account.save(force_insert=True)
    bookings = [
        _booking(model.pk, student.user, starts_at, "completed", confirmed_at=starts_at, created_at=starts_at)
        for starts_at in _past_starts()
    ]
    Booking.objects.bulk_create(bookings)
    payments = Payment.objects.bulk_create(
        Payment(
            booking=booking, status="succeeded", amount_minor=PRICE_MINOR, currency=booking.currency,
            provider_id=f"pi_{booking.pk.hex}", created_at=booking.created_at, settled_at=booking.created_at,
        )
        for booking in bookings
    )  # fmt: skip
    share = split(gross_minor=PRICE_MINOR, refund_percent=0, fee_bps=FEE_BPS)
    earnings = Earning.objects.bulk_create(
        Earning(
            booking=payment.booking, mentor=model, payment=payment, status="transferred", gross_minor=PRICE_MINOR,
            fee_minor=share.fee_minor, amount_minor=share.mentor_minor, currency=payment.currency, clears_at=payment.created_at,
            created_at=payment.created_at, released_at=payment.created_at,
        )
        for payment in payments
    )  # fmt: skip
    payout = Payout.objects.create(
        provider_id="po_bench", mentor=model, status="paid", amount_minor=share.mentor_minor * MANY,
        currency=settings.CURRENCY, created_at=timezone.now(), settled_at=timezone.now(),
    )  # fmt: skip
    Transfer.objects.bulk_create(
        Transfer(
            earning=earning, payout=payout, status="sent", amount_minor=earning.amount_minor, currency=earning.currency,
            provider_id=f"tr_{earning.pk.hex}", created_at=earning.created_at, sent_at=earning.created_at,
        )
        for earning in earnings
    )  # fmt: skip
    return mentor_user


def _past_starts() -> Iterator[datetime]:
    first = timezone.now().replace(minute=0, second=0, microsecond=0) - timedelta(days=30)
    return (first - number * LENGTH for number in range(1, MANY + 1))


def _booking(mentor_id: object, student: User, starts_at: datetime, status: str, **fields: object) -> Booking:
    """A row as the operations would have left it. Its hold ran out a minute ago, or with its session."""
    ends_at = starts_at + LENGTH
    return Booking(
        mentor_id=mentor_id, student=student, status=status, starts_at=starts_at, ends_at=ends_at,
        blocked_until=ends_at, minutes=MINUTES, price_minor=PRICE_MINOR, currency=settings.CURRENCY, fee_bps=FEE_BPS,
        policy="standard", hold_expires_at=min(starts_at, timezone.now() - timedelta(minutes=1)), **fields,
    )  # fmt: skip
