"""Money on its way back: sent once, whatever dies in between, and followed until it arrives."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.core import mail
from django.utils import timezone
from structlog.testing import capture_logs

from marketplace.sandbox.payments import PaymentSandbox
from payments import services
from payments.errors import ProviderUnavailable
from payments.gateways import StripeGateway
from payments.models import Payment, Refund, WebhookEvent
from payments.schemas import SentRefund
from tests.jobs import run_jobs
from tests.payments.provider import GOOD, REFUND_FAILS, REFUND_WAITS, Provider

pytestmark = pytest.mark.django_db


def rejected(payment: Payment, provider: Provider, gateway: StripeGateway, card: str = GOOD) -> Refund:
    """Money that came in wrong: the refund is written, and not yet sent."""
    provider.change(payment.provider_id, amount=3_000)
    provider.pay(payment.provider_id, card)
    services.settle_payment(payment_id=payment.pk, gateway=gateway)
    return payment.refunds.get()


@pytest.fixture
def refund(payment: Payment, provider: Provider, gateway: StripeGateway) -> Refund:
    return rejected(payment, provider, gateway)


def send(refund: Refund, gateway: StripeGateway) -> Refund:
    services.send_refund(refund_id=refund.pk, gateway=gateway)
    refund.refresh_from_db()
    return refund


def test_a_requested_refund_is_sent_under_its_own_key(
    refund: Refund, payment: Payment, provider: Provider, gateway: StripeGateway
) -> None:
    send(refund, gateway)
    [back] = provider.refunds()
    assert (refund.status, refund.provider_id, refund.sent_at is not None) == ("succeeded", back.id, True)
    assert (back.amount, back.payment_intent) == (3_000, payment.provider_id)
    [happened] = provider.events("refund.created")
    assert happened["request"]["idempotency_key"] == f"refund-{refund.pk}"
    run_jobs("deliver_mail")
    assert [message.subject for message in mail.outbox] == ["Refund of $30.00 sent"]


def test_sending_again_sends_nothing(refund: Refund, provider: Provider, gateway: StripeGateway) -> None:
    for _ in range(3):
        send(refund, gateway)
    assert len(provider.refunds()) == 1
    run_jobs("deliver_mail")
    assert len(mail.outbox) == 1


def test_a_refund_claimed_by_another_worker_is_left_to_it(
    refund: Refund, provider: Provider, gateway: StripeGateway
) -> None:
    now = timezone.now()
    Refund.objects.filter(pk=refund.pk).update(status="sending", claimed_at=now)
    assert send(refund, gateway).status == "sending"
    assert not provider.refunds()
    Refund.objects.filter(pk=refund.pk).update(claimed_at=now - settings.REFUND_CLAIM_TIMEOUT - timedelta(seconds=1))
    assert send(refund, gateway).status == "succeeded"


class Crash(Exception):
    """The process dies here."""


def test_a_crash_after_the_call_does_not_send_it_twice(
    refund: Refund, provider: Provider, gateway: StripeGateway, payment_server: PaymentSandbox
) -> None:
    class Dying(StripeGateway):
        def refund(self, *args: object, **kwargs: object) -> SentRefund:
            super().refund(*args, **kwargs)  # type: ignore[arg-type]  # as they came
            raise Crash

    with pytest.raises(Crash):
        send(refund, Dying(secret_key=payment_server.keys.secret, api_base=payment_server.url))
    Refund.objects.filter(pk=refund.pk).update(claimed_at=timezone.now() - timedelta(minutes=5))
    assert send(refund, gateway).status == "succeeded"
    assert len(provider.refunds()) == 1


def test_a_provider_that_is_down_leaves_the_refund_for_the_next_try(
    refund: Refund, provider: Provider, gateway: StripeGateway
) -> None:
    provider.fail("/v1/refunds", status=503, times=2)
    with pytest.raises(ProviderUnavailable):
        send(refund, gateway)
    refund.refresh_from_db()
    assert (refund.status, refund.claimed_at) == ("requested", None)
    assert send(refund, gateway).status == "succeeded"


@pytest.mark.parametrize("made", [False, True])
def test_an_error_that_the_provider_keeps_is_looked_into(
    refund: Refund, provider: Provider, gateway: StripeGateway, made: bool
) -> None:
    """Whether it had made the refund or not, in the end there is exactly one."""
    provider.fail("/v1/refunds", status=500, after_commit=made)
    if not made:
        with pytest.raises(ProviderUnavailable):
            send(refund, gateway)
    assert send(refund, gateway).status == "succeeded"
    assert [back.metadata["refund"] for back in provider.refunds() if back.metadata] == [str(refund.pk)]


def test_what_the_provider_refuses_goes_to_finance(
    refund: Refund, payment: Payment, provider: Provider, gateway: StripeGateway
) -> None:
    """Somebody has sent the money back in the provider's console already."""
    provider.owner.v1.refunds.create({"payment_intent": payment.provider_id})
    with capture_logs() as logs:
        assert send(refund, gateway).status == "failed"
    assert [line["event"] for line in logs if line["log_level"] == "error"] == ["refund_failed"]
    assert payment.events.filter(name="refund_failed").get().data["reason"] == "charge_already_refunded"


def hear(provider: Provider, gateway: StripeGateway, *kinds: str) -> None:
    """Act on events as their jobs do; that they are kept first is the inbox's own test."""
    for kind in kinds:
        for happened in provider.events(kind):
            subject = happened["data"]["object"]
            about = subject["payment_intent"] if subject["object"] == "charge" else subject["id"]
            WebhookEvent.objects.get_or_create(
                id=happened["id"],
                defaults={"type": happened["type"], "object_id": about, "received_at": timezone.now()},
            )
            services.process_event(event_id=happened["id"], gateway=gateway)


def test_a_refund_that_waits_is_sent_and_arrives_later(
    payment: Payment, provider: Provider, gateway: StripeGateway
) -> None:
    refund = rejected(payment, provider, gateway, REFUND_WAITS)
    assert send(refund, gateway).status == "sent"
    provider.hurry_banks()
    hear(provider, gateway, "refund.updated")
    refund.refresh_from_db()
    assert (refund.status, refund.settled_at is not None) == ("succeeded", True)


def test_a_refund_that_the_bank_gives_back_is_an_alert(
    payment: Payment, provider: Provider, gateway: StripeGateway
) -> None:
    refund = rejected(payment, provider, gateway, REFUND_FAILS)
    assert send(refund, gateway).status == "succeeded"
    provider.hurry_banks()
    with capture_logs() as logs:
        hear(provider, gateway, "refund.failed", "refund.updated", "refund.created", "charge.refunded")
    refund.refresh_from_db()
    assert refund.status == "failed"
    assert "refund_failed" in {line["event"] for line in logs if line["log_level"] == "error"}


def test_a_refund_whose_answer_was_lost_is_taken_up_by_its_event(
    refund: Refund, provider: Provider, gateway: StripeGateway
) -> None:
    send(refund, gateway)
    known_as = refund.provider_id
    Refund.objects.filter(pk=refund.pk).update(status="sending", provider_id="", sent_at=None, settled_at=None)
    hear(provider, gateway, "refund.created")
    refund.refresh_from_db()
    assert (refund.status, refund.provider_id) == ("succeeded", known_as)


def test_trouble_while_it_is_taken_up_makes_it_nobody_elses(
    refund: Refund, payment: Payment, provider: Provider, gateway: StripeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What goes wrong on the way is no reason to take it for a refund that somebody made in the dashboard."""
    send(refund, gateway)
    [back] = provider.refunds()
    Refund.objects.filter(pk=refund.pk).update(status="sending", provider_id="", sent_at=None, settled_at=None)

    def stumble(**_words: object) -> None:
        raise ValueError("a mail that can not be written")

    monkeypatch.setattr("payments.emails.send_refund_sent", stumble)
    with pytest.raises(ValueError, match="can not be written"):
        services.read_refund(provider_id=back.id, gateway=gateway)
    monkeypatch.undo()
    services.read_refund(provider_id=back.id, gateway=gateway)
    assert [(row.pk, row.status, row.provider_id) for row in payment.refunds.all()] == [
        (refund.pk, "succeeded", back.id)
    ]


def test_the_reconciler_sends_and_follows_refunds(payment: Payment, provider: Provider, gateway: StripeGateway) -> None:
    refund = rejected(payment, provider, gateway, REFUND_WAITS)
    Refund.objects.update(created_at=timezone.now() - timedelta(seconds=settings.RECONCILE_AFTER_SECONDS + 1))
    services.reconcile(gateway=gateway)
    refund.refresh_from_db()
    assert refund.status == "sent"
    provider.hurry_banks()
    services.reconcile(gateway=gateway)
    refund.refresh_from_db()
    assert refund.status == "succeeded"
