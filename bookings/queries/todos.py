"""What a mentor's sessions want of them, for the first page of the workspace. Each list is short: the pages have the rest."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from bookings.after_policies import appeal_until
from bookings.models import Booking, MoveProposal, Outcome, ProblemReport, Review, Strike
from marketplace.common.formatting import day_at
from mentors.models import Mentor
from mentors.overview import DEADLINE, SOME_DAY, SOON, WAITING, Todo

EACH = 3


def todos_of(mentor: Mentor, *, at: datetime) -> list[Todo]:
    """Five queries, however much there is."""
    return [
        *_reports(mentor, at),
        *_strikes(mentor, at),
        *_outcomes(mentor, at),
        *_reviews(mentor, at),
        *_proposals(mentor, at),
    ]


def _when(moment: datetime) -> str:
    return day_at(moment, timezone.get_current_timezone())


def _reports(mentor: Mentor, at: datetime) -> Iterator[Todo]:
    theirs = ProblemReport.objects.open().filter(
        booking__mentor=mentor, side=Booking.Side.STUDENT, answered_at=None, answer_due_at__gt=at
    )
    for report in theirs.select_related("booking__student").order_by("answer_due_at", "pk")[:EACH]:
        values = {"name": report.booking.student.first_name, "when": _when(report.answer_due_at)}
        yield Todo(
            DEADLINE,
            _("%(name)s reported a problem") % values,
            _("Tell us your side until %(when)s; then our support decides.") % values,
            reverse("bookings:answer", args=[report.booking_id]),
            _("Answer"),
            "danger",
        )


def _strikes(mentor: Mentor, at: datetime) -> Iterator[Todo]:
    since = at - timedelta(hours=settings.STRIKE_APPEAL_HOURS)
    counting = Strike.objects.filter(mentor=mentor, waived_at=None, appealed_at=None, at__gt=since)
    for strike in counting.order_by("at", "pk")[:EACH]:
        hint = _("If it should not count, appeal until %(when)s.") % {"when": _when(appeal_until(strike))}
        yield Todo(DEADLINE, _("A strike was counted"), hint, reverse("bookings:strikes"), _("Appeal"), "danger")


def _outcomes(mentor: Mentor, at: datetime) -> Iterator[Todo]:
    said = Outcome.objects.filter(booking=OuterRef("pk"), side=Booking.Side.MENTOR)
    over = Booking.objects.filter(
        ~Exists(said), mentor=mentor, ends_at__lte=at, status__in=[Booking.Status.CONFIRMED, Booking.Status.ENDED]
    )
    for booking in over.select_related("student").order_by("-ends_at", "pk")[:EACH]:
        values = {"name": booking.student.first_name, "when": _when(booking.starts_at)}
        yield Todo(
            SOON,
            _("How was it with %(name)s?") % values,
            _("Say what happened on %(when)s, so that you are paid.") % values,
            reverse("bookings:session", args=[booking.pk]),
            _("To say"),
        )


def _reviews(mentor: Mentor, at: datetime) -> Iterator[Todo]:
    since = at - timedelta(days=settings.REVIEW_DAYS)  # later it can still be answered, and need not
    lately = Review.objects.filter(booking__mentor=mentor, answered_at=None, created_at__gt=since)
    unanswered = lately.exclude(text="")
    for review in unanswered.select_related("booking__student").order_by("-created_at", "-pk")[:EACH]:
        name = _("%(name)s left you a review") % {"name": review.booking.student.first_name}
        url = reverse("bookings:answer-review", args=[review.booking_id])
        yield Todo(SOME_DAY, name, _("You can answer it once. Everyone can read the answer."), url, _("New"), "info")


def _proposals(mentor: Mentor, at: datetime) -> Iterator[Todo]:
    waiting = MoveProposal.objects.open(at=at).filter(booking__mentor=mentor)
    for proposal in waiting.select_related("booking__student").order_by("lapses_at", "pk")[:EACH]:
        values = {"name": proposal.booking.student.first_name, "when": _when(proposal.starts_at)}
        yield Todo(
            WAITING,
            _("You suggested %(when)s to %(name)s") % values,
            _("Nothing moves until it is accepted. It stands until %(until)s.") % {"until": _when(proposal.lapses_at)},
            reverse("bookings:move", args=[proposal.booking_id]),
            _("Waiting"),
            "plain",
        )
