"""The contract with the provider about money in and back (``contract.py`` says how it is held against Stripe itself)."""

from uuid import uuid4

import pytest
from django.conf import settings

from payments.errors import (
    AlreadySucceeded,
    AnswerLost,
    BadEvent,
    BadSignature,
    ProviderRefused,
    ProviderUnavailable,
    UnknownObject,
)
from payments.gateways import StripeGateway
from payments.gateways.stripe import read_event
from tests.payments.contract import Side
from tests.payments.provider import ASKS_THE_BANK, DECLINED, Provider, signed


def test_a_new_intent_carries_what_was_asked_and_our_ids(side: Side) -> None:
    payment_id, booking_id = uuid4(), uuid4()
    intent = side.intent(payment_id=payment_id, booking_id=booking_id)
    assert (intent.status, intent.amount, intent.amount_received, intent.currency) == (
        "requires_payment_method",
        3_300,
        0,
        "usd",
    )
    assert (intent.metadata.payment, intent.metadata.booking) == (str(payment_id), str(booking_id))
    assert intent.client_secret is not None
    assert intent.client_secret.get_secret_value().startswith(f"{intent.id}_secret_")
    assert "secret_" not in repr(intent)


def test_the_same_payment_gets_the_same_intent(side: Side) -> None:
    ids = {"payment_id": uuid4(), "booking_id": uuid4()}
    assert side.intent(**ids) == side.intent(**ids)


def test_a_key_used_with_other_details_is_refused(side: Side) -> None:
    ids = {"payment_id": uuid4(), "booking_id": uuid4()}
    side.intent(**ids)
    with pytest.raises(ProviderRefused) as refusal:
        side.intent(**ids, amount_minor=4_000)
    assert not isinstance(refusal.value, UnknownObject)


def test_a_sum_too_small_for_the_provider_is_refused(side: Side) -> None:
    with pytest.raises(ProviderRefused) as refusal:
        side.intent(amount_minor=1)
    assert refusal.value.code == "amount_too_small"


def test_an_intent_nobody_has_is_unknown(side: Side) -> None:
    with pytest.raises(UnknownObject):
        side.gateway.retrieve_intent("pi_3nobodyknows")
    with pytest.raises(UnknownObject):
        side.gateway.cancel_intent("pi_3nobodyknows")


def test_a_paid_intent_says_what_came_in_and_cannot_be_cancelled(side: Side) -> None:
    intent = side.intent()
    side.pay(intent)
    paid = side.gateway.retrieve_intent(intent.id)
    assert (paid.status, paid.amount_received, paid.currency) == ("succeeded", 3_300, "usd")
    with pytest.raises(AlreadySucceeded):
        side.gateway.cancel_intent(intent.id)


def test_a_cancelled_intent_stays_cancelled_however_often_it_is_asked(side: Side) -> None:
    intent = side.intent()
    assert [side.gateway.cancel_intent(intent.id).status for _ in range(2)] == ["canceled", "canceled"]


def test_a_declined_card_leaves_the_reason_and_the_failed_try(side: Side) -> None:
    intent = side.intent()
    side.pay(intent, DECLINED)
    side.pay(intent, DECLINED)
    declined = side.gateway.retrieve_intent(intent.id)
    failed = side.gateway.failed_charges(intent.id)
    assert declined.status == "requires_payment_method"
    assert declined.last_payment_error is not None
    assert declined.last_payment_error.reason == "generic_decline"
    assert declined.last_payment_error.charge == failed[0].id
    assert [charge.reason for charge in failed] == ["generic_decline", "generic_decline"]


def test_the_banks_step_is_told(side: Side) -> None:
    intent = side.intent()
    side.pay(intent, ASKS_THE_BANK)
    assert side.gateway.retrieve_intent(intent.id).status == "requires_action"
    assert side.gateway.cancel_intent(intent.id).status == "canceled"


def test_a_refund_is_sent_once_under_one_key(side: Side) -> None:
    intent, refund_id = side.intent(), uuid4()
    side.pay(intent)
    sent = [
        side.gateway.refund(intent.id, 3_300, refund_id=refund_id, idempotency_key=f"refund-{refund_id}")
        for _ in range(2)
    ]
    assert sent[0] == sent[1]
    assert (sent[0].amount, sent[0].metadata.refund) == (3_300, str(refund_id))
    assert side.gateway.retrieve_refund(sent[0].id).status in {"pending", "succeeded"}
    assert side.gateway.find_refund(intent.id, refund_id=refund_id) is not None
    assert side.gateway.find_refund(intent.id, refund_id=uuid4()) is None
    with pytest.raises(ProviderRefused) as refusal:
        side.gateway.refund(intent.id, 3_300, refund_id=uuid4(), idempotency_key=f"refund-{uuid4()}")
    assert refusal.value.code == "charge_already_refunded"


def test_unpaid_money_cannot_be_refunded(side: Side) -> None:
    with pytest.raises(ProviderRefused):
        side.gateway.refund(side.intent().id, 100, refund_id=uuid4(), idempotency_key=f"refund-{uuid4()}")


def test_a_refund_nobody_has_is_unknown(side: Side) -> None:
    with pytest.raises(UnknownObject):
        side.gateway.retrieve_refund("re_3nobodyknows")


@pytest.mark.parametrize("status", [0, 409, 429, 502, 503])
def test_a_provider_in_trouble_is_unavailable(provider: Provider, gateway: StripeGateway, status: int) -> None:
    provider.fail("/v1/payment_intents", status=status, times=5)
    with pytest.raises(ProviderUnavailable) as trouble:
        gateway.retrieve_intent("pi_1")
    assert not isinstance(trouble.value, AnswerLost)


def test_one_hiccup_is_not_even_noticed(provider: Provider, gateway: StripeGateway) -> None:
    intent = Side(gateway, provider.owner, provider).intent()
    provider.fail("/v1/payment_intents", status=503, times=1)
    assert gateway.retrieve_intent(intent.id).id == intent.id


def test_a_server_error_kept_under_our_key_is_told_apart(provider: Provider, gateway: StripeGateway) -> None:
    provider.fail("/v1/payment_intents", status=500)
    with pytest.raises(AnswerLost):
        Side(gateway, provider.owner, provider).intent()


def test_a_provider_that_does_not_answer_in_time_is_unavailable(
    provider: Provider,
) -> None:
    slow = StripeGateway(secret_key=provider.server.keys.secret, api_base=provider.server.url, read_seconds=0.2)
    provider.fail("/v1/payment_intents", status=200, delay_seconds=2, times=2)
    with pytest.raises(ProviderUnavailable):
        slow.retrieve_intent("pi_1")


def test_an_event_is_read_with_what_it_is_about() -> None:
    body = b'{"id": "evt_1", "object": "event", "type": "charge.refunded", "created": 5, "data": {"object": {"id": "ch_1", "object": "charge", "payment_intent": "pi_1"}}}'
    event = read_event(
        body, signed(body)["Stripe-Signature"], secrets=["whsec_a", settings.STRIPE_WEBHOOK_SECRETS[0]], tolerance=300
    )
    assert (event.id, event.type, event.object_id, event.created) == ("evt_1", "charge.refunded", "pi_1", 5)
    with pytest.raises(BadSignature):
        read_event(body, signed(body)["Stripe-Signature"], secrets=["whsec_a"], tolerance=300)
    with pytest.raises(BadEvent):
        read_event(
            b"{}", signed(b"{}")["Stripe-Signature"], secrets=[settings.STRIPE_WEBHOOK_SECRETS[0]], tolerance=300
        )
