"""Signing in by password or by code, resetting and changing what one signs in with."""

from collections.abc import Callable

import pytest
from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.test import Client

from accounts.models import User
from tests.accounts.mailbox import code_to, events_to, mails_to
from tests.factories import PASSWORD, make_student, make_user
from tests.signin import sign_in

LOGIN = "/accounts/login/"
CODE = "/accounts/login/code/"
CONFIRM_CODE = "/accounts/login/code/confirm/"
RESET = "/accounts/password/reset/"
NEW = "an entirely new one"

pytestmark = pytest.mark.django_db


def is_signed_in(client: Client) -> bool:
    return client.get("/api/me").status_code == 200


def log_in(client: Client, user: User, password: str = PASSWORD, **more: str) -> str:
    response = client.post(LOGIN, {"login": user.email, "password": password, **more})
    return response.headers.get("Location", str(response.status_code))


@pytest.fixture
def member(db: None) -> User:
    """A student who signs in by password."""
    return make_student(password=PASSWORD, email="ada@example.org")


@pytest.fixture
def never_verified(db: None) -> User:
    """Signed up with somebody's address and a password, and never entered the code."""
    user = make_student(password=PASSWORD, email="victim@example.org")
    EmailAddress.objects.filter(user=user).update(verified=False)
    return user


def test_a_password_signs_in_whatever_the_case_of_the_address(client: Client, member: User) -> None:
    wrong = client.post(LOGIN, {"login": member.email, "password": "wrong"})
    assert wrong.status_code == 422
    assert "do not belong together" in wrong.text
    assert f'value="{member.email}"' in wrong.text, "what was typed stays"
    assert "wrong" not in wrong.text.split("<form", 1)[1].split('name="password"', 1)[1].split(">", 1)[0]
    assert not is_signed_in(client)
    assert client.post(LOGIN, {"login": "ADA@Example.org", "password": PASSWORD}).status_code == 302
    assert is_signed_in(client)


def test_an_unknown_address_reads_like_a_wrong_password(client: Client, member: User) -> None:
    answers = [
        client.post(LOGIN, {"login": email, "password": "wrong"}) for email in (member.email, "nobody@example.org")
    ]
    assert [answer.status_code for answer in answers] == [422, 422]
    sentences = {answer.text.split('class="error-summary__list"')[1].split("</ul>")[0] for answer in answers}
    assert len(sentences) == 1


def test_the_session_key_changes_at_sign_in(client: Client, member: User) -> None:
    client.get(LOGIN)
    session = client.session
    session["kept"] = "a slot that was picked"
    session.save()
    client.cookies["sessionid"] = before = str(session.session_key)
    log_in(client, member)
    assert client.session.session_key != before
    assert client.session["kept"] == "a slot that was picked"
    assert not Session.objects.filter(session_key=before).exists()


@pytest.mark.parametrize(
    ("wanted", "reached"),
    [
        ("/messages/", "/messages/"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
    ],
)
def test_next_leads_nowhere_but_into_this_site(client: Client, member: User, wanted: str, reached: str) -> None:
    assert log_in(client, member, next=wanted) == reached


def test_somebody_signed_in_is_sent_on(client: Client, member: User) -> None:
    sign_in(client, member)
    assert client.get(f"{LOGIN}?next=/messages/")["Location"] == "/messages/"
    assert client.get("/accounts/signup/").status_code == 302


def test_a_password_of_an_unverified_address_only_brings_a_code(client: Client, never_verified: User) -> None:
    assert log_in(client, never_verified) == "/accounts/confirm-email/"
    assert not is_signed_in(client)
    client.post("/accounts/confirm-email/", {"code": code_to(never_verified.email)})
    assert is_signed_in(client)
    never_verified.refresh_from_db()
    assert never_verified.check_password(PASSWORD), "its own code keeps the password"


def test_a_mailed_code_signs_in(client: Client, member: User) -> None:
    response = client.post(f"{CODE}?next=/messages/", {"email": member.email})
    assert (response.status_code, response["Location"]) == (302, f"{CONFIRM_CODE}?next=%2Fmessages%2F")
    assert mails_to(member.email)[0].subject == f"{code_to(member.email)} is your Lantern code"
    assert client.post(response["Location"], {"code": "123"}).status_code == 422
    assert not is_signed_in(client)
    done = client.post(response["Location"], {"code": code_to(member.email)})
    assert done["Location"] == "/messages/"
    assert is_signed_in(client)
    member.refresh_from_db()
    assert member.check_password(PASSWORD), "a verified account keeps its password"


def test_asking_for_a_code_tells_nothing_about_an_address(client: Client, member: User) -> None:
    answers = []
    for email in (member.email, "nobody@example.org"):
        browser = Client()
        answer = browser.post(CODE, {"email": email})
        answers.append((answer.status_code, answer["Location"], browser.get(answer["Location"]).status_code))
    assert answers[0] == answers[1] == (302, CONFIRM_CODE, 200)
    assert events_to(member.email) == ["code"]
    assert events_to("nobody@example.org") == ["account_unknown"]


def test_the_first_code_sign_in_on_an_unverified_address_starts_it_anew(client: Client, never_verified: User) -> None:
    stranger = Client()
    stranger.force_login(never_verified)  # whatever way a session came to be
    UserSession.objects.create(
        user=never_verified, session_key=stranger.session.session_key, ip="192.0.2.1", user_agent="x"
    )
    assert is_signed_in(stranger)
    client.post(CODE, {"email": never_verified.email})
    client.post(CONFIRM_CODE, {"code": code_to(never_verified.email)})
    assert is_signed_in(client), "the reader of the mail is in"
    assert not is_signed_in(stranger)
    assert not UserSession.objects.exclude(session_key=client.session.session_key).exists()
    never_verified.refresh_from_db()
    assert not never_verified.has_usable_password()
    assert log_in(Client(), never_verified) == "422"


def test_a_code_sign_in_on_a_verified_address_ends_nothing(client: Client, member: User) -> None:
    elsewhere = Client()
    log_in(elsewhere, member)
    client.post(CODE, {"email": member.email})
    client.post(CONFIRM_CODE, {"code": code_to(member.email)})
    assert is_signed_in(client)
    assert is_signed_in(elsewhere)


def reset(client: Client, user: User) -> None:
    client.post(RESET, {"email": user.email})
    client.post(f"{RESET}confirm/", {"code": code_to(user.email)})


def test_a_reset_signs_out_everywhere_and_tells(client: Client, member: User) -> None:
    elsewhere = Client()
    log_in(elsewhere, member)
    reset(client, member)
    weak = client.post(f"{RESET}complete/", {"password1": "password1"})
    assert weak.status_code == 422
    assert "too common" in weak.text
    assert client.post(f"{RESET}complete/", {"password1": NEW}).status_code == 302
    assert not is_signed_in(elsewhere)
    assert not is_signed_in(client), "a reset is no sign-in: the second factor is asked for as ever"
    assert log_in(client, member, PASSWORD) == "422"
    assert log_in(client, member, NEW) == "/"
    assert "password_changed" in events_to(member.email)


def test_a_reset_tells_nothing_about_an_address(member: User) -> None:
    answers = []
    for email in (member.email, "nobody@example.org"):
        browser = Client()
        answer = browser.post(RESET, {"email": email})
        page = browser.get(answer["Location"])
        answers.append((answer.status_code, answer["Location"], page.status_code))
    assert answers[0] == answers[1] == (302, f"{RESET}confirm/", 200)
    assert events_to("nobody@example.org") == ["account_unknown"]


def test_a_reset_code_on_an_unverified_address_drops_the_strangers_password(
    client: Client, never_verified: User
) -> None:
    """Even if no new password is chosen: the address is proved now, and the stranger's password would open it."""
    reset(client, never_verified)
    assert EmailAddress.objects.get(user=never_verified).verified
    assert log_in(Client(), never_verified) == "422"
    client.post(f"{RESET}complete/", {"password1": NEW})
    assert log_in(Client(), never_verified, NEW) == "/"


def change(client: Client) -> None:
    client.post("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": NEW})


def test_a_changed_password_signs_out_everywhere(client: Client, member: User) -> None:
    elsewhere = Client()
    for browser in (client, elsewhere):
        log_in(browser, member)
    refused = client.post("/accounts/password/change/", {"oldpassword": "wrong", "password1": NEW})
    assert refused.status_code == 422
    assert is_signed_in(elsewhere)
    change(client)
    assert not is_signed_in(client)
    assert not is_signed_in(elsewhere)
    assert not UserSession.objects.filter(user=member).exists()
    assert events_to(member.email)[-1] == "password_changed"
    assert log_in(client, member, NEW) == "/"


def test_other_devices_can_be_signed_out(client: Client, member: User) -> None:
    elsewhere = Client(headers={"user-agent": "Mozilla/5.0 (Windows NT 10.0) Gecko/20100101 Firefox/130.0"})
    for browser in (client, elsewhere):
        log_in(browser, member)
    page = client.get("/accounts/sessions/")
    assert "Firefox on Windows" in page.text
    client.post("/accounts/sessions/")
    assert is_signed_in(client)
    assert not is_signed_in(elsewhere)


def test_an_address_changes_when_its_code_is_entered(client: Client, member: User) -> None:
    log_in(client, member)
    client.post("/accounts/email/", {"email": "new@example.org", "action_add": "1"})
    member.refresh_from_db()
    assert member.email == "ada@example.org", "nothing has changed yet"
    client.post("/accounts/confirm-email/", {"code": "000000"})
    client.post("/accounts/confirm-email/", {"code": code_to("new@example.org")})
    member.refresh_from_db()
    assert member.email == "new@example.org"
    assert events_to("ada@example.org")[-1] == "email_changed"
    assert is_signed_in(client), "whoever changes the address keeps the password and the session"
    assert member.check_password(PASSWORD)


def test_an_address_of_somebody_else_cannot_be_taken(client: Client, member: User) -> None:
    other = make_user(email="other@example.org")
    log_in(client, member)
    answer = client.post("/accounts/email/", {"email": other.email, "action_add": "1"})
    assert answer.status_code == 302, "the page does not tell that it is taken"
    codes = [m for m in mails_to(other.email) if m.extra_headers["X-Event"] == "code"]
    if codes:
        client.post("/accounts/confirm-email/", {"code": code_to(other.email)})
    member.refresh_from_db()
    assert member.email == "ada@example.org"


WINDOWS = "Mozilla/5.0 (Windows NT 10.0; rv:130.0) Gecko/20100101 Firefox/130.0"


def test_a_new_device_is_told_about_and_a_known_one_is_not(member: User) -> None:
    first = Client()
    log_in(first, member)
    assert events_to(member.email) == [], "the very first sign-in is no news"
    elsewhere = Client(headers={"user-agent": WINDOWS})
    log_in(elsewhere, member)
    assert [m.subject for m in mails_to(member.email)] == ["New sign-in from Firefox on Windows"]
    elsewhere.post("/accounts/logout/")
    log_in(elsewhere, member)
    assert len(mails_to(member.email)) == 1, "this browser is known now"


@pytest.mark.parametrize("forge", [lambda value: value[:-2] + "AA", lambda value: "x", lambda value: ""])
def test_a_forged_mark_makes_no_browser_known(member: User, forge: Callable[[str], str]) -> None:
    browser = Client(headers={"user-agent": WINDOWS})
    log_in(browser, member)
    mark = browser.cookies["known"].value
    browser.post("/accounts/logout/")
    browser.cookies["known"] = forge(mark)
    log_in(browser, member)
    assert events_to(member.email) == ["new_sign_in"]


def test_logging_out_takes_a_post(client: Client, member: User) -> None:
    log_in(client, member)
    assert client.get("/accounts/logout/").status_code == 200
    assert is_signed_in(client)
    assert client.post("/accounts/logout/").status_code == 302
    assert not is_signed_in(client)


def test_a_locked_account_cannot_sign_in(client: Client, member: User) -> None:
    User.objects.filter(pk=member.pk).update(is_active=False)
    assert log_in(client, member) == "/accounts/inactive/"
    assert not is_signed_in(client)
    assert Client().post(CODE, {"email": member.email})["Location"] == CONFIRM_CODE
    assert events_to(member.email) == [], "no code goes to a locked account"
    User.objects.filter(pk=member.pk).update(is_active=True)
    assert log_in(client, member) == "/"
    Client().post(CODE, {"email": member.email})
    assert events_to(member.email) == ["code"]


def test_the_readers_choices_travel_with_the_sign_in(client: Client, member: User) -> None:
    User.objects.filter(pk=member.pk).update(theme="dark", language="en")
    log_in(client, member)
    assert client.cookies["theme"].value == "dark"
    assert client.cookies["django_language"].value == "en"
