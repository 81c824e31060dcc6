"""Money that comes after its hold has lapsed: the limits to the second, and how soon it goes back."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.core import mail
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob
from time_machine import Traveller

from accounts.models import User
from bookings.models import Booking
from mentors.models import Mentor
from payments import services, tasks
from payments.gateways import StripeGateway
from payments.models import Payment, Refund
from tests.factories import make_booking, make_mentor
from tests.jobs import run_jobs, waiting_jobs
from tests.payments.provider import REFUND_WAITS, Provider

pytestmark = pytest.mark.django_db

SECOND = timedelta(seconds=1)
QUARTER = timedelta(minutes=15)


def late(provider: Provider, gateway: StripeGateway, *, card: str = "pm_card_visa", **fields: object) -> Payment:
    """Paid at the provider; the hold is expired, and nobody here knows of the money yet."""
    hold = make_booking(status=Booking.Status.HELD, **fields)  # type: ignore[arg-type]  # its own arguments
    payment = services.create_intent(booking_id=hold.pk, gateway=gateway).payment
    provider.pay(payment.provider_id, card)
    Booking.objects.filter(pk=hold.pk).update(status="expired", hold_place=None, hold_expires_at=timezone.now())
    return payment


@pytest.mark.parametrize(("ahead", "status"), [(QUARTER, "confirmed"), (QUARTER - SECOND, "expired")])
def test_a_quarter_of_an_hour_ahead_is_enough_whatever_the_mentors_notice(
    provider: Provider, gateway: StripeGateway, time_machine: Traveller, ahead: timedelta, status: str
) -> None:
    mentor = make_mentor(notice_hours=72)
    payment = late(provider, gateway, mentor=mentor, starts_at=timezone.now() + timedelta(hours=1))
    time_machine.move_to(payment.booking.starts_at - ahead, tick=False)
    services.settle_payment(payment_id=payment.pk, gateway=gateway)
    payment.refresh_from_db()
    payment.booking.refresh_from_db()
    assert payment.booking.status == status
    assert payment.status == ("succeeded" if status == "confirmed" else "rejected")


def test_neither_hours_nor_a_pause_nor_a_full_day_keep_a_hold_from_its_money(
    provider: Provider, gateway: StripeGateway
) -> None:
    payment = late(provider, gateway, mentor=make_mentor())
    mentor = payment.booking.mentor
    Mentor.objects.filter(pk=mentor.pk).update(paused_at=timezone.now())
    mentor.availability_rules.all().delete()
    services.settle_payment(payment_id=payment.pk, gateway=gateway)
    payment.booking.refresh_from_db()
    assert payment.booking.status == "confirmed"


@pytest.mark.parametrize("status", ["suspended", "rejected"])
def test_a_mentor_who_may_not_teach_gets_no_session_by_it(
    provider: Provider, gateway: StripeGateway, status: str
) -> None:
    payment = late(provider, gateway)
    Mentor.objects.filter(pk=payment.booking.mentor_id).update(status=status)
    services.settle_payment(payment_id=payment.pk, gateway=gateway)
    payment.refresh_from_db()
    assert (payment.status, payment.rejection, payment.refunds.get().amount_minor) == ("rejected", "time_gone", 3_300)


def test_it_goes_back_at_once_with_an_apology_and_three_starts(
    provider: Provider, gateway: StripeGateway, other_student: User
) -> None:
    """Within the minute that is promised: both jobs are due as soon as they are written."""
    payment = late(provider, gateway)
    make_booking(mentor=payment.booking.mentor, student=other_student, starts_at=payment.booking.starts_at)
    services.settle_payment(payment_id=payment.pk, gateway=gateway)
    promised = ("payments.send_refund", "payments.mail_slot_gone")
    jobs = ProcrastinateJob.objects.filter(task_name__in=promised, status="todo")
    assert {(job.task_name, job.scheduled_at) for job in jobs} == {(name, None) for name in promised}
    run_jobs(*promised)
    run_jobs("deliver_mail")
    assert [back.amount for back in provider.refunds()] == [3_300]
    [sorry] = [message for message in mail.outbox if message.extra_headers["X-Event"] == "slot_gone_refunded"]
    assert sorry.body.count("\n- ") == 3


def test_the_apology_comes_once_however_often_its_job_runs(
    provider: Provider, gateway: StripeGateway, other_student: User
) -> None:
    """A worker that died after it had written the mail leaves its job to be run again."""
    payment = late(provider, gateway)
    make_booking(mentor=payment.booking.mentor, student=other_student, starts_at=payment.booking.starts_at)
    services.settle_payment(payment_id=payment.pk, gateway=gateway)
    [arguments] = waiting_jobs("payments.mail_slot_gone")
    for _run in range(2):
        tasks.mail_slot_gone(**arguments)
    assert [job["mail"]["name"] for job in waiting_jobs("deliver_mail")].count("slot_gone_refunded") == 1


def test_with_every_webhook_and_job_lost_it_is_back_within_three_passes(
    provider: Provider, gateway: StripeGateway, other_student: User, time_machine: Traveller
) -> None:
    payment = late(provider, gateway, card=REFUND_WAITS)
    make_booking(mentor=payment.booking.mentor, student=other_student, starts_at=payment.booking.starts_at)
    seen = []
    for number in (1, 2, 3):
        time_machine.move_to(timezone.now() + timedelta(seconds=settings.RECONCILE_SECONDS), tick=True)
        services.reconcile(gateway=gateway)
        seen.append((number, Payment.objects.get().status, Refund.objects.get().status))
        provider.hurry_banks()
    assert seen == [(1, "rejected", "requested"), (2, "rejected", "sent"), (3, "rejected", "succeeded")]
