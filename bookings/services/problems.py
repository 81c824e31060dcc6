"""Problem reports: opened by a side or, where nobody said anything, by ourselves; answered; decided by support."""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction

from accounts.models import User
from bookings import after_emails
from bookings.after_policies import may_answer, side_of
from bookings.errors import (
    AnswerAwaited,
    AnswerTooLate,
    CannotAskBack,
    NothingToAnswer,
    NothingToDecide,
    ReportDecided,
)
from bookings.models import Booking, ProblemReport, Strike
from bookings.services.claims import record
from bookings.services.holds import lock_with_people
from bookings.services.search_index import recount_reviews
from bookings.services.settling import move, settle
from bookings.services.strikes import add_strike
from bookings.signals import problem_reported
from marketplace.common import audit
from marketplace.common.errors import AccessDenied
from marketplace.common.guards import SUPPORT

Status = Booking.Status
Side = Booking.Side
Finding = ProblemReport.Finding


def open_report(booking: Booking, *, side: Side, by: User | None, note: str, at: datetime) -> ProblemReport:
    """Open a report about a locked booking: its money waits, and the other side has ``REPORT_ANSWER_HOURS`` to answer.

    A report of our own (``Side.ADMIN``) waits for no answer. Announces ``problem_reported``, mails both.
    Raises ``ReportDecided`` where support has decided about the session before.
    """
    if booking.problem_reports.exclude(decided_at=None).exists():
        raise ReportDecided
    waits = timedelta(0) if side == Side.ADMIN else timedelta(hours=settings.REPORT_ANSWER_HOURS)
    found, found_percent = booking.status, booking.refund_percent or 0
    move(booking, Status.PROBLEM, refund_percent=None, closed_at=None)
    report = ProblemReport.objects.create(
        booking=booking,
        side=side,
        by=by,
        note=note,
        found=found,
        found_percent=found_percent,
        opened_at=at,
        answer_due_at=at + waits,
    )
    record(booking, "problem_reported", at=at, by=by, left=found, side=side)
    if found == Status.COMPLETED:
        recount_reviews(mentor=booking.mentor)
    problem_reported.send(Booking, booking=booking)
    after_emails.send_problem_reported(report)
    return report


def answer_report(*, booking_id: UUID, by: User, text: str) -> ProblemReport:
    """Answer the open report of the other side, once. Raises ``NothingToAnswer`` or ``AnswerTooLate``."""
    with transaction.atomic(durable=True):
        booking, now = lock_with_people(booking_id)
        report = booking.problem_reports.open().exclude(side=side_of(by, booking)).exclude(side=Side.ADMIN).first()
        if report is None or report.answered_at is not None:
            raise NothingToAnswer
        if not may_answer(by, report, at=now):
            raise AnswerTooLate
        report.answer, report.answered_at = text, now
        report.save(update_fields=["answer", "answered_at"])
        record(booking, "problem_answered", at=now, by=by)
        return report


def decide_report(*, report_id: UUID, by: User, percent: int, reason: str, finding: str = "") -> ProblemReport:
    """Decide what goes back, in per cent of the price, and say why. An absence that support finds brings all of it back.

    ``percent`` is never below what went back before the report. Effects: the booking's end, with ``booking_settled``; a strike
    for a mentor who was absent; an audit row; mails to both.
    Raises ``AccessDenied``, ``NothingToDecide``, ``AnswerAwaited`` or ``CannotAskBack``.
    """
    if not by.groups.filter(name__in=SUPPORT.groups).exists():
        raise AccessDenied(SUPPORT.refusal)
    booking_id = ProblemReport.objects.values_list("booking_id", flat=True).get(pk=report_id)
    with transaction.atomic(durable=True):
        booking, now = lock_with_people(booking_id)
        report = booking.problem_reports.get(pk=report_id)
        percent = 100 if finding else percent
        check_decision(report, percent=percent, at=now)
        # Closed before the booking moves: what it frees asks whether a report is open.
        report.decided_at, report.decided_by, report.decision = now, by, reason
        report.percent, report.finding = percent, finding
        report.save(update_fields=["decided_at", "decided_by", "decision", "percent", "finding"])
        settle(booking, _end_of(report), percent=percent, at=now, by=by, report=str(report.pk))
        if finding == Finding.MENTOR_ABSENT:
            add_strike(booking, Strike.Kind.ABSENCE, at=now)
        audit.record(
            "problem_decided", by=by, subject=report, booking=str(booking.pk), percent=percent, finding=finding
        )
        after_emails.send_problem_decided(report)
        return report


def check_decision(report: ProblemReport, *, percent: int, at: datetime) -> None:
    """Refuse a decision that can't be made. Raises ``NothingToDecide``, ``AnswerAwaited`` or ``CannotAskBack``."""
    if report.decided_at is not None:
        raise NothingToDecide
    if report.answered_at is None and at < report.answer_due_at:
        raise AnswerAwaited
    if percent < report.found_percent:
        raise CannotAskBack


def _end_of(report: ProblemReport) -> Booking.Status:
    if report.finding == Finding.BOTH_ABSENT:
        return Status.NO_SHOW_BOTH
    return Status.REFUNDED if report.percent else Status.COMPLETED
