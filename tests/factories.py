"""Typed makers of rows. States with a history are made by running the operations instead."""

import itertools
from datetime import datetime, time, timedelta

from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from bookings.models import Booking
from mentors.models import AvailabilityRule, Mentor, MentorSubject, Package, Subject
from payments.models import Payment
from payments.services.earnings import open_earning

PASSWORD = "correct horse battery"
_numbers = itertools.count(1)


def make_user(*, role: str = "", email: str | None = None, password: str | None = None, **fields: object) -> User:
    """An account with a verified address. Hashing is slow, so only who signs in by password gets one."""
    number = next(_numbers)
    user = User.objects.create_user(
        email or f"person{number}@example.org",
        password,
        role=role,
        name=fields.pop("name", f"Person {number}"),
        **fields,
    )
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def make_student(**fields: object) -> User:
    return make_user(role=User.Role.STUDENT, **fields)  # type: ignore[arg-type]


def make_staff(*groups: str, superuser: bool = False, **fields: object) -> User:
    user = make_user(role=User.Role.ADMIN, is_staff=True, is_superuser=superuser, **fields)  # type: ignore[arg-type]
    user.groups.set([Group.objects.get_or_create(name=name)[0] for name in groups])
    return user


def make_subject(slug: str = "linear-algebra") -> Subject:
    return Subject.objects.get_or_create(slug=slug, defaults={"name": slug.replace("-", " ").capitalize()})[0]


def make_mentor(
    *,
    status: str = Mentor.Status.APPROVED,
    user: User | None = None,
    open_from: time = time(8),
    open_until: time = time(20),
    **fields: object,
) -> Mentor:
    """A mentor open every day between two wall-clock times, offering all three lengths by the hour."""
    user = user or make_user(role=User.Role.MENTOR)
    now = timezone.now()
    defaults: dict[str, object] = {
        "handle": f"mentor-{next(_numbers)}",
        "headline": "Makes proofs feel like detective work",
        "bio": "Ten years of teaching first-year students.",
        "languages": ["en"],
        "levels": ["university"],
        "hourly_rate_minor": 4_400,
        "time_zone": "Europe/Berlin",
        "submitted_at": now,
        "approved_at": now if status == Mentor.Status.APPROVED else None,
    }
    mentor = Mentor.objects.create(user=user, status=status, **(defaults | fields))
    MentorSubject.objects.create(mentor=mentor, subject=make_subject(), verified_at=now)
    Package.objects.bulk_create(Package(mentor=mentor, minutes=minutes) for minutes in (15, 45, 90))
    AvailabilityRule.objects.bulk_create(
        AvailabilityRule(mentor=mentor, weekday=day, start=open_from, end=open_until) for day in range(7)
    )
    return mentor


def make_booking(
    *,
    mentor: Mentor | None = None,
    student: User | None = None,
    status: str = Booking.Status.CONFIRMED,
    starts_at: datetime | None = None,
    minutes: int = 45,
    **fields: object,
) -> Booking:
    """A booking row, as some earlier operations would have left it."""
    mentor = mentor or make_mentor()
    student = student or make_student()
    now = timezone.now()
    if starts_at is None:
        starts_at = (now + timedelta(days=3)).replace(hour=12, minute=0, second=0, microsecond=0)
    defaults: dict[str, object] = {
        "ends_at": starts_at + timedelta(minutes=minutes),
        "blocked_until": starts_at + timedelta(minutes=minutes + mentor.break_minutes),
        "price_minor": 3_300,
        "currency": "usd",
        "fee_bps": 1_500,
        "break_minutes": mentor.break_minutes,
        "policy": mentor.policy,
        "hold_expires_at": now + timedelta(minutes=15),
        "hold_place": 1 if status == Booking.Status.HELD else None,
        "created_at": now,
        "confirmed_at": None if status in {"held", "expired", "abandoned"} else now,
    }
    return Booking.objects.create(
        mentor=mentor, student=student, status=status, starts_at=starts_at, minutes=minutes, **(defaults | fields)
    )


def make_paid_booking(**fields: object) -> Booking:
    """A confirmed booking with its accepted payment, its earning and the money in the books."""
    booking = make_booking(**fields)  # type: ignore[arg-type]  # its own arguments
    payment = Payment.objects.create(
        booking=booking,
        status=Payment.Status.SUCCEEDED,
        amount_minor=booking.price_minor,
        currency=booking.currency,
        provider_id=f"pi_made{next(_numbers)}",
        created_at=booking.created_at,
        settled_at=booking.confirmed_at,
    )
    with transaction.atomic():  # the books are balanced when it commits
        open_earning(payment=payment, booking=booking, at=booking.created_at)
    return booking
