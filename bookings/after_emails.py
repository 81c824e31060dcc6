"""Mails about what comes after a session. Each goes out if, and only if, the transaction that caused it commits."""

from django.conf import settings

from accounts.models import User
from bookings.after_policies import appeal_until, report_until
from bookings.models import Booking, ProblemReport, Review, Strike
from marketplace.common.mailing import send
from marketplace.common.money import Split, split


def send_how_was_it(booking: Booking) -> None:
    """Ask both, because nobody has said anything."""
    for reader, other in _both(booking):
        send("how_was_it", to=reader, context={"booking": booking, "other": other})


def send_student_absent(booking: Booking) -> None:
    """Tell a student that their absence was decided at once, and until when they can say that it was different."""
    context = {"booking": booking, "other": booking.mentor.user, "report_until": report_until(booking)}
    send("student_absent", to=booking.student, context=context)


def send_problem_reported(report: ProblemReport) -> None:
    """Tell both: the one who reported that it has arrived, the other what to do and until when."""
    booking = report.booking
    for reader, other in _both(booking):
        context = {"booking": booking, "report": report, "other": other, "is_mine": reader.pk == report.by_id}
        send("problem_reported", to=reader, context=context)


def send_problem_decided(report: ProblemReport) -> None:
    """Tell both what support decided and why, with the sums that follow from it."""
    booking = report.booking
    shares = shares_of(booking, percent=booking.refund_percent or 0)
    back_minor = shares.refund_minor - shares_of(booking, percent=report.found_percent).refund_minor
    for reader, other in _both(booking):
        context = {"reader": reader, "other": other, "shares": shares, "back_minor": back_minor}
        send("problem_decided", to=reader, context={"booking": booking, "report": report, **context})


def send_strike(strike: Strike, *, total: int) -> None:
    """Tell a mentor what was counted against them, what follows, and how to appeal."""
    context = {
        "strike": strike,
        "booking": strike.booking,
        "total": total,
        "is_warning": not strike.hides_days and total >= settings.STRIKES_WARNING,
        "appeal_until": appeal_until(strike),
    }
    send("strike", to=strike.mentor.user, context=context)


def send_strike_decided(strike: Strike) -> None:
    send("strike_decided", to=strike.mentor.user, context={"strike": strike, "booking": strike.booking})


def send_new_review(review: Review) -> None:
    booking = review.booking
    send("new_review", to=booking.mentor.user, context={"review": review, "booking": booking})


def shares_of(booking: Booking, *, percent: int) -> Split:
    """What would come of a booking's price if ``percent`` of it went back."""
    return split(gross_minor=booking.price_minor, refund_percent=percent, fee_bps=booking.fee_bps)


def _both(booking: Booking) -> tuple[tuple[User, User], ...]:
    """Each of the two with the other."""
    mentor = booking.mentor.user
    return (booking.student, mentor), (mentor, booking.student)
