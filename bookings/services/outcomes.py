"""How was it? What each side says of a session, and what follows from it."""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction

from accounts.models import User
from bookings import after_emails
from bookings.after_policies import REPORTABLE, report_until, side_of
from bookings.errors import NotOverYet, NotYourWord, ReportTooLate, WrongState
from bookings.models import Booking, Outcome, ProblemReport, Strike
from bookings.queries.attendance import both_sides
from bookings.services.claims import record
from bookings.services.holds import lock_with_people
from bookings.services.problems import open_report
from bookings.services.settling import end_if_over, settle
from bookings.services.strikes import add_strike
from marketplace.common.idempotency import remember_made

Status = Booking.Status
Side = Booking.Side
Word = Outcome.Word

WORDS = {Side.STUDENT: (Word.FINE, Word.PROBLEM), Side.MENTOR: (Word.TAUGHT, Word.STUDENT_ABSENT)}
COMPLAINTS = {Word.PROBLEM, Word.STUDENT_ABSENT}


def say_outcome(*, booking_id: UUID, by: User, word: str, note: str = "") -> Booking:
    """Say how a session was: ``fine`` or ``problem`` (its student), ``taught`` or ``student_absent`` (its mentor).

    ``fine`` completes an ended session at once. A complaint by a side that was there, about one that never was, decides at once
    who was absent; any other becomes a problem report. Saying the same again changes nothing; a first word stays beside a
    later report. Raises ``NotYourWord``, ``NotOverYet``, ``WrongState``, ``ReportTooLate`` or ``ReportDecided``.
    """
    with transaction.atomic(durable=True):
        booking, now = lock_with_people(booking_id)
        remember_made(booking.pk)
        side = side_of(by, booking)
        if side is None or word not in WORDS[side]:
            raise NotYourWord
        end_if_over(booking, at=now)
        said = booking.outcomes.filter(side=side).first()
        if is_repeated(booking, said, side, word):
            return booking
        check_open_for(word, booking, at=now)
        if said is None:
            Outcome.objects.create(booking=booking, side=side, word=word, note=note, by=by, at=now)
            record(booking, "said", at=now, by=by, word=word)
        if word in COMPLAINTS:
            _complain(booking, side, by=by, note=note, is_first_word=said is None, at=now)
        elif booking.status == Status.ENDED and (word == Word.FINE or _has_waited(booking, at=now)):
            settle(booking, Status.COMPLETED, percent=0, at=now, by=by)
        return booking


def report_problem(*, booking_id: UUID, by: User, note: str) -> ProblemReport:
    """Report that something was wrong with a session, whichever side one is on and whatever was said before.

    Raises ``NotYourWord``, ``NotOverYet``, ``WrongState``, ``ReportTooLate`` or ``ReportDecided``.
    """
    with transaction.atomic(durable=True):
        booking, now = lock_with_people(booking_id)
        side = side_of(by, booking)
        if side is None:
            raise NotYourWord
        end_if_over(booking, at=now)
        check_open_for(Word.PROBLEM, booking, at=now)
        return open_report(booking, side=side, by=by, note=note, at=now)


def is_repeated(booking: Booking, said: Outcome | None, side: str, word: str) -> bool:
    """Whether this very word stands already, or the report that it would open is open."""
    if said is not None and said.word == word:
        return True
    return word in COMPLAINTS and booking.problem_reports.open().filter(side=side).exists()


def check_open_for(word: str, booking: Booking, *, at: datetime) -> None:
    """Refuse a word that comes too early, too late, or after the session went another way."""
    if booking.status in {Status.HELD, Status.CONFIRMED}:
        raise NotOverYet
    if word in COMPLAINTS:
        if booking.status not in REPORTABLE:
            raise WrongState
        if at >= report_until(booking):
            raise ReportTooLate
    elif booking.status not in {Status.ENDED, Status.COMPLETED}:
        raise WrongState


def _complain(booking: Booking, side: Side, *, by: User, note: str, is_first_word: bool, at: datetime) -> None:
    """Decide an absence at once where attendance bears the complaint out, else open a report."""
    there = both_sides(booking)
    decides = is_first_word and booking.status == Status.ENDED
    if decides and side == Side.STUDENT and there.student.is_enough and there.mentor.is_none:
        settle(booking, Status.NO_SHOW_MENTOR, percent=100, at=at, by=by)
        add_strike(booking, Strike.Kind.ABSENCE, at=at)
    elif decides and side == Side.MENTOR and there.mentor.is_enough and there.student.is_none:
        settle(booking, Status.NO_SHOW_STUDENT, percent=0, at=at, by=by)
        after_emails.send_student_absent(booking)
    else:
        open_report(booking, side=side, by=by, note=note, at=at)


def _has_waited(booking: Booking, *, at: datetime) -> bool:
    """Whether the time is over in which the student could say something else before the mentor is paid."""
    return at >= booking.ends_at + timedelta(hours=settings.OUTCOME_ASK_HOURS)
