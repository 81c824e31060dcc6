"""The pages of an account: welcome, profile, zone, security."""

from datetime import UTC, datetime
from typing import Any, Self

import pytest
from allauth.usersessions.models import UserSession
from django.dispatch import Signal
from django.http import HttpRequest
from django.test import Client
from django.utils import timezone
from time_machine import travel

from accounts import services
from accounts.errors import RoleAlreadyChosen, UnknownZone
from accounts.models import User
from accounts.signals import role_chosen, sign_in_finished
from tests.accounts.mailbox import code_to, events_to, mails_to
from tests.factories import PASSWORD, make_staff, make_student, make_user
from tests.signin import give_second_factor, sign_in

pytestmark = pytest.mark.django_db

SLOT = {"mentor": "ngozi", "minutes": 45, "starts_at": "2026-11-26T18:30:00+00:00"}
ANSWERS = {"role": "mentor", "name": "Noor Haddad", "time_zone": "Asia/Beirut"}


@pytest.fixture
def newcomer(db: None) -> User:
    """Has verified an address and chosen nothing yet."""
    return make_user(name="")


class Heard:
    """Listens to a signal and answers it."""

    def __init__(self, signal: Signal, answer: str | None = None) -> None:
        self.signal, self.answer = signal, answer
        self.calls: list[dict[str, Any]] = []  # Any: a signal's arguments

    def __enter__(self) -> Self:
        self.signal.connect(self.hear, dispatch_uid="test")
        return self

    def __exit__(self, *exc: object) -> None:
        self.signal.disconnect(dispatch_uid="test")

    def hear(self, **kwargs: Any) -> str | None:  # Any: a signal's arguments
        self.calls.append(kwargs)
        return self.answer


def pick_slot(client: Client) -> None:
    session = client.session
    session["picked_slot"] = SLOT
    session.save()


def test_a_newcomer_chooses_once(client: Client, newcomer: User) -> None:
    sign_in(client, newcomer)
    with Heard(role_chosen) as heard:
        answer = client.post("/welcome/", ANSWERS)
    assert (answer.status_code, answer["Location"]) == (302, "/mentor/")
    newcomer.refresh_from_db()
    assert (newcomer.role, newcomer.name, newcomer.time_zone) == ("mentor", "Noor Haddad", "Asia/Beirut")
    assert len(heard.calls) == 1
    assert [m.subject for m in mails_to(newcomer.email)] == ["Five steps until students can book you"]
    client.post("/welcome/", {**ANSWERS, "role": "student"})
    newcomer.refresh_from_db()
    assert newcomer.role == "mentor", "the choice stays"
    with pytest.raises(RoleAlreadyChosen):
        services.choose_role(user=newcomer, role="student", name="x", time_zone="UTC")


def test_who_asked_for_nothing_starts_where_their_role_does(client: Client, newcomer: User) -> None:
    sign_in(client, newcomer)
    answer = client.post("/welcome/", {**ANSWERS, "next": "/"})
    assert answer["Location"] == "/mentor/"


def test_two_tabs_cannot_choose_two_roles(newcomer: User) -> None:
    other_tab = User.objects.get(pk=newcomer.pk)
    services.choose_role(user=newcomer, role="student", name="Noor", time_zone="UTC")
    with pytest.raises(RoleAlreadyChosen):
        services.choose_role(user=other_tab, role="mentor", name="Noor", time_zone="UTC")
    newcomer.refresh_from_db()
    assert newcomer.role == "student"


def test_a_page_for_others_leads_a_newcomer_to_the_choice(client: Client, newcomer: User) -> None:
    sign_in(client, newcomer)
    refused = client.get("/mentor/")
    assert refused.status_code == 403
    assert 'href="/welcome/?next=/mentor/"' in refused.text
    services.choose_role(user=newcomer, role="student", name="Noor", time_zone="UTC")
    assert "/welcome/" not in client.get("/mentor/").text


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"role": "admin"}, "Choose to learn or to teach."),
        ({"role": ""}, "Choose to learn or to teach."),
        ({"name": " "}, "Enter your name."),
        ({"time_zone": "Mars/Olympus"}, "Choose a time zone from the list."),
    ],
)
def test_what_cannot_be_right_is_refused(client: Client, newcomer: User, change: dict[str, str], sentence: str) -> None:
    sign_in(client, newcomer)
    refused = client.post("/welcome/", {**ANSWERS, **change})
    assert refused.status_code == 422
    assert sentence in refused.text
    assert "<title>Error: " in refused.text
    newcomer.refresh_from_db()
    assert newcomer.role == ""
    assert client.post("/welcome/", ANSWERS).status_code == 302


def test_the_zone_is_guessed_from_the_browser(client: Client, newcomer: User) -> None:
    sign_in(client, newcomer)
    client.cookies["tz"] = "Asia/Calcutta"  # an old name that browsers still report
    page = client.get("/welcome/")
    assert '<option value="Asia/Calcutta" selected>' in page.text
    client.cookies["tz"] = "<script>"
    assert "<script>alert" not in client.get("/welcome/").text


def test_a_picked_slot_makes_a_student_unasked_and_is_gone_on_with(client: Client, newcomer: User) -> None:
    sign_in(client, newcomer)
    pick_slot(client)
    page = client.get("/welcome/").text
    assert 'name="role"' not in page
    assert "18:30" in page
    with Heard(sign_in_finished, answer="/bookings/7/pay/") as heard:
        answer = client.post("/welcome/", {"name": "Noor", "time_zone": "UTC", "role": "mentor"})
    assert answer["Location"] == "/bookings/7/pay/"
    newcomer.refresh_from_db()
    assert newcomer.role == "student"
    [call] = heard.calls
    assert isinstance(call["request"], HttpRequest)
    assert call["request"].session["picked_slot"] == SLOT
    assert call["user"] == newcomer


@pytest.mark.parametrize("way", ["password", "code"])
def test_a_sign_in_goes_on_with_a_picked_slot(client: Client, way: str) -> None:
    member = make_student(password=PASSWORD)
    pick_slot(client)
    assert "Sign in to hold it." in client.get("/accounts/login/").text
    with Heard(sign_in_finished, answer="/bookings/7/pay/") as heard:
        if way == "password":
            answer = client.post("/accounts/login/", {"login": member.email, "password": PASSWORD})
        else:
            client.post("/accounts/login/code/", {"email": member.email})
            assert heard.calls == [], "not before the sign-in is finished"
            answer = client.post("/accounts/login/code/confirm/", {"code": code_to(member.email)})
    assert answer["Location"] == "/bookings/7/pay/"
    assert [call["request"].method for call in heard.calls] == ["POST"]


def test_a_newcomers_sign_in_is_finished_by_the_welcome_page_only(client: Client) -> None:
    newcomer = make_user(name="", password=PASSWORD)
    with Heard(sign_in_finished) as heard:
        answer = client.post("/accounts/login/?next=/messages/", {"login": newcomer.email, "password": PASSWORD})
        assert answer["Location"] == "/welcome/?next=%2Fmessages%2F"
        client.get(answer["Location"])
        assert heard.calls == []
        done = client.post("/welcome/", {**ANSWERS, "next": "/messages/"})
    assert done["Location"] == "/messages/"
    assert len(heard.calls) == 1


@pytest.mark.parametrize("wanted", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_next_of_the_welcome_page_stays_here(client: Client, newcomer: User, wanted: str) -> None:
    sign_in(client, newcomer)
    assert client.post("/welcome/", {**ANSWERS, "next": wanted})["Location"] == "/mentor/"
    assert client.get(f"/welcome/?next={wanted}")["Location"] == "/mentor/"


def test_staff_have_nothing_to_choose(client: Client) -> None:
    reviewer = make_staff("reviewer", name="")
    sign_in(client, reviewer)
    assert client.get("/welcome/")["Location"] == "/admin/"
    assert client.post("/welcome/", ANSWERS)["Location"] == "/admin/"
    reviewer.refresh_from_db()
    assert reviewer.role == "admin"


PROFILE = {"name": "Ada  Lovelace", "time_zone": "Europe/London", "language": "en", "theme": "dark"}


def test_a_profile_is_saved(client: Client, student: User) -> None:
    sign_in(client, student)
    answer = client.post("/account/", PROFILE)
    assert answer["Location"] == "/account/"
    student.refresh_from_db()
    assert (student.name, student.time_zone, student.theme) == ("Ada Lovelace", "Europe/London", "dark")
    assert client.cookies["theme"].value == "dark"
    page = client.get("/account/")
    assert "Saved." in page.text
    assert 'data-theme="dark"' in page.text
    client.post("/account/", {**PROFILE, "theme": ""})
    assert client.cookies["theme"].value == ""


@pytest.mark.parametrize("change", [{"name": ""}, {"time_zone": "Nowhere"}, {"theme": "pink"}, {"language": "tlh"}])
def test_a_profile_that_cannot_be_right_is_refused_and_kept(
    client: Client, student: User, change: dict[str, str]
) -> None:
    sign_in(client, student)
    refused = client.post("/account/", {**PROFILE, **change})
    assert refused.status_code == 422
    assert "There is a problem" in refused.text
    student.refresh_from_db()
    assert student.theme == ""
    assert client.post("/account/", PROFILE).status_code == 302


def test_identity_and_role_in_a_form_are_ignored(client: Client, student: User, other_student: User) -> None:
    sign_in(client, student)
    client.post(
        "/account/", {**PROFILE, "id": str(other_student.pk), "role": "admin", "is_staff": "1", "email": "x@y.z"}
    )
    student.refresh_from_db()
    assert (student.role, student.is_staff, student.name) == ("student", False, "Ada Lovelace")
    other_student.refresh_from_db()
    assert other_student.name != "Ada Lovelace"


def test_a_suspended_account_does_not_edit_itself(client: Client, student: User) -> None:
    sign_in(client, student)
    User.objects.filter(pk=student.pk).update(suspended_at=timezone.now())
    assert client.get("/account/").status_code == 200
    assert client.post("/account/", PROFILE).status_code == 403
    User.objects.filter(pk=student.pk).update(suspended_at=None)
    assert client.post("/account/", PROFILE).status_code == 302


def test_the_offered_zone_is_taken_by_a_post(client: Client, student: User) -> None:
    sign_in(client, student)
    assert client.get("/account/zone/").status_code == 405
    refused = client.post("/account/zone/", {"time_zone": "Nowhere"})
    assert refused.status_code == 422
    answer = client.post("/account/zone/", {"time_zone": "Europe/Madrid", "next": "/sessions/"})
    assert answer["Location"] == "/sessions/"
    student.refresh_from_db()
    assert student.time_zone == "Europe/Madrid"
    away = client.post("/account/zone/", {"time_zone": "Europe/Madrid", "next": "//evil.example/"})
    assert away["Location"] == "/account/"


def test_without_script_the_offer_is_a_choice_made_on_the_page(client: Client, student: User) -> None:
    sign_in(client, student)
    page = client.get("/account/?time_zone=Europe/Madrid").text
    assert '<option value="Europe/Madrid" selected>' in page
    student.refresh_from_db()
    assert student.time_zone == "", "a GET changes nothing"


def test_an_unknown_zone_reaches_no_account(student: User) -> None:
    with pytest.raises(UnknownZone):
        services.change_zone(user=student, time_zone="Nowhere")
    services.change_zone(user=student, time_zone="Africa/Lagos")
    student.refresh_from_db()
    assert student.time_zone == "Africa/Lagos"


def test_the_security_page_says_what_protects_the_account(client: Client) -> None:
    member = make_student(password=PASSWORD)
    sign_in(client, member)
    page = client.get("/account/security/").text
    assert "One step is enough to sign in." in page
    give_second_factor(member)
    page = client.get("/account/security/").text
    assert "You have one second factor." in page
    assert "Changing it signs out every device." in page


def test_the_security_page_costs_the_same_whatever_is_set_up(
    client: Client, django_assert_max_num_queries: Any
) -> None:
    member = make_student(password=PASSWORD)
    sign_in(client, member)
    with django_assert_max_num_queries(5) as bare:  # session, user, unread messages, factors, devices
        client.get("/account/security/")
    cost = len(bare)
    give_second_factor(member)
    for n in range(5):
        UserSession.objects.create(user=member, session_key=f"key{n}", ip="192.0.2.1", user_agent="x")
    with django_assert_max_num_queries(cost):
        client.get("/account/security/")


def test_the_list_of_devices_grows_by_looking_each_session_up_only(
    client: Client, django_assert_max_num_queries: Any
) -> None:
    """allauth asks for each row whether its session still lives; a person has few, and dead rows go at sign-in."""
    member = make_student(password=PASSWORD)
    counts = []
    for _ in range(2):
        browser = Client()
        browser.post("/accounts/login/", {"login": member.email, "password": PASSWORD})
        with django_assert_max_num_queries(20) as queries:
            browser.get("/accounts/sessions/")
        counts.append(len(queries))
    assert counts[1] - counts[0] <= 3


def test_times_follow_the_account_then_the_browser(client: Client, student: User) -> None:
    sign_in(client, student)
    client.cookies["tz"] = "Asia/Tokyo"
    assert 'data-zone="Asia/Tokyo"' in client.get("/account/").text
    User.objects.filter(pk=student.pk).update(time_zone="Africa/Lagos")
    assert 'data-zone="Africa/Lagos"' in client.get("/account/").text
    client.cookies["tz"] = "../../etc/passwd"
    User.objects.filter(pk=student.pk).update(time_zone="")
    assert 'data-zone="UTC"' in client.get("/account/").text


def test_every_sign_in_page_opens(client: Client) -> None:
    member = make_student(password=PASSWORD)
    for path in ("login/", "signup/", "login/code/", "password/reset/", "inactive/"):
        page = client.get(f"/accounts/{path}")
        assert page.status_code == 200, path
        assert page.text.count("<h1") == 1, path
        assert "placeholder=" not in page.text, path
        assert "style=" not in page.text, path
    sign_in(client, member)
    give_second_factor(member)
    for path in (
        *(
            "email/",
            "password/change/",
            "reauthenticate/",
            "sessions/",
            "logout/",
            "2fa/webauthn/",
            "2fa/webauthn/add/",
        ),
        *("2fa/totp/deactivate/", "2fa/recovery-codes/generate/", "2fa/reauthenticate/"),
    ):
        page = client.get(f"/accounts/{path}")
        assert page.status_code == 200, path
        assert page.text.count("<h1") == 1, path
        assert "placeholder=" not in page.text, path
        assert "style=" not in page.text, path
    assert client.get("/accounts/2fa/")["Location"] == "/account/security/"


def test_the_mails_speak_of_the_moment_in_the_readers_zone(client: Client) -> None:
    member = make_student(password=PASSWORD, time_zone="Asia/Tokyo")
    services.end_sign_ins(member)
    with travel(datetime(2026, 11, 26, 18, 30, tzinfo=UTC), tick=False):
        sign_in(client, member)
        client.post("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": "an entirely new one"})
        assert events_to(member.email) == ["password_changed"]
    assert "Fri 27 Nov, 03:30 (Tokyo, GMT+9)" in str(mails_to(member.email)[0].body)
