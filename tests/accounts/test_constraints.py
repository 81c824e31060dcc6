"""The database is the last guard of accounts: each constraint is broken here by a plain write, past every service."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from accounts.models import User
from marketplace.common.errors import violated_constraint

pytestmark = pytest.mark.django_db


def make_account(**fields: Any) -> User:  # Any: columns
    """Not through the manager, which would put the address in lower case."""
    return User.objects.create(**({"email": "mara@example.org", "role": "student"} | fields))


def refused_by(**fields: Any) -> str:  # Any: columns
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        make_account(**fields)
    return violated_constraint(refusal.value)


def test_an_address_is_kept_in_lower_case() -> None:
    assert refused_by(email="Mara@example.org") == "user_email_lower"
    assert refused_by(email="mara@EXAMPLE.org") == "user_email_lower"
    make_account(email="mara@example.org")


def test_a_role_is_one_that_there_is() -> None:
    assert refused_by(role="owner") == "user_role_known"
    for role in User.Role.values:
        make_account(email=f"{role}@example.org", role=role, is_staff=role == "admin")


@pytest.mark.parametrize("role", ["", "student", "mentor"])
def test_staff_and_nobody_else_are_admins(role: str) -> None:
    assert refused_by(role=role, is_staff=True) == "user_staff_are_admins"
    assert refused_by(role="admin", is_staff=False) == "user_staff_are_admins"
    make_account(role=role, is_staff=False)
    make_account(role="admin", is_staff=True, email="staff@example.org")


def test_superusers_are_staff() -> None:
    assert refused_by(is_superuser=True) == "user_superusers_are_staff"
    make_account(is_superuser=True, is_staff=True, role="admin")
