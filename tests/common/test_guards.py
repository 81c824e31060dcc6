"""Who comes in: signed in → role → second factor → fresh sign-in, in one order for pages and JSON."""

from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from accounts.sealing import unseal
from tests.accounts.mailbox import code_to
from tests.factories import PASSWORD, make_staff, make_student, make_user
from tests.signin import code_of, give_second_factor, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.common.guard_urls")]

OLD = timedelta(minutes=11)


@pytest.fixture(autouse=True)
def _second_factors_are_asked_for(settings: Settings) -> None:
    settings.DEMO_SKIP_STAFF_MFA = False
    settings.PASSWORD_HASHERS = ["tests.hashers.QuickArgon2"]


def where(response: Any) -> str:  # Any: the client's response
    """The status, or for a redirect where it leads."""
    return str(response.headers.get("Location", response.status_code)).split("?")[0]


def totp_code(user: User) -> str:
    return code_of(unseal(Authenticator.objects.get(user=user, type="totp").data["secret"]))


def test_strangers_are_sent_to_sign_in_and_told_by_json(client: Client) -> None:
    response = client.get("/t/student/?day=1")
    assert (response.status_code, response["Location"]) == (302, "/accounts/login/?next=/t/student/%3Fday%3D1")
    answer = client.get("/api/t/decision")
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
    assert client.get("/t/open/").status_code == 200


@pytest.mark.parametrize(
    ("path", "reached_by"),
    [
        ("/t/open/", {"none", "student", "mentor", "support", "finance", "superuser"}),
        ("/t/student/", {"student"}),
        ("/t/mentor/", {"mentor"}),
        ("/t/staff/", {"support", "finance", "superuser"}),
        ("/t/support/", {"support"}),
        ("/t/finance/", {"finance"}),
        ("/t/decision/", {"support"}),
    ],
)
def test_each_page_is_for_its_people_and_no_superuser_stands_in(path: str, reached_by: set[str]) -> None:
    people = {
        "none": make_user(),
        "student": make_student(),
        "mentor": make_user(role="mentor"),
        "support": make_staff("support"),
        "finance": make_staff("finance"),
        "superuser": make_staff(superuser=True),
    }
    statuses = {name: sign_in(Client(), user).get(path).status_code for name, user in people.items()}
    assert statuses == {name: 200 if name in reached_by else 403 for name in people}


def test_json_refuses_by_the_same_rule() -> None:
    statuses = {
        name: sign_in(Client(), user).post("/api/t/decision", content_type="application/json").status_code
        for name, user in {
            "student": make_student(),
            "finance": make_staff("finance"),
            "superuser": make_staff(superuser=True),
            "support": make_staff("support"),
        }.items()
    }
    assert statuses == {"student": 403, "finance": 403, "superuser": 403, "support": 204}


def test_staff_without_a_second_factor_are_led_to_set_one_up(client: Client, support: User) -> None:
    sign_in(client, support, second_factor=False)
    assert where(client.get("/t/support/")) == "/account/security/"
    assert "Set up a second factor first." in client.get("/account/security/").text
    answer = client.get("/api/t/decision")
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    sign_in(client, support, second_factor=True)
    assert client.get("/t/support/").status_code == 200
    assert client.get("/api/t/decision").status_code == 204


def test_a_session_older_than_the_factor_has_to_show_it(client: Client) -> None:
    support = make_staff("support", password=PASSWORD)
    sign_in(client, support, second_factor=False)
    give_second_factor(support)
    response = client.get("/t/support/")
    assert where(response) == "/accounts/2fa/reauthenticate/"
    assert client.get("/api/t/decision").status_code == 403
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    assert client.get("/api/t/decision").status_code == 403, "the password again is no second factor"
    confirmed = client.post(response["Location"], {"code": totp_code(support)})
    assert where(confirmed) == "/t/support/"
    assert client.get("/t/support/").status_code == 200
    assert client.get("/api/t/decision").status_code == 204


def test_a_wrong_role_is_refused_before_a_factor_is_asked_for(client: Client, support: User) -> None:
    sign_in(client, support, second_factor=False)
    assert client.get("/t/finance/").status_code == 403


def test_the_demo_may_skip_second_factors(client: Client, support: User, settings: Settings) -> None:
    settings.DEMO_SKIP_STAFF_MFA = True
    sign_in(client, support, second_factor=False)
    assert client.get("/t/support/").status_code == 200


def test_a_decision_asks_for_a_sign_in_of_the_last_ten_minutes(client: Client) -> None:
    support = make_staff("support", password=PASSWORD)
    sign_in(client, support, ago=OLD)
    assert client.get("/t/support/").status_code == 200, "reading is no decision"
    answer = client.post("/api/t/decision", content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (403, "reauth_required")
    asked = client.get("/t/decision/")
    assert where(asked) == "/accounts/reauthenticate/"
    assert client.post(asked["Location"], {"password": "wrong"}).status_code == 422
    assert where(client.post(asked["Location"], {"password": PASSWORD})) == "/t/decision/"
    assert client.get("/t/decision/").status_code == 200
    assert client.post("/api/t/decision", content_type="application/json").status_code == 204


def test_a_decision_that_was_posted_is_not_lost(client: Client) -> None:
    support = make_staff("support", password=PASSWORD)
    sign_in(client, support, ago=OLD)
    asked = client.post("/t/decision/", {"note": "refuse it"})
    assert where(asked) == "/accounts/reauthenticate/"
    done = client.post(asked["Location"], {"password": PASSWORD})
    assert (done.status_code, done.text) == (200, "done: refuse it")


def test_a_page_asks_before_it_sends_a_decision(client: Client) -> None:
    support = make_staff("support", password=PASSWORD)
    sign_in(client, support, ago=OLD)
    asked = client.get("/account/confirmed/")
    assert where(asked) == "/accounts/reauthenticate/"
    page = client.get(asked["Location"])
    assert page.text.count("data-confirm-part") == 2, "the form, and the other ways"
    again = client.post(asked["Location"], {"password": "wrong"})
    assert (again.status_code, "data-confirm-part" in again.text) == (422, True)
    done = client.post(asked["Location"], {"password": PASSWORD})
    assert where(done) == "/account/confirmed/"
    assert client.get("/account/confirmed/").status_code == 204


def test_a_suspended_account_reads_and_does_not_write(client: Client, student: User) -> None:
    User.objects.filter(pk=student.pk).update(suspended_at=timezone.now())
    sign_in(client, student)
    assert client.get("/t/student/").status_code == 200
    refused = client.post("/t/student/", {"note": "x"})
    assert refused.status_code == 403
    assert "suspended" in refused.text
    User.objects.filter(pk=student.pk).update(suspended_at=None)
    assert client.post("/t/student/", {"note": "x"}).text == "done: x"


def test_a_locked_account_is_out_at_once(client: Client, student: User) -> None:
    sign_in(client, student)
    User.objects.filter(pk=student.pk).update(is_active=False)
    assert where(client.get("/t/student/")) == "/accounts/login/"
    User.objects.filter(pk=student.pk).update(is_active=True)
    assert client.get("/t/student/").status_code == 200


class TestDjangoAdmin:
    """Its own sign-in form knows no limits, codes or second factors, so it is never shown."""

    def test_strangers_go_to_the_products_sign_in(self, client: Client) -> None:
        for path in ("/admin/accounts/user/", "/admin/login/"):
            assert client.get(path)["Location"] == f"/accounts/login/?next={path}"
        assert where(client.post("/admin/login/", {"username": "x", "password": "y"})) == "/accounts/login/"

    def test_students_are_refused(self, client: Client, student: User) -> None:
        sign_in(client, student)
        assert client.get("/admin/", follow=True).status_code == 403

    def test_staff_without_a_factor_are_led_to_it(self, client: Client, support: User) -> None:
        sign_in(client, support, second_factor=False)
        assert client.get("/admin/", follow=True).redirect_chain[-1][0] == "/account/security/"
        sign_in(client, support, second_factor=True)
        assert client.get("/admin/").status_code == 200

    def test_a_session_without_its_factor_is_asked_and_comes_back(self, client: Client) -> None:
        support = make_staff("support", password=PASSWORD)
        sign_in(client, support, second_factor=False)
        give_second_factor(support)
        asked = client.get("/admin/accounts/user/", follow=True).redirect_chain[-1][0]
        assert asked.startswith("/accounts/2fa/reauthenticate/")
        done = client.post(asked, {"code": totp_code(support)}, follow=True)
        assert done.redirect_chain[-1][0] == "/admin/accounts/user/"
        assert done.status_code == 200

    @pytest.mark.parametrize("way", ["password", "code"])
    def test_whichever_way_they_sign_in_the_factor_is_asked_for(self, client: Client, way: str) -> None:
        support = make_staff("support", password=PASSWORD)
        give_second_factor(support)
        if way == "password":
            answer = client.post("/accounts/login/?next=/admin/", {"login": support.email, "password": PASSWORD})
        else:
            client.post("/accounts/login/code/?next=/admin/", {"email": support.email})
            answer = client.post("/accounts/login/code/confirm/?next=/admin/", {"code": code_to(support.email)})
        assert where(answer) == "/accounts/2fa/authenticate/"
        assert where(client.get("/admin/")) == "/admin/login/"
        done = client.post("/accounts/2fa/authenticate/", {"code": totp_code(support)})
        assert where(done) == "/admin/"
        assert client.get("/admin/").status_code == 200

    def test_next_does_not_lead_out(self, client: Client, support: User) -> None:
        sign_in(client, support)
        assert client.get("/admin/login/?next=//evil.example/")["Location"] == "/admin/"
        assert client.get("/admin/login/?next=/admin/accounts/user/")["Location"] == "/admin/accounts/user/"

    def test_the_superuser_reads_and_that_is_all(self, client: Client) -> None:
        sign_in(client, make_staff(superuser=True))
        assert client.get("/admin/").status_code == 200
        assert client.get("/t/support/").status_code == 403


def test_names_in_authenticator_apps_are_the_sites(settings: Settings) -> None:
    settings.SITE_NAME = "Beacon"
    assert get_adapter().get_totp_issuer() == "Beacon"
