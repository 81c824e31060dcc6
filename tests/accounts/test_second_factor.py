"""Authenticator apps, recovery codes and passkeys: set up, used, removed, and told about by mail."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from cryptography.fernet import InvalidToken
from django.test import Client
from django.utils import timezone
from pytest_django import Settings
from time_machine import travel

from accounts.models import User
from accounts.sealing import unseal
from tests.accounts.mailbox import code_to, events_to, mails_to
from tests.accounts.soft_key import KEYS, SoftKey, add_passkey, options_of
from tests.factories import PASSWORD, make_student
from tests.signin import code_of, give_second_factor, sign_in

APP = "/accounts/2fa/totp/activate/"
SECOND = "/accounts/2fa/authenticate/"

pytestmark = pytest.mark.django_db

type OnCommit = Callable[..., Any]


def is_signed_in(client: Client) -> bool:
    return client.get("/api/me").status_code == 200


def give_password(client: Client, user: User) -> Any:  # Any: the client's response
    return client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})


@pytest.fixture
def member(db: None) -> User:
    return make_student(password=PASSWORD, email="ada@example.org")


def set_up_app(client: Client) -> str:
    secret = re.search(r"<code>([A-Z2-7]{16,})</code>", client.get(APP).text)
    assert secret
    client.post(APP, {"code": code_of(secret[1])})
    return secret[1]


def test_an_app_is_set_up_and_asked_for_at_the_next_sign_in(
    client: Client, member: User, django_capture_on_commit_callbacks: OnCommit
) -> None:
    give_password(client, member)
    refused = client.post(APP, {"code": "000000"})
    assert refused.status_code == 422
    assert not Authenticator.objects.filter(user=member).exists()
    with django_capture_on_commit_callbacks(execute=True):
        secret = set_up_app(client)
    assert set(Authenticator.objects.filter(user=member).values_list("type", flat=True)) == {"totp", "recovery_codes"}
    assert events_to(member.email) == ["sign_in_method_changed"]
    assert mails_to(member.email)[0].subject == "An authenticator app was added to your account"
    elsewhere = Client()
    assert give_password(elsewhere, member)["Location"] == SECOND
    assert not is_signed_in(elsewhere)
    assert elsewhere.post(SECOND, {"code": "000000"}).status_code == 422
    assert not is_signed_in(elsewhere)
    Authenticator.objects.filter(type="totp").update(last_used_at=None)
    elsewhere.post(SECOND, {"code": code_of(secret)})
    assert is_signed_in(elsewhere)


def test_the_database_alone_gives_no_second_factor_away(client: Client, member: User, settings: Settings) -> None:
    give_password(client, member)
    secret = set_up_app(client)
    kept = json.dumps(list(Authenticator.objects.values_list("data", flat=True)))
    assert secret not in kept
    old, settings.SECRET_KEY = settings.SECRET_KEY, "another one"
    factor = Authenticator.objects.get(type="totp")
    with pytest.raises(InvalidToken):
        unseal(factor.data["secret"])
    settings.SECRET_KEY_FALLBACKS = [old]
    assert unseal(factor.data["secret"]) == secret


def test_a_recovery_code_works_once(client: Client, member: User) -> None:
    give_password(client, member)
    set_up_app(client)
    codes = client.get("/accounts/2fa/recovery-codes/download/").text.split()
    assert len(codes) == 10
    for answer in (302, 422):
        elsewhere = Client()
        give_password(elsewhere, member)
        assert elsewhere.post(SECOND, {"code": codes[0]}).status_code == answer
        assert is_signed_in(elsewhere) is (answer == 302)


def test_setting_up_asks_for_the_password_when_the_sign_in_is_old(client: Client, member: User) -> None:
    sign_in(client, member, ago=timedelta(minutes=11))
    asked = client.get(APP)
    assert asked["Location"].startswith("/accounts/reauthenticate/")
    assert client.post(asked["Location"], {"password": PASSWORD})["Location"] == APP
    assert client.get(APP).status_code == 200


def test_an_app_is_removed_after_a_question(client: Client, member: User) -> None:
    give_second_factor(member)
    sign_in(client, member, second_factor=True)
    page = client.get("/accounts/2fa/totp/deactivate/")
    assert page.status_code == 200
    assert "There is a problem" not in page.text
    assert Authenticator.objects.filter(user=member).exists()
    client.post("/accounts/2fa/totp/deactivate/")
    assert not Authenticator.objects.filter(user=member).exists()
    assert events_to(member.email) == ["sign_in_method_changed"]


def test_who_has_just_signed_up_by_code_sets_up_keys_without_being_asked_again(client: Client) -> None:
    with travel(timezone.now(), tick=False) as clock:
        client.post("/accounts/signup/", {"email": "noor@example.org"})
        client.post("/accounts/confirm-email/", {"code": code_to("noor@example.org")})
        add_passkey(client)
        assert client.get(f"{KEYS}add/").status_code == 200
        clock.shift(timedelta(minutes=11))
        assert client.get(f"{KEYS}add/")["Location"].startswith("/accounts/2fa/reauthenticate/")


@pytest.mark.parametrize(
    ("url", "body"),
    [
        ("/accounts/password/set/", {"password1": "a-thief-chose-this-1"}),
        ("/accounts/email/", {"action_add": "", "email": "thief@example.org"}),
        (APP, {"code": "000000"}),
        ("/accounts/2fa/webauthn/add/", {"name": "Thief"}),
    ],
    ids=["password", "address", "app", "passkey"],
)
def test_who_signs_in_by_code_alone_changes_no_way_in_on_a_sign_in_left_open(
    client: Client, url: str, body: dict[str, str]
) -> None:
    """There is nothing that could be asked again, which is no reason to let pass unasked."""
    user = make_student()
    sign_in(client, user)
    with travel(timezone.now() + timedelta(minutes=11), tick=False):
        refused = client.post(url, body)
        assert refused.status_code == 403
        assert "Log out and sign in again" in refused.text
        user.refresh_from_db()
        assert not user.has_usable_password()
        assert not mails_to("thief@example.org")
        sign_in(client, user)
        assert client.post(url, body).status_code in {302, 422}


def test_a_code_for_a_new_address_is_no_fresh_sign_in(client: Client, member: User) -> None:
    sign_in(client, member)
    with travel(timezone.now(), tick=False) as clock:
        client.post("/accounts/email/", {"action_add": "", "email": "new@example.org"})
        assert client.get(APP).status_code == 200
        clock.shift(timedelta(minutes=11))
        client.post("/accounts/confirm-email/", {"code": code_to("new@example.org")})
        member.refresh_from_db()
        assert member.email == "new@example.org"
        assert client.get(APP)["Location"].startswith("/accounts/reauthenticate/")


def passkey_options(client: Client) -> dict[str, Any]:  # Any: JSON
    answer = client.get(f"{KEYS}login/", headers={"accept": "application/json"})
    options: dict[str, Any] = answer.json()["request_options"]
    return options


def test_a_passkey_signs_in_by_itself_and_goes_where_one_wanted(client: Client, member: User) -> None:
    give_password(client, member)
    key = add_passkey(client)
    assert events_to(member.email) == ["sign_in_method_changed"]
    elsewhere = Client()
    answer = key.get(passkey_options(elsewhere))
    done = elsewhere.post(f"{KEYS}login/", {"credential": answer, "next": "/messages/"})
    assert done["Location"] == "/messages/"
    assert is_signed_in(elsewhere)


def test_a_passkey_of_nobody_signs_nobody_in(client: Client, member: User) -> None:
    give_password(client, member)
    real = add_passkey(client)
    forged = SoftKey()
    forged.id, forged.user_handle = real.id, real.user_handle
    elsewhere = Client()
    for answer in (forged.get(passkey_options(elsewhere)), "{}", '{"response": 5}', "[]"):
        refused = elsewhere.post(f"{KEYS}login/", {"credential": answer})
        assert refused.status_code in {302, 422}
        assert not is_signed_in(elsewhere)
    elsewhere.post(f"{KEYS}login/", {"credential": real.get(passkey_options(elsewhere))})
    assert is_signed_in(elsewhere)


def test_an_answer_of_a_passkey_is_good_once(client: Client, member: User) -> None:
    give_password(client, member)
    key = add_passkey(client)
    first, second = Client(), Client()
    answer = key.get(passkey_options(first))
    passkey_options(second)
    second.post(f"{KEYS}login/", {"credential": answer})
    assert not is_signed_in(second), "it answers another session's challenge"
    first.post(f"{KEYS}login/", {"credential": answer})
    assert is_signed_in(first)


def test_a_passkey_is_the_second_step_of_a_password(client: Client, member: User) -> None:
    give_password(client, member)
    key = add_passkey(client)
    elsewhere = Client()
    assert give_password(elsewhere, member)["Location"] == SECOND
    options = options_of(elsewhere.get(SECOND).text)["request_options"]
    elsewhere.post(SECOND, {"credential": key.get(options)})
    assert is_signed_in(elsewhere)


def test_passkeys_are_named_listed_and_removed_by_their_owner(client: Client, member: User) -> None:
    give_password(client, member)
    add_passkey(client, "Phone")
    add_passkey(client, "Laptop")
    page = client.get(KEYS).text
    assert "Phone" in page
    assert "Laptop" in page
    pk = Authenticator.objects.filter(type="webauthn").order_by("pk").values_list("pk", flat=True)[0]
    client.post(f"{KEYS}keys/{pk}/edit/", {"name": "Old phone"})
    assert "Old phone" in client.get(KEYS).text
    stranger = sign_in(Client(), make_student())
    for path in ("edit", "remove"):
        assert stranger.post(f"{KEYS}keys/{pk}/{path}/", {"name": "x"}).status_code == 404
    assert client.get(f"{KEYS}keys/{pk}/remove/").status_code == 200
    client.post(f"{KEYS}keys/{pk}/remove/")
    assert "Old phone" not in client.get(KEYS).text
    assert events_to(member.email)[-1] == "sign_in_method_changed"


def test_the_list_of_passkeys_costs_the_same_for_one_and_for_many(
    client: Client, member: User, django_assert_max_num_queries: Any
) -> None:
    give_password(client, member)
    add_passkey(client)
    with django_assert_max_num_queries(4) as one:  # session, user, unread messages, passkeys
        client.get(KEYS)
    cost = len(one)
    for _ in range(3):
        add_passkey(client)
    with django_assert_max_num_queries(cost):
        client.get(KEYS)
