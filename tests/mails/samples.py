"""Every mail of the product with believable data, as its own function writes it.

Amara (student, Lisbon) has a session with Ngozi (mentor, Lagos) on Thu 26 Nov 2026 at 18:30 in Lisbon. Rows that only a mail
reads are not saved.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import time_machine

from accounts import emails as accounts
from accounts.models import SupportRequest
from bookings import after_emails, clock_emails
from bookings import emails as sessions
from bookings.models import Booking, MoveProposal, ProblemReport, Review, Strike
from chat import emails as chat
from chat.services import open_thread
from mentors import emails as mentors
from mentors.clocks import ClockChange
from mentors.models import CalendarImport, Mentor, MentorSubject, VerificationDocument
from payments import emails as payments
from payments.models import Dispute, Earning, Payment, Payout, Receipt, Refund
from tests.factories import make_mentor, make_paid_booking, make_staff, make_student, make_subject, make_user
from tests.jobs import waiting_jobs
from uploads import emails as uploads
from uploads.models import DataExport

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
START = datetime(2026, 11, 26, 18, 30, tzinfo=UTC)
DEVICE = "Firefox on Windows"


def at(moment: datetime) -> time_machine.travel:
    return time_machine.travel(moment, tick=False)


class Cast:
    """The people and rows that the mails speak of."""

    def __init__(self) -> None:
        self.student = make_student(
            name="Amara Okafor", time_zone="Europe/Lisbon", email="amara@example.org", language="en"
        )
        user = make_user(role="mentor", name="Ngozi Adeyemi", time_zone="Africa/Lagos", email="ngozi@example.org")
        self.mentor: Mentor = make_mentor(user=user, handle="ngozi-adeyemi", time_zone="Africa/Lagos")
        self.reviewer = make_staff("reviewer", name="Rea Viewer", email="rea@example.org")
        self.support = make_staff("support", name="Sue Port", email="sue@example.org")
        self.finance = make_staff("finance", name="Finn Ance", email="finn@example.org")
        self.booking: Booking = make_paid_booking(
            student=self.student,
            mentor=self.mentor,
            starts_at=START,
            note="I am stuck on eigenvectors.\nChapter 5 of the sheet.",
        )
        self.payment: Payment = self.booking.payments.get()


def all_mails() -> dict[str, dict[str, Any]]:  # Any: the job's payload
    """Write every mail; its name → the last that was queued under it. In a database of a test."""
    with at(NOW):
        cast = Cast()
        for write in (_signing_in, _sessions, _afterwards, _money, _mentoring, _by_the_clock):
            write(cast)
        found: dict[str, dict[str, Any]] = {}
        for job in waiting_jobs("deliver_mail"):
            found.setdefault(job["mail"]["name"], job["mail"])
    return found


def _signing_in(cast: Cast) -> None:
    user = cast.student
    accounts.send_code(code="418229", purpose="sign_in", to=user)
    accounts.send_account_exists(address=user.email)
    accounts.send_account_unknown(address="nobody@example.org")
    accounts.send_new_sign_in(user=user, device=DEVICE)
    accounts.send_password_changed(user=user, device=DEVICE)
    accounts.send_email_changed(user=user, old_address="old@example.org", device=DEVICE)
    accounts.send_sign_in_method_changed(user=user, change="passkey_added", device=DEVICE)
    accounts.send_welcome(user)
    accounts.send_account_closed(user, address=user.email)
    report = SupportRequest(reference="R-7K3M2Q", by=user, whom="Ngozi", text="She asked for cash.", created_at=NOW)
    accounts.send_report_received(report, to=user)
    accounts.send_support_asked(report, to=cast.support)
    until = NOW + timedelta(days=7)
    uploads.send_export_ready(DataExport(user=user, size=2_400_000, ready_at=NOW, expires_at=until))


def _sessions(cast: Cast) -> None:
    booking = cast.booking
    sessions.send_booking_confirmed(booking)
    sessions.send_moved(booking)
    with at(START - timedelta(days=1)):
        sessions.send_reminder(booking, event="reminder_day", to=cast.mentor.user)
    with at(START - timedelta(hours=1)):
        sessions.send_reminder(booking, event="reminder_hour", to=cast.student)
    proposal = MoveProposal(
        booking=booking, starts_at=START + timedelta(hours=17, minutes=30), old_starts_at=START, by=cast.mentor.user,
        reason="I have to be at a conference that evening.", created_at=NOW, lapses_at=NOW + timedelta(days=1),
    )  # fmt: skip
    sessions.send_move_proposed(proposal)
    proposal.status = MoveProposal.Status.DECLINED
    sessions.send_move_kept(proposal, at=NOW)
    booking.cancelled_by, booking.cancel_reason, booking.refund_percent = "mentor", "I am ill, I am sorry.", 100
    sessions.send_cancelled(booking, refund_minor=3_300, kept_minor=0)
    booking.cancelled_by, booking.cancel_reason, booking.refund_percent = "", "", None
    change = datetime(2027, 3, 28, 1, tzinfo=UTC)
    clock_emails.send_clocks_change(
        cast.student,
        change=ClockChange(change, True, change.replace(tzinfo=None), change.replace(hour=2, tzinfo=None)),
        zone=ZoneInfo("Europe/Lisbon"),
        of_hours=False,
        sessions=[Booking.objects.select_related("mentor__user", "student").get(pk=booking.pk)],
        good_for=timedelta(days=7),
    )


def _afterwards(cast: Cast) -> None:
    booking = cast.booking
    after_emails.send_how_was_it(booking)
    after_emails.send_student_absent(booking)
    report = ProblemReport(
        booking=booking, side="student", by=cast.student, note="The sound was gone for half of the time.", found="ended",
        opened_at=NOW, answer_due_at=NOW + timedelta(hours=72), found_percent=0, percent=50,
        decision="Half of the time was lost, as you both say.",
    )  # fmt: skip
    after_emails.send_problem_reported(report)
    booking.refund_percent = 50
    after_emails.send_problem_decided(report)
    booking.refund_percent = None
    after_emails.send_new_review(Review(booking=booking, rating=5, text="Patient, and funny about matrices."))
    strike = Strike(
        pk=1, mentor=cast.mentor, booking=booking, kind="absence", points=3, at=NOW, expires_at=NOW + timedelta(days=90),
        hides_days=7, takes_effect_at=NOW + timedelta(hours=48),
    )  # fmt: skip
    after_emails.send_strike(strike, total=6)
    strike.waived_at, strike.decision = NOW, "The power was out in your whole town."
    after_emails.send_strike_decided(strike)
    thread, _is_new = open_thread(handle=cast.mentor.handle, body="Hello!", client_id="first-message", by=cast.student)
    chat.send_digest(thread, to=cast.mentor.user, count=2)


def _money(cast: Cast) -> None:
    booking, payment = cast.booking, cast.payment
    seller = {"name": "Lantern Ltd", "address": "1 Harbour Lane, Lisbon", "tax_id": "PT 123 456 789"}
    Receipt.objects.create(
        number="2026-000041", payment=payment, amount_minor=3_300, currency="usd", seller=seller, issued_at=NOW
    )
    payments.send_receipt(number="2026-000041")
    payment.last_decline = "insufficient_funds"
    payments.send_payment_failed(payment=payment, booking=booking, wait_seconds=0)
    Payment.objects.filter(pk=payment.pk).update(received_minor=3_300, received_currency="usd")
    payments.send_slot_gone(payment_id=payment.pk)
    refund = Refund(payment=payment, amount_minor=3_300)
    payments.send_refund_sent(refund=refund, is_again=False)
    dispute = Dispute(
        pk="du_1", payment=payment, status="open", amount_minor=3_300, opened_at=NOW,
        evidence_due_at=NOW + timedelta(days=9),
    )  # fmt: skip
    payments.send_dispute_opened(dispute=dispute, booking=booking)
    dispute.status = "lost"
    payments.send_dispute_closed(dispute=dispute, booking=booking)
    payments.send_payouts_needed(earning=Earning.objects.get(booking=booking), has_account=False)
    payout = Payout(
        pk="po_1", mentor=cast.mentor, amount_minor=28_400, currency="usd", arrives_on=date(2026, 11, 27),
        failure="account_closed",
    )  # fmt: skip
    payments.send_payout_sent(payout=payout)
    payments.send_payout_failed(payout=payout)


def _mentoring(cast: Cast) -> None:
    mentor = cast.mentor
    document = VerificationDocument(mentor=mentor, kind="certificate", subject=make_subject())
    mentors.send_application_received(mentor)
    mentors.better_copy_needed(document, code="unreadable", note="").send()
    mentors.application_changes_requested(mentor, code="other", note="Say a word about where you studied.").send()
    mentors.application_refused(mentor, code="wrong_type", note="").send()
    mentors.application_approved(mentor).send()
    mentors.send_suspended(
        mentor, reason="Two students told us that you asked to be paid elsewhere.", keeps_sessions=True
    )
    mentors.send_suspension_stands(mentor, reason="The messages say so.")
    mentors.send_reinstated(mentor, reason="We have talked it over.")
    mentors.send_calendar_unreadable(
        CalendarImport(
            mentor=mentor,
            host="calendar.example.org",
            failure="gone",
            read_at=NOW - timedelta(hours=3),
            time_zone="UTC",
        )
    )


def _by_the_clock(cast: Cast) -> None:
    mark = MentorSubject.objects.select_related("mentor__user", "subject").get(mentor=cast.mentor)
    mark.verified_until = date(2026, 12, 14)
    mentors.send_document_expires(mark, days=30)
    mentors.send_no_hours(cast.mentor, monday=date(2026, 11, 30))
    mentors.send_queue_late(to=cast.reviewer, count=6, oldest_at=NOW - timedelta(hours=31), on=NOW.date())
