"""Writing to support without signing in: answered at the address that was typed, and by nobody but support."""

import secrets
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts import services
from accounts.models import SupportRequest, User
from marketplace.common.errors import violated_constraint
from marketplace.common.models import AuditEvent
from tests.factories import make_student
from tests.jobs import waiting_jobs
from tests.races import race
from tests.signin import sign_in

pytestmark = pytest.mark.django_db

FORM = "/help/write/"
ADDRESS = "locked.out@example.org"
BODY = {"answer_to": ADDRESS, "text": "My account is locked, and I don’t know why."}


def test_who_cant_sign_in_gets_a_reference_and_support_is_told(client: Client, support: User) -> None:
    for page in ("/help/", "/accounts/inactive/"):
        assert f'href="{FORM}"' in client.get(page).text
    answer = client.post(FORM, BODY | {"answer_to": ADDRESS.title()})
    report = SupportRequest.objects.get()
    assert (report.by, report.answer_to, report.text) == (None, ADDRESS, BODY["text"])
    assert answer["Location"] == f"{FORM}{report.reference}/"
    page = client.get(answer["Location"]).text
    assert report.reference in page
    assert BODY["text"] not in page, "whoever has the reference has nothing else"
    assert [job["mail"]["to"] for job in waiting_jobs("deliver_mail")] == [support.email], "none to what was typed"
    row = AuditEvent.objects.get(action="support_asked")
    assert (row.actor, row.subject_id, row.data) == (None, report.reference, {})


def test_support_reads_it_and_is_told_that_the_address_is_unproven(support: User) -> None:
    report = services.ask_support_from_outside(text=BODY["text"], answer_to=ADDRESS)
    desk, url = sign_in(Client(), support), f"/admin/accounts/supportrequest/{report.pk}/read/"
    page = desk.get(url).text
    assert BODY["text"] in page
    assert f"mailto:{ADDRESS}?subject={report.reference}" in page
    assert "nobody has proven that it is theirs" in page
    assert desk.post(url, {"note": "Unlocked it."}).status_code == 302
    report.refresh_from_db()
    assert report.closed_by == support


def test_an_account_of_that_address_does_not_get_to_see_it(client: Client) -> None:
    report = services.ask_support_from_outside(text=BODY["text"], answer_to=ADDRESS)
    client.force_login(owner := make_student(email=ADDRESS))
    assert not SupportRequest.objects.visible_to(owner).exists()
    assert client.get(f"/help/report/{report.pk}/").status_code == 404


def test_who_is_signed_in_is_led_to_the_form_that_knows_them(client: Client, student: User) -> None:
    client.force_login(student)
    for answer in (client.get(FORM), client.post(FORM, BODY)):
        assert (answer.status_code, answer.headers["Location"]) == (302, "/help/report/")
    assert not SupportRequest.objects.exists()


@pytest.mark.parametrize("reference", ["R-7K3M2", "R-7K3M20", "r-7k3m2q", "7K3M2QWX", "<b>"])
def test_what_is_no_reference_has_no_page(client: Client, reference: str) -> None:
    assert client.get(f"{FORM}{reference}/").status_code == 404


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"answer_to": ""}, "Enter the address where we can answer."),
        ({"answer_to": "nobody"}, "Enter a valid email address."),
        ({"text": " "}, "Say what happened"),
        ({"text": "x" * 2_001}, "x" * 2_001),
    ],
    ids=["no address", "no mail address", "no words", "too many words"],
)
def test_nothing_typed_is_lost_by_an_error(client: Client, wrong: dict[str, str], words: str) -> None:
    refused = client.post(FORM, body := BODY | wrong)
    assert refused.status_code == 422
    assert words in refused.text
    for typed in body.values():
        assert typed.strip() in refused.text
    assert not SupportRequest.objects.exists()


def test_a_limit_by_address_of_the_network_keeps_what_was_typed(client: Client, settings: Settings) -> None:
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"SUPPORT_REQUEST": "1/d"}
    assert client.post(FORM, BODY).status_code == 302
    refused = client.post(FORM, BODY | {"text": "And another thing."})
    assert refused.status_code == 429
    assert "And another thing." in refused.text
    assert client.post(FORM, BODY, REMOTE_ADDR="198.51.100.7").status_code == 302


def test_a_line_of_ipv6_is_one_address_however_many_it_holds(client: Client, settings: Settings) -> None:
    """Each line gets 2⁶⁴ of them: counted one by one, there were no limit."""
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"SUPPORT_REQUEST": "1/d"}
    assert client.post(FORM, BODY, REMOTE_ADDR="2001:db8:0:7::1").status_code == 302
    assert client.post(FORM, BODY, REMOTE_ADDR="2001:db8:0:7:dead:beef:0:2").status_code == 429
    assert client.post(FORM, BODY, REMOTE_ADDR="2001:db8:0:8::1").status_code == 302


@pytest.mark.django_db(transaction=True)
def test_a_button_pressed_four_times_at_once_writes_one_report(support: User) -> None:
    press = [lambda: services.ask_support_from_outside(text=BODY["text"], answer_to=ADDRESS)] * 4
    assert race(press) == {"won": 4}
    report = SupportRequest.objects.get()
    assert len(waiting_jobs("deliver_mail")) == 1
    services.close_support_request(request=report, note="Answered.", by=support)
    again = services.ask_support_from_outside(text=BODY["text"], answer_to=ADDRESS)
    assert again != report, "once it is closed it is another"


def test_a_reference_that_is_taken_is_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = iter("222222222222333333")
    monkeypatch.setattr(secrets, "choice", lambda letters: next(drawn))
    reports = [services.ask_support_from_outside(text=f"It is {n}.", answer_to=ADDRESS) for n in (1, 2)]
    assert [report.reference for report in reports] == ["R-222222", "R-333333"]


def refused_by(**fields: Any) -> str:  # Any: columns
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        SupportRequest.objects.create(
            **({"reference": "R-7K3M2Q", "text": "Hello.", "created_at": timezone.now()} | fields)
        )
    return violated_constraint(refusal.value)


def test_the_database_keeps_reports_that_nobody_could_answer_out(student: User, support: User) -> None:
    answerable = "support_request_can_be_answered"
    assert refused_by() == answerable
    assert refused_by(by=student, answer_to=ADDRESS) == answerable
    assert refused_by(answer_to=ADDRESS, about=support) == answerable
    SupportRequest.objects.create(reference="R-222222", answer_to=ADDRESS, text="Hello.", created_at=timezone.now())
    assert refused_by(answer_to=ADDRESS) == "support_request_of_a_stranger_once"
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        SupportRequest.objects.update(answer_to="other@example.org")
    assert violated_constraint(refusal.value) == "support_request_closed_once"
