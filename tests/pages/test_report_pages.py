"""``/help/report/``: sessions and conversations lead to their own reports, people whom one has met are known by name."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import SupportRequest, User
from bookings.models import Booking, ProblemReport
from chat.services import open_thread, report_thread
from mentors.models import Mentor
from tests.factories import make_booking, make_mentor, make_staff, make_user

pytestmark = pytest.mark.django_db

CHOICE, SESSIONS, CONVERSATIONS, FORM = (f"/help/report/{page}" for page in ("", "session/", "conversation/", "other/"))


def over(student: User, *, days: float = 1, mentor: Mentor | None = None, status: str = "ended") -> Booking:
    """A session that began so many days ago."""
    return make_booking(student=student, mentor=mentor, status=status, starts_at=timezone.now() - timedelta(days=days))


def problem_url(booking: Booking) -> str:
    return f"/bookings/{booking.pk}/problem/"


def test_the_first_page_asks_one_question(client: Client, student: User) -> None:
    client.force_login(student)
    page = client.get(CHOICE).text
    for way in (SESSIONS, CONVERSATIONS, FORM):
        assert f'href="{way}"' in page
    assert f'href="{CHOICE}"' in client.get("/help/").text


def test_help_leads_there_whoever_can_use_it(client: Client) -> None:
    assert f'href="{CHOICE}"' in client.get("/help/").text
    assert client.get(CHOICE)["Location"] == f"/accounts/login/?next={CHOICE}"
    for stranger in (make_staff("support"), make_user()):
        client.force_login(stranger)
        assert f'href="{CHOICE}"' not in client.get("/help/").text


def test_sessions_stand_there_as_long_as_they_can_be_reported(
    client: Client, student: User, other_student: User, mentor: Mentor
) -> None:
    theirs = [over(student, mentor=mentor), over(student, days=13.9, status="completed")]
    not_theirs = [
        over(student, days=14.1),
        over(student, days=-1, status="confirmed"),
        over(student, status="cancelled"),
        over(student, status="problem"),
        over(other_student),
    ]
    decided = over(student, days=2, status="completed")
    now = timezone.now()
    ProblemReport.objects.create(
        booking=decided, side="student", by=student, found="ended", opened_at=now, answer_due_at=now, decided_at=now,
        decided_by=make_staff("support"), percent=0, decision="Nothing goes back.",
    )  # fmt: skip
    client.force_login(student)
    page = client.get(SESSIONS).text
    for booking in theirs:
        assert problem_url(booking) in page
        assert client.get(problem_url(booking)).status_code == 200
    for booking in (*not_theirs, decided):
        assert problem_url(booking) not in page
    client.force_login(mentor.user)
    assert problem_url(theirs[0]) in client.get(SESSIONS).text


def test_a_conversation_leads_to_its_report_until_it_is_reported(client: Client, student: User, mentor: Mentor) -> None:
    thread, _new = open_thread(handle=mentor.handle, body="Hello!", client_id="report-0001", by=student)
    url = f"/messages/{thread.pk}/report/"
    client.force_login(student)
    assert url in client.get(CONVERSATIONS).text
    report_thread(thread=thread, reason="Rude.", by=student)
    page = client.get(CONVERSATIONS).text
    assert url not in page
    assert f"/messages/{thread.pk}/" in page
    assert "Reported" in page
    client.force_login(mentor.user)
    assert url in client.get(CONVERSATIONS).text


def test_who_has_neither_is_shown_another_way(client: Client, student: User) -> None:
    client.force_login(student)
    for page in (SESSIONS, CONVERSATIONS):
        assert f'href="{FORM}"' in client.get(page).text


def test_somebody_met_is_offered_by_name_and_known_by_it(
    client: Client, student: User, other_student: User, mentor: Mentor
) -> None:
    User.objects.filter(pk=mentor.pk).update(name="Ngozi Adeyemi")
    written_with = make_mentor(user=make_user(role="mentor", name="Hannah Whitlock"))
    open_thread(handle=written_with.handle, body="Hello!", client_id="report-0002", by=student)
    over(student, mentor=mentor)
    never_met = make_mentor(user=make_user(role="mentor", name="Never Met"))
    over(other_student, mentor=never_met)
    client.force_login(student)
    page = client.get(FORM).text
    assert '<option value="Ngozi Adeyemi">' in page
    assert '<option value="Hannah Whitlock">' in page
    assert "Never Met" not in page
    for whom, known, words in (
        ("  ngozi   adeyemi ", mentor.user, ""),
        ("Never Met", None, "Never Met"),
        ("", None, ""),
    ):
        reference = client.post(FORM, {"whom": whom, "text": "Look."})["Location"].split("/")[-2]
        report = SupportRequest.objects.get(pk=reference)
        assert (report.about, report.whom) == (known, words)


def test_a_name_that_two_bear_is_left_as_it_was_typed(client: Client, student: User) -> None:
    for _number in range(2):
        over(student, mentor=make_mentor(user=make_user(role="mentor", name="Kim Lee")), days=_number + 1)
    client.force_login(student)
    client.post(FORM, {"whom": "Kim Lee", "text": "Look."})
    report = SupportRequest.objects.get()
    assert (report.about, report.whom) == (None, "Kim Lee")


@pytest.mark.parametrize("page", [SESSIONS, CONVERSATIONS, FORM])
def test_many_take_as_many_queries_as_one(client: Client, student: User, page: str) -> None:
    def another(number: int) -> None:
        mentor = make_mentor()
        over(student, mentor=mentor, days=number)
        open_thread(handle=mentor.handle, body="Hello!", client_id=f"report-{number:04}", by=student)

    def queries() -> int:
        with CaptureQueriesContext(connection) as caught:
            assert client.get(page).status_code == 200
        return len(caught)

    client.force_login(student)
    another(1)
    before = queries()
    for number in (2, 3, 4):
        another(number)
    assert queries() == before
