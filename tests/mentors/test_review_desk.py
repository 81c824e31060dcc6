"""The pages of the review desk: the queue by age, the document beside its decision, the mail read first, undo."""

import re
from datetime import date, timedelta
from html import unescape
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts.models import User
from marketplace.common.models import AuditEvent
from mentors import services
from mentors.models import Mentor, MentorEvent, VerificationDocument
from mentors.services import review
from tests.factories import make_mentor, make_staff, make_subject
from tests.mentors.review_cast import approve_id, document_of, make_application, make_document
from tests.signin import sign_in
from uploads.models import UploadPage

pytestmark = pytest.mark.usefixtures("no_old_jobs")

QUEUE = "/admin/mentors/review/"
NOTE = "The bottom edge is cut off."
PASSWORD = "olive-tram-window"


@pytest.fixture
def application(db: None) -> Mentor:
    """Submitted, with a government ID and a certificate waiting."""
    return make_application(certificate=True)


@pytest.fixture
def desk(client: Client, reviewer: User) -> Client:
    """A client that ``reviewer`` has just signed in to."""
    return sign_in(client, reviewer)


def page_of(document: VerificationDocument) -> str:
    return f"{QUEUE}{document.pk}/"


def decide(client: Client, path: str, **data: Any) -> Any:  # Any: form data; the test client's response
    return client.post(path, {"version": 1, **data})


def rows(text: str) -> list[str]:
    return re.findall(r'data-testid="review-document">([^<]+)<', text)


# The queue


def test_the_queue_is_in_order_of_the_wait(desk: Client, db: None) -> None:
    names = ["Ada", "Ben", "Cem"]
    waits = {"Ada": timedelta(hours=3), "Ben": timedelta(hours=60), "Cem": timedelta(hours=30)}
    for name in names:
        mentor = make_application()
        User.objects.filter(pk=mentor.pk).update(name=name)
        mentor.documents.update(sent_at=timezone.now() - waits[name])
    page = desk.get(QUEUE)
    assert rows(page.text) == ["Ben", "Cem", "Ada"]
    assert page.text.index("badge--danger") < page.text.index("badge--glow")
    assert rows(desk.get(QUEUE, {"waited": "24"}).text) == ["Ben", "Cem"]
    assert rows(desk.get(QUEUE, {"waited": "48"}).text) == ["Ben"]
    assert rows(desk.get(QUEUE, {"waited": "a while"}).text) == ["Ben", "Cem", "Ada"]


def test_the_queue_is_filtered_by_kind_and_by_who_has_taken(desk: Client, application: Mentor, reviewer: User) -> None:
    assert len(rows(desk.get(QUEUE).text)) == 2
    assert len(rows(desk.get(QUEUE, {"kind": "certificate"}).text)) == 1
    assert rows(desk.get(QUEUE, {"mine": "on"}).text) == []
    services.take_document(document=document_of(application), by=reviewer)
    assert len(rows(desk.get(QUEUE, {"mine": "on"}).text)) == 1


def test_only_what_can_be_decided_is_in_the_queue(desk: Client, reviewer: User) -> None:
    make_document(make_mentor(status="draft"))
    make_document(make_mentor(status="changes_requested"))
    make_document(make_mentor(status="submitted"), upload_status="checking")
    make_document(make_mentor(status="submitted"), status="withdrawn")
    make_document(make_mentor(status="submitted"), status="approved", decided_by=reviewer, decided_at=timezone.now())
    assert "All caught up" in desk.get(QUEUE).text
    make_document(make_mentor(status="approved"), kind="certificate", subject=make_subject())
    assert len(rows(desk.get(QUEUE).text)) == 1


def test_an_application_whose_documents_are_decided_waits_for_its_own_decision(
    desk: Client, application: Mentor, reviewer: User
) -> None:
    assert 'data-testid="review-application"' not in desk.get(QUEUE).text
    application.documents.update(status="approved", decided_by=reviewer, decided_at=timezone.now())
    assert 'data-testid="review-application"' in desk.get(QUEUE).text


def test_the_queue_costs_the_same_for_one_and_for_many(desk: Client, application: Mentor) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert desk.get(QUEUE).status_code == 200
        return len(queries)

    one = count()
    for _ in range(5):
        services.take_document(document=document_of(make_application(certificate=True)), by=make_staff("reviewer"))
    assert count() == one


# The document


def test_opening_a_document_takes_it_for_ten_minutes_and_is_written_down(
    desk: Client, application: Mentor, reviewer: User
) -> None:
    document = document_of(application)
    page = desk.get(page_of(document))
    assert "Taken by you, 10 min left" in page.text
    assert "1 of 2" in page.text
    assert AuditEvent.objects.get(action="document_viewed").subject_id == str(document.pk)
    colleague = sign_in(Client(), make_staff("reviewer", name="Ruth Tanaka"))
    theirs = colleague.get(page_of(document))
    assert f"{reviewer.name} has this open" in theirs.text
    assert 'data-testid="approve-document"' not in theirs.text
    assert decide(colleague, page_of(document), decision="approve").status_code == 409
    with time_machine.travel(timezone.now() + timedelta(minutes=10, seconds=1)):
        assert 'data-testid="approve-document"' in sign_in(Client(), make_staff("reviewer")).get(page_of(document)).text


def test_the_pages_are_shown_and_never_the_raw_file(desk: Client, application: Mentor) -> None:
    document = document_of(application)
    for number in (1, 2):
        UploadPage.objects.create(
            upload=document.upload, number=number, private_key=f"private/{number}", content_type="image/png",
            width=100, height=140,
        )  # fmt: skip
    page = desk.get(page_of(document))
    assert re.findall(r'<img class="review__page" src="([^"]+)"', page.text) == [
        f"{page_of(document)}1/",
        f"{page_of(document)}2/",
    ]
    assert document.upload.private_key not in page.text
    assert f"img-src 'self' data: {settings.S3_ORIGIN};" in page["Content-Security-Policy"]
    image = desk.get(f"{page_of(document)}2/")
    assert (image.status_code, image["Cache-Control"]) == (302, "no-store")
    assert image["Location"].startswith(settings.S3_ORIGIN)
    assert "X-Amz-Expires=60" in image["Location"]
    seen = AuditEvent.objects.get(action="upload_page_viewed")
    assert (seen.subject_id, seen.data) == (str(document.upload_id), {"page": 2})
    assert desk.get(f"{page_of(document)}3/").status_code == 404


def test_a_documents_page_costs_the_same_whatever_came_before(
    desk: Client, application: Mentor, reviewer: User
) -> None:
    document = document_of(application)

    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert desk.get(page_of(document)).status_code == 200
        return len(queries)

    one = count()
    for _ in range(4):
        make_document(application, status="refused", reason="other", decided_by=reviewer, decided_at=timezone.now())
        make_application()
    assert count() == one


def test_approving_is_one_step_and_opens_the_next(desk: Client, application: Mentor) -> None:
    identity, certificate = document_of(application), document_of(application, "certificate")
    answer = decide(desk, page_of(identity), decision="approve", expires_on="2999-01-31")
    assert (answer.status_code, answer["Location"]) == (302, page_of(certificate))
    identity.refresh_from_db()
    assert (identity.status, str(identity.expires_on)) == ("approved", "2999-01-31")
    last = decide(desk, page_of(certificate), decision="approve")
    assert last["Location"] == f"{QUEUE}applications/{application.handle}/"
    final = decide(desk, last["Location"], decision="approve")
    assert (final.status_code, final["Location"]) == (302, QUEUE)
    application.refresh_from_db()
    assert application.status == "approved"


@pytest.mark.parametrize(
    ("decision", "subject", "status"),
    [("ask", "One document needs another try", "refused"), ("refuse", "About your application", "waiting")],
)
def test_the_very_mail_is_read_before_it_is_sent(
    desk: Client, application: Mentor, decision: str, subject: str, status: str
) -> None:
    document = document_of(application)
    typed = {"decision": decision, "code": "name_mismatch", "note": NOTE}
    page = decide(desk, page_of(document), **typed)
    assert page.status_code == 200
    assert subject in page.text
    assert NOTE in page.text
    document.refresh_from_db()
    assert document.status == "waiting"  # nothing is decided yet
    changed = decide(desk, page_of(document), edit="on", **typed)
    assert NOTE in changed.text  # back with all that was typed
    assert VerificationDocument.objects.get(pk=document.pk).status == "waiting"

    answer = decide(desk, page_of(document), confirmed="on", **typed)

    assert answer.status_code == 302
    document.refresh_from_db()
    application.refresh_from_db()
    assert (document.status, application.status) == (status, "rejected" if decision == "refuse" else "submitted")
    review.tell_decision(event=MentorEvent.objects.latest("pk"))
    mail = ProcrastinateJob.objects.get(task_name="deliver_mail").args["mail"]
    shown = re.search(r'data-testid="mail-text">(.*?)</p>', page.text, re.DOTALL)
    assert shown is not None
    assert mail["subject"] == subject
    read, sent = unescape(shown[1]).split(), mail["text"].split()
    assert sent[: len(read)] == read
    # What follows is a link that acts for the mentor, without a sign-in: nobody else gets to see it.
    assert sent[len(read) :] == ["Switch", "mails", "like", "this", "off:", mail["unsubscribe"]]


def test_the_mail_stands_beneath_its_reasons_while_they_are_chosen(
    client: Client, application: Mentor, reviewer: User
) -> None:
    """By htmx, on either page; reading it decides nothing, so that no fresh sign-in is asked for."""
    sign_in(client, reviewer, ago=timedelta(minutes=11))
    typed = {"decision": "ask", "code": "name_mismatch", "note": NOTE}
    for path in (page_of(document_of(application)), f"{QUEUE}applications/{application.handle}/"):
        mail = decide(client, path, preview="1", confirmed="on", **typed)
        assert (mail.status_code, "<html" in mail.text) == (200, False)
        assert f"{NOTE}\n" in mail.text
        assert f'name="read" value="name_mismatch {NOTE}"' in mail.text
        unready: tuple[dict[str, str], ...] = ({"code": ""}, {"code": "other", "note": ""}, {"decision": "approve"})
        for changed in (*unready, {"decision": "refuse"}):  # which has a page of its own
            assert decide(client, path, preview="1", **{**typed, **changed}).content == b""
    assert not MentorEvent.objects.filter(name__contains="_").exists()
    application.refresh_from_db()
    assert (application.status, document_of(application).status) == ("submitted", "waiting")


def test_a_mail_is_sent_at_once_only_if_its_very_words_were_read(desk: Client, application: Mentor) -> None:
    document = document_of(application)
    typed = {"decision": "ask", "code": "name_mismatch", "note": NOTE}
    for other in ("", f"unreadable {NOTE}", "name_mismatch The top edge is cut off."):
        assert "Send this e-mail?" in decide(desk, page_of(document), read=other, **typed).text
    refusal = typed | {"decision": "refuse", "read": f"name_mismatch {NOTE}"}
    assert "Refuse the whole application?" in decide(desk, page_of(document), **refusal).text
    assert decide(desk, page_of(document), read=f"name_mismatch {NOTE}", **typed).status_code == 302
    document.refresh_from_db()
    assert document.status == "refused"


def test_a_new_document_of_a_mentor_who_is_in_leaves_nothing_to_refuse(desk: Client, application: Mentor) -> None:
    assert 'value="refuse"' in desk.get(page_of(document_of(application))).text
    Mentor.objects.update(status="approved")
    assert 'value="refuse"' not in desk.get(page_of(document_of(application))).text


def test_a_document_is_let_go_before_its_time(desk: Client, application: Mentor, reviewer: User) -> None:
    document = document_of(application)
    desk.get(page_of(document))
    colleague = sign_in(Client(), make_staff("reviewer"))
    assert f"{reviewer.name} has this open, for 10 more minutes." in colleague.get(page_of(document)).text
    assert colleague.post(f"{page_of(document)}let-go/")["Location"] == QUEUE  # not theirs to let go
    assert 'data-testid="approve-document"' not in colleague.get(page_of(document)).text
    assert desk.post(f"{page_of(document)}let-go/")["Location"] == QUEUE
    assert 'data-testid="approve-document"' in colleague.get(page_of(document)).text
    assert desk.get(f"{page_of(document)}let-go/").status_code == 405


@pytest.mark.parametrize("decision", ["ask", "refuse"])
@pytest.mark.parametrize(("code", "note"), [("", ""), ("other", ""), ("rude", "")])
def test_a_refusal_without_a_reason_is_shown_again(
    desk: Client, application: Mentor, decision: str, code: str, note: str
) -> None:
    document = document_of(application)
    page = decide(desk, page_of(document), decision=decision, code=code, note=note, confirmed="on")
    assert page.status_code == 422
    assert "There is a problem" in page.text
    document.refresh_from_db()
    assert document.status == "waiting"
    fine = decide(desk, page_of(document), decision=decision, code="other", note=NOTE, confirmed="on")
    assert fine.status_code == 302


def test_a_decision_about_an_old_version_says_so_and_keeps_what_was_typed(desk: Client, application: Mentor) -> None:
    document = document_of(application)
    Mentor.objects.update(version=2)
    data = {"decision": "ask", "code": "unreadable", "note": NOTE, "confirmed": "on"}
    page = decide(desk, page_of(document), **data)
    assert page.status_code == 409
    assert "changed since you opened it" in page.text
    assert NOTE in page.text
    assert decide(desk, page_of(document), **data | {"version": 2}).status_code == 302


def test_a_date_that_has_passed_is_an_error_at_its_field(desk: Client, application: Mentor) -> None:
    document = document_of(application)
    page = decide(desk, page_of(document), decision="approve", expires_on="2020-01-01")
    assert page.status_code == 422
    assert 'id="expires_on-error"' in page.text
    assert decide(desk, page_of(document), decision="approve", expires_on="").status_code == 302


# The application


def test_an_application_is_sent_back_after_its_mail_was_read(desk: Client, application: Mentor) -> None:
    path = f"{QUEUE}applications/{application.handle}/"
    assert application.bio in desk.get(path).text
    typed = {"decision": "ask", "code": "other", "note": "Say more about what you teach."}
    assert "Your application needs a change" in decide(desk, path, **typed).text
    assert decide(desk, path, confirmed="on", **typed).status_code == 302
    application.refresh_from_db()
    assert application.status == "changes_requested"


def test_a_refused_application_may_be_sent_back(desk: Client, application: Mentor) -> None:
    Mentor.objects.update(status="rejected")
    path = f"{QUEUE}applications/{application.handle}/"
    page = desk.get(path)
    assert 'data-testid="request-changes"' in page.text
    assert 'value="approve"' not in page.text
    assert decide(desk, path, decision="approve").status_code == 409
    typed = {"decision": "ask", "code": "expired", "confirmed": "on"}
    assert decide(desk, path, **typed).status_code == 302
    application.refresh_from_db()
    assert application.status == "changes_requested"


def test_a_mentor_without_an_approved_id_is_not_let_in(desk: Client, application: Mentor, reviewer: User) -> None:
    path = f"{QUEUE}applications/{application.handle}/"
    page = decide(desk, path, decision="approve")
    assert page.status_code == 409
    assert "Approve the government ID first." in page.text
    approve_id(application, by=reviewer)
    assert decide(desk, path, decision="approve").status_code == 302


# All at once


@pytest.fixture
def complete(application: Mentor) -> Mentor:
    """With nothing missing but decisions."""
    Mentor.objects.update(headline="Proofs, gently", bio="I teach.", hourly_rate_minor=3_000)
    return Mentor.objects.get()


def approve_all(client: Client, mentor: Mentor, **dates: str) -> Any:  # Any: the test client's response
    path = f"{QUEUE}applications/{mentor.handle}/"
    return decide(client, path, decision="approve", everything="on", **dates)


def test_a_complete_application_whose_documents_were_all_open_is_approved_in_one_step(
    desk: Client, complete: Mentor
) -> None:
    identity, certificate = document_of(complete), document_of(complete, "certificate")
    path = f"{QUEUE}applications/{complete.handle}/"
    desk.get(page_of(identity))
    assert 'data-testid="approve-all"' not in desk.get(path).text
    answer = approve_all(desk, complete)
    assert answer.status_code == 409
    assert "each waiting document opened by you first" in answer.text
    desk.get(page_of(certificate))
    assert 'data-testid="approve-all"' in desk.get(path).text
    assert 'data-testid="approve-all"' not in desk.get(QUEUE).text  # never in a list

    answer = approve_all(desk, complete, **{f"expires_on_{certificate.pk.hex}": "2999-01-31"})

    assert (answer.status_code, answer["Location"]) == (302, QUEUE)
    complete.refresh_from_db()
    documents = complete.documents.order_by("kind").values_list("status", "expires_on")
    assert (complete.status, list(documents)) == ("approved", [("approved", date(2999, 1, 31)), ("approved", None)])
    assert complete.mentor_subjects.get().verified_until == date(2999, 1, 31)
    assert AuditEvent.objects.filter(action="document_approved").count() == 2
    review.tell_decision(event=MentorEvent.objects.latest("pk"))
    assert ProcrastinateJob.objects.get(task_name="deliver_mail").args["mail"]["name"] == "application_approved"


def test_approving_all_is_undone_as_one(desk: Client, complete: Mentor) -> None:
    documents = list(complete.documents.all())
    for document in documents:
        desk.get(page_of(document))
    assert approve_all(desk, complete).status_code == 302
    identity = MentorEvent.objects.get(name="document_approved", data__kind="government_id")
    assert desk.post(f"{QUEUE}undo/{identity.pk}/").status_code == 409  # nobody is in without an ID
    event = MentorEvent.objects.get(name="application_approved")
    assert desk.post(f"{QUEUE}undo/{event.pk}/").status_code == 302
    complete.refresh_from_db()
    assert complete.status == "submitted"
    assert complete.documents.filter(status="waiting", decided_by=None).count() == 2
    assert complete.mentor_subjects.get().verified_at is None
    assert AuditEvent.objects.filter(action="decision_undone").count() == 3


@pytest.mark.parametrize("fault", ["subjects", "look", "status"])
def test_what_is_not_complete_is_not_approved_all_at_once(
    desk: Client, complete: Mentor, reviewer: User, fault: str
) -> None:
    for document in complete.documents.all():
        services.take_document(document=document, by=reviewer)
    assert services.may_approve_all(complete, by=reviewer)
    match fault:
        case "subjects":
            complete.mentor_subjects.all().delete()
        case "look":  # at what was sent before
            complete.documents.update(sent_at=timezone.now() + timedelta(seconds=1))
        case "status":
            Mentor.objects.update(status="changes_requested")
    assert approve_all(desk, complete).status_code == 409
    assert set(complete.documents.values_list("status", flat=True)) == {"waiting"}
    assert not services.may_approve_all(complete, by=make_staff("reviewer"))


def test_all_or_none_are_approved(desk: Client, complete: Mentor) -> None:
    identity, certificate = document_of(complete), document_of(complete, "certificate")
    for document in (identity, certificate):
        desk.get(page_of(document))
    assert approve_all(desk, complete, **{f"expires_on_{certificate.pk.hex}": "2020-01-31"}).status_code == 422
    assert approve_all(desk, complete, **{f"expires_on_{certificate.pk.hex}": "soon"}).status_code == 422
    assert set(complete.documents.values_list("status", flat=True)) == {"waiting"}
    assert not MentorEvent.objects.filter(name="document_approved").exists()
    assert approve_all(desk, complete).status_code == 302


# Undo


def test_a_decision_can_be_undone_from_the_next_page(desk: Client, application: Mentor) -> None:
    document = document_of(application)
    decide(desk, page_of(document), decision="approve")
    event = MentorEvent.objects.get(name="document_approved")
    path = f"{QUEUE}undo/{event.pk}/"
    page = desk.get(QUEUE)
    assert "document approved" in page.text
    assert path in page.text
    with time_machine.travel(timezone.now() + timedelta(seconds=11)):
        assert path not in desk.get(QUEUE).text
    answer = desk.post(path)
    assert (answer.status_code, answer["Location"]) == (302, page_of(document))
    document.refresh_from_db()
    assert document.status == "waiting"
    assert desk.post(path).status_code == 409
    assert path not in desk.get(QUEUE).text
    assert desk.get(path).status_code == 405


# Who


def test_the_desk_is_for_reviewers(client: Client, application: Mentor, reviewer: User, student: User) -> None:
    document = document_of(application)
    pages = [QUEUE, page_of(document), f"{page_of(document)}1/", f"{QUEUE}applications/{application.handle}/"]
    for path in pages:
        assert Client().get(path).status_code == 302
        for person in (student, application.user, make_staff("support"), make_staff(superuser=True)):
            assert sign_in(client, person).get(path).status_code == 403
    assert not AuditEvent.objects.exists()
    for path in (pages[0], pages[1], pages[3]):
        assert sign_in(client, reviewer).get(path).status_code == 200


@pytest.mark.parametrize(
    ("typed", "status"),
    [
        ({"decision": "approve", "expires_on": "2999-01-31"}, "approved"),
        ({"decision": "ask", "code": "other", "note": NOTE, "read": f"other {NOTE}"}, "refused"),
    ],
)
def test_a_decision_waits_for_a_fresh_sign_in_and_is_not_lost(
    client: Client, application: Mentor, typed: dict[str, str], status: str
) -> None:
    document = document_of(application)
    sign_in(client, make_staff("reviewer", password=PASSWORD), ago=timedelta(minutes=11))
    assert client.get(page_of(document)).status_code == 200
    asked = decide(client, page_of(document), **typed)
    assert asked.status_code == 302
    assert asked["Location"].startswith("/accounts/reauthenticate/")
    document.refresh_from_db()
    assert document.status == "waiting"

    done = client.post(asked["Location"], {"password": PASSWORD})

    assert (done.status_code, done["Location"]) == (302, page_of(document_of(application, "certificate")))
    document.refresh_from_db()
    assert (document.status, document.note) == (status, typed.get("note", ""))
    assert str(document.expires_on) == typed.get("expires_on", "None")


def test_drafts_are_nobodys_business(desk: Client, db: None) -> None:
    draft = make_mentor(status="draft")
    document = make_document(draft)
    assert desk.get(page_of(document)).status_code == 404
    assert desk.get(f"{QUEUE}applications/{draft.handle}/").status_code == 404
    Mentor.objects.update(status="submitted")
    assert desk.get(page_of(document)).status_code == 200
    assert desk.get(f"{QUEUE}applications/{draft.handle}/").status_code == 200


def test_no_page_of_the_desk_loosens_the_policy(desk: Client, application: Mentor) -> None:
    document = document_of(application)
    for path in (QUEUE, page_of(document), f"{QUEUE}applications/{application.handle}/"):
        page = desk.get(path)
        assert "unsafe" not in page["Content-Security-Policy"]
        assert "style=" not in page.text
        assert "<script>" not in page.text
