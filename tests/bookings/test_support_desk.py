"""The support desk: the queue, a decision with its exact sums, appeals against strikes."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from bookings.models import Booking, ProblemReport, Strike
from bookings.services import answer_report, appeal_strike, report_problem
from mentors.models import Mentor
from payments.models import Refund
from tests.bookings.after import make_past_session, status_of, strike, was_there
from tests.factories import make_mentor, make_student
from tests.signin import sign_in

pytestmark = pytest.mark.django_db

DESK = "/admin/bookings/desk/"


@pytest.fixture
def report(student: User, mentor: Mentor) -> ProblemReport:
    """Answered, so it can be decided. 33.00."""
    return answered_report(student, mentor)


@pytest.fixture
def desk(client: Client, support: User) -> Client:
    return sign_in(client, support)


def answered_report(student: User, mentor: Mentor) -> ProblemReport:
    session = make_past_session(student=student, mentor=mentor)
    was_there(session, student, minutes=20)
    report_problem(booking_id=session.pk, by=student, note="We lost half of it.")
    return answer_report(booking_id=session.pk, by=mentor.user, text="Ten minutes at most.")


def url(report: ProblemReport) -> str:
    return f"{DESK}reports/{report.pk}/"


def test_the_queue_names_what_waits(desk: Client, mentor: Mentor) -> None:
    assert "All caught up" in desk.get(DESK).text
    report = answered_report(make_student(name="Amara Okafor"), mentor)
    waiting = make_past_session(mentor=make_mentor())
    report_problem(booking_id=waiting.pk, by=waiting.student, note="Too short.")
    html = desk.get(DESK).text
    assert "Amara Okafor" in html
    assert html.index("To decide") < html.index("Answer until")
    assert url(report) in html


def test_the_queue_costs_the_same_however_many_wait(desk: Client) -> None:
    def add() -> None:
        mentor = make_mentor()
        answered_report(make_student(), mentor)
        appeal_strike(strike=strike(mentor), by=mentor.user, text="No.")

    add()
    desk.get(DESK)
    with CaptureQueriesContext(connection) as one:
        desk.get(DESK)
    for _ in range(4):
        add()
    with CaptureQueriesContext(connection) as many:
        desk.get(DESK)
    assert len(one) == len(many)


def test_a_report_shows_both_sides_and_who_was_there(desk: Client, report: ProblemReport) -> None:
    html = desk.get(url(report)).text
    for words in ("We lost half of it.", "Ten minutes at most.", "20 minutes", "Never, within the session"):
        assert words in html


def test_the_sums_are_read_to_the_cent_before_anything_is_decided(desk: Client, report: ProblemReport) -> None:
    typed = {"finding": "", "percent": "33", "reason": "A third was lost."}
    html = desk.post(url(report), typed).text
    for sum_ in ("$10.89", "$3.32", "$18.79"):
        assert sum_ in html
    assert status_of(report.booking_id) == "problem"
    back = desk.post(url(report), {**typed, "confirmed": "on", "edit": "yes"}).text
    assert "A third was lost." in back
    assert status_of(report.booking_id) == "problem"
    assert desk.post(url(report), {**typed, "confirmed": "on"}).status_code == 302
    assert status_of(report.booking_id) == "refunded"
    assert Refund.objects.get().amount_minor == 1_089


def test_nothing_back_is_a_decision_too(desk: Client, report: ProblemReport) -> None:
    assert desk.post(url(report), {"finding": "", "percent": "0", "reason": "It was fine."}).status_code == 200
    desk.post(url(report), {"finding": "", "percent": "0", "reason": "It was fine.", "confirmed": "on"})
    assert (status_of(report.booking_id), Refund.objects.count()) == ("completed", 0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"percent": ""},
        {"percent": "101"},
        {"percent": "-1"},
        {"percent": "12.5"},
        {"reason": ""},
        {"finding": "aliens"},
    ],
)
def test_what_cannot_be_decided_is_said_at_its_field(
    desk: Client, report: ProblemReport, wrong: dict[str, str]
) -> None:
    right = {"finding": "", "percent": "50", "reason": "Half of it was lost."}
    assert desk.post(url(report), {**right, **wrong, "confirmed": "on"}).status_code == 422
    assert status_of(report.booking_id) == "problem"
    assert desk.post(url(report), {**right, "confirmed": "on"}).status_code == 302


def test_a_mentor_found_absent_gets_strikes(desk: Client, report: ProblemReport) -> None:
    typed = {"finding": "mentor_absent", "percent": "", "reason": "The log is empty."}
    assert "$33.00" in desk.post(url(report), typed).text
    desk.post(url(report), {**typed, "confirmed": "on"})
    assert Strike.objects.get().points == 3


def test_what_is_decided_or_not_yet_due_has_no_form(desk: Client, student: User, mentor: Mentor) -> None:
    session = make_past_session(student=student, mentor=mentor)
    report = report_problem(booking_id=session.pk, by=student, note="Too short.")
    assert "Not yet" in desk.get(url(report)).text
    typed = {"finding": "", "percent": "50", "reason": "Half.", "confirmed": "on"}
    assert desk.post(url(report), typed).status_code == 409
    answer_report(booking_id=session.pk, by=mentor.user, text="Yes.")
    assert desk.post(url(report), typed).status_code == 302
    assert "Decided" in desk.get(url(report)).text
    assert desk.post(url(report), typed).status_code == 409


def test_deciding_needs_a_fresh_sign_in(client: Client, support: User, report: ProblemReport) -> None:
    typed = {"finding": "", "percent": "50", "reason": "Half.", "confirmed": "on"}
    sign_in(client, support, ago=timedelta(minutes=11))
    assert client.get(url(report)).status_code == 200
    assert client.post(url(report), typed).status_code == 302
    assert status_of(report.booking_id) == "problem"
    sign_in(client, support)
    client.post(url(report), typed)
    assert status_of(report.booking_id) == "refunded"


def test_the_desk_is_supports_alone(
    client: Client, report: ProblemReport, reviewer: User, finance: User, student: User
) -> None:
    for person in (reviewer, finance, student):
        sign_in(client, person)
        assert client.get(DESK).status_code == 403
        assert client.get(url(report)).status_code == 403


def test_what_was_decided_can_be_looked_up(desk: Client, report: ProblemReport, mentor: Mentor) -> None:
    found = strike(mentor)
    assert DESK in desk.get("/admin/").text
    assert url(report) in desk.get("/admin/bookings/problemreport/").text
    assert f"{DESK}strikes/{found.pk}/" in desk.get("/admin/bookings/strike/").text
    assert desk.get("/admin/bookings/review/").status_code == 200
    assert desk.get(f"/admin/bookings/problemreport/{report.pk}/change/").status_code == 200


def test_a_strike_is_taken_back_or_stands(desk: Client, mentor: Mentor) -> None:
    found = strike(mentor)
    appeal_strike(strike=found, by=mentor.user, text="I was in hospital.")
    page = f"{DESK}strikes/{found.pk}/"
    assert "I was in hospital." in desk.get(page).text
    assert desk.post(page, {"decision": "waive", "reason": ""}).status_code == 422
    assert desk.post(page, {"decision": "waive", "reason": "The paper says so."}).status_code == 302
    found.refresh_from_db()
    assert found.waived_at is not None
    assert desk.post(page, {"decision": "stand", "reason": "No."}).status_code == 409


def test_the_session_page_of_support_asks_them_nothing(desk: Client, report: ProblemReport) -> None:
    html = desk.get(f"/bookings/{report.booking_id}/").text
    assert "Who was there" in html
    for words in ("All went well", "Tell us your side", "Report a problem"):
        assert words not in html
    assert Booking.objects.count() == 1
