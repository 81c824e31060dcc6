"""The six events of one payment's life, in every order and from everywhere at once, come to one end."""

import itertools
import json
from collections import Counter
from collections.abc import Sequence
from functools import cache
from typing import Any

import pytest
from django.db import connection, transaction
from procrastinate.contrib.django.models import ProcrastinateJob

from bookings.models import Booking
from marketplace.sandbox.payments import PaymentSandbox
from payments import services
from payments.gateways import StripeGateway
from payments.models import LedgerTransaction, Payment, Receipt, Refund, WebhookEvent
from payments.schemas import Intent, SentRefund
from tests.jobs import waiting_jobs
from tests.payments.paid import act_on, books
from tests.payments.provider import ASKS_THE_BANK, DECLINED, Provider, signed
from tests.races import race
from tests.thorough import THOROUGH

LIFE = (
    "payment_intent.created",
    "payment_intent.payment_failed",
    "payment_intent.requires_action",
    "payment_intent.succeeded",
    "refund.created",
    "charge.refunded",
)
WORKERS = 20
MAILS = {"booking_confirmed": 2, "refund_sent": 1}


@pytest.fixture
def life(payment: Payment, provider: Provider) -> dict[str, dict[str, Any]]:  # Any: JSON
    """All that happened to one payment: declined, asked by the bank, paid, and 10.00 sent back in the dashboard. Nobody told."""
    provider.pay(payment.provider_id, DECLINED)
    provider.pay(payment.provider_id, ASKS_THE_BANK)
    provider.end_bank_step(payment.provider_id, succeeds=True)
    provider.owner.v1.refunds.create({"payment_intent": payment.provider_id, "amount": 1_000})
    happened = {event["type"]: event for event in provider.events()}
    return {kind: happened[kind] for kind in LIFE}


def assert_one_end(hold: Booking, payment: Payment) -> None:
    hold.refresh_from_db()
    payment.refresh_from_db()
    assert (hold.status, payment.status) == ("confirmed", "part_refunded")
    assert Refund.objects.values_list("amount_minor", "status").get() == (1_000, "succeeded")
    steps = Counter(payment.events.values_list("name", flat=True))
    assert (steps["succeeded"], steps["refund_found"], steps["refund_succeeded"]) == (1, 1, 1)
    assert Receipt.objects.count() == 2  # the receipt and its credit note
    assert LedgerTransaction.objects.filter(booking=hold).count() == 3
    assert books(hold) == {"provider_balance": 2_300, "student_funds": -2_300}
    jobs = ProcrastinateJob.objects.filter(task_name="deliver_mail").values_list("args__mail__name", flat=True)
    assert Counter(jobs) == MAILS
    assert len(waiting_jobs("payments.mail_receipt")) == 1
    assert not WebhookEvent.objects.filter(processed_at=None).exists()


class Remembering(StripeGateway):
    """Asks the provider once for each thing: the life is over there, so every answer stays the same."""

    @cache  # noqa: B019  # as long as the test
    def retrieve_intent(self, intent_id: str) -> Intent:
        return super().retrieve_intent(intent_id)

    @cache  # noqa: B019
    def retrieve_refund(self, provider_id: str) -> SentRefund:
        return super().retrieve_refund(provider_id)

    @cache  # noqa: B019
    def refunds_of(self, intent_id: str) -> list[SentRefund]:
        return super().refunds_of(intent_id)


@pytest.mark.django_db
@pytest.mark.parametrize("begins", LIFE if THOROUGH else ["payment_intent.succeeded"])
def test_all_orders_come_to_one_end(
    hold: Booking, payment: Payment, life: dict[str, dict[str, Any]], payment_server: PaymentSandbox, begins: str
) -> None:
    gateway = Remembering(secret_key=payment_server.keys.secret, api_base=payment_server.url)
    ends = 0

    def walk(left: Sequence[str]) -> None:
        """Let each of those left come next and go on from there; orders that begin alike share their beginning."""
        nonlocal ends
        if not left:
            assert_one_end(hold, payment)
            ends += 1
        for kind in left if len(left) < len(LIFE) else [begins]:
            with transaction.atomic():
                # Marked as a test case's, so that durable operations run inside it and can be taken back.
                connection.atomic_blocks[-1]._from_testcase = True  # type: ignore[attr-defined]  # Django's own mark
                act_on(life[kind], gateway)
                walk([other for other in left if other != kind])
                transaction.set_rollback(True)

    walk(LIFE)
    assert ends == 120


def rotated(order: Sequence[str], by: int) -> Sequence[str]:
    return (*order[by % len(order) :], *order[: by % len(order)])


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("first", range(0, 720, 144))
def test_each_delivered_twenty_times_at_once_comes_to_one_end(
    hold: Booking, payment: Payment, life: dict[str, dict[str, Any]], gateway: StripeGateway, first: int
) -> None:
    """Twenty workers, each with all six and beginning at another one: every event meets every other."""
    order = list(itertools.permutations(LIFE))[first]

    def deliver_all(number: int) -> None:
        for kind in rotated(order, number):
            body = json.dumps(life[kind])
            services.receive_event(payload=body.encode(), signature=signed(body)["Stripe-Signature"])
            services.process_event(event_id=life[kind]["id"], gateway=gateway)

    ends = race([lambda number=number: deliver_all(number) for number in range(WORKERS)])  # type: ignore[misc]  # bound now
    assert ends == {"won": WORKERS}
    assert WebhookEvent.objects.count() == len(LIFE)
    assert_one_end(hold, payment)
