"""What the support desk reads: problem reports and appeals against strikes, and what to know before deciding."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import BooleanField, Case, Q, Value, When

from bookings.attendance import enough_for
from bookings.models import Booking, Outcome, ProblemReport, Strike
from bookings.models.sessions import ProblemReportQuerySet
from bookings.models.strikes import StrikeQuerySet
from bookings.queries.attendance import BothSides, Line, both_sides, log_of
from marketplace.common.money import Split, split


@dataclass(frozen=True)
class Dossier:
    """One report with all that was said and seen."""

    report: ProblemReport
    words: Sequence[Outcome]
    log: Sequence[Line]
    there: BothSides
    enough_seconds: int
    is_due: bool


@dataclass(frozen=True)
class Sums:
    """What a decision would do, in minor units. ``now_minor`` is what goes back because of it."""

    percent: int
    now_minor: int
    shares: Split


def reports() -> ProblemReportQuerySet:
    return ProblemReport.objects.select_related("booking__mentor__user", "booking__student", "by", "decided_by")


def waiting(*, at: datetime) -> ProblemReportQuerySet:
    """Open reports, those that can be decided first, each by its age; ``is_due`` tells which."""
    can_be_decided = Q(answered_at__isnull=False) | Q(answer_due_at__lte=at)
    is_due = Case(When(can_be_decided, then=Value(True)), default=Value(False), output_field=BooleanField())
    return reports().open().annotate(is_due=is_due).order_by("-is_due", "opened_at", "pk")


def appeals() -> StrikeQuerySet:
    """Appeals against strikes that wait for a decision, the longest wait first."""
    waiting = strikes().filter(appealed_at__isnull=False, decided_at=None)
    return waiting.order_by("appealed_at", "pk")


def strikes() -> StrikeQuerySet:
    return Strike.objects.select_related("mentor__user", "booking__student", "decided_by")


def dossier_of(report: ProblemReport, *, at: datetime) -> Dossier:
    """Read what there is to know about one report. Three queries."""
    booking = report.booking
    return Dossier(
        report=report,
        words=list(booking.outcomes.order_by("at", "pk")),
        log=log_of(booking),
        there=both_sides(booking),
        enough_seconds=int(enough_for(booking).total_seconds()),
        is_due=report.answered_at is not None or report.answer_due_at <= at,
    )


def sums_of(report: ProblemReport, *, percent: int) -> Sums:
    """Work out to the cent what a decision would do."""
    booking = report.booking
    shares, before = _split(booking, percent), _split(booking, report.found_percent)
    return Sums(percent, shares.refund_minor - before.refund_minor, shares)


def _split(booking: Booking, percent: int) -> Split:
    return split(gross_minor=booking.price_minor, refund_percent=percent, fee_bps=booking.fee_bps)
