"""The database is the last guard: each constraint is broken here by a plain write, past every service."""

import pytest
from django.db import IntegrityError, transaction
from django.db.models import Model
from django.utils import timezone

from accounts.models import User
from marketplace.common.errors import violated_constraint
from marketplace.common.models import (
    IdempotencyKey,
    MailSwitchedOff,
    Notification,
    RefusedAddress,
    ToldOnce,
)


def claim(user: User, key: str = "a key of a client", route: str = "bookings:hold") -> IdempotencyKey:
    return IdempotencyKey.objects.create(user=user, key=key, route=route, body_hash="0" * 64)


def test_a_key_is_claimed_once_by_an_account(student: User, other_student: User) -> None:
    claim(student)
    # Whatever it is sent to: a key that is used again elsewhere is a mistake to be told of.
    for route in ("bookings:hold", "payments:start"):
        with pytest.raises(IntegrityError) as refusal, transaction.atomic():
            claim(student, route=route)
        assert violated_constraint(refusal.value) == "idempotency_key_unique"
    claim(student, key="another key of theirs")
    claim(other_student)


@pytest.mark.parametrize("path", ["https://elsewhere.example/", "//elsewhere.example/", "sessions/", ""])
def test_a_line_of_the_feed_leads_to_a_page_of_ours(student: User, path: str) -> None:
    def note(path: str) -> Notification:
        return Notification.objects.create(user=student, event="x", title="x", path=path, created_at=timezone.now())

    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        note(path)
    assert violated_constraint(refusal.value) == "notification_leads_to_a_page"
    note("/sessions/")


@pytest.mark.parametrize(
    ("model", "columns", "name"),
    [
        (MailSwitchedOff, {"event": "welcome"}, "mail_switched_off_once"),
        (ToldOnce, {"event": "reminder_day", "about": "a session"}, "told_once"),
    ],
)
def test_a_switch_and_what_was_told_stand_once_for_a_person(
    student: User, other_student: User, model: type[Model], columns: dict[str, str], name: str
) -> None:
    def write(user: User, **other: str) -> None:
        model._default_manager.create(user=user, at=timezone.now(), **(columns | other))

    write(student)
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        write(student)
    assert violated_constraint(refusal.value) == name
    write(other_student)
    write(student, event="how_was_it")


@pytest.mark.parametrize(
    ("columns", "name"),
    [({"address": "Ada@example.org"}, "refused_address_lower"), ({"code": 451}, "refused_address_for_good")],
)
def test_an_address_is_refused_for_good_and_kept_in_lower_case(db: None, columns: dict[str, object], name: str) -> None:
    right = {"address": "ada@example.org", "code": 550, "at": timezone.now()}
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        RefusedAddress.objects.create(**(right | columns))
    assert violated_constraint(refusal.value) == name
    RefusedAddress.objects.create(**right)
