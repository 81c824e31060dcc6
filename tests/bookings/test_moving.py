"""Moving: the same booking at another time. A student moves it; a mentor suggests, and the student answers."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.core.mail import EmailMessage
from django.test import Client
from icalendar import Calendar

from accounts.models import User
from bookings import services
from bookings.errors import (
    AlreadyBegun,
    MovedTooOften,
    NoProposal,
    NotBookable,
    ProposalOpen,
    SlotTaken,
    StudentBusy,
    TooLateToMove,
    TooLateToPropose,
    WrongState,
)
from bookings.models import Booking, MoveProposal
from mentors.models import Mentor
from payments.models import Payment, Refund
from tests.factories import make_booking, make_mentor, make_paid_booking, make_student, make_user
from tests.jobs import run_jobs

pytestmark = pytest.mark.django_db

START = datetime(2027, 3, 10, 12, 0, tzinfo=UTC)  # 13:00 in Berlin
LATER = START + timedelta(hours=3)
NOW = START - timedelta(days=4)
SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)


def booked(**fields: Any) -> Booking:
    defaults = {"starts_at": START, "created_at": NOW, "confirmed_at": NOW}
    return make_paid_booking(**(defaults | fields))


@pytest.fixture
def booking(mentor: Mentor, student: User) -> Booking:
    """A standard session on Wednesday at 12:00 UTC, paid four days before."""
    return booked(mentor=mentor, student=student)


def move(booking: Booking, to: datetime = LATER, *, at: datetime = NOW) -> Booking:
    with time_machine.travel(at, tick=False):
        return services.move_booking(booking_id=booking.pk, starts_at=to, by=booking.student)


def propose(booking: Booking, to: datetime = LATER, *, at: datetime = NOW, reason: str = "") -> MoveProposal:
    with time_machine.travel(at, tick=False):
        services.propose_move(booking_id=booking.pk, starts_at=to, by=booking.mentor.user, reason=reason)
    return booking.proposals.latest("created_at")


def accept(booking: Booking, *, at: datetime, **options: Any) -> Booking:
    with time_machine.travel(at, tick=False):
        return services.accept_proposal(booking_id=booking.pk, by=booking.student, **options)


def decline(booking: Booking, *, at: datetime, **options: Any) -> Booking:
    with time_machine.travel(at, tick=False):
        return services.decline_proposal(booking_id=booking.pk, by=booking.student, **options)


# By the student


def test_a_move_keeps_the_booking_and_its_payment(booking: Booking) -> None:
    moved = move(booking)
    assert moved.pk == booking.pk
    booking.refresh_from_db()
    assert (booking.status, booking.starts_at, booking.ends_at) == ("confirmed", LATER, LATER + timedelta(minutes=45))
    assert (booking.sequence, booking.moves_by_student) == (1, 1)
    assert Payment.objects.get().booking == booking
    assert not Refund.objects.exists()
    event = booking.events.get(name="moved")
    assert (event.by, event.data["old_starts_at"]) == (booking.student, START.isoformat())


def test_the_old_time_is_free_and_the_new_one_taken(booking: Booking, other_student: User) -> None:
    move(booking)
    hold = partial(services.hold_slot, handle=booking.mentor.handle, minutes=45, by=other_student)
    with time_machine.travel(NOW, tick=False):
        with pytest.raises(SlotTaken):
            hold(starts_at=LATER)
        assert hold(starts_at=START).status == "held"


def test_its_own_old_time_is_not_in_the_way(booking: Booking) -> None:
    half_over = START + timedelta(minutes=15)
    assert move(booking, half_over).starts_at == half_over


def test_the_break_that_was_agreed_moves_along(student: User) -> None:
    mentor = make_mentor(break_minutes=30)
    booking = booked(mentor=mentor, student=student)
    Mentor.objects.filter(pk=mentor.pk).update(break_minutes=0)
    make_booking(mentor=mentor, starts_at=LATER + timedelta(minutes=60))
    with pytest.raises(SlotTaken):
        move(booking)
    moved = move(booking, LATER - timedelta(minutes=15))
    assert moved.blocked_until - moved.ends_at == timedelta(minutes=30)


@pytest.mark.parametrize(("policy", "hours"), [("flexible", 12), ("standard", 24), ("strict", 24)])
def test_a_student_moves_freely_in_the_tier_of_everything_back(student: User, policy: str, hours: int) -> None:
    booking = booked(student=student, policy=policy)
    limit = START - timedelta(hours=hours)
    with pytest.raises(TooLateToMove):
        move(booking, LATER + DAY, at=limit + SECOND)
    assert move(booking, LATER + DAY, at=limit).starts_at == LATER + DAY


def test_the_grace_after_booking_is_for_cancelling_not_for_moving(student: User) -> None:
    at = START - timedelta(hours=6)
    booking = booked(student=student, created_at=at, confirmed_at=at)
    with pytest.raises(TooLateToMove):
        move(booking, LATER + DAY, at=at)


def test_a_student_moves_twice_at_most(booking: Booking) -> None:
    move(booking, START + DAY)
    move(booking, LATER)
    with pytest.raises(MovedTooOften):
        move(booking, START)
    Booking.objects.filter(pk=booking.pk).update(moves_by_student=1)
    assert move(booking, START).moves_by_student == 2


def test_never_beyond_eighty_days_after_the_payment(student: User) -> None:
    paid = NOW - timedelta(days=50)
    booking = booked(mentor=make_mentor(horizon_days=60), student=student, created_at=paid, confirmed_at=paid)
    last = (paid + timedelta(days=80)).replace(hour=12)
    with pytest.raises(NotBookable):
        move(booking, last + timedelta(minutes=15))
    assert move(booking, last).starts_at == last


def test_once_begun_nothing_moves(booking: Booking) -> None:
    for operation in (move, propose):
        with pytest.raises(AlreadyBegun):
            operation(booking, LATER + DAY, at=START)


@pytest.mark.parametrize("status", ["cancelled", "held"])
def test_only_a_booked_session_moves(booking: Booking, status: str) -> None:
    Booking.objects.filter(pk=booking.pk).update(
        status=status, hold_place=1 if status == "held" else None, confirmed_at=None if status == "held" else NOW
    )
    with pytest.raises(WrongState):
        move(booking)
    Booking.objects.filter(pk=booking.pk).update(status="confirmed", hold_place=None, confirmed_at=NOW)
    assert move(booking).starts_at == LATER


@pytest.mark.parametrize(
    "to",
    [
        START,  # where it is
        LATER + timedelta(minutes=7),  # off the grid
        START.replace(hour=3),  # outside the hours
        NOW + timedelta(hours=3),  # inside the notice
        NOW + timedelta(days=61),  # beyond the horizon
        NOW - DAY,
    ],
)
def test_a_time_that_is_not_offered_is_refused_as_for_a_hold(booking: Booking, to: datetime) -> None:
    for operation in (move, propose):
        with pytest.raises(NotBookable):
            operation(booking, to)
    assert move(booking).starts_at == LATER


def test_a_mentor_who_is_paused_or_stopped_offering_the_length_has_no_other_times(booking: Booking) -> None:
    mentor = booking.mentor
    Mentor.objects.filter(pk=mentor.pk).update(paused_at=NOW)
    with pytest.raises(NotBookable):
        move(booking)
    Mentor.objects.filter(pk=mentor.pk).update(paused_at=None)
    package = mentor.packages.get(minutes=45)
    package.delete()
    with pytest.raises(NotBookable):
        move(booking)
    package.save()
    assert move(booking).starts_at == LATER


def test_a_taken_time_is_refused_with_the_nearest_that_can_be_had(booking: Booking) -> None:
    other = make_booking(mentor=booking.mentor, starts_at=LATER)
    with pytest.raises(SlotTaken) as refusal:
        move(booking)
    starts = [slot.starts_at for slot in refusal.value.alternatives]
    assert len(starts) == 3
    assert all(abs(start - LATER) <= timedelta(minutes=75) for start in starts)
    assert {slot.price_minor for slot in refusal.value.alternatives} == {booking.price_minor}
    booking.refresh_from_db()
    assert (booking.starts_at, booking.sequence) == (START, 0)
    Booking.objects.filter(pk=other.pk).update(status="cancelled")
    assert move(booking).starts_at == LATER


def test_a_full_day_takes_no_session_but_its_own(student: User) -> None:
    mentor = make_mentor(day_cap=1)
    booking = booked(mentor=mentor, student=student)
    other = make_booking(mentor=mentor, starts_at=START + DAY)
    with pytest.raises(SlotTaken):
        move(booking, LATER + DAY)
    assert move(booking, LATER).starts_at == LATER  # its own day: it counts once
    Booking.objects.filter(pk=other.pk).update(status="cancelled")
    assert move(booking, LATER + DAY).starts_at == LATER + DAY


def test_a_student_is_in_one_session_at_a_time(booking: Booking) -> None:
    other = make_booking(student=booking.student, starts_at=LATER)
    with pytest.raises(StudentBusy):
        move(booking)
    Booking.objects.filter(pk=other.pk).update(status="cancelled")
    assert move(booking).starts_at == LATER


def test_a_lapsed_hold_is_not_in_the_way(booking: Booking, other_student: User) -> None:
    hold = make_booking(
        mentor=booking.mentor, student=other_student, status="held", starts_at=LATER, hold_expires_at=NOW
    )
    move(booking)
    hold.refresh_from_db()
    assert hold.status == "expired"


def test_both_read_of_the_new_time_in_their_own(db: None) -> None:
    ngozi = make_user(role="mentor", name="Ngozi Adeyemi", time_zone="Africa/Lagos")
    amara = make_student(name="Amara Diallo", time_zone="Europe/Lisbon")
    booking = booked(mentor=make_mentor(user=ngozi), student=amara)
    move(booking)
    run_jobs("deliver_mail")
    assert {message.to[0]: message.subject for message in mail.outbox} == {
        amara.email: "Moved: Ngozi is now Wed 10 Mar at 15:00",
        ngozi.email: "Moved: Amara is now Wed 10 Mar at 16:00",
    }
    for message in mail.outbox:
        calendar = Calendar.from_ical(message.attachments[0].get_content())
        [event] = calendar.events
        assert (calendar["method"], event["sequence"], event.start) == ("PUBLISH", 1, LATER)
        assert str(event["uid"]).startswith(str(booking.pk))


# Suggested by the mentor


def test_a_suggestion_claims_nothing(booking: Booking, other_student: User) -> None:
    proposal = propose(booking)
    assert (proposal.status, proposal.old_starts_at) == ("open", START)
    booking.refresh_from_db()
    assert (booking.starts_at, booking.sequence) == (START, 0)
    with time_machine.travel(NOW, tick=False):
        hold = services.hold_slot(handle=booking.mentor.handle, minutes=45, starts_at=LATER, by=other_student)
    assert hold.status == "held"


@pytest.mark.parametrize(
    ("to_go", "stands"),
    [
        (timedelta(days=3), timedelta(hours=24)),
        (timedelta(hours=26), timedelta(hours=24)),
        (timedelta(hours=20), timedelta(hours=18)),
        (timedelta(hours=2) + SECOND, SECOND),
    ],
)
def test_it_stands_a_day_and_until_two_hours_before(booking: Booking, to_go: timedelta, stands: timedelta) -> None:
    at = START - to_go
    proposal = propose(booking, LATER + DAY, at=at)
    assert proposal.lapses_at == at + stands
    for refused in (accept, decline):
        with pytest.raises(NoProposal):
            refused(booking, at=proposal.lapses_at)
    assert accept(booking, at=proposal.lapses_at - SECOND).starts_at == LATER + DAY


def test_from_two_hours_before_there_is_no_time_to_answer(booking: Booking) -> None:
    with pytest.raises(TooLateToPropose):
        propose(booking, LATER + DAY, at=START - timedelta(hours=2))
    assert propose(booking, LATER + DAY, at=START - timedelta(hours=2) - SECOND).status == "open"


def test_one_suggestion_waits_at_a_time(booking: Booking) -> None:
    first = propose(booking)
    with pytest.raises(ProposalOpen):
        propose(booking, START + DAY)
    second = propose(booking, START + DAY, at=first.lapses_at)
    first.refresh_from_db()
    assert (first.status, second.status) == ("lapsed", "open")


def test_accepting_moves_and_does_not_count_as_the_students_move(booking: Booking) -> None:
    proposal = propose(booking)
    moved = accept(booking, at=NOW)
    proposal.refresh_from_db()
    assert (moved.starts_at, moved.sequence, moved.moves_by_student) == (LATER, 1, 0)
    assert (proposal.status, proposal.closed_at) == ("accepted", NOW)


def test_accepting_claims_and_loses_to_who_was_first(booking: Booking, other_student: User) -> None:
    proposal = propose(booking)
    other = make_booking(mentor=booking.mentor, student=other_student, starts_at=LATER)
    with pytest.raises(SlotTaken):
        accept(booking, at=NOW)
    proposal.refresh_from_db()
    booking.refresh_from_db()
    assert (proposal.status, booking.starts_at) == ("open", START)
    Booking.objects.filter(pk=other.pk).update(status="cancelled")
    assert accept(booking, at=NOW).starts_at == LATER


def test_what_the_mentor_changed_since_does_not_matter_to_their_own_suggestion(booking: Booking) -> None:
    propose(booking)
    Mentor.objects.filter(pk=booking.mentor_id).update(paused_at=NOW, notice_hours=72)
    booking.mentor.availability_rules.all().delete()
    assert accept(booking, at=NOW + timedelta(hours=23)).starts_at == LATER


def test_a_suspended_mentors_suggestion_is_off(booking: Booking) -> None:
    propose(booking)
    Mentor.objects.filter(pk=booking.mentor_id).update(status="suspended")
    with pytest.raises(NoProposal):
        accept(booking, at=NOW)
    Mentor.objects.filter(pk=booking.mentor_id).update(status="approved")
    assert accept(booking, at=NOW).starts_at == LATER


def test_an_answer_to_another_suggestion_is_none(booking: Booking) -> None:
    propose(booking)
    for answer in (accept, decline):
        with pytest.raises(NoProposal):
            answer(booking, at=NOW, starts_at=START + DAY)
    assert accept(booking, at=NOW, starts_at=LATER).starts_at == LATER


def test_declining_keeps_the_session_where_it_is(booking: Booking) -> None:
    proposal = propose(booking)
    kept = decline(booking, at=NOW)
    proposal.refresh_from_db()
    assert (kept.starts_at, kept.sequence, proposal.status) == (START, 0, "declined")
    with pytest.raises(NoProposal):
        decline(booking, at=NOW)


def test_moving_by_oneself_withdraws_the_suggestion(booking: Booking) -> None:
    proposal = propose(booking)
    move(booking, START + DAY)
    proposal.refresh_from_db()
    assert proposal.status == "withdrawn"


def test_the_pass_closes_what_lapsed(booking: Booking) -> None:
    proposal = propose(booking)
    assert services.close_lapsed_proposals(at=proposal.lapses_at - SECOND) == 0
    assert services.close_lapsed_proposals(at=proposal.lapses_at) == 1
    proposal.refresh_from_db()
    assert (proposal.status, proposal.closed_at) == ("lapsed", proposal.lapses_at)


def test_the_student_is_asked_by_mail(booking: Booking) -> None:
    User.objects.filter(pk=booking.mentor_id).update(name="Ngozi Adeyemi")
    User.objects.filter(pk=booking.student_id).update(time_zone="Europe/Lisbon")
    propose(booking, reason="A doctor's appointment")
    run_jobs("deliver_mail")
    [message] = mail.outbox
    assert (message.to, message.subject) == ([booking.student.email], "Ngozi suggests Wed 10 Mar at 15:00")
    assert "A doctor's appointment" in message.body
    assert f"/bookings/{booking.pk}/move/" in message.body
    assert not message.attachments


def told_that_it_stays() -> list[EmailMessage]:
    run_jobs("deliver_mail")
    return [message for message in mail.outbox if message.extra_headers["X-Event"] == "move_kept"]


def test_the_mentor_reads_that_the_student_keeps_the_old_time(booking: Booking) -> None:
    User.objects.filter(pk=booking.student_id).update(name="Amara Okafor")
    propose(booking)
    decline(booking, at=NOW)
    [message] = told_that_it_stays()
    assert (message.to, message.subject) == ([booking.mentor.user.email], "Amara keeps Wed 10 Mar at 12:00")
    assert "Amara Okafor cannot make Wed 10 Mar, 15:00, which you suggested." in str(message.body)
    assert f"/bookings/{booking.pk}/" in str(message.body)
    assert not message.attachments


def test_the_mentor_reads_once_that_nobody_answered(booking: Booking) -> None:
    User.objects.filter(pk=booking.student_id).update(name="Amara Okafor")
    proposal = propose(booking)
    with time_machine.travel(proposal.lapses_at, tick=False):
        for closed in (1, 0):
            assert services.close_lapsed_proposals(at=proposal.lapses_at) == closed
        [message] = told_that_it_stays()
    assert message.subject == "No answer from Amara: Wed 10 Mar at 12:00 stays"
    assert "did not answer in time" in str(message.body)


@pytest.mark.parametrize("fields", [{"status": "cancelled", "cancelled_by": "student"}, {"status": "confirmed"}])
def test_of_a_session_that_is_off_or_over_nothing_is_told(booking: Booking, fields: dict[str, str]) -> None:
    """Its worker was down for a week, say. The row is closed all the same."""
    propose(booking)
    Booking.objects.filter(pk=booking.pk).update(**fields)
    late = booking.starts_at if fields["status"] == "confirmed" else booking.starts_at - DAY
    with time_machine.travel(late, tick=False):
        assert services.close_lapsed_proposals(at=late) == 1
        assert told_that_it_stays() == []


def test_who_answers_the_mentor_otherwise_sends_no_such_mail(booking: Booking) -> None:
    propose(booking)
    accept(booking, at=NOW)
    propose(booking, START, at=NOW)
    move(booking, START + DAY)
    assert told_that_it_stays() == []


# The page


def open_page(client: Client, booking: Booking, user: User) -> str:
    client.force_login(user)
    return client.get(f"/bookings/{booking.pk}/move/").text


def test_a_student_picks_another_time_of_the_same_length(client: Client, booking: Booking) -> None:
    make_booking(mentor=booking.mentor, starts_at=START + timedelta(hours=5))
    with time_machine.travel(NOW, tick=False):
        page = open_page(client, booking, booking.student)
        assert "2027-03-10T15:00:00Z" in client.get(f"/bookings/{booking.pk}/move/?from=2027-03-10").text
        assert "2027-03-10T17:00:00Z" not in client.get(f"/bookings/{booking.pk}/move/?from=2027-03-10").text
        assert 'name="minutes"' not in page
        done = client.post(f"/bookings/{booking.pk}/move/", {"starts_at": "2027-03-10T15:00:00Z"}, follow=True)
    assert "The session is moved." in done.text
    booking.refresh_from_db()
    assert booking.starts_at == LATER


def test_no_choice_and_a_taken_one_are_said_on_the_page(client: Client, booking: Booking) -> None:
    url = f"/bookings/{booking.pk}/move/"
    other = make_booking(mentor=booking.mentor, starts_at=LATER)
    with time_machine.travel(NOW, tick=False):
        client.force_login(booking.student)
        nothing = client.post(url, {})
        assert (nothing.status_code, "Pick a time." in nothing.text) == (422, True)
        taken = client.post(url, {"starts_at": "2027-03-10T15:00:00Z"})
        assert taken.status_code == 409
        assert "The nearest free times" in taken.text
        Booking.objects.filter(pk=other.pk).update(status="cancelled")
        assert client.post(url, {"starts_at": "2027-03-10T15:00:00Z"}).status_code == 302


@pytest.mark.parametrize(
    ("fields", "at", "words"),
    [
        ({}, START - timedelta(hours=20), "too late to move"),
        ({"moves_by_student": 2}, NOW, "moved this session twice"),
        ({}, START, "already begun"),
    ],
)
def test_the_page_says_why_nothing_moves_and_offers_to_cancel(
    client: Client, booking: Booking, fields: dict[str, Any], at: datetime, words: str
) -> None:
    Booking.objects.filter(pk=booking.pk).update(**fields)
    with time_machine.travel(at, tick=False):
        page = open_page(client, booking, booking.student)
    assert words in page
    assert (f"/bookings/{booking.pk}/cancel/" in page) is (at < START)


def test_the_page_says_when_there_is_no_other_time(client: Client, booking: Booking) -> None:
    booking.mentor.availability_rules.all().delete()
    with time_machine.travel(NOW, tick=False):
        assert "No other times" in open_page(client, booking, booking.student)
        assert "No other times" in open_page(client, booking, booking.mentor.user)


def test_a_mentor_suggests_and_the_student_answers(client: Client, booking: Booking) -> None:
    with time_machine.travel(NOW, tick=False):
        client.force_login(booking.mentor.user)
        url = f"/bookings/{booking.pk}/move/"
        sent = client.post(url, {"starts_at": "2027-03-10T15:00:00Z", "reason": "Dentist"}, follow=True)
        assert "Nothing moves until it is accepted." in sent.text
        assert "It waits for" in client.get(url).text
        assert client.post(url, {"starts_at": "2027-03-10T16:00:00Z"}).status_code == 409
        page = open_page(client, booking, booking.student)
        assert "Dentist" in page
        assert "suggests" in client.get(f"/bookings/{booking.pk}/").text
        answered = client.post(
            f"/bookings/{booking.pk}/proposal/accept/", {"starts_at": "2027-03-10T15:00:00Z"}, follow=True
        )
    assert "The session is moved." in answered.text
    booking.refresh_from_db()
    assert booking.starts_at == LATER


def test_a_student_keeps_the_old_time(client: Client, booking: Booking) -> None:
    propose(booking)
    with time_machine.travel(NOW, tick=False):
        client.force_login(booking.student)
        url = f"/bookings/{booking.pk}/proposal/decline/"
        stale = client.post(url, {"starts_at": "2027-03-10T18:00:00Z"}, follow=True)
        assert "no longer open" in stale.text
        kept = client.post(url, {"starts_at": "2027-03-10T15:00:00Z"}, follow=True)
        client.force_login(booking.mentor.user)
        assert "keeps the old time" in client.get(f"/bookings/{booking.pk}/").text
    assert "The session stays where it is." in kept.text
    assert booking.proposals.get().status == "declined"


# JSON


def post(client: Client, booking: Booking, what: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    answer = client.post(f"/api/bookings/{booking.pk}/{what}", body, content_type="application/json")
    return answer.status_code, answer.json()


def test_moving_as_json(client: Client, booking: Booking) -> None:
    other = make_booking(mentor=booking.mentor, starts_at=LATER)
    to = {"starts_at": "2027-03-10T15:00:00Z"}
    with time_machine.travel(NOW, tick=False):
        client.force_login(booking.student)
        status, body = post(client, booking, "move", to)
        assert (status, body["code"], len(body["alternatives"])) == (409, "slot_taken", 3)
        Booking.objects.filter(pk=other.pk).update(status="cancelled")
        status, body = post(client, booking, "move", to)
    assert (status, body["starts_at"], body["proposal"]) == (200, "2027-03-10T15:00:00Z", None)
    with time_machine.travel(LATER - timedelta(hours=20), tick=False):
        client.force_login(booking.student)
        assert post(client, booking, "move", {"starts_at": "2027-03-12T15:00:00Z"})[0] == 422


def test_a_suggestion_as_json(client: Client, booking: Booking) -> None:
    with time_machine.travel(NOW, tick=False):
        client.force_login(booking.mentor.user)
        status, body = post(client, booking, "move", {"starts_at": "2027-03-10T15:00:00Z"})
        assert (status, body["starts_at"]) == (200, "2027-03-10T12:00:00Z")
        assert body["proposal"] == {
            "starts_at": "2027-03-10T15:00:00Z",
            "ends_at": "2027-03-10T15:45:00Z",
            "lapses_at": "2027-03-07T12:00:00Z",
        }
        assert post(client, booking, "proposal/accept", {})[0] == 403
        client.force_login(booking.student)
        status, body = post(client, booking, "proposal/decline", {})
        assert (status, body["proposal"]) == (200, None)
        assert post(client, booking, "proposal/accept", {})[0] == 409
    propose(booking, at=NOW + timedelta(minutes=1))
    with time_machine.travel(NOW + timedelta(minutes=2), tick=False):
        status, body = post(client, booking, "proposal/accept", {"starts_at": "2027-03-10T15:00:00Z"})
    assert (status, body["starts_at"], body["proposal"]) == (200, "2027-03-10T15:00:00Z", None)


def test_a_lapsed_suggestion_is_none_from_its_second_on(client: Client, booking: Booking) -> None:
    proposal = propose(booking)
    for at, is_open in ((proposal.lapses_at - SECOND, True), (proposal.lapses_at, False)):
        with time_machine.travel(at, tick=False):
            client.force_login(booking.student)
            body = client.get(f"/api/bookings/{booking.pk}").json()
            assert (body["proposal"] is not None) is is_open
