"""Moving a session: the same booking, payment, thread and calendar entry, at another time.

A student's move claims the new time and lets the old one go by changing one row in one transaction. A mentor's is a
proposal, which claims nothing until the student accepts it.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from bookings.emails import send_move_kept, send_move_proposed, send_moved
from bookings.errors import (
    MovedTooOften,
    NoProposal,
    NotBookable,
    ProposalOpen,
    SlotTaken,
    StudentBusy,
    TooLateToMove,
    TooLateToPropose,
    WrongState,
)
from bookings.models import Booking, MoveProposal
from bookings.policies import free_to_move_until, proposal_lapses_at
from bookings.queries.changes import is_offered, open_proposal
from bookings.queries.slots import busy_around, move_rules, nearest_for_move, windows_around
from bookings.services.claims import CLAIM_REFUSALS, Wanted, claim, record
from bookings.services.holds import lock_upcoming
from bookings.signals import booking_moved
from marketplace.common.errors import violated_constraint
from marketplace.common.idempotency import remember_made
from mentors.models import Mentor
from mentors.queries import hours_of
from mentors.services import read_before_claim

Status = MoveProposal.Status


def move_booking(*, booking_id: UUID, starts_at: datetime, by: User) -> Booking:
    """Move a session for its student: claim the new time and let the old one go, in one transaction.

    Free in the tier in which everything would come back, at most ``MOVES_MAX`` times. Withdraws a proposal of the mentor's,
    announces ``booking_moved``, mails both.
    Raises ``AlreadyBegun``, ``TooLateToMove``, ``MovedTooOften``, ``WrongState``, ``NotBookable``, ``StudentBusy`` or
    ``SlotTaken`` (with ``alternatives``).
    """
    _read_calendars(booking_id)
    try:
        with transaction.atomic(durable=True):
            booking, now = lock_upcoming(booking_id)
            check_may_move(booking, at=now)
            claim(_wanted(booking, starts_at, at=now, by=Booking.Side.STUDENT), at=now, own=booking.pk)
            close_proposal(booking, Status.WITHDRAWN, at=now)
            _take(booking, starts_at, at=now, by=by, by_student=True)
            remember_made(booking.pk)
            return booking
    except SlotTaken as refusal:
        _add_alternatives(refusal, booking_id, starts_at)
        raise
    except IntegrityError as exc:  # outside the block: a broken transaction can't be used further
        if refused := CLAIM_REFUSALS.get(violated_constraint(exc)):
            raise refused from exc
        raise


def _read_calendars(booking_id: UUID) -> None:
    """Read the mentor's imported calendars again where that was not done lately, as before a hold."""
    stale = timezone.now() - timedelta(seconds=settings.CALENDAR_FRESH_SECONDS)
    found = Booking.objects.filter(pk=booking_id, mentor__calendars__asked_at__lte=stale)
    if mentor_id := found.values_list("mentor_id", flat=True).first():
        read_before_claim(mentor_id=mentor_id)


def propose_move(*, booking_id: UUID, starts_at: datetime, by: User, reason: str = "") -> Booking:
    """Suggest another time to the student, for its mentor. It is free now and stays so: nothing is claimed.

    A mentor who is paused or hidden may: it is they who give of their time. Mails the student, who can answer until ``MoveProposal.lapses_at``.
    Raises ``AlreadyBegun``, ``TooLateToPropose``, ``ProposalOpen``, ``WrongState``, and as a move does.
    """
    try:
        with transaction.atomic(durable=True):
            booking, now = lock_upcoming(booking_id)
            check_may_propose(booking, at=now)
            claim(_wanted(booking, starts_at, at=now, by=Booking.Side.MENTOR), at=now, own=booking.pk)
            close_proposal(booking, Status.LAPSED, at=now)
            proposal = MoveProposal.objects.create(
                booking=booking,
                starts_at=starts_at,
                old_starts_at=booking.starts_at,
                by=by,
                reason=reason,
                created_at=now,
                lapses_at=proposal_lapses_at(booking, at=now),
            )
            record(booking, "move_proposed", at=now, by=by, proposal=str(proposal.pk))
            remember_made(booking.pk)
            send_move_proposed(proposal)
            return booking
    except StudentBusy as refusal:
        refusal.user_message = _("Your student has another session at that time. Pick a time that does not overlap it.")
        raise
    except SlotTaken as refusal:
        _add_alternatives(refusal, booking_id, starts_at, is_suggested=True)
        raise


def accept_proposal(*, booking_id: UUID, by: User, starts_at: datetime | None = None) -> Booking:
    """Move a session to where its mentor suggested, for its student: only now the time is claimed.

    ``starts_at`` names what the student was shown, if it was said. The mentor's hours and notice don't matter to what they
    suggested themself. Announces ``booking_moved``, mails both.
    Raises ``NoProposal``, ``AlreadyBegun``, ``WrongState``, ``StudentBusy`` or ``SlotTaken`` (with ``alternatives``).
    """
    try:
        with transaction.atomic(durable=True):
            booking, now = lock_upcoming(booking_id)
            proposal = _asked(booking, starts_at, at=now)
            claim(_wanted_by_proposal(booking, proposal, at=now), at=now, own=booking.pk)
            close_proposal(booking, Status.ACCEPTED, at=now)
            _take(booking, proposal.starts_at, at=now, by=by, by_student=False)
            remember_made(booking.pk)
            return booking
    except SlotTaken as refusal:
        _add_alternatives(refusal, booking_id, starts_at)
        refusal.user_message = _(
            "Somebody has taken that time since. Keep the old one, or cancel and get everything back."
        )
        raise
    except IntegrityError as exc:
        if refused := CLAIM_REFUSALS.get(violated_constraint(exc)):
            raise refused from exc
        raise


def decline_proposal(*, booking_id: UUID, by: User, starts_at: datetime | None = None) -> Booking:
    """Keep a session where it is, for its student. Mails the mentor.

    Raises ``NoProposal``, ``AlreadyBegun`` or ``WrongState``.
    """
    with transaction.atomic(durable=True):
        booking, now = lock_upcoming(booking_id)
        proposal = _asked(booking, starts_at, at=now)
        close_proposal(booking, Status.DECLINED, at=now)
        record(booking, "move_declined", at=now, by=by, proposal=str(proposal.pk))
        remember_made(booking.pk)
        proposal.booking, proposal.status = booking, Status.DECLINED
        send_move_kept(proposal, at=now)
        return booking


def check_may_move(booking: Booking, *, at: datetime) -> None:
    """Refuse a student's move whatever its new time. Raises ``TooLateToMove`` or ``MovedTooOften``."""
    if at > free_to_move_until(booking):
        raise TooLateToMove
    if booking.moves_by_student >= settings.MOVES_MAX:
        raise MovedTooOften


def check_may_propose(booking: Booking, *, at: datetime) -> None:
    """Refuse a mentor's proposal whatever its new time. Raises ``TooLateToPropose`` or ``ProposalOpen``."""
    if proposal_lapses_at(booking, at=at) <= at:
        raise TooLateToPropose
    if open_proposal(booking, at=at) is not None:
        raise ProposalOpen


def close_proposal(booking: Booking, status: MoveProposal.Status, *, at: datetime) -> None:
    """End the proposal of a locked booking, if any: as lapsed where its time is over, else as ``status``."""
    waiting = MoveProposal.objects.filter(booking=booking, status=Status.OPEN)
    waiting.filter(lapses_at__lte=at).update(status=Status.LAPSED, closed_at=at)
    waiting.update(status=status, closed_at=at)


def close_lapsed_proposals(*, at: datetime) -> int:
    """Mark the proposals ``lapsed`` whose time is over, and count them. Everyone reads them so already (``status_at``).

    Mails each mentor, once: who closes a proposal otherwise is there and reads it.
    """
    lapsed = MoveProposal.objects.filter(status=Status.OPEN, lapses_at__lte=at).order_by("lapses_at", "pk")
    closed = 0
    for proposal in lapsed.select_related("booking__mentor__user", "booking__student"):
        with transaction.atomic(durable=True):
            still_open = MoveProposal.objects.filter(pk=proposal.pk, status=Status.OPEN)
            if still_open.update(status=Status.LAPSED, closed_at=at):
                proposal.status = Status.LAPSED
                send_move_kept(proposal, at=at)
                closed += 1
    return closed


def _wanted(booking: Booking, starts_at: datetime, *, at: datetime, by: Booking.Side) -> Wanted:
    """A new time within the mentor's hours, as for a hold. Raises ``NotBookable`` where none could be had at all."""
    if starts_at == booking.starts_at:
        raise NotBookable(_("The session is at that time already. Pick another time."), field="starts_at")
    if not is_offered(booking, to=by):
        raise NotBookable(field="starts_at")
    return Wanted(
        mentor=booking.mentor,
        student=booking.student,
        starts_at=starts_at,
        rules=move_rules(booking, at=at),
        windows=windows_around(hours_of(booking.mentor), starts_at),
        busy=busy_around(booking.mentor, starts_at),
    )


def _wanted_by_proposal(booking: Booking, proposal: MoveProposal, *, at: datetime) -> Wanted:
    """The suggested time, for a mentor who may still teach. Their word stands for hours and notice."""
    if booking.mentor.status != Mentor.Status.APPROVED:
        raise NoProposal
    length = timedelta(minutes=booking.minutes)
    return Wanted(
        mentor=booking.mentor,
        student=booking.student,
        starts_at=proposal.starts_at,
        rules=replace(
            move_rules(booking, at=at),
            notice=timedelta(0),
            horizon=timedelta(days=settings.HORIZON_DAYS_MAX),
        ),
        windows=[(proposal.starts_at, proposal.starts_at + length)],
        busy=busy_around(booking.mentor, proposal.starts_at),
    )


def _asked(booking: Booking, starts_at: datetime | None, *, at: datetime) -> MoveProposal:
    """The open proposal, and the one that was answered: another may have taken its place since the page was read."""
    proposal = open_proposal(booking, at=at)
    if proposal is None or starts_at not in {None, proposal.starts_at}:
        raise NoProposal
    return proposal


def _take(booking: Booking, starts_at: datetime, *, at: datetime, by: User, by_student: bool) -> None:
    """Change the row of a locked booking, conditional on where it was, and tell everybody."""
    old_starts_at = booking.starts_at
    ends_at = starts_at + timedelta(minutes=booking.minutes)
    here = Booking.objects.filter(pk=booking.pk, status=Booking.Status.CONFIRMED, starts_at=old_starts_at)
    if not here.update(
        starts_at=starts_at,
        ends_at=ends_at,
        blocked_until=ends_at + timedelta(minutes=booking.break_minutes),
        sequence=F("sequence") + 1,
        moves_by_student=F("moves_by_student") + int(by_student),
    ):
        raise WrongState
    booking.refresh_from_db(fields=["starts_at", "ends_at", "blocked_until", "sequence", "moves_by_student"])
    record(booking, "moved", at=at, by=by, old_starts_at=old_starts_at.isoformat())
    booking_moved.send(Booking, booking=booking, old_starts_at=old_starts_at)
    send_moved(booking)


def _add_alternatives(
    refusal: SlotTaken, booking_id: UUID, near: datetime | None, *, is_suggested: bool = False
) -> None:
    """Read the nearest times that could be had instead, once the transaction that refused is over."""
    booking = Booking.objects.select_related("mentor", "student").get(pk=booking_id)
    refusal.user_message = _(
        "Someone just took that time, so the session stays where it is. Here are the nearest others."
    )
    near = near or booking.starts_at
    refusal.alternatives = nearest_for_move(booking, near, at=timezone.now(), is_suggested=is_suggested)
