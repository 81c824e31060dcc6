"""The database is the last guard: each constraint is broken here by a plain write, past every service."""

import pytest
from django.db import IntegrityError, transaction

from accounts.models import User
from marketplace.common.errors import violated_constraint
from marketplace.common.models import IdempotencyKey


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
