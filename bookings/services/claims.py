"""Claiming time: the one way in which a mentor's hour becomes somebody's.

Lock the people in id order, read the clock (``lock_people``), expire their lapsed holds and check (``claim``), then write
the row. Holds, late money, moves and admin all come through here, so two of them can't meet in the middle, and nobody
waits on an index entry of the exclusion constraints, where waits turn into deadlocks.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from accounts.models import User
from bookings.errors import HoldLimit, NotBookable, SlotTaken, StudentBusy
from bookings.models import LIVE_STATUSES, Booking, BookingEvent
from bookings.queries.taken import COUNTED_STATUSES
from bookings.signals import holds_freed
from bookings.slots import Diary, Obstacle, SlotRules, Span, obstacle
from marketplace.common import live
from marketplace.common.analytics import track_each
from marketplace.common.errors import AccessDenied, DomainError
from mentors.models import Mentor

# What, in a booking's history, takes time that a reader of the mentor's page may have before them.
TAKES_TIME = frozenset({"held", "moved"})
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def lock_people(*people: UUID, begun_by: UUID | None = None) -> datetime:
    """Lock the accounts involved, in id order, before any other row; return the time after the wait (UTC).

    ``FOR NO KEY UPDATE`` keeps out everyone else who claims or settles for these people, and lets rows that merely refer
    to them be inserted. Must run inside a transaction. ``begun_by``: whose new beginning it is. Raises ``AccessDenied`` (403)
    if that account was locked or closed by who held the lock before: the guard had asked too early.
    """
    rows = User.objects.select_for_update(no_key=True).filter(pk__in=people).order_by("pk")
    is_active = dict(rows.values_list("pk", "is_active"))
    if len(is_active) != len(set(people)):
        raise User.DoesNotExist
    if begun_by is not None and not is_active[begun_by]:
        raise AccessDenied
    return timezone.now()


def lock_booking(booking_id: UUID) -> Booking:
    """Lock and read one booking. Its people are locked before it."""
    return (
        Booking.objects.select_for_update(no_key=True, of=("self",))
        .select_related("mentor__user", "student")
        .get(pk=booking_id)
    )


@dataclass(frozen=True)
class Claims:
    """The bookings around a wanted time that decide whether it can be had, read in one query."""

    rows: tuple[Booking, ...]

    def of_mentor(self, mentor: Mentor, *, at: datetime) -> list[Booking]:
        return [b for b in self.rows if b.mentor_id == mentor.pk and b.status_at(at) in LIVE_STATUSES]

    def of_student(self, student: User, *, at: datetime) -> list[Booking]:
        return [b for b in self.rows if b.student_id == student.pk and b.status_at(at) in LIVE_STATUSES]

    def session_starts(self, mentor: Mentor, *, at: datetime) -> list[datetime]:
        """The starts that count towards the mentor's day cap: live ones and those already taught."""
        return [b.starts_at for b in self.rows if b.mentor_id == mentor.pk and b.status_at(at) in COUNTED_STATUSES]

    def holds_made(self, student: User, *, since: datetime) -> int:
        return sum(b.student_id == student.pk and b.created_at > since for b in self.rows)


# By hand, as what is read most (docs/decisions/0013): building the queryset took a tenth of every booking's time.
CLAIMS = """
    SELECT * FROM bookings_booking
    WHERE (
        mentor_id = %(mentor)s AND starts_at > %(first)s AND starts_at < %(last)s AND status = ANY(%(counted)s)
    ) OR (
        student_id = %(student)s AND (
            starts_at > %(first)s AND starts_at < %(last)s AND status = ANY(%(counted)s)
            OR status = 'held' OR created_at > %(lately)s
        )
    )
    ORDER BY starts_at, id
"""


def read_claims(*, mentor: Mentor, student: User, starts_at: datetime, at: datetime) -> Claims:
    """Read every booking that matters to one claim, in one query.

    The mentor's and the student's on the days around it, all of the student's holds, and what the student held
    within the last hour (the limit on holds is a fact of the data, counted under the lock).
    """
    parameters = {
        "mentor": mentor.pk,
        "student": student.pk,
        "first": starts_at - 2 * DAY,
        "last": starts_at + 2 * DAY,
        "counted": list(COUNTED_STATUSES),
        "lately": at - HOUR,
    }
    return Claims(tuple(Booking.objects.raw(CLAIMS, parameters)))


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A time that somebody wants, with all that decides about it except the bookings."""

    mentor: Mentor
    student: User
    starts_at: datetime
    rules: SlotRules
    windows: Sequence[Span]
    busy: Sequence[Span]


def claim(wanted: Wanted, *, at: datetime, for_hold: bool = False, own: UUID | None = None) -> Claims:
    """Find a wanted time free, or refuse it. The people are locked; the caller writes the row in the same transaction.

    ``own`` is the booking that is to have the time, where there is one already: it is not in its own way. Marks the lapsed
    holds of both people. Returns the bookings around the time. Raises as ``check_claim``.
    """
    found = read_claims(mentor=wanted.mentor, student=wanted.student, starts_at=wanted.starts_at, at=at)
    others = Claims(tuple(row for row in found.rows if row.pk != own))
    expire_lapsed(others.rows, at=at)
    check_claim(wanted, others, at=at, for_hold=for_hold)
    return others


def check_claim(wanted: Wanted, claims: Claims, *, at: datetime, for_hold: bool) -> None:
    """Refuse a claim that can't stand, in the order of the contract.

    Raises ``NotBookable``, ``HoldLimit`` (only where a hold is to be made), ``StudentBusy`` or ``SlotTaken``.
    """
    theirs = claims.of_mentor(wanted.mentor, at=at)
    mine = claims.of_student(wanted.student, at=at)
    diary = Diary(
        windows=wanted.windows,
        booked=[(b.starts_at, b.blocked_until) for b in theirs],
        busy=wanted.busy,
        student=[(b.starts_at, b.ends_at) for b in mine],
        sessions=claims.session_starts(wanted.mentor, at=at),
    )
    found = obstacle(wanted.starts_at, wanted.rules, diary, at=at)
    if found is Obstacle.NOT_OPEN:
        raise NotBookable(field="starts_at")
    if for_hold:
        _check_hold_limits(wanted, mine)
    if found is Obstacle.STUDENT_BUSY:
        raise StudentBusy
    if found is not None:
        raise SlotTaken


def _check_hold_limits(wanted: Wanted, live: Sequence[Booking]) -> None:
    holds = [b for b in live if b.status == Booking.Status.HELD]
    if len(holds) >= settings.HOLDS_PER_STUDENT or any(b.mentor_id == wanted.mentor.pk for b in holds):
        raise HoldLimit([b.pk for b in holds])


def expire_lapsed(bookings: Iterable[Booking], *, at: datetime) -> None:
    """Mark those holds ``expired`` whose time ran out. Their people are locked.

    A constraint can't read the clock: until this ran, a lapsed hold still keeps its time in the database's eyes.
    """
    for booking in bookings:
        if booking.status == Booking.Status.HELD and booking.hold_expires_at <= at:
            expire_hold(booking=booking, at=at)


def expire_hold(*, booking: Booking, at: datetime) -> bool:
    """Turn a lapsed hold into ``expired``; False when someone was first. Announces ``holds_freed``."""
    return free_hold(booking, Booking.Status.EXPIRED, at=at, by=None)


def free_hold(booking: Booking, status: Booking.Status, *, at: datetime, by: User | None) -> bool:
    held = Booking.objects.filter(pk=booking.pk, status=Booking.Status.HELD)
    if status == Booking.Status.EXPIRED:
        held = held.filter(hold_expires_at__lte=at)
    if not held.update(status=status, hold_place=None, closed_at=at):
        return False
    tell_freed([booking], status, at=at, by=by)
    return True


def tell_freed(holds: Sequence[Booking], status: Booking.Status, *, at: datetime, by: User | None) -> None:
    """Write down that holds were freed, and announce it, in the transaction that has just done so."""
    reason = "expired" if status == Booking.Status.EXPIRED else "let_go"
    for booking in holds:
        booking.status, booking.hold_place, booking.closed_at = status, None, at
    BookingEvent.objects.bulk_create(BookingEvent(booking=booking, name=reason, at=at, by=by) for booking in holds)
    if status == Booking.Status.EXPIRED:
        track_each("hold_expired", (booking.student_id for booking in holds))
    live.publish(told for booking in holds for told in to_its_people(booking))
    holds_freed.send(Booking, bookings=holds, reason=reason)


def record(booking: Booking, name: str, *, at: datetime, by: User | None, **data: str | int | None) -> None:
    """Write one line of a booking's history, in the transaction that made it true, and tell open pages."""
    BookingEvent.objects.create(booking=booking, name=name, at=at, by=by, data=data)
    told = to_its_people(booking)
    if name in TAKES_TIME or data.get("late"):
        starts_at = booking.starts_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        told += live.to_readers(booking.mentor_id, "slot_taken", mentor=booking.mentor.handle, starts_at=starts_at)
    live.publish(told)


def to_its_people(booking: Booking) -> list[live.Told]:
    """The news that something about a booking is different."""
    people = (booking.student_id, booking.mentor_id)
    return live.to_people(people, "booking", booking=str(booking.pk), status=booking.status)


# Constraint → what it means to the person whose insert it refused, should the check ever have missed it.
CLAIM_REFUSALS: dict[str, type[DomainError]] = {
    "booking_mentor_start_unique": SlotTaken,
    "booking_mentor_no_overlap": SlotTaken,
    "booking_student_no_overlap": StudentBusy,
    "booking_one_hold_per_mentor": HoldLimit,
    "booking_three_holds_per_student": HoldLimit,
}
