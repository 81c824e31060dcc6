"""How often the passes come, and what is old enough for them."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from croniter import croniter  # type: ignore[import-untyped]  # what the queue reads cron lines with
from django.conf import settings
from django.utils import timezone
from procrastinate.contrib.django import app
from time_machine import Traveller

from bookings.models import Booking
from payments import services, tasks
from payments.gateways import StripeGateway
from payments.models import Payment
from tests.payments.provider import Provider

DAY = 24 * 60 * 60


def seconds_between(name: str) -> int:
    """From one run of a periodic job to its next, by the cron line that the workers read."""
    [cron] = [task.cron for task in app.periodic_registry.periodic_tasks.values() if task.task.name == name]
    runs = croniter(cron, datetime(2026, 11, 23, 12, 0, 7, tzinfo=UTC))
    first, second = (float(runs.get_next(float)) for _ in range(2))
    return round(second - first)


@pytest.mark.parametrize(
    ("name", "seconds"),
    [
        ("payments.expire_holds", 30),
        ("payments.release_earnings", 60),
        ("bookings.run_endings", 60),
        ("bookings.run_strikes", 60),
        ("payments.sweep", DAY),
        ("payments.compare_books", DAY),
    ],
)
def test_the_passes_come_as_often_as_they_are_said_to(name: str, seconds: int) -> None:
    assert seconds_between(name) == seconds
    assert settings.EXPIRY_SECONDS == 30


def test_the_reconciler_comes_every_five_minutes() -> None:
    assert settings.RECONCILE_SECONDS == 300
    tick = seconds_between("payments.reconcile")
    assert tick == tasks.TICK_SECONDS
    midnight = round(datetime(2026, 11, 23, tzinfo=UTC).timestamp())
    runs = [moment for moment in range(midnight, midnight + DAY, tick) if tasks.is_due(moment)]
    assert {later - earlier for earlier, later in pairwise(runs)} == {300}


@pytest.mark.django_db
@pytest.mark.parametrize(("age", "status"), [(119, "held"), (120, "confirmed")])
def test_it_reads_what_is_open_for_two_minutes(
    hold: Booking, payment: Payment, provider: Provider, gateway: StripeGateway, time_machine: Traveller,
    age: int, status: str,
) -> None:  # fmt: skip
    provider.pay(payment.provider_id)
    now = timezone.now()
    time_machine.move_to(now, tick=False)
    Payment.objects.filter(pk=payment.pk).update(created_at=now - timedelta(seconds=age))
    services.reconcile(gateway=gateway)
    hold.refresh_from_db()
    assert hold.status == status


@pytest.mark.django_db
def test_a_tick_between_two_rounds_reads_nothing(hold: Booking, payment: Payment, provider: Provider) -> None:
    provider.pay(payment.provider_id)
    Payment.objects.filter(pk=payment.pk).update(created_at=timezone.now() - timedelta(hours=1))
    midnight = round(datetime(2026, 11, 23, tzinfo=UTC).timestamp())
    for moment, status in ((midnight + 60, "held"), (midnight, "confirmed")):
        app.tasks["payments.reconcile"](timestamp=moment)
        hold.refresh_from_db()
        assert hold.status == status
