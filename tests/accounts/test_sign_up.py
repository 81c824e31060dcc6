"""Signing up: a code before the first sign-in, one answer for every address, one role."""

import threading
from collections import Counter

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client
from time_machine import travel

from accounts import signin_forms
from accounts.models import User
from accounts.signals import role_chosen
from tests.accounts.mailbox import code_to, events_to, mails_to
from tests.factories import PASSWORD, make_student
from tests.races import at_once

SIGN_UP = "/accounts/signup/"
CONFIRM = "/accounts/confirm-email/"
EMAIL = "noor@example.org"
FORM = {"email": EMAIL, "password1": PASSWORD}

pytestmark = pytest.mark.django_db


def is_signed_in(client: Client) -> bool:
    return client.get("/api/me").status_code == 200


def test_a_code_ends_the_sign_up_before_the_first_sign_in(client: Client) -> None:
    response = client.post(SIGN_UP, FORM)
    assert (response.status_code, response["Location"]) == (302, CONFIRM)
    assert not is_signed_in(client)
    wrong = client.post(CONFIRM, {"code": "000 000"})
    assert wrong.status_code == 422
    assert "That code is wrong or has expired" in wrong.text
    assert not is_signed_in(client)
    right = client.post(CONFIRM, {"code": code_to(EMAIL)})
    assert (right.status_code, right["Location"]) == (302, "/welcome/?next=%2F")
    assert is_signed_in(client)
    assert EmailAddress.objects.get(email=EMAIL).verified
    assert User.objects.get(email=EMAIL).check_password(PASSWORD)


def test_the_code_works_only_in_the_session_that_asked_for_it(client: Client) -> None:
    client.post(SIGN_UP, FORM)
    code = code_to(EMAIL)
    stranger = Client()
    assert stranger.post(CONFIRM, {"code": code}).status_code == 302
    assert not is_signed_in(stranger)
    client.post(CONFIRM, {"code": code})
    assert is_signed_in(client)


def test_a_code_is_tried_three_times(client: Client) -> None:
    client.post(SIGN_UP, FORM)
    code = code_to(EMAIL)
    for status in (422, 422, 302):
        assert client.post(CONFIRM, {"code": "000000"}).status_code == status
    client.post(CONFIRM, {"code": code})
    assert not is_signed_in(client)


def test_a_code_is_good_for_fifteen_minutes(client: Client) -> None:
    with travel("2026-11-22T10:00:00Z", tick=False) as clock:
        client.post(SIGN_UP, FORM)
        code = code_to(EMAIL)
        clock.shift(15 * 60 + 1)
        late = client.post(CONFIRM, {"code": code}, follow=True)
        assert late.redirect_chain == [("/accounts/login/", 302)]
        assert "That code has expired. Ask for another one." in late.text
        assert not is_signed_in(client)
        client.post("/accounts/login/", {"login": EMAIL, "password": PASSWORD})
        client.post(CONFIRM, {"code": code_to(EMAIL)})
        assert is_signed_in(client)


def test_another_code_can_be_asked_for(client: Client) -> None:
    client.post(SIGN_UP, FORM)
    first = code_to(EMAIL)
    client.post(CONFIRM, {"action": "resend"})
    second = code_to(EMAIL)
    assert first != second
    client.post(CONFIRM, {"code": first})
    assert not is_signed_in(client)
    client.post(CONFIRM, {"code": second.replace(" ", "")})
    assert is_signed_in(client)


def test_a_known_address_gets_the_same_answer_and_another_mail(client: Client) -> None:
    known = make_student(password=PASSWORD)
    answers = []
    for email in (EMAIL, known.email):
        browser = Client()
        response = browser.post(SIGN_UP, {**FORM, "email": email})
        page = browser.get(response["Location"])
        seen = page.text.replace(email, "…").replace(browser.cookies["csrftoken"].value, "")
        answers.append((response.status_code, response["Location"], sorted(response.cookies), _without_tokens(seen)))
    assert answers[0] == answers[1]
    assert events_to(EMAIL) == ["code"]
    assert events_to(known.email) == ["account_exists"]
    assert mails_to(known.email)[0].subject == "You already have an account"
    assert User.objects.count() == 2


def _without_tokens(page: str) -> list[str]:
    return [line for line in page.splitlines() if "csrfmiddlewaretoken" not in line and "nonce" not in line]


def test_no_code_opens_the_account_of_a_known_address(client: Client) -> None:
    known = make_student(password=PASSWORD)
    client.post(SIGN_UP, {**FORM, "email": known.email})
    for code in ("000000", ""):
        assert client.post(CONFIRM, {"code": code}).status_code == 422
    assert not is_signed_in(client)


def test_addresses_differ_by_more_than_case(client: Client) -> None:
    client.post(SIGN_UP, {**FORM, "email": "Noor@Example.ORG"})
    Client().post(SIGN_UP, FORM)
    assert User.objects.get().email == EMAIL
    assert events_to(EMAIL) == ["code", "account_exists"]


@pytest.mark.parametrize(
    ("password", "sentence"),
    [("short12", "too short"), ("password123", "too common"), ("x" * 129, "at most 128 characters")],
)
def test_a_password_has_8_to_128_characters_and_is_not_common(client: Client, password: str, sentence: str) -> None:
    response = client.post(SIGN_UP, {**FORM, "password1": password})
    assert response.status_code == 422
    assert sentence in response.text
    assert f'value="{EMAIL}"' in response.text, "what was typed stays"
    assert not User.objects.exists()
    good = {"short12": "short123", "password123": "pass word 123", "x" * 129: "ab" * 64}[password]
    assert client.post(SIGN_UP, {**FORM, "password1": good}).status_code == 302


def test_who_needs_no_password_signs_up_without(client: Client) -> None:
    client.post(SIGN_UP, {"email": EMAIL})
    client.post(CONFIRM, {"code": code_to(EMAIL)})
    assert is_signed_in(client)
    assert not User.objects.get().has_usable_password()


def test_nobody_signs_up_as_an_admin(client: Client) -> None:
    response = client.post(SIGN_UP, {**FORM, "role": "admin", "is_staff": "1"})
    assert response.status_code == 422
    assert not User.objects.exists()
    assert client.post(SIGN_UP, {**FORM, "role": "mentor", "is_staff": "1"}).status_code == 302
    assert (User.objects.get().role, User.objects.get().is_staff) == ("mentor", False)


def test_a_role_named_at_sign_up_is_announced_once(client: Client) -> None:
    heard: list[User] = []
    role_chosen.connect(lambda user, **kwargs: heard.append(user), weak=False, dispatch_uid="test")
    try:
        client.post(SIGN_UP, {**FORM, "role": "mentor", "name": " Noor\n Haddad ", "time_zone": "Asia/Beirut"})
    finally:
        role_chosen.disconnect(dispatch_uid="test")
    user = User.objects.get()
    assert heard == [user]
    assert (user.name, user.time_zone) == ("Noor Haddad", "Asia/Beirut")


def test_a_browser_with_an_unknown_zone_can_sign_up(client: Client) -> None:
    client.post(SIGN_UP, {**FORM, "time_zone": "Mars/Olympus"})
    assert User.objects.get().time_zone == ""


def test_with_role_and_name_the_first_sign_in_goes_on_and_welcomes(client: Client) -> None:
    client.post(f"{SIGN_UP}?next=/mentors/", {**FORM, "role": "student", "name": "Noor"})
    response = client.post(CONFIRM, {"code": code_to(EMAIL)})
    assert response["Location"] == "/mentors/"
    assert events_to(EMAIL) == ["code", "welcome"]
    assert mails_to(EMAIL)[-1].subject == "Find your first mentor"


def test_the_session_key_changes_when_someone_signs_in(client: Client) -> None:
    client.post(SIGN_UP, FORM)
    before = client.session.session_key
    client.post(CONFIRM, {"code": code_to(EMAIL)})
    assert is_signed_in(client)
    assert client.session.session_key != before
    assert not Client(headers={"cookie": f"sessionid={before}"}).session.get("_auth_user_id")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("guarded", [True, False])
def test_two_sign_ups_with_one_address_make_one_account(guarded: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both pass the form's look-up before either has saved; without the guard the second is an error."""
    barrier = threading.Barrier(2, timeout=20)
    looked_up = signin_forms.SignUpForm.validate_unique_email

    def wait_for_the_other(form: signin_forms.SignUpForm, value: str) -> str:
        email: str = looked_up(form, value)
        barrier.wait()
        return email

    monkeypatch.setattr(signin_forms.SignUpForm, "validate_unique_email", wait_for_the_other)
    if not guarded:
        monkeypatch.setattr(signin_forms, "EMAIL_UNIQUE", "no such constraint")
    statuses = at_once([lambda: Client(raise_request_exception=False).post(SIGN_UP, FORM).status_code] * 2)
    assert Counter(statuses) == ({302: 2} if guarded else {302: 1, 500: 1})
    assert User.objects.count() == 1
    if guarded:
        assert sorted(events_to(EMAIL)) == ["account_exists", "code"]
    mail.outbox.clear()
