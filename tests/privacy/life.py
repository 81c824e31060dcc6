"""A student and a mentor who have lived here for a while: a row of nearly every kind, with words that must not travel.

What must never leave in somebody's copy carries ``SECRET``; what is the other side's own carries ``THEIRS``.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from django.utils import timezone

from accounts.models import SupportRequest, User
from bookings.models import Attendance, Booking, MoveProposal, Outcome, ProblemReport, Review, SessionFile, SessionNote
from bookings.models import Strike as StrikeRow
from bookings.services import renew_feed
from chat.models import MessageUpload, Thread, ThreadReport
from chat.services import open_thread, post_message
from marketplace.common import audit, notifications
from marketplace.common.analytics import track
from mentors.models import (
    AvailabilityException,
    BusyTime,
    CalendarImport,
    Mentor,
    MentorEvent,
    SuspensionAppeal,
    VerificationDocument,
)
from payments.models import Dispute, Earning, Payment, Payout, PayoutAccount, Receipt, Refund, Transfer
from tests.factories import make_mentor, make_paid_booking, make_staff, make_student, make_user
from tests.signin import give_second_factor
from uploads.models import Upload
from uploads.services import grant_view

SECRET, THEIRS = "hush-hush", "not-yours"


def checked_upload(owner: User, purpose: str, name: str) -> Upload:
    """A file that has passed its check; nothing of it is in storage."""
    now = timezone.now()
    return Upload.objects.create(
        owner=owner,
        purpose=purpose,
        status=Upload.Status.READY,
        name=name,
        content_type="application/pdf",
        size=10,
        sha256="0" * 64,
        quarantine_key=f"quarantine/{uuid4()}",
        private_key=f"private/{SECRET}-{uuid4()}",
        expires_at=now,
        checked_at=now,
    )


@dataclass
class Life:
    student: User
    mentor: Mentor
    booking: Booking
    thread: Thread
    payment: Payment
    photo: Upload
    passport: Upload
    message_file: Upload
    unsent_file: Upload


def live() -> Life:
    """All is over and paid: nothing keeps either of the two from leaving."""
    support = make_staff("support", name=f"{SECRET} of support", email="staff@example.org")
    student = make_student(name="Amara Okafor", email="amara@example.org", time_zone="Europe/Lisbon")
    user = make_user(role="mentor", name="Ngozi Adeyemi", email="ngozi@example.org", time_zone="Africa/Lagos")
    mentor = make_mentor(user=user, handle="ngozi-adeyemi", meeting_url=f"https://meet.example.org/{THEIRS}")
    for person in (student, user):
        give_second_factor(person, secret=f"{SECRET}-factor")
        renew_feed(by=person)
        notifications.note(
            event="booking_confirmed", to=person.pk, title=f"Told {person.first_name}", path="/sessions/"
        )
        audit.record("upload_viewed", by=person, subject=person)
        track("booking_confirmed", user_id=person.pk)
    audit.record("account_locked", by=support, subject=student, reason=SECRET)
    _reports(student, user, support)
    booking, payment = _session(student, mentor, support)
    thread, message_file, unsent_file = _conversation(student, mentor, support)
    photo, passport = _application(mentor, support)
    return Life(student, mentor, booking, thread, payment, photo, passport, message_file, unsent_file)


def _reports(student: User, mentor: User, support: User) -> None:
    now = timezone.now()
    SupportRequest.objects.create(
        reference="R-222222", by=student, about=mentor, text="She wanted cash.", created_at=now, closed_at=now,
        closed_by=support, closing_note=SECRET,
    )  # fmt: skip
    SupportRequest.objects.create(reference="R-333333", by=mentor, about=student, text=THEIRS, created_at=now)


def _session(student: User, mentor: Mentor, support: User) -> tuple[Booking, Payment]:
    now = timezone.now()
    start = datetime(2026, 3, 2, 12, tzinfo=UTC)
    booking = make_paid_booking(student=student, mentor=mentor, starts_at=start, note="I am stuck on eigenvectors.")
    booking.status, booking.meeting_url = Booking.Status.COMPLETED, "https://meet.example.org/once"
    booking.save()
    payment = booking.payments.get()
    MoveProposal.objects.create(
        booking=booking, status="declined", starts_at=start + timedelta(days=1), old_starts_at=start, by=mentor.user,
        reason="A doctor’s appointment.", created_at=now, lapses_at=now, closed_at=now,
    )  # fmt: skip
    Outcome.objects.create(booking=booking, side="student", word="fine", note="Lovely.", by=student, at=now)
    Outcome.objects.create(booking=booking, side="mentor", word="taught", note=THEIRS, by=mentor.user, at=now)
    ProblemReport.objects.create(
        booking=booking, side="student", by=student, note="The picture froze.", found="ended", opened_at=now,
        answer_due_at=now, answer="It was my network.", answered_at=now, decided_at=now, decided_by=support, percent=0,
        decision="Nothing goes back.",
    )  # fmt: skip
    Review.objects.create(booking=booking, rating=5, text="Patient and clear.", created_at=now)
    StrikeRow.objects.create(
        mentor=mentor, booking=booking, kind="late_cancellation", points=1, at=now, expires_at=now, appeal="I was ill.",
        appealed_at=now, decided_at=now, decided_by=support, decision="It stands.",
    )  # fmt: skip
    SessionNote.objects.create(booking=booking, version=1, text="Read chapter five.", by=student, at=now)
    Attendance.objects.create(booking=booking, user=student, from_at=start, until_at=start)
    Attendance.objects.create(booking=booking, user=mentor.user, from_at=start, until_at=start)
    SessionFile.objects.create(booking=booking, upload=checked_upload(student, "booking", "sheet-4.pdf"))
    Refund.objects.create(
        payment=payment, status="succeeded", reason="finance", amount_minor=100, provider_id="re_1", by=support,
        note=SECRET, created_at=now, settled_at=now,
    )  # fmt: skip
    Dispute.objects.create(
        pk="du_1", payment=payment, status="won", amount_minor=3_300, opened_at=now, closed_at=now, reason="fraudulent"
    )
    Receipt.objects.create(
        number="2026-1", payment=payment, amount_minor=3_300, currency="usd", seller={}, issued_at=now
    )
    PayoutAccount.objects.create(mentor=mentor, provider_id="acct_1", country="NG", created_at=now)
    payout = Payout.objects.create(
        pk="po_1", mentor=mentor, status="paid", amount_minor=2_805, currency="usd", created_at=now, settled_at=now
    )
    Earning.objects.filter(booking=booking).update(status="transferred", clears_at=now, released_at=now)
    Transfer.objects.create(
        earning_id=booking.pk, status="sent", amount_minor=2_805, currency="usd", provider_id="tr_1", payout=payout,
        created_at=now, sent_at=now,
    )  # fmt: skip
    return booking, payment


def _conversation(student: User, mentor: Mentor, support: User) -> tuple[Thread, Upload, Upload]:
    now = timezone.now()
    thread, _new = open_thread(handle=mentor.handle, body="Good morning!", client_id="life-0001", by=student)
    answer, _new = post_message(thread=thread, body="Welcome, Amara.", client_id="life-0002", by=mentor.user)
    sent = checked_upload(student, "message", "question.pdf")
    MessageUpload.objects.create(message=answer, upload=sent, position=1)
    grant_view(upload=sent, to=mentor.user)
    for by, words in ((student, "They were rude."), (mentor.user, THEIRS)):
        ThreadReport.objects.create(
            thread=thread, by=by, reason=words, created_at=now, closed_at=now, closed_by=support, closing_note=SECRET
        )
    thread.refresh_from_db()
    return thread, sent, checked_upload(student, "message", "never-sent.pdf")


def _application(mentor: Mentor, support: User) -> tuple[Upload, Upload]:
    now = timezone.now()
    photo = checked_upload(mentor.user, "photo", "portrait.jpg")
    passport = checked_upload(mentor.user, "verification", "passport.pdf")
    Mentor.objects.filter(pk=mentor.pk).update(photo=photo)
    VerificationDocument.objects.create(
        mentor=mentor, kind="government_id", upload=passport, status="approved", decided_by=support, decided_at=now
    )
    MentorEvent.objects.create(mentor=mentor, name="application_approved", by=support, at=now)
    SuspensionAppeal.objects.create(
        mentor=mentor, text="It was a mistake.", created_at=now, decided_at=now, decided_by=support, is_granted=True
    )
    AvailabilityException.objects.create(mentor=mentor, date=now.date(), kind="remove")
    calendar = CalendarImport.objects.create(
        mentor=mentor, place=1, sealed_address=SECRET, address_hash="0" * 64, host="calendar.example.org", added_at=now,
        asked_at=now, due_at=now, read_at=now, parsed_at=now, time_zone="Africa/Lagos",
    )  # fmt: skip
    BusyTime.objects.create(mentor=mentor, calendar=calendar, starts_at=now, ends_at=now + timedelta(hours=1))
    mentor.refresh_from_db()
    return photo, passport
