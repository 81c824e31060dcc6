"""The people and things that the access table is read against: made once, put back after every request."""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

from django.core.cache import cache
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from accounts.models import SupportRequest, User
from accounts.services import ask_support
from bookings.models import Booking, ProblemReport, Strike
from bookings.queries.feeds import feed_secret
from bookings.services import renew_feed, report_problem
from bookings.services.strikes import add_strike
from chat.models import Thread, ThreadReport
from chat.services import open_thread, report_thread
from marketplace.common.models import Notification
from marketplace.common.notifications import note
from marketplace.common.unsubscribing import link_for
from mentors.models import Mentor, VerificationDocument
from payments.models import Dispute, Refund, RefundRequest
from payments.services.receipts import issue_receipt
from tests.factories import make_booking, make_mentor, make_paid_booking, make_staff, make_student, make_user
from tests.signin import sign_in
from uploads.models import DataExport, Upload
from uploads.services import grant_view

ACTORS = (
    "anonymous",
    "no_role",
    "student",
    "other_student",
    "mentor",
    "other_mentor",
    "pending_mentor",
    "suspended_mentor",
    "support",
    "reviewer",
    "finance",
    "superuser",
)


@dataclass
class World:
    """``student`` and ``mentor`` share a session, a hold and a thread; ``pending_mentor`` has sent a document."""

    mentor: Mentor
    pending: Mentor
    session: Booking
    hold: Booking
    thread: Thread
    report: ThreadReport
    support_request: SupportRequest
    document: VerificationDocument
    upload: Upload
    student: User
    refund: Refund
    refund_request: RefundRequest
    dispute: Dispute
    problem: ProblemReport
    strike: Strike
    notification: Notification
    export: DataExport
    clients: dict[str, Client] = field(default_factory=dict)

    def ask(self, actor: str, method: str, url: str) -> int:
        """Send an empty request as one of the actors and put everything back; tell the status."""
        client = self.clients[actor]
        cookies = deepcopy(client.cookies)
        body: dict[str, Any] = {}  # Any: keyword arguments
        if method != "GET":
            is_json = url.startswith("/api/")
            body = {
                "data": "{}" if is_json else "",
                "content_type": "application/json" if is_json else "application/x-www-form-urlencoded",
            }
        try:
            with put_back():
                return client.generic(method, url, **body).status_code
        finally:
            client.cookies = cookies  # signing out is undone in the database; the browser must not forget either
            cache.clear()

    @cached_property
    def url_parts(self) -> dict[str, dict[str, Any]]:  # Any: UUIDs, numbers and slugs
        """What stands for each part of an address, by the name of the part or of the URL."""
        return {
            "booking_id": {"session": self.session.pk, "hold": self.hold.pk},
            "thread_id": {"": self.thread.pk},
            "message_id": {"": self.thread.messages.get().pk},
            "document_id": {"": self.document.pk},
            "upload_id": {"": self.upload.pk},
            "report_id": {"": self.report.pk},
            "problem_id": {"": self.problem.pk},
            "strike_id": {"": self.strike.pk},
            "handle": {"listed": self.mentor.handle, "pending": self.pending.handle},
            "account_id": {"": self.student.pk},
            "sha256": {"unknown": "0" * 64},
            "section": {"mentors": "mentors"},
            "pk": {"unknown": 0},
            "calendar_id": {"unknown": UUID(int=0)},
            "secret": {"unknown": "a" * 43, "own": feed_secret(self.student)},
            "event_id": {"unknown": 0},
            "number": {"first": 1},
            "refund_id": {"": self.refund.pk},
            "request_id": {"": self.refund_request.pk},
            "dispute_id": {"": self.dispute.pk},
            "notification_id": {"": self.notification.pk},
            "reference": {"": self.support_request.pk},
            "export_id": {"": self.export.pk},
            "token": {"": link_for(self.student.pk, "welcome").rstrip("/").rpartition("/")[2]},
        }


def make_trouble() -> dict[str, Any]:  # Any: rows of several models
    """For finance: of another session, a refund that failed, one that waits for a second person, and a dispute."""
    payment = make_paid_booking().payments.get()
    now = timezone.now()
    by = make_staff("finance")
    return {
        "refund": Refund.objects.create(
            payment=payment, amount_minor=100, reason="finance", status="failed", created_at=now, settled_at=now
        ),
        "refund_request": RefundRequest.objects.create(
            payment=payment, amount_minor=100, reason="For the table.", by=by, created_at=now
        ),
        "dispute": Dispute.objects.create(
            pk="du_access", payment=payment, status="open", amount_minor=100, opened_at=now
        ),
    }


def make_export(user: User) -> DataExport:
    """A copy of somebody's data that can be fetched; they may ask for another by now."""
    now = timezone.now()
    return DataExport.objects.create(
        user=user,
        status=DataExport.Status.READY,
        requested_at=now - timedelta(days=2),
        private_key="private/export-access",
        size=10,
        ready_at=now - timedelta(days=2),
        expires_at=now + timedelta(days=5),
    )


def make_world() -> World:
    student, other_student = make_student(), make_student()
    mentor, other_mentor = make_mentor(), make_mentor()
    pending = make_mentor(status=Mentor.Status.SUBMITTED)
    suspended = make_mentor(status=Mentor.Status.SUSPENDED)
    User.objects.filter(pk=suspended.pk).update(suspended_at=timezone.now())
    upload = Upload.objects.create(
        owner=pending.user,
        purpose=Upload.Purpose.VERIFICATION,
        status=Upload.Status.READY,
        name="passport.png",
        content_type="image/png",
        size=10,
        sha256="0" * 64,
        quarantine_key="quarantine/access",
        private_key="private/access",
        expires_at=timezone.now(),
        checked_at=timezone.now(),
    )
    document = VerificationDocument.objects.create(
        mentor=pending, kind=VerificationDocument.Kind.GOVERNMENT_ID, upload=upload
    )
    reviewer = make_staff("reviewer")
    grant_view(upload=upload, to=reviewer.groups.get())
    session = make_paid_booking(mentor=mentor, student=student)
    issue_receipt(payment=session.payments.get(), at=timezone.now())
    hold = make_booking(mentor=other_mentor, student=student, status=Booking.Status.HELD, starts_at=session.ends_at)
    thread, _new = open_thread(handle=mentor.handle, body="Hello!", client_id="access-thread", by=student)
    report = report_thread(thread=thread, reason="For the table.", by=student)
    over = make_paid_booking(mentor=other_mentor, student=student, starts_at=timezone.now() - timedelta(hours=2))
    problem = report_problem(booking_id=over.pk, by=student, note="For the table.")
    off = make_booking(mentor=mentor, student=other_student, status=Booking.Status.CANCELLED)
    renew_feed(by=student)
    strike = add_strike(off, Strike.Kind.LATE_CANCELLATION, at=timezone.now())
    world = World(
        mentor=mentor,
        pending=pending,
        session=session,
        hold=hold,
        thread=thread,
        report=report,
        support_request=ask_support(text="For the table.", by=student),
        document=document,
        upload=upload,
        student=student,
        problem=problem,
        strike=strike,
        notification=note(event="booking_confirmed", to=student.pk, title="For the table.", path="/sessions/"),
        export=make_export(student),
        **make_trouble(),
    )
    people = {
        "no_role": make_user(),
        "student": student,
        "other_student": other_student,
        "mentor": mentor.user,
        "other_mentor": make_mentor().user,
        "pending_mentor": pending.user,
        "suspended_mentor": User.objects.get(pk=suspended.pk),
        "support": make_staff("support"),
        "reviewer": reviewer,
        "finance": make_staff("finance"),
        "superuser": make_staff(superuser=True),
    }
    world.clients = {name: sign_in(Client(), user) for name, user in people.items()}
    world.clients["anonymous"] = Client()
    return world


@contextmanager
def put_back() -> Iterator[None]:
    """Undo whatever a request wrote. Marked as a test case's, so that durable operations run inside it."""
    with transaction.atomic():
        connection.atomic_blocks[-1]._from_testcase = True  # type: ignore[attr-defined]  # Django's own mark
        yield
        transaction.set_rollback(True)
