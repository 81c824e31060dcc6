"""Connected accounts: onboarding, transfers, reversals, payouts; and disputes."""

from typing import Any

import pytest
import requests
import stripe

from .conftest import Receiver, Sandbox

EXPRESS: Any = {
    "country": "US",
    "email": "mentor@example.org",
    "controller": {
        "stripe_dashboard": {"type": "express"},
        "fees": {"payer": "application"},
        "losses": {"payments": "application"},
    },
    "capabilities": {"transfers": {"requested": True}},
    "settings": {"payouts": {"schedule": {"interval": "manual"}}},
}


def onboarded(sandbox: Sandbox, **given: Any) -> stripe.Account:
    account = sandbox.client().v1.accounts.create(EXPRESS)
    sandbox.press(f"accounts/{account.id}/onboard", given)
    return sandbox.client().v1.accounts.retrieve(account.id)


def test_an_account_is_filled_in_through_its_link(sandbox: Sandbox, receiver: Receiver) -> None:
    client = sandbox.client()
    account = client.v1.accounts.create(EXPRESS)
    assert (account.details_submitted, account.payouts_enabled) == (False, False)
    assert account.requirements
    assert "external_account" in (account.requirements.currently_due or [])
    link = client.v1.account_links.create(
        {
            "account": account.id,
            "type": "account_onboarding",
            "return_url": "https://shop.test/done",
            "refresh_url": "https://shop.test/again",
        }
    )
    assert "Get paid" in requests.get(link.url, timeout=5).text
    second = requests.get(link.url, timeout=5, allow_redirects=False)
    assert (second.status_code, second.headers["Location"]) == (303, "https://shop.test/again"), (
        "a link is for one visit"
    )
    done = requests.post(link.url, data={"bank": "good"}, timeout=5, allow_redirects=False)
    assert done.headers["Location"] == "https://shop.test/done"
    after = client.v1.accounts.retrieve(account.id)
    assert (after.details_submitted, after.payouts_enabled) == (True, True)
    assert after.capabilities
    assert after.capabilities.transfers == "active"
    [event] = receiver.wait_for("account.updated")
    assert event.account == account.id
    assert event.data.previous_attributes
    assert event.data.previous_attributes["payouts_enabled"] is False


def test_what_is_half_done_says_what_is_missing(sandbox: Sandbox) -> None:
    account = onboarded(sandbox, complete=False)
    assert (account.details_submitted, account.payouts_enabled) == (True, False)
    assert account.requirements
    assert account.requirements.currently_due == ["individual.verification.document"]


def test_a_share_is_transferred_taken_back_and_never_more_than_the_charge(sandbox: Sandbox, receiver: Receiver) -> None:
    client, intent, account = sandbox.client(), sandbox.pay(3300), onboarded(sandbox)
    given: Any = {
        "amount": 2805,
        "currency": "usd",
        "destination": account.id,
        "source_transaction": intent.latest_charge,
        "transfer_group": "booking-1",
    }
    too_much: Any = {**given, "amount": 496}
    transfer = client.v1.transfers.create(given)
    assert (transfer.amount, transfer.destination, transfer.reversed) == (2805, account.id, False)
    receiver.wait_for("transfer.created")
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.transfers.create(too_much)
    assert caught.value.param == "amount"
    theirs = client.v1.balance.retrieve(options={"stripe_account": account.id})
    assert theirs.pending[0].amount == 2805

    part = client.v1.transfers.reversals.create(transfer.id, {"amount": 1000})
    assert part.amount == 1000
    assert client.v1.transfers.retrieve(transfer.id).amount_reversed == 1000
    [event] = receiver.wait_for("transfer.reversed")
    assert event.data.object["reversals"]["data"][0]["id"] == part.id
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.transfers.reversals.create(transfer.id, {"amount": 1806})
    client.v1.transfers.reversals.create(transfer.id)
    assert client.v1.transfers.retrieve(transfer.id).reversed is True
    assert len(client.v1.transfers.reversals.list(transfer.id).data) == 2
    assert [one.id for one in client.v1.transfers.list({"transfer_group": "booking-1"}).data] == [transfer.id]


def test_money_waits_for_an_account_that_can_take_it(sandbox: Sandbox) -> None:
    client, intent = sandbox.client(), sandbox.pay(3300)
    account = client.v1.accounts.create(EXPRESS)
    given: Any = {
        "amount": 100,
        "currency": "usd",
        "destination": account.id,
        "source_transaction": intent.latest_charge,
    }
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.transfers.create(given)
    assert caught.value.code == "insufficient_capabilities_for_transfer"
    sandbox.press(f"accounts/{account.id}/onboard")
    assert client.v1.transfers.create(given).amount == 100
    sandbox.press(f"accounts/{account.id}/restrict")
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.transfers.create(given)


def test_without_a_charge_behind_it_a_transfer_needs_available_money(sandbox: Sandbox) -> None:
    client, account = sandbox.client(), onboarded(sandbox)
    sandbox.pay(3300)
    given: Any = {"amount": 1000, "currency": "usd", "destination": account.id}
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.transfers.create(given)
    assert caught.value.code == "balance_insufficient"
    sandbox.pay(3300, method="pm_card_bypassPending")
    assert client.v1.transfers.create(given).amount == 1000


def with_money(sandbox: Sandbox, account: stripe.Account, amount: int = 2000) -> stripe.Transfer:
    intent = sandbox.pay(amount * 2, method="pm_card_bypassPending")
    given: Any = {
        "amount": amount,
        "currency": "usd",
        "destination": account.id,
        "source_transaction": intent.latest_charge,
    }
    return sandbox.client().v1.transfers.create(given)


def test_a_payout_arrives_and_what_was_paid_out_cannot_be_taken_back(sandbox: Sandbox, receiver: Receiver) -> None:
    client, account = sandbox.client(), onboarded(sandbox)
    transfer = with_money(sandbox, account)
    sandbox.press(f"accounts/{account.id}/payout")
    [paid] = receiver.wait_for("payout.paid")
    assert (paid.account, paid.data.object["amount"]) == (account.id, 2000)
    [payout] = client.v1.payouts.list(options={"stripe_account": account.id}).data
    assert payout.status == "paid"
    assert client.v1.payouts.list().data == [], "it is the connected account's, not the platform's"
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.transfers.reversals.create(transfer.id)
    assert caught.value.code == "balance_insufficient"


def test_a_payout_tells_what_it_is_made_of(sandbox: Sandbox, receiver: Receiver) -> None:
    """https://docs.stripe.com/payouts/reconciliation: also the payout before it that had failed."""
    client, account = sandbox.client(), onboarded(sandbox, bank="fails")
    own = stripe.RequestOptions(stripe_account=account.id)
    transfer = with_money(sandbox, account)
    [first] = sandbox.press(f"accounts/{account.id}/payout")["data"]
    receiver.wait_for("payout.failed")
    sandbox.press(f"accounts/{account.id}/onboard", {"bank": "good"})
    [second] = sandbox.press(f"accounts/{account.id}/payout")["data"]

    def sources(payout_id: str) -> set[tuple[str, Any]]:
        found = client.v1.balance_transactions.list({"payout": payout_id}, own).data
        return {(movement.type, movement.source) for movement in found}

    assert sources(first["id"]) == {("payment", transfer.destination_payment), ("payout", first["id"])}
    assert sources(second["id"]) == {("payout_failure", first["id"]), ("payout", second["id"])}


def test_a_payout_to_a_closed_bank_account_fails_and_the_money_returns(sandbox: Sandbox, receiver: Receiver) -> None:
    client, account = sandbox.client(), onboarded(sandbox, bank="fails")
    with_money(sandbox, account)
    own = stripe.RequestOptions(stripe_account=account.id)
    payout = client.v1.payouts.create({"amount": 2000, "currency": "usd"}, own)
    assert payout.status == "pending"
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.payouts.create({"amount": 1, "currency": "usd"}, own)
    [failed] = receiver.wait_for("payout.failed")
    assert failed.data.object["failure_code"] == "account_closed"
    assert client.v1.balance.retrieve(options=own).available[0].amount == 2000


def test_an_account_sees_only_its_own(sandbox: Sandbox) -> None:
    intent, account = sandbox.pay(), onboarded(sandbox)
    own = {"Stripe-Account": account.id}
    assert sandbox.get(f"/v1/payment_intents/{intent.id}", headers=own).status_code == 404
    assert sandbox.get("/v1/charges", headers=own).json()["data"] == []
    stranger = sandbox.get("/v1/charges", headers={"Stripe-Account": "acct_nobody"})
    assert (stranger.status_code, stranger.json()["error"]["code"]) == (403, "account_invalid")


def test_a_dispute_takes_the_money_and_winning_brings_it_back(sandbox: Sandbox, receiver: Receiver) -> None:
    client, intent = sandbox.client(), sandbox.pay(3300, method="pm_card_bypassPending")
    dispute = sandbox.press("disputes", {"payment_intent": intent.id})
    assert (dispute["status"], dispute["amount"], dispute["charge"]) == ("needs_response", 3300, intent.latest_charge)
    receiver.wait_for("charge.dispute.created")
    receiver.wait_for("charge.dispute.funds_withdrawn")
    assert client.v1.charges.retrieve(str(intent.latest_charge)).disputed is True
    assert client.v1.balance.retrieve().available[0].amount == 3174 - 3300 - 1500
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.refunds.create({"payment_intent": intent.id})
    assert caught.value.code == "charge_disputed"
    won = client.v1.disputes.update(dispute["id"], {"evidence": {"uncategorized_text": "winning_evidence"}})
    assert won.status == "won"
    receiver.wait_for("charge.dispute.closed")
    receiver.wait_for("charge.dispute.funds_reinstated")
    assert client.v1.balance.retrieve().available[0].amount == 3174 - 1500
    assert client.v1.refunds.create({"payment_intent": intent.id}).status == "succeeded"


def test_a_dispute_can_be_lost_and_only_once(sandbox: Sandbox) -> None:
    client, intent = sandbox.client(), sandbox.pay(method="pm_card_createDispute")
    [dispute] = client.v1.disputes.list({"payment_intent": intent.id}).data
    twice = requests.post(f"{sandbox.url}/_sandbox/disputes", json={"payment_intent": intent.id}, timeout=5)
    assert twice.status_code == 409
    assert sandbox.press("disputes", {"payment_intent": intent.id, "outcome": "lost"})["status"] == "lost"
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.disputes.close(dispute.id)
    assert caught.value.code == "dispute_already_closed"


def test_an_inquiry_takes_nothing_until_it_is_escalated(sandbox: Sandbox, receiver: Receiver) -> None:
    client, intent = sandbox.client(), sandbox.pay(3300, method="pm_card_createDisputeInquiry")
    [dispute] = client.v1.disputes.list({"charge": str(intent.latest_charge)}).data
    assert (dispute.status, dispute.is_charge_refundable) == ("warning_needs_response", True)
    assert dispute.balance_transactions == []
    assert (
        sandbox.press("disputes", {"payment_intent": intent.id, "outcome": "escalated"})["status"] == "needs_response"
    )
    receiver.wait_for("charge.dispute.funds_withdrawn")


def test_what_was_not_paid_cannot_be_disputed(sandbox: Sandbox) -> None:
    intent = sandbox.client().v1.payment_intents.create({"amount": 3300, "currency": "usd"})
    body = {"payment_intent": intent.id}
    assert requests.post(f"{sandbox.url}/_sandbox/disputes", json=body, timeout=5).status_code == 409
    sandbox.client().v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})
    assert requests.post(f"{sandbox.url}/_sandbox/disputes", json=body, timeout=5).status_code == 200


def test_a_customer_keeps_a_card(sandbox: Sandbox) -> None:
    client = sandbox.client()
    customer = client.v1.customers.create({"email": "amara@example.org", "metadata": {"user": "u1"}})
    method = client.v1.payment_methods.create({"type": "card", "card": {"token": "tok_visa"}})
    client.v1.payment_methods.attach(method.id, {"customer": customer.id})
    assert [one.id for one in client.v1.customers.payment_methods.list(customer.id).data] == [method.id]
    paid = sandbox.pay(method=method.id, customer=customer.id)
    assert (paid.status, paid.payment_method) == ("succeeded", method.id)
    with pytest.raises(stripe.InvalidRequestError):
        sandbox.pay(method=method.id)
    client.v1.payment_methods.detach(method.id)
    assert client.v1.customers.payment_methods.list(customer.id).data == []
    client.v1.customers.delete(customer.id)
    assert client.v1.customers.retrieve(customer.id).deleted is True
    assert client.v1.customers.list().data == []
