"""Cancelling: who gets what back when, to the second, and what else follows."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.utils import timezone
from icalendar import Calendar

from accounts.models import User
from bookings import services
from bookings.errors import AlreadyBegun, HoldExpired, ReasonNeeded, RefundChanged, WrongState
from bookings.models import Booking, MoveProposal, Strike
from bookings.queries.changes import refund_preview
from marketplace.common.models import AuditEvent
from mentors.models import Mentor
from payments.models import Earning, Refund
from tests.factories import make_booking, make_mentor, make_paid_booking, make_student, make_user
from tests.jobs import run_jobs, waiting_jobs
from tests.signin import sign_in

pytestmark = pytest.mark.django_db

Side = Booking.Side
START = datetime(2027, 3, 10, 18, 30, tzinfo=UTC)
LONG_AGO = START - timedelta(days=20)
SECOND = timedelta(seconds=1)


def booked(policy: str = "standard", *, confirmed_at: datetime = LONG_AGO, **fields: Any) -> Booking:
    return make_paid_booking(
        starts_at=START, policy=policy, created_at=confirmed_at, confirmed_at=confirmed_at, price_minor=3_333, **fields
    )


def cancel(booking: Booking, *, side: Booking.Side = Side.STUDENT, **options: Any) -> Booking:
    by = {Side.STUDENT: booking.student, Side.MENTOR: booking.mentor.user}.get(side)
    return services.cancel_booking(booking_id=booking.pk, by=options.pop("by", by), side=side, **options)


# Policy, time to go, and what comes back: one second to either side of every limit of every policy, and the limit.
TABLE = [
    (policy, timedelta(hours=hours) + offset * SECOND, percent)
    for policy, hours, before, after in [
        ("flexible", 12, 100, 50),
        ("flexible", 2, 50, 0),
        ("standard", 24, 100, 50),
        ("standard", 2, 50, 0),
        ("strict", 24, 100, 0),
        ("strict", 2, 0, 0),
    ]
    for offset, percent in [(1, before), (0, before), (-1, after)]
]


@pytest.mark.parametrize(("policy", "to_go", "percent"), TABLE)
def test_what_comes_back_changes_to_the_second(policy: str, to_go: timedelta, percent: int) -> None:
    booking = booked(policy)
    at = START - to_go
    preview = refund_preview(booking, side=Side.STUDENT, at=at)
    assert (preview.percent, preview.refund_minor) == (percent, {100: 3_333, 50: 1_667, 0: 0}[percent])
    with time_machine.travel(at, tick=False):
        cancel(booking, expected_refund_minor=preview.refund_minor)
    booking.refresh_from_db()
    assert (booking.status, booking.refund_percent, booking.closed_at) == ("cancelled", percent, at)
    assert [refund.amount_minor for refund in Refund.objects.all()] == ([preview.refund_minor] if percent else [])


@pytest.mark.parametrize(("policy", "to_go", "percent"), TABLE)
@pytest.mark.parametrize("side", [Side.MENTOR, Side.ADMIN])
def test_a_mentor_or_support_gives_everything_back_whenever_they_cancel(
    policy: str, to_go: timedelta, percent: int, side: Booking.Side
) -> None:
    preview = refund_preview(booked(policy), side=side, at=START - to_go)
    assert preview == (3_333, 100, None, 0)


@pytest.mark.parametrize(
    ("policy", "to_go", "next_change"),
    [
        ("flexible", timedelta(hours=13), timedelta(hours=12)),
        ("flexible", timedelta(hours=3), timedelta(hours=2)),
        ("standard", timedelta(hours=25), timedelta(hours=24)),
        ("standard", timedelta(hours=23), timedelta(hours=2)),
        ("strict", timedelta(hours=25), timedelta(hours=24)),
        ("strict", timedelta(hours=23), None),
        ("standard", timedelta(hours=1), None),
    ],
)
def test_the_preview_tells_when_it_will_be_less(policy: str, to_go: timedelta, next_change: timedelta | None) -> None:
    preview = refund_preview(booked(policy), side=Side.STUDENT, at=START - to_go)
    assert preview.next_change_at == (START - next_change if next_change else None)


GRACE = timedelta(minutes=30)


@pytest.mark.parametrize(
    ("since", "to_go", "percent"),
    [
        (GRACE - SECOND, timedelta(hours=5), 100),
        (GRACE, timedelta(hours=5), 100),
        (GRACE + SECOND, timedelta(hours=5), 0),
        (timedelta(minutes=10), timedelta(hours=2) + SECOND, 100),
        (timedelta(minutes=10), timedelta(hours=2), 100),
        (timedelta(minutes=10), timedelta(hours=2) - SECOND, 0),
    ],
)
def test_a_booking_by_mistake_is_undone_in_full_for_half_an_hour(
    since: timedelta, to_go: timedelta, percent: int
) -> None:
    at = START - to_go
    booking = booked("strict", confirmed_at=at - since)
    preview = refund_preview(booking, side=Side.STUDENT, at=at)
    assert preview.percent == percent
    if percent:
        assert preview.next_change_at == min(at - since + GRACE, START - timedelta(hours=2))


def test_while_a_suggested_move_waits_everything_comes_back(student: User) -> None:
    booking = booked("strict", student=student)
    at = START - timedelta(hours=10)
    proposal = MoveProposal.objects.create(
        booking=booking,
        starts_at=START + timedelta(days=1),
        old_starts_at=START,
        by=booking.mentor.user,
        created_at=at,
        lapses_at=START - timedelta(hours=2),
    )
    lapse = proposal.lapses_at
    assert refund_preview(booking, side=Side.STUDENT, at=lapse - SECOND) == (3_333, 100, lapse, 0)
    assert refund_preview(booking, side=Side.STUDENT, at=lapse) == (0, 0, None, 0)
    with time_machine.travel(lapse - SECOND, tick=False):
        cancel(booking, expected_refund_minor=3_333)
    proposal.refresh_from_db()
    assert (proposal.status, proposal.closed_at) == ("withdrawn", lapse - SECOND)


def test_what_went_back_already_does_not_go_back_twice(client: Client) -> None:
    booking = booked()
    Refund.objects.create(payment=booking.payments.get(), amount_minor=500, reason="goodwill", created_at=LONG_AGO)
    at = START - timedelta(days=2)
    assert refund_preview(booking, side=Side.STUDENT, at=at).refund_minor == 2_833
    with time_machine.travel(at, tick=False):
        client.force_login(booking.student)
        assert "less $5.00 that went back before" in client.get(page_of(booking)).text
        cancel(booking, expected_refund_minor=2_833)
    assert sorted(refund.amount_minor for refund in Refund.objects.all()) == [500, 2_833]


@pytest.mark.parametrize("side", [Side.STUDENT, Side.MENTOR, Side.ADMIN])
def test_once_begun_nobody_cancels(side: Booking.Side, support: User) -> None:
    booking = booked()
    options: dict[str, Any] = {"side": side, "reason": "Ill", "by": support}
    with time_machine.travel(START, tick=False), pytest.raises(AlreadyBegun):
        cancel(booking, **options)
    for status in ("ended", "completed", "problem"):
        Booking.objects.filter(pk=booking.pk).update(status=status)
        with time_machine.travel(START + timedelta(hours=2), tick=False), pytest.raises(AlreadyBegun):
            cancel(booking, **options)
    Booking.objects.filter(pk=booking.pk).update(status="confirmed")
    with time_machine.travel(START - SECOND, tick=False):
        assert cancel(booking, **options).status == "cancelled"


def test_a_session_is_cancelled_once() -> None:
    booking = booked()
    with time_machine.travel(START - timedelta(days=2), tick=False):
        cancel(booking)
        with pytest.raises(WrongState):
            cancel(booking)
    assert Refund.objects.count() == 1
    assert booking.events.filter(name="cancelled").count() == 1


def test_another_sum_than_the_one_shown_asks_again() -> None:
    booking = booked()
    with time_machine.travel(START - timedelta(hours=24) + SECOND, tick=False):
        with pytest.raises(RefundChanged) as refusal:
            cancel(booking, expected_refund_minor=3_333)
        assert refusal.value.refund_minor == 1_667
        booking.refresh_from_db()
        assert (booking.status, Refund.objects.count()) == ("confirmed", 0)
        assert cancel(booking, expected_refund_minor=1_667).refund_percent == 50


@pytest.mark.parametrize("side", [Side.MENTOR, Side.ADMIN])
def test_mentors_and_support_say_why(side: Booking.Side, support: User) -> None:
    booking = booked()
    with time_machine.travel(START - timedelta(days=2), tick=False):
        with pytest.raises(ReasonNeeded):
            cancel(booking, side=side, by=support)
        assert cancel(booking, side=side, by=support, reason="Ill").cancel_reason == "Ill"


def test_supports_cancelling_stands_in_the_audit_log(support: User) -> None:
    booking = booked()
    with time_machine.travel(START - timedelta(days=2), tick=False):
        cancel(booking, side=Side.ADMIN, by=support, reason="Asked for by phone")
    event = AuditEvent.objects.get(action="booking_cancelled")
    assert (event.actor_id, event.subject_id, event.data) == (support.pk, str(booking.pk), {"percent": 100})
    booking.refresh_from_db()
    assert booking.cancelled_by == "admin"


@pytest.mark.parametrize(("to_go", "strikes"), [(timedelta(hours=24), 0), (timedelta(hours=24) - SECOND, 1)])
def test_a_mentors_late_cancelling_is_a_strike(to_go: timedelta, strikes: int) -> None:
    booking = booked()
    with time_machine.travel(START - to_go, tick=False):
        cancel(booking, side=Side.MENTOR, reason="Ill")
    assert [strike.points for strike in Strike.objects.filter(mentor=booking.mentor)] == [1] * strikes


def test_a_students_late_cancelling_is_none() -> None:
    booking = booked()
    with time_machine.travel(START - timedelta(hours=1), tick=False):
        cancel(booking)
    assert not Strike.objects.exists()


def test_the_time_is_free_for_others_at_once(mentor: Mentor, student: User, other_student: User) -> None:
    starts_at = (timezone.now() + timedelta(days=3)).replace(hour=12, minute=0, second=0, microsecond=0)
    booking = make_paid_booking(mentor=mentor, student=student, starts_at=starts_at)
    cancel(booking)
    assert services.hold_slot(handle=mentor.handle, minutes=45, starts_at=starts_at, by=other_student).status == "held"


def test_the_mentor_earns_what_does_not_go_back() -> None:
    booking = booked()
    with time_machine.travel(START - timedelta(hours=3), tick=False):
        cancel(booking)
    earning = Earning.objects.get(booking=booking)
    assert (earning.refund_minor, earning.fee_minor, earning.amount_minor) == (1_667, 250, 1_416)
    assert waiting_jobs("payments.send_refund") == [{"pk": str(Refund.objects.get().pk)}]


def test_a_hold_is_let_go_by_cancelling_it(student: User) -> None:
    hold = make_booking(student=student, status=Booking.Status.HELD)
    with pytest.raises(WrongState):
        cancel(hold, side=Side.MENTOR, reason="No")
    assert cancel(hold).status == "abandoned"
    lapsed = make_booking(student=student, status=Booking.Status.HELD, hold_expires_at=timezone.now())
    with pytest.raises(HoldExpired):
        cancel(lapsed)


# Mails


@pytest.fixture
def ngozi_and_amara(db: None) -> tuple[Mentor, User]:
    ngozi = make_user(role="mentor", name="Ngozi Adeyemi", time_zone="Africa/Lagos")
    return make_mentor(user=ngozi), make_student(name="Amara Diallo", time_zone="Europe/Lisbon")


def subjects() -> dict[str, str]:
    run_jobs("deliver_mail")
    return {m.to[0]: str(m.subject) for m in mail.outbox if m.extra_headers["X-Event"] == "cancelled"}


def told(who: User) -> mail.EmailMessage:
    """What somebody read of the cancelling."""
    [found] = (m for m in mail.outbox if m.to == [who.email] and m.extra_headers["X-Event"] == "cancelled")
    return found


def test_both_are_told_what_goes_back(ngozi_and_amara: tuple[Mentor, User]) -> None:
    mentor, amara = ngozi_and_amara
    booking = booked(mentor=mentor, student=amara)
    with time_machine.travel(START - timedelta(hours=3), tick=False):
        cancel(booking, side=Side.MENTOR, reason="Fever since tonight")
        assert subjects() == {
            amara.email: "Cancelled: Wed 10 Mar at 18:30. $33.33 is on its way back",
            mentor.user.email: "Cancelled: Wed 10 Mar at 19:30. $33.33 goes back to Amara",
        }
    to_amara, to_ngozi = (told(who) for who in (amara, mentor.user))
    assert "Ngozi Adeyemi has cancelled your session" in to_amara.body
    assert "Fever since tonight" in to_amara.body
    assert "You have cancelled your session with Amara Diallo" in to_ngozi.body
    assert "Fever since tonight" not in to_ngozi.body


def test_where_nothing_goes_back_the_mentor_reads_what_they_earn(ngozi_and_amara: tuple[Mentor, User]) -> None:
    mentor, amara = ngozi_and_amara
    booking = booked(mentor=mentor, student=amara)
    with time_machine.travel(START - timedelta(hours=1), tick=False):
        cancel(booking, reason="Something came up")
        assert set(subjects().values()) == {"Cancelled: Wed 10 Mar at 18:30", "Cancelled: Wed 10 Mar at 19:30"}
    to_ngozi = told(mentor.user)
    assert "you earn $28.33 for it all the same" in to_ngozi.body
    assert "Something came up" in to_ngozi.body


def test_a_whole_price_that_went_back_before_is_not_called_lost(ngozi_and_amara: tuple[Mentor, User]) -> None:
    mentor, amara = ngozi_and_amara
    booking = booked(mentor=mentor, student=amara)
    Refund.objects.create(payment=booking.payments.get(), amount_minor=3_333, reason="goodwill", created_at=LONG_AGO)
    with time_machine.travel(START - timedelta(days=2), tick=False):
        cancel(booking, side=Side.ADMIN, by=None, reason="The whole price was sent back.")
        assert set(subjects().values()) == {"Cancelled: Wed 10 Mar at 18:30", "Cancelled: Wed 10 Mar at 19:30"}
    assert "went back before" in told(amara).body
    assert "Amara gets everything back" in told(mentor.user).body


def test_the_calendar_file_takes_the_session_out(client: Client) -> None:
    booking = booked()
    with time_machine.travel(START - timedelta(days=2), tick=False):
        client.force_login(booking.student)
        url = f"/bookings/{booking.pk}/calendar.ics"
        before = Calendar.from_ical(client.get(url).content)
        cancel(booking)
        run_jobs("deliver_mail")
        after = Calendar.from_ical(client.get(url).content)
    assert (before["method"], before.events[0]["sequence"], before.events[0]["status"]) == ("PUBLISH", 0, "CONFIRMED")
    assert (after["method"], after.events[0]["sequence"], after.events[0]["status"]) == ("CANCEL", 1, "CANCELLED")
    assert before.events[0]["uid"] == after.events[0]["uid"]
    [part] = mail.outbox[0].attachments
    attached = Calendar.from_ical(part.get_content())
    assert (attached["method"], attached.events[0]["uid"]) == ("CANCEL", before.events[0]["uid"])
    assert 'method="CANCEL"' in part["Content-Type"] or "method=CANCEL" in part["Content-Type"]


# The page


def page_of(booking: Booking) -> str:
    return f"/bookings/{booking.pk}/cancel/"


@pytest.mark.parametrize(
    ("to_go", "words"),
    [
        (timedelta(days=2), ["You get $33.33 back", "everything you paid", "after that it is less"]),
        (timedelta(hours=3), ["You get $16.67 back", "50%", "after that nothing comes back"]),
        (timedelta(hours=1), ["Nothing comes back", "too late for any of the $33.33"]),
    ],
)
def test_the_page_tells_the_exact_sum_before_anything_happens(
    client: Client, to_go: timedelta, words: list[str]
) -> None:
    booking = booked()
    with time_machine.travel(START - to_go, tick=False):
        client.force_login(booking.student)
        page = client.get(page_of(booking)).text
    for each in words:
        assert each in page
    booking.refresh_from_db()
    assert booking.status == "confirmed"


def test_the_page_cancels_what_it_showed_and_asks_again_for_another_sum(client: Client) -> None:
    booking = booked()
    shown = {"expected_refund_minor": 3_333}
    with time_machine.travel(START - timedelta(hours=24) + SECOND, tick=False):
        client.force_login(booking.student)
        again = client.post(page_of(booking), {**shown, "reason": "Ill"})
        assert again.status_code == 409
        assert "What comes back has changed" in again.text
        assert 'name="expected_refund_minor" value="1667"' in again.text
        assert "Ill" in again.text
        done = client.post(page_of(booking), {"expected_refund_minor": 1_667}, follow=True)
    assert "$16.67 is on its way back" in done.text
    booking.refresh_from_db()
    assert (booking.status, booking.cancelled_by) == ("cancelled", "student")


def test_a_session_that_has_begun_cannot_be_cancelled(client: Client) -> None:
    booking = booked()
    with time_machine.travel(START + SECOND, tick=False):
        client.force_login(booking.student)
        response = client.post(page_of(booking), {"expected_refund_minor": 0})
        assert response.status_code == 422
        assert "already begun" in response.text
    booking.refresh_from_db()
    assert booking.status == "confirmed"
    with time_machine.travel(START - SECOND, tick=False):
        assert client.post(page_of(booking), {"expected_refund_minor": 0}).status_code == 302


def test_a_mentor_is_asked_why_and_warned_of_the_strike(client: Client) -> None:
    booking = booked()
    with time_machine.travel(START - timedelta(hours=3), tick=False):
        client.force_login(booking.mentor.user)
        assert "counts as a strike" in client.get(page_of(booking)).text
        refused = client.post(page_of(booking), {"expected_refund_minor": 3_333})
        assert refused.status_code == 422
        assert "Say why the session is cancelled" in refused.text
        assert client.post(page_of(booking), {"expected_refund_minor": 3_333, "reason": "Ill"}).status_code == 302
    Booking.objects.filter(pk=booking.pk).update(status="confirmed", refund_percent=None)
    with time_machine.travel(START - timedelta(hours=25), tick=False):
        assert "strike" not in client.get(page_of(booking)).text


def test_the_session_says_who_cancelled_and_what_goes_back(client: Client) -> None:
    booking = booked()
    User.objects.filter(pk=booking.mentor_id).update(name="Ngozi Adeyemi")
    with time_machine.travel(START - timedelta(days=2), tick=False):
        cancel(booking, side=Side.MENTOR, reason="Fever since tonight")
        client.force_login(booking.student)
        page = client.get(f"/bookings/{booking.pk}/").text
        assert "Ngozi has cancelled this session" in page
        assert "Fever since tonight" in page
        assert "<strong>$33.33</strong> goes back to the card" in page
        assert page_of(booking) not in page
        client.force_login(booking.mentor.user)
        assert "You have cancelled this session" in client.get(f"/bookings/{booking.pk}/").text


# JSON


def test_the_preview_and_the_cancelling_as_json(client: Client) -> None:
    booking = booked()
    url = f"/api/bookings/{booking.pk}"
    with time_machine.travel(START - timedelta(hours=3), tick=False):
        client.force_login(booking.student)
        assert client.get(f"{url}/refund-preview").json() == {
            "refund": {"amount_minor": 1_667, "currency": "usd"},
            "percent": 50,
            "next_change_at": "2027-03-10T16:30:00Z",
        }
        other = client.post(f"{url}/cancel", {"expected_refund_minor": 3_333}, content_type="application/json")
        assert (other.status_code, other.json()["code"]) == (409, "refund_changed")
        assert other.json()["refund"] == {"amount_minor": 1_667, "currency": "usd"}
        done = client.post(f"{url}/cancel", {"expected_refund_minor": 1_667}, content_type="application/json")
        assert done.status_code == 200
        body = done.json()
        assert (body["status"], body["cancelled_by"]) == ("cancelled", "student")
        assert body["refund"] == {"status": "requested", "amount": {"amount_minor": 1_667, "currency": "usd"}}
        again = client.post(f"{url}/cancel", {}, content_type="application/json")
        assert (again.status_code, again.json()["code"]) == (409, "wrong_state")
        assert client.get(f"{url}/refund-preview").status_code == 409


def test_json_says_too_late_once_begun(client: Client) -> None:
    booking = booked()
    with time_machine.travel(START, tick=False):
        client.force_login(booking.student)
        for answer in (
            client.get(f"/api/bookings/{booking.pk}/refund-preview"),
            client.post(f"/api/bookings/{booking.pk}/cancel", {}, content_type="application/json"),
        ):
            assert (answer.status_code, answer.json()["code"]) == (422, "too_late")


def test_support_cancels_with_a_reason_and_a_fresh_sign_in(support: User, finance: User) -> None:
    booking = booked()
    url = f"/api/bookings/{booking.pk}/cancel"
    body = {"reason": "Asked for by phone"}
    at = START - timedelta(days=2)
    with time_machine.travel(at, tick=False):
        desk = sign_in(Client(), support)
        assert sign_in(Client(), finance).post(url, body, content_type="application/json").status_code == 403
        assert desk.post(url, {}, content_type="application/json").status_code == 422
    with time_machine.travel(at + timedelta(minutes=11), tick=False):
        stale = desk.post(url, body, content_type="application/json")
        assert (stale.status_code, stale.json()["code"]) == (403, "reauth_required")
    with time_machine.travel(at, tick=False):
        assert desk.post(url, body, content_type="application/json").json()["cancelled_by"] == "admin"


def test_a_repeated_key_answers_what_was_done(client: Client) -> None:
    booking = booked()
    with time_machine.travel(START - timedelta(days=2), tick=False):
        client.force_login(booking.student)
        first, second = (
            client.post(
                f"/api/bookings/{booking.pk}/cancel",
                {},
                content_type="application/json",
                headers={"Idempotency-Key": "once-and-only"},
            )
            for _ in range(2)
        )
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json() == second.json()
    assert Refund.objects.count() == 1
