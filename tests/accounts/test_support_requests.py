"""Writing to support: a reference that can be read out, a mail on both sides, each look of support written down, closed once."""

import re
import secrets
import threading
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from accounts import services
from accounts.errors import SupportRequestClosed
from accounts.models import SupportRequest, User
from marketplace.common.errors import violated_constraint
from marketplace.common.models import AuditEvent, Notification
from tests.factories import make_mentor, make_staff, make_student
from tests.jobs import waiting_jobs
from tests.races import race
from tests.signin import sign_in

pytestmark = pytest.mark.django_db

FORM = "/help/report/other/"
LIST = "/admin/accounts/supportrequest/"
TEXT = "She asked to be paid in cash."


@pytest.fixture(autouse=True)
def _second_factors_are_asked_for(settings: Settings) -> None:
    settings.DEMO_SKIP_STAFF_MFA = False


@pytest.fixture
def desk(support: User) -> Client:
    return sign_in(Client(), support)


def read_url(report: SupportRequest) -> str:
    return f"{LIST}{report.pk}/read/"


def mails_to(user: User) -> list[str]:
    sent = [job["mail"] for job in waiting_jobs("deliver_mail")]
    return [mail["name"] for mail in sent if mail["to"] == user.email]


# Whoever writes


def test_who_writes_gets_a_reference_a_mail_and_a_line(client: Client, student: User, support: User) -> None:
    client.force_login(student)
    answer = client.post(FORM, {"whom": "Somebody", "text": TEXT})
    report = SupportRequest.objects.get()
    assert (report.by, report.about, report.whom, report.text) == (student, None, "Somebody", TEXT)
    assert re.fullmatch(r"R-[2-9BCDFGHJKMNPQRSTVWXYZ]{6}", report.reference)
    assert answer["Location"] == f"/help/report/{report.reference}/"
    page = client.get(answer["Location"]).text
    assert report.reference in page
    assert TEXT in page
    line = Notification.objects.get(user=student)
    assert (line.title, line.path) == (f"We have your report {report.reference}", answer["Location"])
    assert mails_to(student) == ["report_received"]
    row = AuditEvent.objects.get(action="support_asked")
    assert (row.actor, row.subject_id, row.data) == (student, report.reference, {})


def test_the_same_words_again_are_the_same_report_until_it_is_closed(student: User, support: User) -> None:
    first = services.ask_support(text=TEXT, whom="Somebody", by=student)
    assert services.ask_support(text=TEXT, whom="Somebody", by=student) == first
    assert mails_to(student) == ["report_received"]
    others = [
        services.ask_support(text=TEXT, whom="Somebody else", by=student),
        services.ask_support(text="He too.", whom="Somebody", by=student),
        services.ask_support(text=TEXT, whom="Somebody", by=make_student()),
    ]
    services.close_support_request(request=first, note="Talked.", by=support)
    others.append(services.ask_support(text=TEXT, whom="Somebody", by=student))
    assert len({first.pk, *(other.pk for other in others)}) == 5


def press_four_times(student: User) -> Counter[str]:
    return race([lambda: services.ask_support(text=TEXT, by=student)] * 4)


@pytest.mark.django_db(transaction=True)
def test_a_button_pressed_four_times_at_once_writes_one_report() -> None:
    assert press_four_times(make_student()) == {"won": 4}
    assert SupportRequest.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_control_without_the_lock_it_writes_several(monkeypatch: pytest.MonkeyPatch) -> None:
    student, meeting, draw = make_student(), threading.Barrier(4), services.new_reference

    def draw_together() -> str:
        meeting.wait(20)
        return draw()

    monkeypatch.setattr(services, "new_reference", draw_together)
    monkeypatch.setattr(services, "lock_writer", lambda user: None)
    assert press_four_times(student) == {"won": 4}
    assert SupportRequest.objects.count() == 4


def test_support_is_told_that_and_not_what(student: User, support: User, reviewer: User) -> None:
    locked = make_staff("support", is_active=False)
    report = services.ask_support(text=TEXT, by=student)
    assert mails_to(support) == ["support_asked"]
    assert mails_to(reviewer) == mails_to(locked) == []
    line = Notification.objects.get(user=support)
    assert line.path == read_url(report)
    [mail] = [job["mail"] for job in waiting_jobs("deliver_mail") if job["mail"]["name"] == "support_asked"]
    assert TEXT not in mail["text"] + mail["html"] + line.title


def test_nothing_typed_is_lost_by_an_error(client: Client, student: User) -> None:
    client.force_login(student)
    empty = client.post(FORM, {"whom": "Somebody", "text": " "})
    assert empty.status_code == 422
    assert "Say what happened" in empty.text
    assert 'value="Somebody"' in empty.text
    long = client.post(FORM, {"whom": "y" * 81, "text": "x" * 2_001})
    assert long.status_code == 422
    assert "x" * 2_001 in long.text
    assert "y" * 81 in long.text
    assert not SupportRequest.objects.exists()
    assert client.post(FORM, {"whom": "y" * 80, "text": "x" * 2_000}).status_code == 302


def test_a_limit_says_how_long_to_wait_and_keeps_what_was_typed(
    client: Client, student: User, settings: Settings
) -> None:
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"SUPPORT_REQUEST": "1/h"}
    client.force_login(student)
    body = {"whom": "Somebody", "text": TEXT}
    with time_machine.travel(datetime(2026, 3, 2, 12, 10, tzinfo=UTC), tick=False):
        assert client.post(FORM, body | {"text": ""}).status_code == 422  # which does not count
        assert client.post(FORM, body).status_code == 302
        refused = client.post(FORM, body)
    assert refused.status_code == 429
    assert int(refused["Retry-After"]) > 0
    assert "That was a lot at once" in refused.text
    assert TEXT in refused.text
    assert 'value="Somebody"' in refused.text
    client.force_login(make_student())
    assert client.post(FORM, body).status_code == 302
    assert SupportRequest.objects.count() == 2


def test_a_suspended_account_writes_all_the_same(client: Client) -> None:
    mentor = make_mentor(status="suspended")
    User.objects.filter(pk=mentor.pk).update(suspended_at=timezone.now())
    client.force_login(mentor.user)
    assert client.get("/help/report/")["Location"] == FORM
    assert FORM in client.get("/account/privacy/").text
    answer = client.post(FORM, {"text": TEXT})
    assert client.get(answer["Location"]).status_code == 200
    assert SupportRequest.objects.get().by == mentor.user


def test_nobody_else_reads_it(client: Client, student: User, other_student: User) -> None:
    url = f"/help/report/{services.ask_support(text=TEXT, by=student).reference}/"
    client.force_login(other_student)
    assert client.get(url).status_code == 404
    client.force_login(student)
    assert client.get(url).status_code == 200


def test_a_reference_that_is_taken_is_drawn_again(student: User, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = iter("222222222222333333")
    monkeypatch.setattr(secrets, "choice", lambda letters: next(drawn))
    first, second = (services.ask_support(text=f"{TEXT} {time}", by=student) for time in (1, 2))
    assert (first.reference, second.reference) == ("R-222222", "R-333333")
    assert AuditEvent.objects.filter(action="support_asked").count() == 2
    assert mails_to(student) == ["report_received"] * 2


# Support


def test_each_look_of_support_is_written_down(student: User, support: User, desk: Client) -> None:
    report = services.ask_support(text=TEXT, whom="Somebody", by=student)
    for looks in (1, 2):
        page = desk.get(read_url(report)).text
        assert TEXT in page
        assert "Somebody" in page
        assert student.email in page
        seen = AuditEvent.objects.filter(action="support_request_read", actor=support, subject_id=report.pk)
        assert seen.count() == looks


def test_only_support_reads_it(student: User) -> None:
    report = services.ask_support(text=TEXT, by=student)
    for stranger in (make_staff("reviewer"), make_staff("finance"), make_staff(superuser=True)):
        assert sign_in(Client(), stranger).get(read_url(report)).status_code == 403
    for stranger in (make_staff("reviewer"), make_staff("finance")):
        assert sign_in(Client(), stranger).get(LIST).status_code == 403
    assert not AuditEvent.objects.filter(action="support_request_read").exists()
    colleague = sign_in(Client(), make_staff("support"))
    assert [colleague.get(url).status_code for url in (read_url(report), LIST)] == [200, 200]


def test_it_is_closed_once_with_a_note_that_its_writer_does_not_see(
    client: Client, student: User, support: User, desk: Client
) -> None:
    report = services.ask_support(text=TEXT, by=student)
    assert desk.post(read_url(report), {"note": " "}).status_code == 422
    assert desk.post(read_url(report), {"note": "Warned her."})["Location"] == LIST
    again = desk.post(read_url(report), {"note": "Warned her again."})
    assert again.status_code == 409
    assert "closed already" in again.text
    report.refresh_from_db()
    assert (report.closed_by, report.closing_note) == (support, "Warned her.")
    assert AuditEvent.objects.filter(action="support_request_closed", actor=support).count() == 1
    assert "Warned her." in desk.get(read_url(report)).text
    client.force_login(student)
    page = client.get(f"/help/report/{report.reference}/").text
    assert "Closed on" in page
    assert "Warned" not in page
    with pytest.raises(SupportRequestClosed):
        services.close_support_request(request=report, note="Once more.", by=support)


def test_the_list_begins_with_the_oldest_open_one_and_shows_no_words(
    student: User, desk: Client, support: User
) -> None:
    reports = []
    for day in (1, 2, 3):
        with time_machine.travel(datetime(2026, 3, day, 12, tzinfo=UTC), tick=False):
            reports.append(services.ask_support(text=f"{TEXT} {day}", by=student).reference)
    services.close_support_request(request=SupportRequest.objects.get(pk=reports[0]), note="Done.", by=support)
    page = desk.get(LIST).text
    assert re.findall(r"supportrequest/(R-\w{6})/read", page) == [reports[1], reports[2], reports[0]]
    row = desk.get(f"{LIST}{reports[0]}/change/").text
    assert "Done." in row
    assert TEXT not in page + row


def test_admin_changes_nothing_by_itself(student: User, desk: Client) -> None:
    report = services.ask_support(text=TEXT, by=student)
    chief = sign_in(Client(), make_staff("support", superuser=True))
    for staff in (desk, chief):
        found = [
            staff.post(f"{LIST}{path}").status_code for path in ("add/", f"{report.pk}/change/", f"{report.pk}/delete/")
        ]
        assert found == [403, 403, 403]


def test_a_long_list_takes_as_many_queries_as_a_short_one(student: User, desk: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as caught:
            assert desk.get(LIST).status_code == 200
        return len(caught)

    services.ask_support(text=TEXT, by=student)
    queries()  # what is remembered from now on
    before = queries()
    for _number in range(3):
        services.ask_support(text=TEXT, by=make_student())
    assert queries() == before


# The database


def refused_by(**fields: Any) -> str:  # Any: columns
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        SupportRequest.objects.create(
            **({"reference": "R-7K3M2Q", "text": TEXT, "created_at": timezone.now()} | fields)
        )
    return violated_constraint(refusal.value)


@pytest.mark.parametrize("reference", ["", "R-7K3M2", "R-7K3M20", "R-7K3M2A", "r-7k3m2q", "7K3M2QWX"])
def test_a_reference_can_be_read_out(student: User, reference: str) -> None:
    assert refused_by(by=student, reference=reference) == "support_request_reference_readable"


def test_what_is_written_says_something_about_somebody_else(student: User, support: User) -> None:
    other = make_student()
    now = timezone.now()
    assert refused_by(by=student, text="") == "support_request_says_something"
    assert refused_by(by=student, about=other, whom="Him") == "support_request_names_once"
    assert refused_by(by=student, about=student) == "support_request_about_somebody_else"
    for half in (
        {"closed_at": now},
        {"closed_by": support},
        {"closing_note": "Done."},
        {"closed_at": now, "closed_by": support},
    ):
        assert refused_by(by=student, **half) == "support_request_closed_with_a_note"
    SupportRequest.objects.create(reference="R-222222", by=student, about=other, text=TEXT, created_at=now)
    SupportRequest.objects.create(reference="R-333333", by=student, whom="Him", text=TEXT, created_at=now)


def test_nothing_of_it_changes_but_that_it_is_closed(student: User, support: User) -> None:
    report = services.ask_support(text=TEXT, by=student)
    rows = SupportRequest.objects.filter(pk=report.pk)

    def refused(**changes: Any) -> str:  # Any: columns
        with pytest.raises(IntegrityError) as refusal, transaction.atomic():
            rows.update(**changes) if changes else rows.delete()
        return violated_constraint(refusal.value)

    changes: tuple[dict[str, object], ...] = (
        {"text": "Nothing."},
        {"whom": "Him"},
        {"by": support},
        {"created_at": timezone.now()},
        {},  # deleted
    )
    for change in changes:
        assert refused(**change) == "support_request_closed_once"
    services.close_support_request(request=report, note="Done.", by=support)
    changes = ({"closing_note": "Not done."}, {"closed_at": None, "closed_by": None, "closing_note": ""}, {})
    for change in changes:
        assert refused(**change) == "support_request_closed_once"
