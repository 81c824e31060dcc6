"""Closing one's own account: what stands in the way, what goes, what stays, and that nobody comes back in."""

from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.core import mail
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from accounts import emails, services
from accounts.errors import SomethingOpen, StaffNotClosable, WrongLockState
from accounts.models import User
from marketplace.common import notifications
from marketplace.common.errors import Suspended, violated_constraint
from marketplace.common.models import AuditEvent, MailSwitchedOff, Notification, RefusedAddress
from mentors.models import Mentor
from tests.factories import PASSWORD, make_booking, make_staff, make_student, make_user
from tests.jobs import run_jobs
from tests.signin import give_second_factor, sign_in

pytestmark = pytest.mark.django_db

PAGE, PRIVACY = "/account/privacy/close/", "/account/privacy/"
SURE = {"is_sure": "on"}


@pytest.fixture
def leaver() -> User:
    """A student with a password, a second factor, a switch thrown and a line in the feed."""
    user = make_student(
        name="Amara Okafor",
        email="amara@example.org",
        password=PASSWORD,
        time_zone="Europe/Lisbon",
        language="en",
        theme="dark",
    )
    give_second_factor(user)
    notifications.switch_off(user_id=user.pk, event="welcome")
    notifications.note(event="refund_sent", to=user.pk, title="Refund sent", path="/sessions/")
    return user


def log_in(client: Client, *, email: str, password: str) -> Any:  # Any: the test client's response
    return client.post("/accounts/login/", {"login": email, "password": password})


def test_the_page_says_what_goes_and_what_stays_and_asks_twice(client: Client, leaver: User) -> None:
    sign_in(client, leaver)
    assert PAGE in client.get(PRIVACY).text
    page = client.get(PAGE)
    assert "What goes" in page.text
    assert "What stays" in page.text
    unsure = client.post(PAGE)
    assert unsure.status_code == 422
    assert "Tick this box" in unsure.text
    leaver.refresh_from_db()
    assert leaver.closed_at is None

    done = client.post(PAGE, SURE)

    assert (done.status_code, done["Location"]) == (302, "/account/closed/")
    assert "Your account is closed" in client.get("/account/closed/").text
    assert client.get("/account/")["Location"].startswith("/accounts/login/")


def test_name_address_and_every_way_in_are_gone(client: Client, leaver: User) -> None:
    elsewhere = Client()
    assert log_in(elsewhere, email=leaver.email, password=PASSWORD).status_code == 302
    sign_in(elsewhere, leaver)
    RefusedAddress.objects.create(address=leaver.email, at=timezone.now(), code=550)
    sign_in(client, leaver).post(PAGE, SURE)

    leaver.refresh_from_db()
    assert leaver.closed_at is not None
    assert not leaver.is_active
    assert not leaver.has_usable_password()
    assert leaver.name.replace("\N{NO-BREAK SPACE}", " ") == "Closed account"
    assert leaver.first_name == leaver.name
    assert (leaver.time_zone, leaver.language, leaver.theme) == ("", "", "")
    assert leaver.email.endswith("@closed.invalid")
    assert "amara" not in leaver.email
    for model in (EmailAddress, Authenticator, UserSession, Notification, MailSwitchedOff):
        assert not model.objects.filter(user=leaver).exists(), model
    assert not RefusedAddress.objects.exists()
    assert elsewhere.get("/account/")["Location"].startswith("/accounts/login/")
    again = log_in(Client(), email="amara@example.org", password=PASSWORD)
    assert again.status_code == 422
    assert AuditEvent.objects.get(action="account_closed").actor == leaver


def test_the_address_is_free_to_sign_up_again(leaver: User) -> None:
    services.close_account(user=leaver)
    newcomer = make_user(email="amara@example.org")
    assert newcomer.pk != leaver.pk


def test_a_code_asked_for_with_the_old_address_opens_nothing(client: Client, leaver: User) -> None:
    services.close_account(user=leaver)
    client.post("/accounts/login/code/", {"email": "amara@example.org"})
    run_jobs("deliver_mail")
    assert [message["X-Event"] for message in sent()] == ["account_closed", "account_unknown"]


def sent() -> list[Any]:  # Any: the mail package's messages
    return [message.message() for message in mail.outbox]


def test_the_last_mail_goes_to_the_old_address_and_no_other_does(leaver: User) -> None:
    emails.send_welcome(leaver)
    emails.send_password_changed(user=leaver, device="Firefox on Windows")
    services.close_account(user=leaver)
    leaver.refresh_from_db()
    emails.send_password_changed(user=leaver, device="Firefox on Windows")

    run_jobs("deliver_mail")

    [message] = mail.outbox
    assert (message.to, message.subject) == (["amara@example.org"], "Your account is closed")


def test_mail_of_an_open_account_still_goes_out(leaver: User) -> None:
    """The control of the test above."""
    emails.send_password_changed(user=leaver, device="Firefox on Windows")
    run_jobs("deliver_mail")
    assert [message.to for message in mail.outbox] == [["amara@example.org"]]


def test_closing_twice_is_closing_once(leaver: User) -> None:
    services.close_account(user=leaver)
    leaver.refresh_from_db()
    closed_at, email = leaver.closed_at, leaver.email
    services.close_account(user=leaver)
    leaver.refresh_from_db()
    assert (leaver.closed_at, leaver.email) == (closed_at, email)
    assert AuditEvent.objects.filter(action="account_closed").count() == 1
    run_jobs("deliver_mail")
    assert len(mail.outbox) == 1


def test_it_needs_a_sign_in_of_the_last_minutes(leaver: User) -> None:
    stale = sign_in(Client(), leaver, ago=timedelta(seconds=settings.FRESH_SIGN_IN_SECONDS + 1))
    for answer in (stale.get(PAGE), stale.post(PAGE, SURE)):
        assert answer["Location"].startswith(("/accounts/reauthenticate/", "/accounts/2fa/reauthenticate/"))
    leaver.refresh_from_db()
    assert leaver.closed_at is None
    sign_in(Client(), leaver).post(PAGE, SURE)
    leaver.refresh_from_db()
    assert leaver.closed_at is not None


def test_staff_are_told_whom_to_ask(client: Client) -> None:
    colleague = make_staff("support")
    sign_in(client, colleague)
    for url in (PRIVACY, PAGE):
        assert "Ask whoever set up yours" in client.get(url).text
    assert client.post(PAGE, SURE).status_code == 409
    with pytest.raises(StaffNotClosable):
        services.close_account(user=colleague)


def test_who_is_suspended_writes_to_support(client: Client, leaver: User) -> None:
    User.objects.filter(pk=leaver.pk).update(suspended_at=timezone.now())
    sign_in(client, leaver)
    for url in (PRIVACY, PAGE):
        assert "Write to our support to have it closed" in client.get(url).text
    assert client.post(PAGE, SURE).status_code == 403
    with pytest.raises(Suspended):
        services.close_account(user=leaver)
    User.objects.filter(pk=leaver.pk).update(suspended_at=None)
    assert client.post(PAGE, SURE).status_code == 302


def test_an_open_session_keeps_the_account_open(client: Client, leaver: User, mentor: Mentor) -> None:
    booking = make_booking(student=leaver, mentor=mentor)
    sign_in(client, leaver)
    for url in (PRIVACY, PAGE):
        page = client.get(url).text
        assert f"/bookings/{booking.pk}/" in page
        assert "Cancel it, or wait until it is over" in page
    refused = client.post(PAGE, SURE)
    assert refused.status_code == 409
    assert f"/bookings/{booking.pk}/" in refused.text
    with pytest.raises(SomethingOpen):
        services.close_account(user=leaver)
    booking.status, booking.refund_percent = "cancelled", 100
    booking.save()
    assert client.post(PAGE, SURE).status_code == 302


def test_an_account_without_a_role_can_be_closed(client: Client) -> None:
    nobody = make_user(name="")
    sign_in(client, nobody)
    assert client.post(PAGE, SURE).status_code == 302
    nobody.refresh_from_db()
    assert nobody.closed_at is not None


def test_support_looks_a_closed_account_up_and_cannot_open_it(client: Client, leaver: User) -> None:
    services.close_account(user=leaver)
    support = make_staff("support")
    sign_in(client, support)
    listed = client.get("/admin/accounts/user/")
    assert "closed.invalid" in listed.text
    page = client.get(f"/admin/accounts/user/{leaver.pk}/change/")
    assert page.status_code == 200
    for operation in ("lock", "unlock"):
        url = f"/admin/accounts/user/{leaver.pk}/{operation}/"
        assert url not in page.text
        assert client.post(url, {"reason": "other"}).status_code == 409
    with pytest.raises(WrongLockState):
        services.unlock_account(account=leaver, by=support, reason="other")
    leaver.refresh_from_db()
    assert not leaver.is_active


@pytest.mark.parametrize("changes", [{"is_active": True}, {"is_staff": True, "role": "admin"}], ids=["active", "staff"])
def test_the_database_keeps_a_closed_account_shut(leaver: User, changes: dict[str, Any]) -> None:  # Any: columns
    services.close_account(user=leaver)
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        User.objects.filter(pk=leaver.pk).update(**changes)
    assert violated_constraint(refusal.value) == "user_closed_stays_shut"
    User.objects.filter(pk=make_student().pk).update(**changes)
