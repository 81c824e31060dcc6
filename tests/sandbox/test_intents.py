"""A payment's life, driven by Stripe's own library."""

from typing import Any

import pytest
import requests
import stripe

from .conftest import PUBLISHABLE_KEY, SECRET_KEY, Receiver, Sandbox


def test_an_intent_is_paid_and_its_charge_books_the_fee(client: stripe.StripeClient) -> None:
    intent = client.v1.payment_intents.create(
        {
            "amount": 3300,
            "currency": "usd",
            "automatic_payment_methods": {"enabled": True},
            "metadata": {"booking": "b1"},
        }
    )
    assert (intent.status, intent.latest_charge, intent.livemode) == ("requires_payment_method", None, False)
    assert intent.id.startswith("pi_")
    assert str(intent.client_secret).startswith(f"{intent.id}_secret_")

    paid = client.v1.payment_intents.confirm(
        intent.id, {"payment_method": "pm_card_visa", "expand": ["latest_charge.balance_transaction", "payment_method"]}
    )
    assert (paid.status, paid.amount_received) == ("succeeded", 3300)
    charge = paid.latest_charge
    assert isinstance(charge, stripe.Charge)
    assert (charge.paid, charge.amount, charge.metadata["booking"]) == (True, 3300, "b1")
    movement = charge.balance_transaction
    assert isinstance(movement, stripe.BalanceTransaction)
    assert (movement.amount, movement.fee, movement.net, movement.status) == (3300, 126, 3174, "pending")
    assert isinstance(paid.payment_method, stripe.PaymentMethod)
    assert paid.payment_method.card
    assert (paid.payment_method.card.brand, paid.payment_method.card.last4) == ("visa", "4242")

    again = client.v1.payment_intents.retrieve(intent.id)
    assert (again.status, again.latest_charge, again.metadata["booking"]) == ("succeeded", charge.id, "b1")


def test_paying_sends_the_events_of_a_payment(sandbox: Sandbox, receiver: Receiver) -> None:
    intent = sandbox.pay()
    [succeeded] = receiver.wait_for("payment_intent.succeeded")
    receiver.wait_for("charge.succeeded")
    receiver.wait_for("payment_intent.created")
    assert succeeded.data.object["id"] == intent.id
    assert succeeded.data.object["status"] == "succeeded"
    [created] = receiver.events("payment_intent.created")
    assert created.data.object["status"] == "requires_confirmation", "a snapshot of then, not of now"
    assert created.request
    assert str(created.request.id).startswith("req_")
    assert succeeded.api_version == stripe.api_version
    assert succeeded.livemode is False


@pytest.mark.parametrize(
    ("method", "code", "decline_code"),
    [
        ("pm_card_chargeDeclined", "card_declined", "generic_decline"),
        ("pm_card_visa_chargeDeclined", "card_declined", "generic_decline"),
        ("pm_card_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
        ("pm_card_visa_chargeDeclinedLostCard", "card_declined", "lost_card"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card", "expired_card"),
        ("pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc", "incorrect_cvc"),
        ("pm_card_chargeDeclinedProcessingError", "processing_error", "processing_error"),
        ("pm_card_radarBlock", "card_declined", "fraudulent"),
    ],
)
def test_a_declined_card_leaves_the_intent_open_for_another(
    sandbox: Sandbox, receiver: Receiver, method: str, code: str, decline_code: str
) -> None:
    client = sandbox.client()
    intent = client.v1.payment_intents.create({"amount": 3300, "currency": "usd"})
    with pytest.raises(stripe.CardError) as caught:
        client.v1.payment_intents.confirm(intent.id, {"payment_method": method})
    error = caught.value
    assert (error.http_status, error.code) == (402, code)
    assert error.error
    assert error.error.decline_code == decline_code
    assert error.error.payment_intent
    assert error.error.payment_intent["id"] == intent.id
    assert error.error.charge

    after = client.v1.payment_intents.retrieve(intent.id)
    assert (after.status, after.payment_method, after.amount_received) == ("requires_payment_method", None, 0)
    assert after.last_payment_error
    assert after.last_payment_error.decline_code == decline_code
    charge = client.v1.charges.retrieve(str(error.error.charge))
    assert (charge.status, charge.paid, charge.failure_code) == ("failed", False, code)
    [failed] = receiver.wait_for("payment_intent.payment_failed")
    assert failed.data.object["last_payment_error"]["code"] == code
    receiver.wait_for("charge.failed")

    assert client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"}).status == "succeeded"


def test_the_bank_asks_and_is_told_yes(sandbox: Sandbox, receiver: Receiver) -> None:
    intent = sandbox.pay(method="pm_card_authenticationRequired")
    assert intent.status == "requires_action"
    assert intent.next_action
    assert intent.next_action.type == "use_stripe_sdk"
    receiver.wait_for("payment_intent.requires_action")
    assert sandbox.press("authenticate", {"payment_intent": intent.id, "outcome": "succeed"})["status"] == "succeeded"
    after = sandbox.client().v1.payment_intents.retrieve(intent.id, {"expand": ["latest_charge"]})
    assert (after.status, after.next_action) == ("succeeded", None)
    assert isinstance(after.latest_charge, stripe.Charge)
    assert after.latest_charge.payment_method_details
    assert after.latest_charge.payment_method_details.card
    assert after.latest_charge.payment_method_details.card.three_d_secure
    receiver.wait_for("payment_intent.succeeded")


def test_the_bank_asks_and_is_told_no(sandbox: Sandbox, receiver: Receiver) -> None:
    intent = sandbox.pay(method="pm_card_authenticationRequired")
    answer = sandbox.press("authenticate", {"payment_intent": intent.id, "outcome": "fail"})
    assert answer["status"] == "requires_payment_method"
    assert answer["last_payment_error"]["code"] == "payment_intent_authentication_failure"
    assert answer["latest_charge"] is None
    receiver.wait_for("payment_intent.payment_failed")
    again = sandbox.request("POST", "/v1/payment_intents", key="sk_test_wrong")
    assert again.status_code == 401


def test_a_step_that_is_not_open_cannot_be_ended(sandbox: Sandbox) -> None:
    intent = sandbox.pay()
    answer = sandbox.post("/_sandbox/authenticate", json={"payment_intent": intent.id, "outcome": "succeed"})
    assert answer.status_code == 409
    open_intent = sandbox.pay(method="pm_card_authenticationRequired")
    sandbox.press("authenticate", {"payment_intent": open_intent.id, "outcome": "succeed"})


def test_after_the_bank_the_card_may_still_be_declined(sandbox: Sandbox) -> None:
    intent = sandbox.pay(method="pm_card_authenticationRequiredChargeDeclinedInsufficientFunds")
    answer = sandbox.press("authenticate", {"payment_intent": intent.id, "outcome": "succeed"})
    assert answer["status"] == "requires_payment_method"
    assert answer["last_payment_error"]["decline_code"] == "insufficient_funds"


def test_with_a_return_url_the_bank_is_a_page_that_leads_back(sandbox: Sandbox) -> None:
    intent = sandbox.pay(
        method="pm_card_authenticationRequired",
        return_url="https://shop.test/back?order=7",
        automatic_payment_methods={"enabled": True},
    )
    assert intent.next_action
    assert intent.next_action.redirect_to_url
    page = str(intent.next_action.redirect_to_url.url)
    path = page.removeprefix(sandbox.url)
    assert "Complete authentication" in sandbox.get(path).text
    bare = path.partition("?")[0]
    assert sandbox.get(bare).status_code == 404, "only whoever has the client secret"
    done = sandbox.post(bare, {"client_secret": intent.client_secret, "outcome": "succeed"}, allow_redirects=False)
    assert done.status_code == 303
    assert done.headers["Location"] == (
        f"https://shop.test/back?order=7&payment_intent={intent.id}&payment_intent_client_secret={intent.client_secret}"
        "&redirect_status=succeeded"
    )


def test_nobody_is_asked_while_the_payer_is_away(sandbox: Sandbox) -> None:
    with pytest.raises(stripe.CardError) as caught:
        sandbox.pay(method="pm_card_authenticationRequired", off_session=True)
    assert caught.value.code == "authentication_required"


def test_an_unpaid_intent_changes_its_amount_and_a_paid_one_does_not(client: stripe.StripeClient) -> None:
    intent = client.v1.payment_intents.create({"amount": 3300, "currency": "usd"})
    assert client.v1.payment_intents.update(intent.id, {"amount": 100}).amount == 100
    paid = client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})
    assert paid.amount_received == 100
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.payment_intents.update(intent.id, {"amount": 3300})
    assert caught.value.code == "payment_intent_unexpected_state"
    assert client.v1.payment_intents.update(intent.id, {"metadata": {"late": "yes"}}).metadata["late"] == "yes"


def test_a_changed_amount_ends_the_banks_question(sandbox: Sandbox) -> None:
    intent = sandbox.pay(method="pm_card_authenticationRequired")
    changed = sandbox.client().v1.payment_intents.update(intent.id, {"amount": 100})
    assert (changed.status, changed.next_action) == ("requires_confirmation", None)


def test_a_cancelled_intent_cannot_be_paid(sandbox: Sandbox, receiver: Receiver) -> None:
    client = sandbox.client()
    intent = client.v1.payment_intents.create({"amount": 3300, "currency": "usd"})
    gone = client.v1.payment_intents.cancel(intent.id, {"cancellation_reason": "abandoned"})
    assert (gone.status, gone.cancellation_reason) == ("canceled", "abandoned")
    assert gone.canceled_at
    receiver.wait_for("payment_intent.canceled")
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})
    assert caught.value.code == "payment_intent_unexpected_state"
    assert caught.value.error
    assert caught.value.error.payment_intent
    assert caught.value.error.payment_intent["status"] == "canceled"


def test_a_paid_intent_is_neither_paid_again_nor_cancelled(client: stripe.StripeClient, sandbox: Sandbox) -> None:
    intent = sandbox.pay()
    with pytest.raises(stripe.InvalidRequestError, match="already succeeded"):
        client.v1.payment_intents.confirm(intent.id)
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.payment_intents.cancel(intent.id)
    assert caught.value.code == "payment_intent_unexpected_state"
    assert len(client.v1.charges.list({"payment_intent": intent.id}).data) == 1


@pytest.mark.parametrize(
    ("params", "code", "param"),
    [
        ({"amount": 49}, "amount_too_small", "amount"),
        ({"amount": 100_000_000}, "amount_too_large", "amount"),
        ({"currency": "xyz"}, None, "currency"),
        ({"capture_method": "manual"}, None, "capture_method"),
        ({"application_fee_amount": 10}, "sandbox_uncovered", "application_fee_amount"),
        ({"allowed_payment_method_types": ["klarna"]}, None, "allowed_payment_method_types"),
        ({"off_session": True}, None, "off_session"),
        ({"payment_method": "pm_card_nonsense"}, "resource_missing", "payment_method"),
        ({"customer": "cus_nobody"}, "resource_missing", "customer"),
    ],
)
def test_an_intent_that_cannot_be_right_is_refused(
    client: stripe.StripeClient, params: dict[str, Any], code: str | None, param: str
) -> None:
    good: Any = {"amount": 3300, "currency": "usd"}
    bad: Any = {**good, **params}
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.payment_intents.create(bad)
    assert (caught.value.code, caught.value.param) == (code, param)
    assert client.v1.payment_intents.create(good).status == "requires_payment_method"
    assert len(client.v1.payment_intents.list().data) == 1, "nothing is left of the refused one"


def test_an_intent_without_a_method_cannot_be_confirmed(client: stripe.StripeClient) -> None:
    intent = client.v1.payment_intents.create({"amount": 3300, "currency": "usd"})
    with pytest.raises(stripe.InvalidRequestError, match="missing a payment method"):
        client.v1.payment_intents.confirm(intent.id)
    chosen = client.v1.payment_intents.update(intent.id, {"payment_method": "pm_card_mastercard"})
    assert chosen.status == "requires_confirmation"
    assert client.v1.payment_intents.confirm(intent.id).status == "succeeded"


# What a browser may do: retrieve and confirm the intent whose client secret it has.

CARD = {
    "payment_method_data[type]": "card",
    "payment_method_data[card][number]": "4242424242424242",
    "payment_method_data[card][exp_month]": "12",
    "payment_method_data[card][exp_year]": "2040",
    "payment_method_data[card][cvc]": "123",
}


def test_a_browser_confirms_with_the_client_secret_and_sees_no_metadata(sandbox: Sandbox) -> None:
    intent = sandbox.client().v1.payment_intents.create(
        {"amount": 3300, "currency": "usd", "metadata": {"secret": "x"}}
    )
    path, secret = f"/v1/payment_intents/{intent.id}", {"client_secret": intent.client_secret}
    seen = sandbox.get(path, params=secret, key=PUBLISHABLE_KEY)
    assert seen.status_code == 200
    assert "metadata" not in seen.json()
    assert seen.headers["Access-Control-Allow-Origin"] == "*"
    paid = sandbox.post(f"{path}/confirm", {**CARD, **secret}, key=PUBLISHABLE_KEY)
    assert paid.json()["status"] == "succeeded"
    assert "latest_charge" not in paid.json()
    assert sandbox.get(path).json()["latest_charge"].startswith("ch_")


def test_a_browser_may_name_a_test_card_too(sandbox: Sandbox) -> None:
    intent = sandbox.client().v1.payment_intents.create({"amount": 3300, "currency": "usd"})
    given = {"client_secret": intent.client_secret, "payment_method": "pm_card_visa"}
    paid = sandbox.post(f"/v1/payment_intents/{intent.id}/confirm", given, key=PUBLISHABLE_KEY)
    assert paid.json()["status"] == "succeeded"


def test_a_script_may_send_its_key_among_the_parameters_but_never_a_secret_one(sandbox: Sandbox) -> None:
    intent = sandbox.client().v1.payment_intents.create({"amount": 3300, "currency": "usd"})
    url = f"{sandbox.url}/v1/payment_intents/{intent.id}"
    given = {"client_secret": str(intent.client_secret), "key": PUBLISHABLE_KEY}
    assert requests.get(url, params=given, timeout=5).status_code == 200
    assert requests.get(url, params={**given, "key": SECRET_KEY}, timeout=5).status_code == 401
    paid = requests.post(f"{url}/confirm", data={**given, "payment_method": "pm_card_visa"}, timeout=5)
    assert paid.json()["status"] == "succeeded"


@pytest.mark.parametrize("secret", [None, "pi_x_secret_y"])
def test_a_browser_without_the_client_secret_sees_and_pays_nothing(sandbox: Sandbox, secret: str | None) -> None:
    intent = sandbox.client().v1.payment_intents.create({"amount": 3300, "currency": "usd"})
    path, given = f"/v1/payment_intents/{intent.id}", {"client_secret": secret} if secret else {}
    assert sandbox.get(path, params=given, key=PUBLISHABLE_KEY).status_code == 400
    assert sandbox.post(f"{path}/confirm", {**CARD, **given}, key=PUBLISHABLE_KEY).status_code == 400
    right = {"client_secret": intent.client_secret}
    assert sandbox.get(path, params=right, key=PUBLISHABLE_KEY).json()["status"] == "requires_payment_method"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/payment_intents"),
        ("GET", "/v1/payment_intents"),
        ("POST", "/v1/payment_intents/{id}"),
        ("POST", "/v1/payment_intents/{id}/cancel"),
        ("GET", "/v1/events"),
        ("POST", "/v1/refunds"),
        ("GET", "/v1/balance"),
    ],
)
def test_a_publishable_key_opens_nothing_else(sandbox: Sandbox, method: str, path: str) -> None:
    intent = sandbox.client().v1.payment_intents.create({"amount": 3300, "currency": "usd"})
    refused = sandbox.request(method, path.format(id=intent.id), key=PUBLISHABLE_KEY)
    assert refused.status_code == 403
    assert refused.json()["error"]["code"] == "secret_key_required"
    assert sandbox.request(method, path.format(id=intent.id)).status_code != 403


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("number", "4242424242424241", "incorrect_number"),
        ("number", "42424242", "incorrect_number"),
        ("number", "4539578763621486", "card_declined"),
        ("number", "4000000000009995", "card_declined"),
        ("exp_month", "13", "invalid_expiry_month"),
        ("exp_year", "2020", "invalid_expiry_year"),
        ("cvc", "12", "incorrect_cvc"),
    ],
)
def test_a_card_that_cannot_be_right_is_a_card_error(sandbox: Sandbox, field: str, value: str, code: str) -> None:
    intent = sandbox.client().v1.payment_intents.create({"amount": 3300, "currency": "usd"})
    path, secret = f"/v1/payment_intents/{intent.id}/confirm", {"client_secret": intent.client_secret}
    refused = sandbox.post(path, {**CARD, **secret, f"payment_method_data[card][{field}]": value}, key=PUBLISHABLE_KEY)
    assert (refused.status_code, refused.json()["error"]["code"]) == (402, code)
    assert refused.json()["error"]["type"] == "card_error"
    assert sandbox.post(path, {**CARD, **secret}, key=PUBLISHABLE_KEY).json()["status"] == "succeeded"


def test_a_card_number_that_is_no_test_card_is_never_kept(sandbox: Sandbox) -> None:
    intent = sandbox.client().v1.payment_intents.create({"amount": 3300, "currency": "usd"})
    given = {**CARD, "client_secret": intent.client_secret, "payment_method_data[card][number]": "4539578763621486"}
    sandbox.post(f"/v1/payment_intents/{intent.id}/confirm", given, key=PUBLISHABLE_KEY)
    for path in sandbox.state.iterdir():
        assert b"4539578763621486" not in path.read_bytes()
    assert "4539578763621486" not in sandbox.log()


def test_an_intent_is_paid_by_hand_as_its_payer_would(sandbox: Sandbox) -> None:
    intent = sandbox.post("/v1/payment_intents", {"amount": "3300", "currency": "usd"}).json()["id"]
    for method, status in (
        ("pm_card_chargeDeclined", "requires_payment_method"),
        ("pm_card_authenticationRequired", "requires_action"),
        ("pm_card_visa", "succeeded"),
    ):
        answer = sandbox.press("pay", {"payment_intent": intent, "payment_method": method})
        assert (answer["id"], answer["status"]) == (intent, status)
    charges = sandbox.get("/v1/charges", params={"payment_intent": intent}).json()["data"]
    assert [one["status"] for one in charges] == ["succeeded", "failed"]
    again = requests.post(
        f"{sandbox.url}/_sandbox/pay", json={"payment_intent": intent, "payment_method": "pm_card_visa"}, timeout=5
    )
    assert (again.status_code, "already succeeded" in again.text) == (400, True)
