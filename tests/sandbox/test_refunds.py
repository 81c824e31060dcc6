"""Money back, in whole and in part, and when the bank returns it."""

from collections.abc import Callable

import pytest
import requests
import stripe

from .conftest import Receiver, Sandbox


def test_refunds_add_up_to_the_charge_and_no_further(sandbox: Sandbox, receiver: Receiver) -> None:
    client, intent = sandbox.client(), sandbox.pay(3300)
    first = client.v1.refunds.create({"payment_intent": intent.id, "amount": 1000, "reason": "requested_by_customer"})
    assert (first.status, first.amount, first.charge) == ("succeeded", 1000, intent.latest_charge)
    charge = client.v1.charges.retrieve(str(intent.latest_charge), {"expand": ["refunds"]})
    assert (charge.amount_refunded, charge.refunded) == (1000, False)
    assert charge.refunds
    assert [refund.id for refund in charge.refunds.data] == [first.id]

    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded amount") as caught:
        client.v1.refunds.create({"payment_intent": intent.id, "amount": 2301})
    assert caught.value.param == "amount"

    rest = client.v1.refunds.create({"charge": str(intent.latest_charge)})
    assert rest.amount == 2300
    assert client.v1.charges.retrieve(str(intent.latest_charge)).refunded is True
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.refunds.create({"payment_intent": intent.id})
    assert caught.value.code == "charge_already_refunded"

    assert [one.id for one in client.v1.refunds.list({"payment_intent": intent.id}).data] == [rest.id, first.id]
    for event in receiver.wait_for("charge.refunded", count=2):
        assert event.data.previous_attributes
        assert "amount_refunded" in event.data.previous_attributes
    assert len(receiver.wait_for("refund.created", count=2)) == 2


def test_a_refund_takes_its_money_from_the_balance(client: stripe.StripeClient, sandbox: Sandbox) -> None:
    intent = sandbox.pay(3300, method="pm_card_bypassPending")
    assert client.v1.balance.retrieve().available[0].amount == 3174
    client.v1.refunds.create({"payment_intent": intent.id, "amount": 300})
    assert client.v1.balance.retrieve().available[0].amount == 2874
    kinds = [movement.type for movement in client.v1.balance_transactions.list().data]
    assert kinds == ["refund", "charge"]


def test_a_refund_that_the_bank_returns_fails_afterwards(sandbox: Sandbox, receiver: Receiver) -> None:
    client, intent = sandbox.client(), sandbox.pay(3300, method="pm_card_refundFail")
    refund = client.v1.refunds.create({"payment_intent": intent.id, "amount": 1000})
    assert refund.status == "succeeded"
    [failed] = receiver.wait_for("refund.failed")
    assert failed.data.object["failure_reason"] == "expired_or_canceled_card"
    [updated] = receiver.wait_for("refund.updated")
    assert updated.data.previous_attributes
    assert updated.data.previous_attributes["status"] == "succeeded"
    receiver.wait_for("charge.refund.updated")
    assert client.v1.refunds.retrieve(refund.id).status == "failed"
    charge = client.v1.charges.retrieve(str(intent.latest_charge))
    assert (charge.amount_refunded, charge.refunded) == (0, False)
    assert client.v1.refunds.create({"payment_intent": intent.id}).amount == 3300, "it can be sent again"


def test_a_refund_that_waits_succeeds_afterwards(sandbox: Sandbox, receiver: Receiver) -> None:
    client, intent = sandbox.client(), sandbox.pay(3300, method="pm_card_pendingRefund")
    refund = client.v1.refunds.create({"payment_intent": intent.id})
    assert refund.status == "pending"
    receiver.wait_for("refund.updated")
    assert client.v1.refunds.retrieve(refund.id).status == "succeeded"


def test_any_refund_fails_when_the_button_is_pressed(sandbox: Sandbox, receiver: Receiver) -> None:
    intent = sandbox.pay()
    refund = sandbox.client().v1.refunds.create({"payment_intent": intent.id})
    assert sandbox.press(f"refunds/{refund.id}/fail")["status"] == "failed"
    receiver.wait_for("refund.failed")


def test_what_was_not_paid_cannot_be_refunded(sandbox: Sandbox) -> None:
    client = sandbox.client()
    intent = client.v1.payment_intents.create({"amount": 3300, "currency": "usd"})
    with pytest.raises(stripe.InvalidRequestError, match="does not have a successful charge"):
        client.v1.refunds.create({"payment_intent": intent.id})
    with pytest.raises(stripe.CardError):
        client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_chargeDeclined"})
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.refunds.create({"payment_intent": intent.id})
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.refunds.create({})
    assert caught.value.code == "parameter_missing"
    client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})
    assert client.v1.refunds.create({"payment_intent": intent.id}).amount == 3300


@pytest.mark.parametrize("amount", [0, -5])
def test_a_refund_is_of_something(sandbox: Sandbox, amount: int) -> None:
    intent = sandbox.pay()
    with pytest.raises(stripe.InvalidRequestError) as caught:
        sandbox.client().v1.refunds.create({"payment_intent": intent.id, "amount": amount})
    assert caught.value.param == "amount"


def test_metadata_of_a_refund_is_merged(sandbox: Sandbox) -> None:
    client, intent = sandbox.client(), sandbox.pay()
    refund = client.v1.refunds.create({"payment_intent": intent.id, "metadata": {"a": "1", "b": "2"}})
    changed = client.v1.refunds.update(refund.id, {"metadata": {"b": "", "c": "3"}})
    assert changed.metadata
    assert changed.metadata.to_dict() == {"a": "1", "c": "3"}
    emptied = client.v1.refunds.update(refund.id, {"metadata": ""})
    assert emptied.metadata is not None
    assert emptied.metadata.to_dict() == {}


def test_payments_of_the_past_make_no_events_and_can_be_refunded(sandbox: Sandbox, receiver: Receiver) -> None:
    given = {"amount": 3300, "currency": "usd", "created": 1_790_000_000, "metadata": {"a": "b"}, "refunded": 300}
    [made] = sandbox.press("history", {"payments": [given]})["data"]
    client = sandbox.client()
    intent = client.v1.payment_intents.retrieve(made["payment_intent"])
    assert (intent.status, intent.amount_received, intent.created) == ("succeeded", 3300, 1_790_000_000)
    assert (made["charge"], made["fee"]) == (intent.latest_charge, 126)
    assert client.v1.refunds.retrieve(made["refund"]).amount == 300
    assert client.v1.refunds.create({"payment_intent": intent.id}).amount == 3000
    receiver.wait_for("refund.created")
    assert not receiver.events("payment_intent.succeeded")


def test_a_refund_is_made_by_hand_of_a_part_and_of_what_is_left(sandbox: Sandbox) -> None:
    intent = sandbox.pay().id
    assert sandbox.press("refunds", {"payment_intent": intent, "amount": 1000})["amount"] == 1000
    rest = sandbox.press("refunds", {"payment_intent": intent})
    assert rest["amount"] == 2300
    assert sandbox.press(f"refunds/{rest['id']}/fail")["status"] == "failed"
    assert sandbox.press("refunds", {"payment_intent": intent})["amount"] == 2300
    for amount, words in (("10.5", "a whole number"), (1, "already been refunded")):
        refused = requests.post(
            f"{sandbox.url}/_sandbox/refunds", json={"payment_intent": intent, "amount": amount}, timeout=5
        )
        assert refused.status_code == 400
        assert words in refused.text


def test_a_refund_that_waits_arrives_when_the_bank_says_so(new_sandbox: Callable[..., Sandbox]) -> None:
    sandbox = new_sandbox(bank_seconds="600")
    refund = sandbox.press("refunds", {"payment_intent": sandbox.pay(method="pm_card_pendingRefund").id})
    assert refund["status"] == "pending"
    assert sandbox.press(f"refunds/{refund['id']}/arrive")["status"] == "succeeded"


def test_banks_that_are_hurried_have_answered_before_the_button_does(new_sandbox: Callable[..., Sandbox]) -> None:
    sandbox = new_sandbox(bank_seconds="600")
    cards = ("pm_card_pendingRefund", "pm_card_refundFail")
    waiting = [sandbox.press("refunds", {"payment_intent": sandbox.pay(method=card).id})["id"] for card in cards]
    assert sandbox.press("banks/hurry", {}) == {"status": "ok"}
    refunds = sandbox.client().v1.refunds
    assert [refunds.retrieve(refund).status for refund in waiting] == ["succeeded", "failed"]
