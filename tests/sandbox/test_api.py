"""What every route shares: keys, parameters, lists, expansion, errors, idempotency, limits."""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
import stripe

from .conftest import PUBLISHABLE_KEY, SECRET_KEY, Sandbox

INTENT = {"amount": "3300", "currency": "usd"}


def error_of(answer: requests.Response) -> dict[str, Any]:
    error: dict[str, Any] = answer.json()["error"]
    return error


def test_without_a_key_or_with_a_wrong_one_nothing_opens(sandbox: Sandbox) -> None:
    url = f"{sandbox.url}/v1/payment_intents"
    assert requests.get(url, timeout=5).status_code == 401
    wrong = requests.get(url, headers={"Authorization": "Bearer sk_test_somebody_elses_key"}, timeout=5)
    assert wrong.status_code == 401
    assert "somebody_elses" not in wrong.text
    assert requests.get(url, auth=(SECRET_KEY, ""), timeout=5).status_code == 200, "as curl -u sk_test…: sends it"
    with pytest.raises(stripe.AuthenticationError):
        sandbox.client("sk_test_wrong").v1.balance.retrieve()


@pytest.mark.parametrize(
    ("given", "code", "param"),
    [
        ({"colour": "red"}, "parameter_unknown", "colour"),
        ({"automatic_payment_methods[enabled]": "true", "automatic_payment_methods[fast]": "1"}, "parameter_unknown",
         "automatic_payment_methods[fast]"),
        ({"amount": "12.5"}, "parameter_invalid_integer", "amount"),
        ({"amount": "many"}, "parameter_invalid_integer", "amount"),
        ({"amount": ""}, "parameter_invalid_empty", "amount"),
        ({"amount[x]": "1"}, "parameter_invalid_integer", "amount"),
        ({"confirm": "yes"}, None, "confirm"),
        ({"setup_future_usage": "sometimes"}, None, "setup_future_usage"),
        ({"automatic_payment_methods": "true"}, None, "automatic_payment_methods"),
        ({"allowed_payment_method_types": "card"}, None, "allowed_payment_method_types"),
        ({"allowed_payment_method_types[]": "klarna"}, None, "allowed_payment_method_types"),
        ({"payment_method_types[]": "card"}, "parameter_unknown", "payment_method_types"),
        ({"metadata[x]": "y" * 501}, None, "metadata"),
        ({"client_secret": "pi_x"}, "parameter_unknown", "client_secret"),
    ],
)  # fmt: skip
def test_a_parameter_that_stripe_does_not_know_is_refused(
    sandbox: Sandbox, given: dict[str, str], code: str | None, param: str
) -> None:
    wrong = {name: value for name, value in INTENT.items() if name not in given and not any(name in n for n in given)}
    refused = sandbox.post("/v1/payment_intents", {**wrong, **given})
    error = error_of(refused)
    assert refused.status_code == 400
    assert (error["type"], error.get("code"), error["param"]) == ("invalid_request_error", code, param)
    assert sandbox.post("/v1/payment_intents", INTENT).status_code == 200


def test_a_missing_parameter_is_named(sandbox: Sandbox) -> None:
    refused = sandbox.post("/v1/payment_intents", {"currency": "usd"})
    assert (error_of(refused)["code"], error_of(refused)["param"]) == ("parameter_missing", "amount")


def test_a_raw_card_number_is_not_taken_from_a_server(sandbox: Sandbox) -> None:
    intent = sandbox.client().v1.payment_intents.create({"amount": 3300, "currency": "usd"})
    given = {"payment_method_data[type]": "card", "payment_method_data[card][number]": "4242424242424242"}
    refused = sandbox.post(f"/v1/payment_intents/{intent.id}/confirm", given)
    assert refused.status_code == 400


def test_keys_of_metadata_may_be_digits(client: stripe.StripeClient) -> None:
    intent = client.v1.payment_intents.create({"amount": 3300, "currency": "usd", "metadata": {"0": "a", "1": "b"}})
    assert intent.metadata.to_dict() == {"0": "a", "1": "b"}


@pytest.mark.parametrize("body", [b"amount[", b"amount=1&\xff=2", b"[=1", b"a" + b"[b]" * 20 + b"=1", b"{}"])
def test_a_body_that_cannot_be_read_is_refused(sandbox: Sandbox, body: bytes) -> None:
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    refused = sandbox.request("POST", "/v1/payment_intents", data=body, headers=kind)
    assert refused.status_code == 400
    assert error_of(refused)["type"] == "invalid_request_error"


def test_json_is_not_a_form(sandbox: Sandbox) -> None:
    assert sandbox.request("POST", "/v1/payment_intents", json={"amount": 1}).status_code == 400


def test_a_body_over_the_limit_is_refused(sandbox: Sandbox) -> None:
    huge = sandbox.request("POST", "/v1/payment_intents", data="metadata[x]=" + "y" * 1_100_000)
    assert huge.status_code == 413


@pytest.mark.parametrize(
    "path", ["/v1/payment_intents/pi_nothing", "/v1/charges/ch_nothing", "/v1/refunds/re_nothing", "/v1/events/evt_nothing",
             "/v1/customers/cus_nothing", "/v1/disputes/du_nothing", "/v1/payouts/po_nothing"],
)  # fmt: skip
def test_what_is_not_there_is_a_404(sandbox: Sandbox, path: str) -> None:
    missing = sandbox.get(path)
    assert (missing.status_code, error_of(missing)["code"]) == (404, "resource_missing")
    assert path.rpartition("/")[2] in error_of(missing)["message"]


def test_an_object_is_not_found_under_anothers_name(sandbox: Sandbox) -> None:
    intent = sandbox.pay()
    assert sandbox.get(f"/v1/charges/{intent.id}").status_code == 404
    assert sandbox.get(f"/v1/payment_intents/{intent.id}").status_code == 200


def test_a_route_that_is_not_covered_says_so(sandbox: Sandbox) -> None:
    answer = sandbox.post("/v1/subscriptions", {})
    assert answer.status_code == 404
    assert "Unrecognized request URL (POST: /v1/subscriptions)" in error_of(answer)["message"]


def test_answers_carry_a_request_id_and_the_version(sandbox: Sandbox) -> None:
    plain = sandbox.get("/v1/balance")
    assert plain.headers["Request-Id"].startswith("req_")
    assert plain.headers["Stripe-Version"] == stripe.api_version
    old = sandbox.get("/v1/balance", headers={"Stripe-Version": "2024-06-20"})
    assert old.headers["Stripe-Version"] == "2024-06-20"
    assert sandbox.get("/v1/balance", headers={"Stripe-Version": "new"}).status_code == 400


def test_lists_are_paged_both_ways(client: stripe.StripeClient) -> None:
    made = [client.v1.payment_intents.create({"amount": 100 + n, "currency": "usd"}).id for n in range(7)]
    newest_first = list(reversed(made))
    page = client.v1.payment_intents.list({"limit": 3})
    assert [one.id for one in page.data] == newest_first[:3]
    assert page.has_more
    following = client.v1.payment_intents.list({"limit": 3, "starting_after": newest_first[2]})
    assert [one.id for one in following.data] == newest_first[3:6]
    back = client.v1.payment_intents.list({"limit": 2, "ending_before": newest_first[5]})
    assert [one.id for one in back.data] == newest_first[3:5]
    assert back.has_more
    assert [one.id for one in client.v1.payment_intents.list({"limit": 2}).auto_paging_iter()] == newest_first
    last = client.v1.payment_intents.list({"limit": 3, "starting_after": newest_first[5]})
    assert not last.has_more
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.payment_intents.list({"limit": 101})
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.payment_intents.list({"starting_after": "pi_nothing"})
    assert caught.value.code == "resource_missing"


def test_lists_are_filtered(client: stripe.StripeClient, sandbox: Sandbox) -> None:
    customer = client.v1.customers.create({"email": "amara@example.org"})
    intent = client.v1.payment_intents.create({"amount": 3300, "currency": "usd", "customer": customer.id})
    sandbox.pay()
    assert [one.id for one in client.v1.payment_intents.list({"customer": customer.id}).data] == [intent.id]
    assert client.v1.payment_intents.list({"created": {"gt": intent.created + 60}}).data == []
    assert len(client.v1.payment_intents.list({"created": {"gte": intent.created - 60}}).data) == 2
    assert {event.type for event in client.v1.events.list({"type": "charge.*"}).data} == {"charge.succeeded"}
    wanted = client.v1.events.list({"types": ["payment_intent.created", "customer.created"]})
    assert {event.type for event in wanted.data} == {"payment_intent.created", "customer.created"}


def test_expansion_reaches_into_lists_and_refuses_what_is_no_reference(sandbox: Sandbox) -> None:
    intent = sandbox.pay()
    client = sandbox.client()
    listed = client.v1.payment_intents.list({"expand": ["data.latest_charge.balance_transaction"]})
    charge = listed.data[0].latest_charge
    assert isinstance(charge, stripe.Charge)
    assert isinstance(charge.balance_transaction, stripe.BalanceTransaction)
    for path in ("colour", "amount", "latest_charge.amount", "latest_charge.a.b.c.d"):
        with pytest.raises(stripe.InvalidRequestError):
            client.v1.payment_intents.retrieve(intent.id, {"expand": [path]})


# Idempotency


def test_the_same_key_answers_the_same_once_more(sandbox: Sandbox) -> None:
    key = {"Idempotency-Key": "create-1"}
    first = sandbox.post("/v1/payment_intents", INTENT, headers=key)
    again = sandbox.post("/v1/payment_intents", INTENT, headers=key)
    assert (first.status_code, first.content) == (again.status_code, again.content)
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.headers["Original-Request"] == first.headers["Request-Id"]
    assert again.headers["Idempotency-Key"] == "create-1"
    assert len(sandbox.client().v1.payment_intents.list().data) == 1


def test_the_same_key_for_something_else_is_an_error(sandbox: Sandbox) -> None:
    key = {"Idempotency-Key": "create-1"}
    sandbox.post("/v1/payment_intents", INTENT, headers=key)
    other = sandbox.post("/v1/payment_intents", {**INTENT, "amount": "4400"}, headers=key)
    assert (other.status_code, error_of(other)["type"]) == (400, "idempotency_error")
    with pytest.raises(stripe.IdempotencyError):
        sandbox.client().v1.customers.create({"email": "a@example.org"}, {"idempotency_key": "create-1"})
    elsewhere = sandbox.post(
        "/v1/payment_intents", {**INTENT, "amount": "4400"}, headers={"Idempotency-Key": "create-2"}
    )
    assert elsewhere.status_code == 200


def test_answers_are_forgotten_as_after_a_day(sandbox: Sandbox) -> None:
    key = {"Idempotency-Key": "create-1"}
    first = sandbox.post("/v1/payment_intents", INTENT, headers=key).json()
    assert sandbox.post("/v1/payment_intents", INTENT, headers=key).json() == first
    assert requests.post(f"{sandbox.url}/_sandbox/answers/forget", timeout=5).json() == {"status": "ok"}
    assert sandbox.post("/v1/payment_intents", INTENT, headers=key).json()["id"] != first["id"]


def test_a_decline_is_replayed_and_a_failed_validation_is_not(sandbox: Sandbox) -> None:
    declined = {**INTENT, "confirm": "true", "payment_method": "pm_card_chargeDeclined"}
    first = sandbox.post("/v1/payment_intents", declined, headers={"Idempotency-Key": "a"})
    again = sandbox.post("/v1/payment_intents", declined, headers={"Idempotency-Key": "a"})
    assert (first.status_code, again.status_code) == (402, 402)
    assert first.content == again.content
    assert len(sandbox.client().v1.charges.list().data) == 1
    assert sandbox.post("/v1/payment_intents", {"amount": "x"}, headers={"Idempotency-Key": "b"}).status_code == 400
    assert sandbox.post("/v1/payment_intents", INTENT, headers={"Idempotency-Key": "b"}).status_code == 200


def test_a_key_still_at_work_is_a_conflict(sandbox: Sandbox) -> None:
    sandbox.faults(api={"match": "/v1/payment_intents", "status": 200, "delay_seconds": 1, "times": 1})
    key = {"Idempotency-Key": "slow"}
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(sandbox.post, "/v1/payment_intents", INTENT, headers=key)
        time.sleep(0.3)
        meanwhile = sandbox.post("/v1/payment_intents", INTENT, headers=key)
        other = sandbox.post("/v1/payment_intents", INTENT, headers={"Idempotency-Key": "other"})
    assert (meanwhile.status_code, error_of(meanwhile)["code"]) == (409, "idempotency_key_in_use")
    assert other.status_code == 200
    assert slow.result().status_code == 200
    assert sandbox.post("/v1/payment_intents", INTENT, headers=key).headers["Idempotent-Replayed"] == "true"


def test_twenty_at_once_with_one_key_make_one(sandbox: Sandbox) -> None:
    start = threading.Barrier(20)

    def ask(_: int) -> int:
        start.wait()
        return sandbox.post("/v1/payment_intents", INTENT, headers={"Idempotency-Key": "same"}).status_code

    with ThreadPoolExecutor(20) as pool:
        statuses = set(pool.map(ask, range(20)))
    assert statuses <= {200, 409}
    assert 200 in statuses
    assert len(sandbox.client().v1.payment_intents.list().data) == 1


def test_twenty_at_once_without_a_key_make_twenty(sandbox: Sandbox) -> None:
    """The control of the test above."""
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda _: sandbox.post("/v1/payment_intents", INTENT), range(20)))
    assert len(sandbox.client().v1.payment_intents.list({"limit": 100}).data) == 20


def test_refunds_in_parallel_never_exceed_the_charge(sandbox: Sandbox) -> None:
    intent = sandbox.pay(1000)
    with ThreadPoolExecutor(10) as pool:
        answers = list(
            pool.map(lambda _: sandbox.post("/v1/refunds", {"payment_intent": intent.id, "amount": "300"}), range(10))
        )
    assert sorted(answer.status_code for answer in answers) == [200] * 3 + [400] * 7
    assert sandbox.client().v1.charges.retrieve(str(intent.latest_charge)).amount_refunded == 900


# The server


def test_browsers_may_ask_from_any_page(sandbox: Sandbox) -> None:
    preflight = requests.options(
        f"{sandbox.url}/v1/payment_intents/pi_x", headers={"Origin": "http://shop.test"}, timeout=5
    )
    assert preflight.status_code == 204
    assert preflight.headers["Access-Control-Allow-Origin"] == "*"
    assert "Authorization" in preflight.headers["Access-Control-Allow-Headers"]


def test_another_site_may_not_press_the_buttons(sandbox: Sandbox) -> None:
    sandbox.pay()
    url = f"{sandbox.url}/_sandbox/reset"
    for headers in ({"Origin": "http://evil.test"}, {"Origin": "null"}, {"Host": "evil.test"}):
        assert requests.post(url, headers=headers, timeout=5).status_code == 403
    assert len(sandbox.client().v1.payment_intents.list().data) == 1
    assert requests.post(url, headers={"Origin": sandbox.url}, timeout=5).status_code == 200
    assert sandbox.client().v1.payment_intents.list().data == []


def test_the_log_has_a_line_a_request_and_no_secret(sandbox: Sandbox) -> None:
    intent = sandbox.client().v1.payment_intents.create({"amount": 3300, "currency": "usd"})
    secret = str(intent.client_secret)
    sandbox.get(f"/v1/payment_intents/{intent.id}", params={"client_secret": secret}, key=PUBLISHABLE_KEY)
    lines = [line for line in sandbox.log().splitlines() if f"GET /v1/payment_intents/{intent.id} 200" in line]
    assert len(lines) == 1
    assert lines[0].endswith(" ms")
    for hidden in (secret, SECRET_KEY, PUBLISHABLE_KEY):
        assert hidden not in sandbox.log()


def test_health_and_events_are_json(sandbox: Sandbox) -> None:
    assert requests.get(f"{sandbox.url}/_sandbox/health", timeout=5).json() == {"status": "ok"}
    intent = sandbox.pay()
    events = json.loads(requests.get(f"{sandbox.url}/_sandbox/events", timeout=5).text)["data"]
    assert events[0]["type"] == "payment_intent.succeeded", "newest first"
    assert events[0]["data"]["object"]["id"] == intent.id


def test_one_process_stays_small(sandbox: Sandbox) -> None:
    for _ in range(30):
        sandbox.pay()
    with open(f"/proc/{sandbox.process.pid}/status") as status:  # noqa: PTH123
        resident = next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
    assert resident < 60 * 1024
