"""What an account leaves behind when it is closed, for its owner, for the other side and for staff; and what keeps it open."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.closing import hindrances_of
from accounts.errors import SomethingOpen
from accounts.models import User
from accounts.services import change_zone, close_account, update_account
from bookings.models import Booking, CalendarFeed, SearchRow
from bookings.services import refresh_mentors
from chat.errors import ThreadBlocked
from chat.models import Thread
from chat.services import post_message, unblock_thread
from marketplace.common.errors import AccessDenied
from marketplace.common.models import AuditEvent
from marketplace.invariants import verify
from mentors.models import AvailabilityRule, BusyTime, CalendarImport, Mentor, MentorEvent, VerificationDocument
from mentors.services import save_availability, update_profile
from payments.models import Debt, Dispute, Earning, Payment, Payout, Refund, RefundRequest, Reversal, Transfer
from tests.factories import make_booking, make_mentor, make_paid_booking, make_staff
from tests.jobs import run_jobs
from tests.privacy.life import Life, live
from tests.signin import sign_in
from uploads.models import DataExport, Upload, UploadUserObjectPermission

pytestmark = pytest.mark.django_db

CLOSED = "Closed\N{NO-BREAK SPACE}account"


@pytest.fixture
def life() -> Life:
    return live()


def status_of(upload: Upload) -> str:
    return Upload.objects.get(pk=upload.pk).status


# What goes and what stays


def test_a_mentor_leaves_an_empty_profile_that_nobody_finds(client: Client, life: Life) -> None:
    refresh_mentors([life.mentor.pk], at=timezone.now())
    assert client.get("/mentors/ngozi-adeyemi/").status_code == 200
    assert "Ngozi" in client.get("/mentors/").text

    close_account(user=life.mentor.user)
    run_jobs("bookings.tasks.refresh_mentor_in_search")

    assert client.get("/mentors/ngozi-adeyemi/").status_code == 404
    assert "Ngozi" not in client.get("/mentors/").text
    left = Mentor.objects.get(pk=life.mentor.pk)
    assert (left.headline, left.bio, left.time_zone, left.meeting_url) == ("", "", "", "")
    assert (left.languages, left.levels, left.photo, left.hourly_rate_minor) == ([], [], None, None)
    assert client.get(f"/mentors/{left.handle}/").status_code == 404
    for model in (AvailabilityRule, CalendarImport, BusyTime, SearchRow):
        assert not model.objects.filter(mentor=left).exists(), model
    assert not CalendarFeed.objects.filter(user=left.pk).exists()
    assert Booking.objects.get(pk=life.booking.pk).meeting_url == ""
    assert (status_of(life.photo), status_of(life.passport)) == ("purged", "purged")
    decided = VerificationDocument.objects.get(mentor=left)
    assert (decided.kind, decided.status) == ("government_id", "approved")
    assert decided.decided_by is not None
    assert MentorEvent.objects.filter(mentor=left, name="closed").exists()


def test_what_was_begun_before_leaving_writes_nothing_after(life: Life) -> None:
    """A form of another tab, or a calendar that took its ten seconds to be read: who sent it was let in before."""
    user, mentor = User.objects.get(pk=life.mentor.pk), Mentor.objects.get(pk=life.mentor.pk)
    begun: list[Callable[[], object]] = [
        lambda: update_account(user=user, name="Ngozi Adeyemi", time_zone="Africa/Lagos"),
        lambda: change_zone(user=user, time_zone="Africa/Lagos"),
        lambda: update_profile(mentor=mentor, by=user, headline="Proofs", bio="Ngozi, of Lagos."),
        lambda: save_availability(mentor=mentor, by=user, meeting_url="https://meet.example.org/ngozi"),
    ]
    for write in begun:
        write()
    close_account(user=life.mentor.user)
    for write in begun:
        with pytest.raises(AccessDenied):
            write()
    user.refresh_from_db()
    mentor.refresh_from_db()
    assert (user.name, user.time_zone) == (CLOSED, "")
    assert (mentor.headline, mentor.bio, mentor.meeting_url) == ("", "", "")


def test_an_application_in_review_is_taken_back() -> None:
    pending = make_mentor(status=Mentor.Status.SUBMITTED)
    upload = Upload.objects.create(
        owner=pending.user, purpose="verification", name="id.pdf", content_type="application/pdf", size=1,
        quarantine_key="quarantine/pending", expires_at=timezone.now(),
    )  # fmt: skip
    document = VerificationDocument.objects.create(mentor=pending, kind="government_id", upload=upload)
    close_account(user=pending.user)
    document.refresh_from_db()
    assert document.status == "withdrawn"
    assert not Mentor.objects.waiting_for_review().exists()


def test_a_student_leaves_nothing_that_is_theirs_alone(life: Life) -> None:
    DataExport.objects.create(user=life.student, requested_at=timezone.now())
    close_account(user=life.student)
    assert not CalendarFeed.objects.filter(user=life.student).exists()
    assert not UploadUserObjectPermission.objects.filter(user=life.student).exists()
    assert DataExport.objects.get().status == "expired"
    assert status_of(life.unsent_file) == "purged"


def test_the_other_side_keeps_what_is_theirs_too(client: Client, life: Life) -> None:
    close_account(user=life.student)
    sign_in(client, life.mentor.user)
    assert status_of(life.message_file) == "ready"
    pages = [
        f"/bookings/{life.booking.pk}/",
        f"/messages/{life.thread.pk}/",
        "/messages/",
        "/mentor/sessions/",
        "/mentor/earnings/",
        "/mentor/",
    ]
    for url in pages:
        answer = client.get(url)
        assert answer.status_code == 200, url
        assert "Amara Okafor" not in answer.text, url
    thread = client.get(f"/messages/{life.thread.pk}/").text
    assert CLOSED in thread
    assert "Good morning!" in thread
    assert "This conversation is closed" in thread


def test_a_student_reads_on_about_a_mentor_who_left(client: Client, life: Life) -> None:
    sign_in(client, life.student)
    pages = [
        f"/bookings/{life.booking.pk}/",
        f"/bookings/{life.booking.pk}/receipt/",
        f"/bookings/{life.booking.pk}/review/",
        f"/messages/{life.thread.pk}/",
        "/sessions/",
        "/account/payments/",
        "/",
    ]
    before = {url: client.get(url).status_code for url in pages}
    close_account(user=life.mentor.user)
    for url in pages:
        answer = client.get(url)
        assert answer.status_code == before[url] == 200, url
        assert "Ngozi Adeyemi" not in answer.text, url
    assert "See times" not in client.get(f"/messages/{life.thread.pk}/").text


def test_nobody_writes_to_who_has_left_nor_opens_the_conversation_again(life: Life) -> None:
    Thread.objects.update(blocked_by=life.mentor.user, blocked_at=timezone.now())
    close_account(user=life.student)
    unblock_thread(thread=life.thread, by=life.mentor.user)
    with pytest.raises(ThreadBlocked):
        post_message(thread=life.thread, body="Are you there?", client_id="too-late-1", by=life.mentor.user)


@pytest.mark.parametrize("side", ["student", "mentor"])
def test_staff_still_see_whom_it_was_about(life: Life, side: str) -> None:
    user = life.student if side == "student" else life.mentor.user
    close_account(user=user)
    pages = {
        "support": ["/admin/bookings/booking/", f"/admin/bookings/booking/{life.booking.pk}/change/", "/admin/bookings/desk/",
                    "/admin/accounts/user/?closed_at__isempty=0", "/admin/accounts/supportrequest/R-222222/read/",
                    "/admin/accounts/supportrequest/R-333333/read/"],
        "finance": ["/admin/payments/payment/", f"/admin/payments/payment/{life.payment.pk}/change/", "/admin/finance/",
                    "/admin/finance/disputes/"],
        "reviewer": ["/admin/mentors/review/"],
    }  # fmt: skip
    for desk, urls in pages.items():
        colleague = sign_in(Client(), make_staff(desk))
        for url in urls:
            assert colleague.get(url).status_code == 200, url
    assert AuditEvent.objects.filter(actor=user).count() > 1


def test_a_report_to_support_names_nobody_who_has_left(client: Client, life: Life) -> None:
    url = "/help/report/R-222222/"
    sign_in(client, life.student)
    assert "Ngozi Adeyemi" in client.get(url).text
    close_account(user=life.mentor.user)
    page = client.get(url).text
    assert "She wanted cash." in page
    assert CLOSED in page
    assert "Ngozi Adeyemi" not in page


def test_the_books_and_every_invariant_hold_afterwards(life: Life) -> None:
    broken = {found.invariant.name for found in verify() if not found.holds}
    for user in (life.student, life.mentor.user):
        close_account(user=user)
    assert {found.invariant.name for found in verify() if not found.holds} == broken


# What keeps it open

NOW = timezone.now


def hold(student: User, mentor: Mentor) -> None:
    make_booking(student=student, mentor=mentor, status="held")


def over(student: User, mentor: Mentor) -> None:
    make_booking(student=student, mentor=mentor, status="ended", starts_at=NOW() - timedelta(hours=2))


def reported(student: User, mentor: Mentor) -> None:
    make_booking(student=student, mentor=mentor, status="problem", starts_at=NOW() - timedelta(hours=2))


def settled(student: User, mentor: Mentor) -> Payment:
    """A session that is over, whose money is with its mentor."""
    booking = make_paid_booking(student=student, mentor=mentor, starts_at=NOW() - timedelta(days=9))
    Booking.objects.filter(pk=booking.pk).update(status="completed")
    Earning.objects.filter(pk=booking.pk).update(status="transferred", clears_at=NOW(), released_at=NOW())
    payout = Payout.objects.create(
        pk="po_ok", mentor=mentor, status="paid", amount_minor=2_805, currency="usd", created_at=NOW()
    )
    Transfer.objects.create(
        earning_id=booking.pk, status="sent", amount_minor=2_805, currency="usd", provider_id="tr_ok", created_at=NOW(),
        payout=payout,
    )  # fmt: skip
    return booking.payments.get()


def paying(student: User, mentor: Mentor) -> None:
    booking = make_booking(student=student, mentor=mentor, status="expired")
    Payment.objects.create(
        booking=booking, status="processing", amount_minor=3_300, currency="usd", provider_id="pi_x", created_at=NOW()
    )


def refund(status: str) -> Callable[[User, Mentor], None]:
    def make(student: User, mentor: Mentor) -> None:
        number = "re_x" if status == "sent" else ""
        Refund.objects.create(
            payment=settled(student, mentor), status=status, reason="finance", amount_minor=100, created_at=NOW(),
            provider_id=number,
        )  # fmt: skip

    return make


def refund_undecided(student: User, mentor: Mentor) -> None:
    RefundRequest.objects.create(
        payment=settled(student, mentor), amount_minor=100, reason="?", by=make_staff("finance"), created_at=NOW()
    )


def disputed(student: User, mentor: Mentor) -> None:
    Dispute.objects.create(
        pk="du_x", payment=settled(student, mentor), status="inquiry", amount_minor=3_300, opened_at=NOW()
    )


def earning(status: str, found: str = "") -> Callable[[User, Mentor], None]:
    def make(student: User, mentor: Mentor) -> None:
        payment = settled(student, mentor)
        Transfer.objects.all().delete()
        Earning.objects.filter(payment=payment).update(status=status, found=found)

    return make


def payout(status: str) -> Callable[[User, Mentor], None]:
    def make(student: User, mentor: Mentor) -> None:
        settled(student, mentor)
        Payout.objects.update(status=status)

    return make


def not_in_a_payout(student: User, mentor: Mentor) -> None:
    settled(student, mentor)
    Transfer.objects.update(payout=None)


def pulled_back(student: User, mentor: Mentor) -> None:
    settled(student, mentor)
    Reversal.objects.create(transfer=Transfer.objects.get(), status="requested", amount_minor=100, created_at=NOW())


def owing(student: User, mentor: Mentor) -> None:
    booking = settled(student, mentor).booking
    Debt.objects.create(
        mentor=mentor, booking=booking, amount_minor=100, left_minor=100, currency="usd", created_at=NOW()
    )


def lapsed(student: User, mentor: Mentor) -> None:
    make_booking(student=student, mentor=mentor, status="held", hold_expires_at=NOW() - timedelta(seconds=1))


BOTH, STUDENT, MENTOR, NEITHER = {"student", "mentor"}, {"student"}, {"mentor"}, set[str]()


@pytest.mark.parametrize(
    ("happened", "kept"),
    [
        pytest.param(hold, BOTH, id="a hold"),
        pytest.param(make_booking, BOTH, id="a booked session"),
        pytest.param(over, BOTH, id="a session that nobody spoke of"),
        pytest.param(reported, BOTH, id="a problem"),
        pytest.param(paying, STUDENT, id="a payment on its way"),
        pytest.param(refund("requested"), STUDENT, id="a refund asked for"),
        pytest.param(refund("sent"), STUDENT, id="a refund sent"),
        pytest.param(refund("failed"), STUDENT, id="a refund that came back"),
        pytest.param(refund_undecided, STUDENT, id="a refund undecided"),
        pytest.param(disputed, BOTH, id="a dispute"),
        pytest.param(earning("pending"), MENTOR, id="an earning that has not cleared"),
        pytest.param(earning("blocked", "releasable"), MENTOR, id="an earning without payout details"),
        pytest.param(earning("frozen", "pending"), MENTOR, id="an earning that waits for a decision"),
        pytest.param(not_in_a_payout, MENTOR, id="a transfer in no payout"),
        pytest.param(payout("pending"), MENTOR, id="a payout on its way"),
        pytest.param(payout("failed"), MENTOR, id="a payout that failed"),
        pytest.param(pulled_back, MENTOR, id="a reversal"),
        pytest.param(settled, NEITHER, id="nothing, all has arrived"),
        pytest.param(owing, NEITHER, id="nothing, a debt"),
        pytest.param(lapsed, NEITHER, id="nothing, a hold that lapsed"),
    ],
)
def test_what_is_open_keeps_whom_it_concerns(
    student: User, mentor: Mentor, happened: Callable[..., object], kept: set[str]
) -> None:
    happened(student=student, mentor=mentor)
    for side, user in (("student", student), ("mentor", mentor.user)):
        page = sign_in(Client(), user).get("/account/privacy/")
        assert page.status_code == 200
        assert ('data-testid="hindrances"' in page.text) == (side in kept), side
        if side not in kept:
            close_account(user=user)
            continue
        with pytest.raises(SomethingOpen) as refused:
            close_account(user=user)
        for found in refused.value.hindrances:
            assert found.url in page.text
        user.refresh_from_db()
        assert user.closed_at is None


def test_many_sessions_are_counted_not_listed(student: User, mentor: Mentor) -> None:
    for day in range(1, 9):
        make_booking(student=student, mentor=mentor, starts_at=NOW() + timedelta(days=day))
    *listed, rest = hindrances_of(student, at=NOW())
    assert len(listed) == 5
    assert (rest.name, rest.url) == ("3 more sessions", "/sessions/")


def test_the_page_reads_many_open_things_with_as_many_queries_as_one(student: User, mentor: Mentor) -> None:
    client = sign_in(Client(), student)

    def queries() -> int:
        with CaptureQueriesContext(connection) as caught:
            assert client.get("/account/privacy/").status_code == 200
        return len(caught)

    def one_more(day: int) -> None:
        booking = make_paid_booking(student=student, mentor=mentor, starts_at=NOW() + timedelta(days=day))
        Refund.objects.create(
            payment=booking.payments.get(), status="requested", reason="finance", amount_minor=100, created_at=NOW()
        )

    one_more(1)
    before = queries()
    for day in (2, 3, 4):
        one_more(day)
    assert queries() == before
