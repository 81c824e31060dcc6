"""Signing up, verifying and signing in by JSON, to the letter of the contract."""

from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.test import Client

from accounts.models import User
from mentors.models import Mentor
from tests.accounts.mailbox import code_to, events_to
from tests.factories import PASSWORD, make_student
from tests.signin import give_second_factor, sign_in

EMAIL = "noor@example.org"
BODY = {
    "email": EMAIL,
    "password": PASSWORD,
    "name": "Noor Haddad",
    "role": "student",
    "time_zone": "Asia/Beirut",
}

pytestmark = pytest.mark.django_db


def post(client: Client, path: str, body: dict[str, Any], **headers: str) -> Any:  # Any: the test client's response
    return client.post(f"/api/{path}", body, content_type="application/json", headers=headers or None)


def codes(response: Any) -> tuple[int, str]:  # Any: the test client's response
    return response.status_code, response.json()["code"]


def test_sign_up_verify_and_read_oneself(client: Client) -> None:
    answer = post(client, "auth/signup", BODY)
    assert (answer.status_code, answer.json()) == (202, {"status": "code_sent"})
    assert codes(client.get("/api/me")) == (401, "not_authenticated")
    assert codes(post(client, "auth/verify-email", {"code": "000000"})) == (422, "bad_code")
    verified = post(client, "auth/verify-email", {"code": code_to(EMAIL)})
    assert verified.status_code == 200
    user = User.objects.get()
    expected = {
        "id": str(user.pk),
        "email": EMAIL,
        "name": "Noor Haddad",
        "role": "student",
        "time_zone": "Asia/Beirut",
        "email_verified": True,
        "handle": None,
    }
    assert verified.json() == expected
    me = client.get("/api/me")
    assert (me.status_code, me.json()) == (200, expected)
    assert me["Cache-Control"] == "no-store"


def test_a_known_address_gets_the_same_answer(client: Client) -> None:
    known = make_student(password=PASSWORD)
    answers = [post(Client(), "auth/signup", {**BODY, "email": email}) for email in (EMAIL, known.email)]
    for answer in answers:
        assert (answer.status_code, answer.json(), sorted(answer.cookies)) == (
            202,
            {"status": "code_sent"},
            ["sessionid"],
        )
    assert events_to(known.email) == ["account_exists"]
    assert events_to(EMAIL) == ["code"]


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"role": "admin"}, "invalid", "role"),
        ({"role": ""}, "invalid", "role"),
        ({"is_staff": True}, "unknown_field", "is_staff"),
        ({"id": "x"}, "unknown_field", "id"),
        ({"time_zone": "Mars/Olympus"}, "invalid", "time_zone"),
        ({"password": "short"}, "invalid", "password"),
        ({"password": "password123"}, "invalid", "password"),
        ({"password": ""}, "invalid", "password"),
        ({"email": "not an address"}, "invalid", "email"),
        ({"name": ""}, "invalid", "name"),
        ({"name": "x" * 81}, "invalid", "name"),
        ({"email": 5}, "invalid", "email"),
    ],
)
def test_a_sign_up_that_cannot_be_right(client: Client, change: dict[str, object], code: str, field: str) -> None:
    refused = post(client, "auth/signup", {**BODY, **change})
    assert codes(refused) == (422, code)
    assert [error["field"] for error in refused.json()["errors"]] == [field]
    assert not User.objects.exists()
    assert post(client, "auth/signup", BODY).status_code == 202


def test_a_refusal_never_repeats_the_password(client: Client) -> None:
    refused = post(client, "auth/signup", {**BODY, "password": "password123", "role": "admin"})
    assert "password123" not in refused.text


def test_whoever_is_signed_in_does_not_sign_up(client: Client, student: User) -> None:
    sign_in(client, student)
    assert codes(post(client, "auth/signup", BODY)) == (409, "wrong_state")
    post(client, "auth/logout", {})
    assert post(client, "auth/signup", BODY).status_code == 202


def test_a_write_without_its_token_is_refused_first(csrf_client: Client) -> None:
    for path in ("auth/signup", "auth/login", "auth/verify-email", "auth/logout"):
        refused = csrf_client.post(f"/api/{path}", "not even JSON", content_type="text/plain")
        assert codes(refused) == (403, "csrf_failed")
    token = csrf_client.get("/api/csrf")
    assert token.status_code == 200
    assert "csrftoken" in token.cookies
    assert post(csrf_client, "auth/signup", BODY, **{"X-CSRFToken": token.json()["csrf_token"]}).status_code == 202


@pytest.fixture
def member(db: None) -> User:
    return make_student(password=PASSWORD, email="ada@example.org")


def credentials(user: User, password: str = PASSWORD) -> dict[str, str]:
    return {"email": user.email, "password": password}


def test_sign_in_and_out(client: Client, member: User) -> None:
    assert codes(post(client, "auth/login", credentials(member, "wrong"))) == (401, "bad_credentials")
    assert codes(post(client, "auth/login", {"email": "nobody@example.org", "password": "x"})) == (
        401,
        "bad_credentials",
    )
    assert codes(client.get("/api/me")) == (401, "not_authenticated")
    answer = post(client, "auth/login", credentials(member))
    assert (answer.status_code, answer.json()["email"]) == (200, member.email)
    assert client.get("/api/me").status_code == 200
    out = post(client, "auth/logout", {})
    assert (out.status_code, out.content) == (204, b"")
    assert codes(client.get("/api/me")) == (401, "not_authenticated")
    assert post(client, "auth/logout", {}).status_code == 204


def test_signing_in_again_is_a_fresh_sign_in(client: Client, member: User) -> None:
    post(client, "auth/login", credentials(member))
    before = client.session.session_key
    assert post(client, "auth/login", credentials(member)).status_code == 200
    assert client.session.session_key != before
    assert codes(post(client, "auth/login", credentials(member, "wrong"))) == (401, "bad_credentials")
    assert client.get("/api/me").status_code == 200, "a wrong password leaves the open session alone"


def test_another_account_takes_the_session_over(client: Client, member: User) -> None:
    other = make_student(password=PASSWORD)
    post(client, "auth/login", credentials(member))
    assert post(client, "auth/login", credentials(other)).json()["email"] == other.email
    assert client.get("/api/me").json()["email"] == other.email


def test_an_unverified_address_gets_a_new_code(client: Client) -> None:
    post(client, "auth/signup", BODY)
    first = code_to(EMAIL)
    elsewhere = Client()
    answer = post(elsewhere, "auth/login", {"email": EMAIL, "password": PASSWORD})
    assert codes(answer) == (401, "email_unverified")
    assert codes(elsewhere.get("/api/me")) == (401, "not_authenticated")
    assert code_to(EMAIL) != first
    assert post(elsewhere, "auth/verify-email", {"code": code_to(EMAIL)}).status_code == 200
    assert elsewhere.get("/api/me").json()["email_verified"] is True


def test_an_account_with_a_second_factor_gets_no_session(client: Client, member: User) -> None:
    give_second_factor(member)
    answer = post(client, "auth/login", credentials(member))
    assert codes(answer) == (401, "mfa_required")
    assert codes(client.get("/api/me")) == (401, "not_authenticated")
    assert client.get("/accounts/2fa/authenticate/").status_code == 200, "the page finishes it"
    Authenticator.objects.filter(user=member).delete()
    assert post(client, "auth/login", credentials(member)).status_code == 200


def test_a_half_sign_in_ends_the_session_that_was_open(client: Client, member: User) -> None:
    sign_in(client, member, second_factor=True)
    assert client.get("/api/me").status_code == 200
    assert codes(post(client, "auth/login", credentials(member))) == (401, "mfa_required")
    assert codes(client.get("/api/me")) == (401, "not_authenticated")


def test_a_locked_account_is_refused(client: Client, member: User) -> None:
    User.objects.filter(pk=member.pk).update(is_active=False)
    assert codes(post(client, "auth/login", credentials(member))) == (401, "bad_credentials")
    assert codes(client.get("/api/me")) == (401, "not_authenticated")
    User.objects.filter(pk=member.pk).update(is_active=True)
    assert post(client, "auth/login", credentials(member)).status_code == 200


def test_a_code_without_a_sign_up_is_wrong(client: Client) -> None:
    assert codes(post(client, "auth/verify-email", {"code": "123456"})) == (422, "bad_code")


def test_a_fourth_try_at_a_code_is_wrong_even_if_right(client: Client) -> None:
    post(client, "auth/signup", BODY)
    right = code_to(EMAIL)
    for _ in range(3):
        assert codes(post(client, "auth/verify-email", {"code": "000000"})) == (422, "bad_code")
    assert codes(post(client, "auth/verify-email", {"code": right})) == (422, "bad_code")
    assert not EmailAddress.objects.get().verified


def test_a_mentor_learns_their_handle(client: Client, mentor: Mentor) -> None:
    sign_in(client, mentor.user)
    assert client.get("/api/me").json()["handle"] == mentor.handle


def test_wrong_methods_are_405_before_anyone_is_asked(client: Client) -> None:
    for path, allowed in (("me", "GET"), ("auth/login", "POST"), ("csrf", "GET")):
        answer = client.delete(f"/api/{path}")
        assert codes(answer) == (405, "method_not_allowed")
        assert answer["Allow"] == allowed


def test_reading_oneself_costs_three_queries(client: Client, member: User, django_assert_num_queries: Any) -> None:
    sign_in(client, member)
    with django_assert_num_queries(3):  # session, user, facts
        client.get("/api/me")
