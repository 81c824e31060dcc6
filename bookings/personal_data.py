"""The chapters about somebody's sessions, on either side. Of the other side no more than the name and what they wrote here."""

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from bookings.models import Attendance, Booking, CalendarFeed, SessionNote, Strike
from marketplace.common.personal_data import Chapter, Row, Rows, amount, each

HISTORY = ("events", "proposals", "outcomes", "problem_reports", "files")


def chapters_of(user: User) -> list[Chapter]:
    booked = Booking.objects.of(user).select_related("student", "mentor__user", "review").prefetch_related(*HISTORY)
    notes = SessionNote.objects.filter(Q(booking__student=user) | Q(booking__mentor=user.pk))
    there = Attendance.objects.filter(user=user).order_by("from_at", "pk")
    chapters = [
        Chapter(
            "sessions",
            _("Your sessions: when, with whom, what was said of them, and each step."),
            each(booked.order_by("starts_at", "pk"), lambda booking: _session(booking, user)),
        ),
        Chapter(
            "session-notes",
            _("The notes of your sessions, every version."),
            each(notes.order_by("at", "pk"), lambda note: _note(note, user)),
        ),
        Chapter("attendance", _("When you were on the page of a session."), each(there, _attendance)),
        Chapter("calendar-feed", _("Whether your calendar program reads your sessions."), lambda: _feed(user)),
    ]
    if user.is_mentor:
        strikes = Strike.objects.filter(mentor=user.pk).order_by("at", "pk")
        chapters.append(Chapter("strikes", _("Strikes, and what you said against them."), each(strikes, _strike)))
    return chapters


def _session(booking: Booking, user: User) -> Row:
    is_student = booking.student_id == user.pk
    other = booking.mentor.user if is_student else booking.student
    review = getattr(booking, "review", None)
    return {
        "id": booking.pk,
        "you_were": "student" if is_student else "mentor",
        "with": other.name,
        "status": booking.get_status_display(),
        "starts_at": booking.starts_at,
        "ends_at": booking.ends_at,
        "minutes": booking.minutes,
        "price": amount(booking.price_minor, booking.currency),
        "cancellation_policy": booking.get_policy_display(),
        "students_note": booking.note,
        "held_at": booking.created_at,
        "confirmed_at": booking.confirmed_at,
        "cancelled_by": booking.cancelled_by,
        "cancel_reason": booking.cancel_reason,
        "refund_percent": booking.refund_percent,
        "meeting_link": booking.meeting_url,
        "steps": [
            {"at": event.at, "what": event.name, "by_you": event.by_id == user.pk}
            for event in sorted(booking.events.all(), key=lambda event: (event.at, event.pk))
        ],
        "proposed_times": [
            {"at": each.created_at, "for": each.starts_at, "reason": each.reason, "status": each.get_status_display()}
            for each in booking.proposals.all()
        ],
        # What the other side said of it is theirs; a report and its answer were shown to both.
        "you_said": [
            {"at": said.at, "word": said.get_word_display(), "note": said.note}
            for said in booking.outcomes.all()
            if said.by_id == user.pk
        ],
        "problem_reports": [
            {
                "at": report.opened_at,
                "by_you": report.by_id == user.pk,
                "note": report.note,
                "answer": report.answer,
                "decided_at": report.decided_at,
                "decision": report.decision,
                "percent_back": report.percent,
            }
            for report in booking.problem_reports.all()
        ],
        "review": {
            "at": review.created_at,
            "rating": review.rating,
            "text": review.text,
            "answer": review.answer,
        }
        if review
        else None,
        "files": [file.upload_id for file in booking.files.all()],
    }


def _note(note: SessionNote, user: User) -> Row:
    return {
        "session": note.booking_id,
        "version": note.version,
        "at": note.at,
        "by_you": note.by_id == user.pk,
        "text": note.text,
    }


def _attendance(stretch: Attendance) -> Row:
    return {"session": stretch.booking_id, "from": stretch.from_at, "to": stretch.until_at}


def _feed(user: User) -> Rows:
    for feed in CalendarFeed.objects.filter(user=user):
        yield {"made_at": feed.created_at}


def _strike(strike: Strike) -> Row:
    return {
        "session": strike.booking_id,
        "at": strike.at,
        "why": strike.get_kind_display(),
        "points": strike.points,
        "until": strike.expires_at,
        "hidden_days": strike.hides_days,
        "you_said": strike.appeal,
        "said_at": strike.appealed_at,
        "decided_at": strike.decided_at,
        "decision": strike.decision,
        "taken_back_at": strike.waived_at,
    }
