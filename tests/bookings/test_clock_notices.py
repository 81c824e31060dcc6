"""Who is told that clocks change, when, and of what."""

from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, transaction

from accounts.models import User
from bookings.models import ClockNotice
from marketplace.common.errors import violated_constraint

pytestmark = pytest.mark.django_db


def test_nobody_is_told_twice_of_one_change(student: User, other_student: User) -> None:
    moment = datetime(2026, 10, 25, 1, tzinfo=UTC)
    ClockNotice.objects.create(user=student, changes_at=moment, told_at=moment)
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        ClockNotice.objects.create(user=student, changes_at=moment, told_at=moment)
    assert violated_constraint(refusal.value) == "clock_notice_told_once"
    ClockNotice.objects.create(user=other_student, changes_at=moment, told_at=moment)
