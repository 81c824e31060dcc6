"""Reporting a conversation opens it to support, each look is written down, and closing the report shuts it again."""

import pytest
from django.test import Client

from accounts.models import User
from chat import services
from chat.errors import ReportClosed
from chat.models import Thread, ThreadReport
from marketplace.common.models import AuditEvent
from mentors.models import Mentor
from tests.factories import make_staff
from tests.signin import sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(support: User) -> Client:
    return sign_in(Client(), support)


def read_url(report: ThreadReport) -> str:
    return f"/admin/chat/threadreport/{report.pk}/read/"


def close(client: Client, report: ThreadReport, note: str = "Talked to both.") -> int:
    return client.post(f"/admin/chat/threadreport/{report.pk}/close/", {"note": note}).status_code


def test_a_report_names_what_is_wrong(client: Client, thread: Thread, student: User) -> None:
    url = f"/messages/{thread.pk}/report/"
    client.force_login(student)
    for choice, _label in ThreadReport.Kind.choices:
        assert f'value="{choice}"' in client.get(url).text
    for body in ({}, {"kind": "boring"}, {"kind": "other"}, {"reason": "Rude"}):
        assert client.post(url, body).status_code == 422
    kept = client.post(url, {"kind": "other", "reason": "x" * 1_001})
    assert kept.status_code == 422
    assert "x" * 1_001 in kept.text
    assert client.post(url, {"kind": "outside"}).status_code == 302
    report = ThreadReport.objects.get()
    assert (report.kind, report.reason, report.by) == ("outside", "", student)


def test_who_reported_is_told_so_and_the_other_is_not(
    client: Client, thread: Thread, student: User, mentor: Mentor
) -> None:
    report = services.report_thread(thread=thread, kind="spam", reason="", by=student)
    client.force_login(student)
    page = client.get(f"/messages/{thread.pk}/").text
    assert f"Your reference is R-{report.pk}." in page
    assert f"/messages/{thread.pk}/report/" not in page
    client.force_login(mentor.user)
    page = client.get(f"/messages/{thread.pk}/").text
    assert "R-" not in page
    assert f"/messages/{thread.pk}/report/" in page


def test_support_reads_what_is_reported_and_each_look_is_written_down(
    thread: Thread, student: User, support: User, desk: Client
) -> None:
    assert desk.get("/admin/chat/threadreport/1/read/").status_code == 404
    assert desk.get(f"/messages/{thread.pk}/").status_code == 403
    report = services.report_thread(thread=thread, kind="rude", reason="See the first.", by=student)
    for looks in (1, 2):
        page = desk.get(read_url(report))
        assert page.status_code == 200
        assert "Hello!" in page.text
        assert "See the first." in page.text
        written = AuditEvent.objects.filter(action="thread_read", actor=support, subject_id=str(thread.pk))
        assert written.count() == looks


def test_support_reads_what_was_edited_and_deleted(thread: Thread, student: User, desk: Client) -> None:
    said, _new = services.post_message(thread=thread, body="First words", client_id="message-2", by=student)
    services.edit_message(message=said, body="Second words", by=student)
    services.delete_message(message=said, by=student)
    report = services.report_thread(thread=thread, kind="rude", reason="", by=thread.mentor.user)
    page = desk.get(read_url(report)).text
    assert "First words" in page
    assert "Second words" in page
    assert "Deleted" in page


def test_a_closed_report_shuts_the_conversation_again(
    thread: Thread, student: User, mentor: Mentor, support: User, desk: Client
) -> None:
    one = services.report_thread(thread=thread, kind="rude", reason="", by=student)
    other = services.report_thread(thread=thread, kind="spam", reason="", by=mentor.user)
    assert close(desk, one, note=" ") == 422
    assert close(desk, one) == 302
    assert desk.get(read_url(one)).status_code == 404
    assert desk.get(read_url(other)).status_code == 200
    assert close(desk, one) == 404
    assert close(desk, other) == 302
    assert [desk.get(read_url(each)).status_code for each in (one, other)] == [404, 404]
    one.refresh_from_db()
    assert (one.closed_by, one.closing_note) == (support, "Talked to both.")
    assert AuditEvent.objects.filter(action="thread_report_closed", actor=support).count() == 2
    again = services.report_thread(thread=thread, kind="rude", reason="", by=student)
    assert desk.get(read_url(again)).status_code == 200


def test_a_report_is_closed_once(thread: Thread, student: User, support: User) -> None:
    report = services.report_thread(thread=thread, kind="rude", reason="", by=student)
    services.close_report(report=report, note="Done.", by=support)
    with pytest.raises(ReportClosed):
        services.close_report(report=report, note="Done again.", by=make_staff("support"))
    report.refresh_from_db()
    assert (report.closed_by, report.closing_note) == (support, "Done.")


def test_only_support_closes_a_report(client: Client, thread: Thread, student: User, reviewer: User) -> None:
    report = services.report_thread(thread=thread, kind="rude", reason="", by=student)
    for stranger in (reviewer, make_staff(superuser=True)):
        assert close(sign_in(Client(), stranger), report) == 403
    assert client.get(f"/admin/chat/threadreport/{report.pk}/close/").status_code == 302
    assert close(sign_in(Client(), make_staff("support")), report) == 302


def test_the_list_shows_no_way_into_a_closed_report(thread: Thread, student: User, support: User, desk: Client) -> None:
    report = services.report_thread(thread=thread, kind="rude", reason="", by=student)
    assert read_url(report) in desk.get("/admin/chat/threadreport/").text
    services.close_report(report=report, note="Done.", by=support)
    assert read_url(report) not in desk.get("/admin/chat/threadreport/").text


def test_the_list_begins_with_what_waits_longest(
    thread: Thread, student: User, mentor: Mentor, support: User, desk: Client
) -> None:
    closed = services.report_thread(thread=thread, kind="rude", reason="", by=student)
    services.close_report(report=closed, note="Done.", by=support)
    waiting = [services.report_thread(thread=thread, kind="rude", reason="", by=by) for by in (mentor.user, student)]
    listed = desk.get("/admin/chat/threadreport/").context["cl"].result_list
    assert list(listed) == [*waiting, closed]
