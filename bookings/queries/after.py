"""What the pages around a session and after it show."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet

from accounts.models import User
from bookings.after_policies import (
    REPORTABLE,
    appeal_until,
    may_answer,
    may_answer_review,
    may_appeal,
    may_edit_review,
    may_report_problem,
    may_review,
    side_of,
)
from bookings.models import Booking, ProblemReport, Review, Strike
from bookings.models.strikes import StrikeQuerySet
from bookings.queries.attendance import Line, log_of


@dataclass(frozen=True)
class After:
    """What there is to see and do about a session that is over, for one of its people or for staff."""

    log: list[Line]
    # What this reader has said already; empty while they may still say it.
    said: str
    may_say: bool
    may_report: bool
    report: ProblemReport | None
    may_answer: bool
    review: Review | None
    may_review: bool
    may_edit_review: bool
    may_answer_review: bool
    transfer_hours: int = settings.TRANSFER_AFTER_HOURS


def after_session(booking: Booking, reader: User, *, at: datetime) -> After | None:
    """Read what comes after a session; None before its end, and for one that was called off. Four queries."""
    if booking.confirmed_at is None or booking.ends_at > at or booking.status == Booking.Status.CANCELLED:
        return None
    side = side_of(reader, booking)
    words = dict(booking.outcomes.values_list("side", "word"))
    report = booking.problem_reports.order_by("-opened_at", "-pk").first()
    review = review_of(booking)
    is_decided = report is not None and report.decided_at is not None
    return After(
        log=log_of(booking),
        said=words.get(side, "") if side else "",
        may_say=side is not None and side not in words and booking.status in {"confirmed", "ended"},
        may_report=not is_decided and may_report_problem(reader, booking, at=at),
        report=report,
        may_answer=report is not None and may_answer(reader, report, at=at),
        review=review,
        may_review=review is None and may_review(reader, booking, at=at),
        may_edit_review=review is not None and may_edit_review(reader, review, at=at),
        may_answer_review=review is not None and may_answer_review(reader, review),
    )


def reportable_sessions(user: User, *, at: datetime) -> QuerySet[Booking]:
    """Their sessions about which a problem can be reported now, the latest first: ``may_report_problem`` and none decided."""
    decided = ProblemReport.objects.filter(booking=OuterRef("pk"), decided_at__isnull=False)
    over = Booking.objects.of(user).filter(
        ~Exists(decided),
        status__in={Booking.Status.CONFIRMED, *REPORTABLE},
        ends_at__lte=at,
        ends_at__gt=at - timedelta(days=settings.REPORT_DAYS),
    )
    return over.select_related("mentor__user", "student").order_by("-starts_at", "-pk")


def other_of(booking: Booking, reader: User) -> User:
    """The other person of a booking."""
    return booking.student if reader.pk == booking.mentor_id else booking.mentor.user


def open_report_of(booking: Booking) -> ProblemReport | None:
    return booking.problem_reports.open().first()


def review_of(booking: Booking) -> Review | None:
    """A booking's review, the booking at hand."""
    review = Review.objects.filter(booking=booking).first()
    if review is not None:
        review.booking = booking
    return review


def strikes_of(mentor: User) -> StrikeQuerySet:
    return Strike.objects.filter(mentor=mentor.pk).select_related("booking__student")


def own_strikes(mentor: User, *, at: datetime) -> dict[str, Any]:  # Any: template data
    """A mentor's strikes, the latest first, with what each still allows, and how many count. One query."""
    strikes = list(strikes_of(mentor).order_by("-at", "-pk"))
    counting = [strike for strike in strikes if strike.waived_at is None and strike.expires_at > at]
    rows = [
        {
            "strike": strike,
            "counts": strike in counting,
            "may_appeal": may_appeal(mentor, strike, at=at),
            "appeal_until": appeal_until(strike),
        }
        for strike in strikes
    ]
    return {"rows": rows, "total": sum(strike.points for strike in counting)}
