"""Support locks accounts, superusers make staff, and Django admin changes nothing by itself."""

from datetime import timedelta
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.test import Client
from pytest_django import Settings

from accounts import services
from accounts.errors import WrongLockState
from accounts.models import User
from accounts.signals import account_locked, account_unlocked
from marketplace.common.models import AuditEvent
from tests.accounts.mailbox import code_to
from tests.factories import PASSWORD, make_staff, make_student, make_user
from tests.signin import sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _second_factors_are_asked_for(settings: Settings) -> None:
    settings.DEMO_SKIP_STAFF_MFA = False


def url(account: User, operation: str) -> str:
    return f"/admin/accounts/user/{account.pk}/{operation}/"


def log_in(client: Client, user: User) -> int:
    return client.post("/accounts/login/", {"login": user.email, "password": PASSWORD}).status_code


def test_support_locks_an_account_and_its_sign_ins_end_at_once(client: Client, support: User) -> None:
    heard: list[tuple[User, User]] = []
    account_locked.connect(lambda user, by, **kwargs: heard.append((user, by)), weak=False, dispatch_uid="test")
    member = make_student(password=PASSWORD)
    theirs = Client()
    log_in(theirs, member)
    sign_in(client, support)
    page = client.get(url(member, "lock"))
    assert "Every sign-in of this person ends at once" in page.text
    refused = client.post(url(member, "lock"), {"reason": ""})
    assert refused.status_code == 422
    assert theirs.get("/api/me").status_code == 200
    try:
        answer = client.post(url(member, "lock"), {"reason": "fraud"})
    finally:
        account_locked.disconnect(dispatch_uid="test")
    assert answer["Location"] == f"/admin/accounts/user/{member.pk}/change/"
    assert heard == [(member, support)]
    assert theirs.get("/api/me").status_code == 401
    assert not UserSession.objects.filter(user=member).exists()
    log_in(Client(), member)
    row = AuditEvent.objects.get(action="account_locked")
    assert (row.actor, row.subject_id, row.data) == (
        support,
        str(member.pk),
        {"reason": "fraud", "keep_sessions": False},
    )


def test_support_unlocks_it_again(client: Client, support: User) -> None:
    heard: list[User] = []
    account_unlocked.connect(lambda user, **kwargs: heard.append(user), weak=False, dispatch_uid="test")
    member = make_student(password=PASSWORD, is_active=False)
    sign_in(client, support)
    try:
        client.post(url(member, "unlock"), {"reason": "settled"})
    finally:
        account_unlocked.disconnect(dispatch_uid="test")
    assert heard == [member]
    theirs = Client()
    log_in(theirs, member)
    assert theirs.get("/api/me").status_code == 200
    assert AuditEvent.objects.get().action == "account_unlocked"


def test_of_two_colleagues_one_is_faster(support: User, student: User) -> None:
    services.lock_account(account=student, by=support, reason="other")
    with pytest.raises(WrongLockState):
        services.lock_account(account=student, by=support, reason="other")
    services.unlock_account(account=student, by=support, reason="other")
    with pytest.raises(WrongLockState):
        services.unlock_account(account=student, by=support, reason="other")
    assert AuditEvent.objects.count() == 2


def test_the_loser_of_two_colleagues_is_told(client: Client, support: User, student: User) -> None:
    sign_in(client, support)
    client.post(url(student, "lock"), {"reason": "other"})
    again = client.post(url(student, "lock"), {"reason": "other"})
    assert again.status_code == 409
    assert "A colleague was faster" in again.text


def test_nobody_locks_themself(client: Client, support: User) -> None:
    sign_in(client, support)
    refused = client.post(url(support, "lock"), {"reason": "other"})
    assert refused.status_code == 409
    assert client.get("/api/me").status_code == 200
    assert client.post(url(make_staff("support"), "lock"), {"reason": "other"}).status_code == 302


def test_only_support_locks(student: User) -> None:
    people = [make_student(), make_staff("reviewer"), make_staff("finance"), make_staff(superuser=True)]
    for person in people:
        assert sign_in(Client(), person).post(url(student, "lock"), {"reason": "other"}).status_code == 403
    student.refresh_from_db()
    assert student.is_active
    assert sign_in(Client(), make_staff("support")).post(url(student, "lock"), {"reason": "other"}).status_code == 302


def test_locking_asks_for_a_fresh_sign_in(client: Client, student: User) -> None:
    support = make_staff("support", password=PASSWORD)
    sign_in(client, support, ago=timedelta(minutes=11))
    asked = client.post(url(student, "lock"), {"reason": "abuse"})
    assert asked["Location"].startswith("/accounts/reauthenticate/")
    student.refresh_from_db()
    assert student.is_active
    client.post(asked["Location"], {"password": PASSWORD})
    student.refresh_from_db()
    assert not student.is_active, "the decision was not lost"


def test_support_looks_users_up_and_cannot_edit_them(client: Client, support: User, student: User) -> None:
    sign_in(client, support)
    page = client.get("/admin/accounts/user/", {"q": student.email})
    assert page.status_code == 200
    assert str(student.email) in page.text
    change = client.get(f"/admin/accounts/user/{student.pk}/change/")
    assert change.status_code == 200
    assert 'name="email"' not in change.text
    assert url(student, "lock") in change.text
    assert "argon2" not in change.text
    assert client.post(f"/admin/accounts/user/{student.pk}/change/", {"role": "admin"}).status_code == 403
    assert client.get("/admin/accounts/user/add/").status_code == 403
    assert client.post(f"/admin/accounts/user/{student.pk}/delete/", {"post": "yes"}).status_code == 403
    student.refresh_from_db()
    assert student.role == "student"


@pytest.mark.parametrize("desk", ["reviewer", "finance"])
def test_other_desks_do_not_look_users_up(client: Client, desk: str, student: User) -> None:
    sign_in(client, make_staff(desk))
    assert client.get("/admin/accounts/user/").status_code == 403
    sign_in(client, make_staff("support"))
    assert client.get("/admin/accounts/user/").status_code == 200


def test_the_list_of_users_costs_the_same_for_one_and_for_many(
    client: Client, support: User, django_assert_max_num_queries: Any
) -> None:
    sign_in(client, support)
    with django_assert_max_num_queries(20) as first:
        client.get("/admin/accounts/user/")
    cost = len(first)
    for _ in range(10):
        make_student()
    with django_assert_max_num_queries(cost):
        client.get("/admin/accounts/user/")


def test_admin_offers_no_way_around_the_operations(client: Client) -> None:
    sign_in(client, make_staff("support", "reviewer", "finance", superuser=True))
    for path in (
        "account/emailaddress",
        "mfa/authenticator",
        "usersessions/usersession",
        "auth/group",
        "procrastinate/procrastinatejob",
    ):
        assert client.get(f"/admin/{path}/").status_code == 404, path
    assert client.get("/admin/password_change/")["Location"] == "/accounts/password/change/"


STAFF = {"email": "Kai@Example.org", "name": "Kai Brandt", "groups": ["support", "reviewer"]}


def test_a_superuser_makes_a_colleague_who_signs_in_by_code(client: Client) -> None:
    superuser = make_staff(superuser=True)
    sign_in(client, superuser)
    assert client.get("/admin/accounts/user/staff/").status_code == 200
    assert client.post("/admin/accounts/user/staff/", STAFF).status_code == 302
    kai = User.objects.get(email="kai@example.org")
    assert (kai.role, kai.is_staff, kai.is_superuser, kai.has_usable_password()) == ("admin", True, False, False)
    assert set(kai.groups.values_list("name", flat=True)) == {"support", "reviewer"}
    assert AuditEvent.objects.get().action == "staff_groups_set"
    theirs = Client()
    theirs.post("/accounts/login/code/", {"email": kai.email})
    theirs.post("/accounts/login/code/confirm/", {"code": code_to(kai.email)})
    assert theirs.get("/admin/", follow=True).redirect_chain[-1][0] == "/account/security/"


def test_an_address_with_an_account_makes_no_colleague(client: Client, student: User) -> None:
    sign_in(client, make_staff(superuser=True))
    refused = client.post("/admin/accounts/user/staff/", {**STAFF, "email": student.email})
    assert refused.status_code == 422
    assert "an account with this address already" in refused.text
    student.refresh_from_db()
    assert not student.is_staff
    assert client.post("/admin/accounts/user/staff/", STAFF).status_code == 302


def test_only_a_superuser_makes_staff_and_says_who_sits_where(student: User) -> None:
    colleague = make_staff("finance")
    for person in (make_staff("support", "reviewer", "finance"), make_student()):
        browser = sign_in(Client(), person)
        assert browser.post("/admin/accounts/user/staff/", STAFF).status_code == 403
        assert browser.post(url(colleague, "desks"), {"groups": ["support"]}).status_code == 403
    browser = sign_in(Client(), make_staff(superuser=True))
    assert browser.post(url(student, "desks"), {"groups": ["support"]}).status_code == 404, "a student has no desk"
    assert browser.post(url(colleague, "desks"), {"groups": ["nobility"]}).status_code == 422
    assert browser.post(url(colleague, "desks"), {"groups": ["support"]}).status_code == 302
    assert list(colleague.groups.values_list("name", flat=True)) == ["support"]
    assert not student.groups.exists()


def test_a_group_gives_no_student_a_desk(client: Client, student: User) -> None:
    """A row in a group is nothing without the role that goes with it."""
    student.groups.add(Group.objects.get_or_create(name="support")[0])
    sign_in(client, student)
    assert client.get(url(make_student(), "lock")).status_code == 403


def test_the_desks_come_with_what_they_may_look_at() -> None:
    assert set(Group.objects.values_list("name", flat=True)) == {"reviewer", "support", "finance"}
    for group in Group.objects.all():
        names = group.permissions.values_list("codename", flat=True)
        assert names
        assert all(name.startswith("view_") for name in names)
    support, reviewer = (make_staff(name) for name in ("support", "reviewer"))
    assert support.has_perm("bookings.view_booking")
    assert not reviewer.has_perm("bookings.view_booking")
    assert reviewer.has_perm("mentors.view_verificationdocument")


def test_a_superuser_can_be_made_on_the_command_line(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
    call_command("createsuperuser", "--noinput", email="Root@Example.org", verbosity=0)
    root = User.objects.get()
    assert (root.email, root.role, root.is_staff, root.is_superuser) == ("root@example.org", "admin", True, True)
    assert log_in(client, root) == 302
    client.post("/accounts/confirm-email/", {"code": code_to(root.email)})
    assert client.get("/api/me").json()["role"] == "admin"
    assert make_user().role == ""
