"""The reviewers' decisions: bound to a version, one winner, nobody about themself, undone within seconds."""

import threading
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, OperationalError, connection, transaction
from django.test import Client
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.jobs import Job

from accounts.models import User
from marketplace.common.errors import AccessDenied, violated_constraint
from marketplace.common.models import AnalyticsEvent, AuditEvent
from mentors import services, tasks
from mentors.errors import AlreadyDecided, StaleVersion, TooLateToUndo
from mentors.models import Mentor, MentorEvent, VerificationDocument
from mentors.services import decisions, review
from mentors.services.rows import raise_version
from tests.factories import make_mentor, make_staff, make_subject
from tests.mentors.review_cast import approve_id, document_of, make_application, make_document
from tests.races import at_once
from tests.signin import sign_in

pytestmark = pytest.mark.usefixtures("no_old_jobs")

TOMORROW = timezone.now().date() + timedelta(days=2)
REFUSAL = {"code": "unreadable", "note": "The bottom edge is cut off."}


@pytest.fixture
def application(db: None) -> Mentor:
    """Submitted, with a government ID and a certificate waiting."""
    return make_application(certificate=True)


@pytest.fixture
def desk(client: Client, reviewer: User) -> Client:
    """A client that ``reviewer`` has just signed in to."""
    return sign_in(client, reviewer)


def post(client: Client, path: str, body: dict[str, object]) -> Any:  # Any: the test client's response
    return client.post(f"/api/admin/{path}", body, content_type="application/json")


def mails(name: str) -> list[dict[str, Any]]:  # Any: JSON
    jobs = ProcrastinateJob.objects.filter(task_name="deliver_mail").order_by("pk")
    return [job.args["mail"] for job in jobs if job.args["mail"]["name"] == name]


def tell(event: MentorEvent) -> None:
    review.tell_decision(event=event)


# Documents


def test_a_reviewer_accepts_a_document(desk: Client, application: Mentor, reviewer: User) -> None:
    document = document_of(application)
    answer = post(
        desk, f"documents/{document.pk}/approve", {"version": application.version, "expires_on": str(TOMORROW)}
    )
    assert answer.status_code == 200
    assert (answer.json()["status"], answer.json()["expires_on"]) == ("approved", str(TOMORROW))
    document.refresh_from_db()
    assert (document.status, document.decided_by, document.expires_on) == ("approved", reviewer, TOMORROW)
    application.refresh_from_db()
    assert (application.status, application.version) == ("submitted", 1)  # a decision changes nothing that is judged
    assert AuditEvent.objects.get(action="document_approved").subject_id == str(document.pk)
    assert AnalyticsEvent.objects.get(name="document_decided").data["status"] == "approved"
    assert MentorEvent.objects.get(name="document_approved").by == reviewer


def test_a_better_copy_is_asked_for_by_mail_after_a_pause(desk: Client, application: Mentor) -> None:
    document = document_of(application)
    answer = post(desk, f"documents/{document.pk}/reject", {"version": 1, **REFUSAL})
    assert (answer.status_code, answer.json()["status"], answer.json()["reason"]) == (200, "refused", "unreadable")
    assert mails("better_copy_needed") == []
    job = ProcrastinateJob.objects.get(task_name="mentors.tasks.tell_decision")
    assert job.scheduled_at is not None
    assert job.scheduled_at > timezone.now() + timedelta(seconds=5)
    event = MentorEvent.objects.get(name="document_refused")
    assert job.args == {"event_id": event.pk}
    tell(event)
    [mail] = mails("better_copy_needed")
    assert mail["to"] == application.user.email
    assert "The bottom edge is cut off." in mail["text"]
    assert "all four corners" in mail["html"]


def test_a_decision_is_told_once_however_often_its_job_runs(desk: Client, application: Mentor) -> None:
    """A worker that died after it had told leaves its job to be run again."""
    post(desk, f"documents/{document_of(application).pk}/reject", {"version": 1, **REFUSAL})
    event = MentorEvent.objects.get(name="document_refused")
    for _run in range(2):
        tell(event)
    assert len(mails("better_copy_needed")) == 1


def test_a_decision_that_could_not_be_told_is_told_later(desk: Client, application: Mentor) -> None:
    """The mentor's row may be locked for longer than a job waits."""
    post(desk, f"documents/{document_of(application).pk}/reject", {"version": 1, **REFUSAL})
    row = ProcrastinateJob.objects.get(task_name="mentors.tasks.tell_decision")
    job = Job(id=row.pk, queue=row.queue_name, lock=None, queueing_lock=None, task_name=row.task_name, attempts=1)
    assert tasks.tell_decision.get_retry_exception(OperationalError("canceling statement"), job) is not None


def test_a_certificate_marks_its_subject_until_it_expires(desk: Client, application: Mentor) -> None:
    document = document_of(application, "certificate")
    post(desk, f"documents/{document.pk}/approve", {"version": 1, "expires_on": str(TOMORROW)})
    mark = application.mentor_subjects.get()
    assert (mark.verified_at is not None, mark.verified_until) == (True, TOMORROW)
    review.drop_expired_marks()
    mark.refresh_from_db()
    assert mark.verified_at is not None
    with time_machine.travel(timezone.now() + timedelta(days=3)):
        review.drop_expired_marks()
    unmarked = application.mentor_subjects.get()
    assert (unmarked.verified_at, unmarked.verified_until) == (None, None)


def test_an_expired_id_changes_nothing(desk: Client, application: Mentor, reviewer: User) -> None:
    approve_id(application, by=reviewer)
    application.documents.update(expires_on=date(2020, 1, 1))
    application.mentor_subjects.update(verified_at=timezone.now())
    review.drop_expired_marks()
    assert application.mentor_subjects.get().verified_at is not None
    assert post(desk, f"mentors/{application.handle}/approve", {"version": 1}).status_code == 200


def test_a_document_that_has_expired_is_not_accepted(desk: Client, application: Mentor) -> None:
    path = f"documents/{document_of(application).pk}/approve"
    answer = post(desk, path, {"version": 1, "expires_on": str(timezone.now().date())})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert answer.json()["errors"][0]["field"] == "expires_on"
    assert post(desk, path, {"version": 1, "expires_on": str(TOMORROW)}).status_code == 200


def test_something_else_needs_a_note(desk: Client, application: Mentor) -> None:
    path = f"documents/{document_of(application).pk}/reject"
    answer = post(desk, path, {"version": 1, "code": "other", "note": "  "})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "note")
    assert post(desk, path, {"version": 1, "code": "other", "note": "Send the back, too."}).status_code == 200


@pytest.mark.parametrize("action", ["approve", "reject"])
def test_a_decision_names_the_version_it_saw(desk: Client, application: Mentor, action: str) -> None:
    document = document_of(application)
    path, body = f"documents/{document.pk}/{action}", REFUSAL if action == "reject" else {}
    raise_version(application)
    answer = post(desk, path, {"version": 1, **body})
    assert (answer.status_code, answer.json()["code"]) == (409, "stale_version")
    document.refresh_from_db()
    assert document.status == "waiting"
    assert post(desk, path, {"version": 2, **body}).status_code == 200


@pytest.mark.parametrize("status", ["approved", "refused"])
def test_what_was_decided_stays_decided(desk: Client, application: Mentor, reviewer: User, status: str) -> None:
    document = document_of(application)
    fields = {"decided_by": reviewer, "decided_at": timezone.now(), "reason": "other"}
    VerificationDocument.objects.filter(pk=document.pk).update(status=status, **fields)
    for path, body in (("approve", {}), ("reject", REFUSAL)):
        answer = post(desk, f"documents/{document.pk}/{path}", {"version": 1, **body})
        assert (answer.status_code, answer.json()["code"]) == (409, "wrong_state")
    VerificationDocument.objects.filter(pk=document.pk).update(status="waiting")
    assert post(desk, f"documents/{document.pk}/approve", {"version": 1}).status_code == 200


def test_a_file_is_decided_only_after_its_check(desk: Client, db: None) -> None:
    mentor = make_mentor(status="submitted")
    document = make_document(mentor, upload_status="checking")
    path = f"documents/{document.pk}/approve"
    assert post(desk, path, {"version": 1}).json()["code"] == "wrong_state"
    document.upload.status = "ready"
    document.upload.save()
    assert post(desk, path, {"version": 1}).status_code == 200


@pytest.mark.parametrize("status", ["sending", "withdrawn"])
def test_what_was_not_sent_or_taken_back_is_not_there(desk: Client, application: Mentor, status: str) -> None:
    document = document_of(application)
    VerificationDocument.objects.filter(pk=document.pk).update(status=status)
    assert post(desk, f"documents/{document.pk}/approve", {"version": 1}).status_code == 404
    VerificationDocument.objects.filter(pk=document.pk).update(status="waiting")
    assert post(desk, f"documents/{document.pk}/approve", {"version": 1}).status_code == 200


def test_what_a_colleague_has_open_is_theirs(desk: Client, application: Mentor) -> None:
    document = document_of(application)
    colleague = make_staff("reviewer")
    assert services.take_document(document=document, by=colleague)
    path = f"documents/{document.pk}/approve"
    answer = post(desk, path, {"version": 1})
    assert (answer.status_code, answer.json()["code"]) == (409, "wrong_state")
    assert "colleague" in answer.json()["detail"]
    VerificationDocument.objects.update(taken_until=timezone.now())
    assert post(desk, path, {"version": 1}).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"version": "1"},
        {"version": 0},
        {"version": 1, "expires_on": "soon"},
        {"version": 1, "expires_on": 1},
        {"version": 1, "decided_by": "someone"},
    ],
)
def test_a_body_that_cannot_be_right_is_refused(desk: Client, application: Mentor, body: dict[str, object]) -> None:
    path = f"documents/{document_of(application).pk}/approve"
    assert post(desk, path, body).status_code == 422
    assert post(desk, path, {"version": 1}).status_code == 200


# The application


def test_a_mentor_is_let_in_once_the_id_is_approved(desk: Client, application: Mentor, reviewer: User) -> None:
    path = f"mentors/{application.handle}/approve"
    answer = post(desk, path, {"version": 1})
    assert (answer.status_code, answer.json()["code"]) == (409, "wrong_state")
    approve_id(application, by=reviewer)
    answer = post(desk, path, {"version": 1})
    assert (answer.status_code, answer.json()["status"]) == (200, "approved")
    application.refresh_from_db()
    assert application.is_listed
    assert application.approved_at is not None
    assert AnalyticsEvent.objects.get(name="mentor_approved").user_id == application.pk
    event = MentorEvent.objects.get(name="application_approved")
    assert mails("application_approved") == []
    tell(event)
    assert mails("application_approved")[0]["subject"] == "You are live. Students can book you now"


@pytest.mark.parametrize(
    ("action", "status", "mail"),
    [
        ("reject", "rejected", "application_refused"),
        ("request-changes", "changes_requested", "application_changes_requested"),
    ],
)
def test_an_application_is_refused_or_sent_back_with_a_reason(
    desk: Client, application: Mentor, action: str, status: str, mail: str
) -> None:
    path = f"mentors/{application.handle}/{action}"
    assert post(desk, path, {"version": 1}).status_code == 422
    assert post(desk, path, {"version": 1, "code": "rude", "note": ""}).status_code == 422
    answer = post(desk, path, {"version": 1, **REFUSAL})
    assert (answer.status_code, answer.json()["status"]) == (200, status)
    decision = decisions.last_decision(application)
    assert decision is not None
    assert decision.data["note"] == REFUSAL["note"]
    tell(decision)
    assert REFUSAL["note"] in mails(mail)[0]["text"]


ALL = {"draft", "submitted", "changes_requested", "approved", "rejected", "suspended"}


@pytest.mark.parametrize(
    ("action", "leaving"),
    [("approve", {"submitted"}), ("reject", {"submitted"}), ("request-changes", {"submitted", "rejected"})],
)
def test_states_are_left_by_the_ways_there_are(
    desk: Client, application: Mentor, reviewer: User, action: str, leaving: set[str]
) -> None:
    approve_id(application, by=reviewer)
    body: dict[str, object] = {"version": 1, **({} if action == "approve" else REFUSAL)}
    for status in sorted(ALL):
        Mentor.objects.update(status=status)
        answer = post(desk, f"mentors/{application.handle}/{action}", body)
        expected = 200 if status in leaving else 404 if status == "draft" else 409
        assert answer.status_code == expected, status
        if status not in leaving:
            assert Mentor.objects.get().status == status


def test_a_decision_about_an_old_version_is_refused(desk: Client, application: Mentor, reviewer: User) -> None:
    approve_id(application, by=reviewer)
    raise_version(application)
    answer = post(desk, f"mentors/{application.handle}/approve", {"version": 1})
    assert (answer.status_code, answer.json()["code"]) == (409, "stale_version")
    assert post(desk, f"mentors/{application.handle}/approve", {"version": 2}).status_code == 200


# Who


@pytest.mark.parametrize("path", ["documents/{document}/approve", "mentors/{handle}/approve"])
def test_only_reviewers_decide(client: Client, application: Mentor, reviewer: User, student: User, path: str) -> None:
    approve_id(application, by=reviewer)
    document = make_document(application, kind="certificate", subject=make_subject("history"))
    path = path.format(document=document.pk, handle=application.handle)
    assert post(client, path, {"version": 1}).status_code == 401
    others = (student, application.user, make_staff("support"), make_staff("finance"), make_staff(superuser=True))
    for person in others:
        answer = post(sign_in(client, person), path, {"version": 1})
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert post(sign_in(client, reviewer), path, {"version": 1}).status_code == 200


def test_a_decision_asks_for_the_second_factor_and_a_fresh_sign_in(
    client: Client, application: Mentor, reviewer: User
) -> None:
    path = f"documents/{document_of(application).pk}/approve"
    answer = post(sign_in(client, reviewer, second_factor=False), path, {"version": 1})
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    answer = post(sign_in(client, reviewer, ago=timedelta(minutes=11)), path, {"version": 1})
    assert (answer.status_code, answer.json()["code"]) == (403, "reauth_required")
    assert client.get("/api/admin/applications").status_code == 200  # reading needs none
    assert post(sign_in(client, reviewer), path, {"version": 1}).status_code == 200


def test_nobody_decides_about_themself(application: Mentor, reviewer: User) -> None:
    """One account has one role, so this takes a role that was changed by hand."""
    application.user.groups.set(reviewer.groups.all())
    document = document_of(application)
    with pytest.raises(AccessDenied):
        services.approve_document(document=document, version=1, by=application.user)
    with pytest.raises(AccessDenied):
        services.reject_mentor(mentor=application, version=1, code="expired", note="", by=application.user)
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        VerificationDocument.objects.update(status="approved", decided_by=application.user, decided_at=timezone.now())
    assert violated_constraint(refusal.value) == "document_not_decided_by_owner"
    services.approve_document(document=document, version=1, by=reviewer)


# Undo


def test_a_decision_is_undone_within_seconds_and_nobody_hears_of_it(application: Mentor, reviewer: User) -> None:
    document = document_of(application, "certificate")
    event = services.refuse_document(document=document, version=1, by=reviewer, **REFUSAL)
    services.undo_decision(event=event, by=reviewer)
    document.refresh_from_db()
    assert (document.status, document.decided_by, document.reason, document.note) == ("waiting", None, "", "")
    tell(event)
    assert mails("better_copy_needed") == []
    assert AuditEvent.objects.get(action="decision_undone").actor == reviewer
    with pytest.raises(TooLateToUndo):
        services.undo_decision(event=event, by=reviewer)
    services.approve_document(document=document, version=1, by=reviewer)


def test_undoing_takes_the_mark_back_to_what_it_was(application: Mentor, reviewer: User) -> None:
    subject = make_subject()
    older = make_document(
        application, kind="certificate", subject=subject, status="approved", decided_by=reviewer,
        decided_at=timezone.now() - timedelta(days=9),
    )  # fmt: skip
    event = services.approve_document(
        document=document_of_waiting(application), version=1, by=reviewer, expires_on=TOMORROW
    )
    mark = application.mentor_subjects.get()
    assert mark.verified_until == TOMORROW
    services.undo_decision(event=event, by=reviewer)
    before = application.mentor_subjects.get()
    assert (before.verified_at, before.verified_until) == (older.decided_at, None)


def document_of_waiting(mentor: Mentor) -> VerificationDocument:
    return mentor.documents.get(kind="certificate", status="waiting")


@pytest.mark.parametrize("decide", [services.approve_mentor, services.reject_mentor, services.request_changes])
def test_a_decision_about_the_application_is_undone(
    application: Mentor, reviewer: User, decide: Callable[..., MentorEvent]
) -> None:
    approve_id(application, by=reviewer)
    reason = {} if decide is services.approve_mentor else REFUSAL
    event = decide(mentor=application, version=1, by=reviewer, **reason)
    services.undo_decision(event=event, by=reviewer)
    application.refresh_from_db()
    assert (application.status, application.approved_at) == ("submitted", None)
    assert decisions.last_decision(application) is None
    tell(event)
    assert not ProcrastinateJob.objects.filter(task_name="deliver_mail").exists()


def test_only_the_one_who_decided_undoes_and_only_for_ten_seconds(application: Mentor, reviewer: User) -> None:
    document = document_of(application)
    event = services.approve_document(document=document, version=1, by=reviewer)
    with pytest.raises(TooLateToUndo):
        services.undo_decision(event=event, by=make_staff("reviewer"))
    with time_machine.travel(timezone.now() + timedelta(seconds=11)), pytest.raises(TooLateToUndo):
        services.undo_decision(event=event, by=reviewer)
    services.undo_decision(event=event, by=reviewer)


def test_a_refusal_cannot_be_undone_once_another_copy_has_come(application: Mentor, reviewer: User) -> None:
    event = services.refuse_document(document=document_of(application), version=1, by=reviewer, **REFUSAL)
    another = make_document(application)
    with pytest.raises(TooLateToUndo):
        services.undo_decision(event=event, by=reviewer)
    another.delete()
    services.undo_decision(event=event, by=reviewer)


# Two at once


@pytest.mark.django_db(transaction=True)
def test_of_two_reviewers_at_once_one_decides() -> None:
    mentor = make_application()
    document_id = document_of(mentor).pk
    one, other = make_staff("reviewer"), make_staff("reviewer")

    def document() -> VerificationDocument:
        return VerificationDocument.objects.select_related("mentor", "upload").get(pk=document_id)

    first, second = document(), document()
    results = at_once(
        [
            lambda: services.approve_document(document=first, version=1, by=one),
            lambda: services.refuse_document(document=second, version=1, by=other, **REFUSAL),
        ]
    )
    losers = [result for result in results if isinstance(result, Exception)]
    assert [type(loser) for loser in losers] == [AlreadyDecided]
    assert MentorEvent.objects.filter(name__startswith="document_").count() == 1
    assert AuditEvent.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_without_the_lock_and_the_conditional_update_both_would_decide(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: the same two calls, reading the state without the lock and writing without naming it."""
    mentor = make_application()
    document_id = document_of(mentor).pk
    meeting = threading.Barrier(2)

    def decide(status: str) -> int:
        document = VerificationDocument.objects.get(pk=document_id)
        assert document.status == "waiting"
        meeting.wait()
        return VerificationDocument.objects.filter(pk=document_id).update(
            status=status, reason="other", decided_by=make_staff("reviewer"), decided_at=timezone.now()
        )

    assert at_once([lambda: decide("approved"), lambda: decide("refused")]) == [1, 1]


@pytest.mark.django_db(transaction=True)
def test_a_change_and_a_decision_at_once_never_decide_what_was_not_read() -> None:
    mentor = make_application()
    document_id = document_of(mentor).pk
    reviewer = make_staff("reviewer")
    document = VerificationDocument.objects.select_related("mentor__user", "upload").get(pk=document_id)
    owned = VerificationDocument.objects.select_related("mentor__user", "upload").get(pk=document_id)
    results = at_once(
        [
            lambda: services.approve_document(document=document, version=1, by=reviewer),
            lambda: services.withdraw_document(document=owned, by=mentor.user),
        ]
    )
    status = VerificationDocument.objects.get(pk=document_id).status
    loser = next(result for result in results if isinstance(result, Exception))
    if status == "approved":
        assert loser.__class__.__name__ == "WrongState"
    else:
        assert status == "withdrawn"
        assert isinstance(loser, StaleVersion)


# Lists


def test_applications_are_listed_longest_wait_first(desk: Client, application: Mentor) -> None:
    earlier = make_application(submitted_at=timezone.now() - timedelta(days=3))
    make_mentor(status="approved")
    make_mentor(status="draft")
    items = desk.get("/api/admin/applications").json()["items"]
    assert [item["handle"] for item in items] == [earlier.handle, application.handle]
    assert items[1]["name"] == application.user.name
    assert items[1]["version"] == 1
    assert [(each["kind"], each["subject"], each["status"]) for each in items[1]["documents"]] == [
        ("government_id", None, "waiting"),
        ("certificate", "linear-algebra", "waiting"),
    ]


def test_the_list_goes_on_where_it_stopped(desk: Client, db: None) -> None:
    now = timezone.now()
    handles = [make_application(submitted_at=now - timedelta(hours=hours)).handle for hours in range(22, 0, -1)]
    first = desk.get("/api/admin/applications").json()
    rest = desk.get("/api/admin/applications", {"cursor": first["next_cursor"]}).json()
    assert [item["handle"] for item in first["items"] + rest["items"]] == handles
    assert rest["next_cursor"] is None
    assert desk.get("/api/admin/applications", {"cursor": "nonsense"}).status_code == 422


def test_the_list_costs_the_same_for_one_and_for_many(
    desk: Client, application: Mentor, django_assert_num_queries: Any
) -> None:  # Any: pytest-django's
    from django.test.utils import CaptureQueriesContext

    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert desk.get("/api/admin/applications").status_code == 200
        return len(queries)

    one = count()
    for _ in range(5):
        make_application(certificate=True)
    assert count() == one


def test_the_audit_log_is_for_staff(client: Client, application: Mentor, reviewer: User, student: User) -> None:
    services.approve_document(document=document_of(application), version=1, by=reviewer)
    assert sign_in(client, student).get("/api/admin/audit").status_code == 403
    items = sign_in(client, make_staff("finance")).get("/api/admin/audit").json()["items"]
    assert [(item["action"], item["actor"]) for item in items] == [("document_approved", str(reviewer.pk))]
