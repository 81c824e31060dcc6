"""Holds: a time kept for one student while they pay. A lapsed one frees its time by itself, without a worker."""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from bookings.errors import AlreadyBegun, AlreadyExtended, HoldExpired, NotBookable, SlotTaken, WrongState
from bookings.models import Booking
from bookings.queries.slots import (
    alternatives_to,
    busy_around,
    diary_near,
    nearest_slots,
    price_of,
    rules_of,
    windows_around,
)
from bookings.queries.taken import glance
from bookings.services.claims import (
    CLAIM_REFUSALS,
    Claims,
    Wanted,
    claim,
    free_hold,
    lock_booking,
    lock_people,
    record,
)
from bookings.slots import Obstacle, obstacle
from marketplace.common.analytics import track
from marketplace.common.errors import RateLimited, violated_constraint
from marketplace.common.idempotency import remember_made
from marketplace.common.rates import count_and_period
from mentors.models import Package
from mentors.queries import hours_of
from mentors.services import read_before_claim
from mentors.windows import Hours


def hold_slot(*, handle: str, minutes: int, starts_at: datetime, by: User) -> Booking:
    """Hold a slot for a student while they pay.

    ``handle`` names the mentor, ``starts_at`` is aware UTC. The hold lapses after ``HOLD_SECONDS``. Price, fee, break and
    policy are copied onto the booking. Marks lapsed holds of both people.
    Raises ``NotBookable``, ``HoldLimit``, ``StudentBusy``, ``SlotTaken`` (with ``alternatives``) or ``RateLimited``;
    ``AccessDenied`` (403) if the student has closed their account meanwhile.
    """
    mentor_id = find_mentor(handle, minutes=minutes, starts_at=starts_at, by=by)
    try:
        with transaction.atomic(durable=True):
            now = lock_people(mentor_id, by.pk, begun_by=by.pk)
            # Read only now: who paused or suspended the mentor held this lock before us.
            package = find_package(handle, minutes)
            hours = hours_of(package.mentor)
            claims = claim(_wanted(package, hours, starts_at, by), at=now, for_hold=True)
            _check_hold_rate(claims, by, at=now)
            booking = _insert_hold(package, starts_at, by=by, place=_free_place(claims, by, at=now), at=now)
            remember_made(booking.pk)
            return booking
    except SlotTaken as refusal:
        track("slot_selected", user_id=by.pk, minutes=minutes)
        refusal.alternatives = alternatives_to(package, starts_at, student=by)
        raise
    except IntegrityError as exc:  # outside the block: a broken transaction can't be used further
        if refused := CLAIM_REFUSALS.get(violated_constraint(exc)):
            raise refused from exc
        raise


def extend_hold(*, booking_id: UUID, by: User) -> Booking:
    """Give a hold ``HOLD_EXTENSION_SECONDS`` more, once.

    Raises ``HoldExpired``, ``AlreadyExtended`` or ``WrongState``.
    """
    with transaction.atomic(durable=True):
        booking, now = lock_with_people(booking_id)
        if booking.status == Booking.Status.ABANDONED:
            raise HoldExpired
        _check_held(booking, at=now)
        if booking.extended_at is not None:
            raise AlreadyExtended
        booking.extended_at = now
        booking.hold_expires_at += timedelta(seconds=settings.HOLD_EXTENSION_SECONDS)
        booking.save(update_fields=["extended_at", "hold_expires_at"])
        record(booking, "extended", at=now, by=by)
        return booking


def extend_for_bank_step(*, booking: Booking, at: datetime) -> None:
    """Give a hold ``BANK_STEP_EXTENSION_SECONDS`` more, once, because the provider says the bank's step is open.

    The caller has locked the booking and its people. Safe to repeat; does nothing to a hold that is no longer one.
    """
    if booking.status_at(at) != Booking.Status.HELD or booking.bank_step_at is not None:
        return
    booking.bank_step_at = at
    booking.hold_expires_at += timedelta(seconds=settings.BANK_STEP_EXTENSION_SECONDS)
    booking.save(update_fields=["bank_step_at", "hold_expires_at"])
    record(booking, "bank_step", at=at, by=None)


def let_hold_go(*, booking_id: UUID, by: User | None) -> Booking:
    """Free a held time before it lapses. Announces ``holds_freed``; a payment that still comes is sent back.

    ``by`` is None when the product itself lets go (too many declined cards).
    Raises ``HoldExpired`` or ``WrongState``.
    """
    with transaction.atomic():
        booking, now = lock_with_people(booking_id)
        _check_held(booking, at=now)
        free_hold(booking, Booking.Status.ABANDONED, at=now, by=by)
        return booking


def save_note(*, booking_id: UUID, note: str, by: User) -> None:
    """Keep what the student wrote for the mentor to prepare. Raises ``WrongState`` once the session is over or off."""
    changeable = (Booking.Status.HELD, Booking.Status.EXPIRED, Booking.Status.CONFIRMED)
    if not Booking.objects.filter(pk=booking_id, student=by, status__in=changeable).update(note=note):
        raise WrongState


def lock_with_people(booking_id: UUID) -> tuple[Booking, datetime]:
    """Lock a booking's people, then the booking; return it with the time after the wait (UTC)."""
    people = Booking.objects.values_list("mentor_id", "student_id").get(pk=booking_id)
    now = lock_people(*people)
    return lock_booking(booking_id), now


def lock_upcoming(booking_id: UUID) -> tuple[Booking, datetime]:
    """Lock the same of a session that is booked and has not begun. Raises ``AlreadyBegun`` or ``WrongState``."""
    booking, now = lock_with_people(booking_id)
    check_upcoming(booking, at=now)
    return booking, now


def check_upcoming(booking: Booking, *, at: datetime) -> None:
    """Refuse what can only be done to a session that is booked and yet to begin."""
    if booking.confirmed_at is None or booking.status == Booking.Status.CANCELLED:
        raise WrongState
    if at >= booking.starts_at:
        raise AlreadyBegun
    if booking.status != Booking.Status.CONFIRMED:
        raise WrongState


def find_mentor(handle: str, *, minutes: int, starts_at: datetime, by: User) -> UUID:
    """Look up whom to lock; refuse at once what is taken. Whether they can be booked is asked under the lock.

    Raises ``NotBookable`` for a handle that is nobody's, ``SlotTaken`` as ``refuse_taken``. Effects: reads the mentor's
    imported calendars again where that was not done lately, for ``CALENDAR_HOLD_SECONDS`` at most.
    """
    now = timezone.now()
    seen = glance(handle=handle, minutes=minutes, starts_at=starts_at, student=by, at=now)
    if seen is None:
        raise NotBookable(field="mentor")
    if seen.taken:
        refuse_taken(seen.taken, starts_at, by=by, at=now)
    if seen.has_stale_calendars:
        read_before_claim(mentor_id=seen.mentor_id)
    return seen.mentor_id


def refuse_taken(package: Package, starts_at: datetime, *, by: User, at: datetime) -> None:
    """Refuse a taken time without waiting for a lock: a plain read may refuse, never grant (product.md §5).

    For somebody who holds nothing. Raises ``SlotTaken`` only where the claim could say nothing else; in any doubt (the
    time may not be offered, the student has a session then) it returns, and the claim answers in the contract's order.
    """
    hours = hours_of(package.mentor)
    diary = diary_near(package.mentor, hours, starts_at, at=at, student=by)
    if obstacle(starts_at, rules_of(package.mentor, minutes=package.minutes), diary, at=at) is Obstacle.TAKEN:
        track("slot_selected", user_id=by.pk, minutes=package.minutes)
        raise SlotTaken(nearest_slots(package, starts_at, hours, diary, at=at, student=by))


def find_package(handle: str, minutes: int) -> Package:
    """Look up what is to be booked. Unknown, unlisted and not offered are the same refusal."""
    package = Package.objects.select_related("mentor").filter(mentor__handle=handle, minutes=minutes).first()
    if package is None or not package.mentor.is_listed:
        raise NotBookable(field="mentor")
    return package


def _wanted(package: Package, hours: Hours, starts_at: datetime, by: User) -> Wanted:
    return Wanted(
        mentor=package.mentor,
        student=by,
        starts_at=starts_at,
        rules=rules_of(package.mentor, minutes=package.minutes),
        windows=windows_around(hours, starts_at),
        busy=busy_around(package.mentor, starts_at),
    )


def _check_held(booking: Booking, *, at: datetime) -> None:
    status = booking.status_at(at)
    if status == Booking.Status.EXPIRED:
        raise HoldExpired
    if status != Booking.Status.HELD:
        raise WrongState


def _check_hold_rate(claims: Claims, by: User, *, at: datetime) -> None:
    limit, period = count_and_period("HOLD")
    if claims.holds_made(by, since=at - timedelta(seconds=period)) >= limit:
        raise RateLimited(retry_after=period)


def _free_place(claims: Claims, by: User, *, at: datetime) -> int:
    taken = {b.hold_place for b in claims.of_student(by, at=at)}
    return next(place for place in range(1, settings.HOLDS_PER_STUDENT + 1) if place not in taken)


def _insert_hold(package: Package, starts_at: datetime, *, by: User, place: int, at: datetime) -> Booking:
    mentor = package.mentor
    ends_at = starts_at + timedelta(minutes=package.minutes)
    booking = Booking.objects.create(
        mentor=mentor,
        student=by,
        starts_at=starts_at,
        ends_at=ends_at,
        blocked_until=ends_at + timedelta(minutes=mentor.break_minutes),
        minutes=package.minutes,
        price_minor=price_of(package),
        currency=settings.CURRENCY,
        fee_bps=settings.PLATFORM_FEE_BPS,
        break_minutes=mentor.break_minutes,
        policy=mentor.policy,
        hold_expires_at=at + timedelta(seconds=settings.HOLD_SECONDS),
        hold_place=place,
        created_at=at,
    )
    record(booking, "held", at=at, by=by)
    track("slot_selected", "hold_created", user_id=by.pk, minutes=package.minutes, price_minor=booking.price_minor)
    return booking
