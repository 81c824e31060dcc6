"""Events on their way to the product: signatures, tries, faults, and what survives a crash."""

import json
import time
from collections.abc import Callable

import pytest
import requests
import stripe

from .conftest import SECRET_KEY, WEBHOOK_SECRET, Receiver, Sandbox

pytestmark = pytest.mark.slow

INTENT = {"amount": "3300", "currency": "usd"}


def test_a_changed_or_foreign_event_does_not_verify(sandbox: Sandbox, receiver: Receiver) -> None:
    sandbox.pay()
    receiver.wait_for("payment_intent.succeeded")
    one = receiver.received[0]
    assert one.event().id.startswith("evt_")
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(one.body + b" ", one.signature, WEBHOOK_SECRET)
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(one.body, one.signature, "whsec_other")


def test_two_secrets_sign_twice_during_a_rotation(new_sandbox: Callable[..., Sandbox], own_receiver: Receiver) -> None:
    new_sandbox(webhook_secret=f"whsec_new,{WEBHOOK_SECRET}").pay()
    own_receiver.wait_for("payment_intent.succeeded")
    one = own_receiver.received[0]
    assert stripe.Webhook.construct_event(one.body, one.signature, "whsec_new").id == one.event().id


def test_the_event_sent_is_the_event_kept(sandbox: Sandbox, receiver: Receiver) -> None:
    sandbox.pay()
    [sent] = receiver.wait_for("payment_intent.succeeded")
    kept = sandbox.client().v1.events.retrieve(sent.id)
    assert kept.data.object.to_dict() == sent.data.object.to_dict()


def test_what_the_product_refuses_is_sent_again(sandbox: Sandbox, receiver: Receiver) -> None:
    receiver.status = 500
    sandbox.post("/v1/payment_intents", INTENT)
    first = receiver.wait_for("payment_intent.created", count=2)
    receiver.status = 200
    again = receiver.wait_for("payment_intent.created", count=3)
    assert len({event.id for event in [*first, *again]}) == 1
    waits = [one.at for one in receiver.received]
    assert waits[2] - waits[1] > waits[1] - waits[0] > 0.15, "each wait is longer than the one before"
    time.sleep(1)
    assert len(receiver.events()) == 3, "once taken, it is not sent again"


def test_after_the_last_try_an_event_waits_for_the_button(sandbox: Sandbox, receiver: Receiver) -> None:
    receiver.status = 500
    sandbox.post("/v1/payment_intents", INTENT)
    [event] = receiver.wait_for("payment_intent.created", count=4)[:1]
    time.sleep(0.3)
    shown = requests.get(f"{sandbox.url}/_sandbox/events/{event.id}", timeout=5).json()
    assert [delivery["status"] for delivery in shown["deliveries"]] == ["failed"]
    assert [attempt["status"] for attempt in shown["deliveries"][0]["tries"]] == [500] * 4
    assert sandbox.press(f"events/{event.id}/deliver") == {"status": 500}
    receiver.status = 200
    assert sandbox.press(f"events/{event.id}/deliver") == {"status": 200}
    assert sandbox.post("/_sandbox/events/evt_nothing/deliver").status_code == 404


def test_dropped_events_are_kept_and_can_be_delivered(sandbox: Sandbox, receiver: Receiver) -> None:
    sandbox.faults(webhooks={"drop": True})
    sandbox.post("/v1/payment_intents", INTENT)
    sandbox.faults(webhooks={"drop": False})
    sandbox.pay()
    receiver.wait_for("payment_intent.succeeded")
    assert len(receiver.wait_for("payment_intent.created")) == 1, "in any order, as at Stripe"
    dropped = requests.get(f"{sandbox.url}/_sandbox/events", timeout=5).json()["data"][-1]
    assert sandbox.press(f"events/{dropped['id']}/deliver") == {"status": 200}
    assert len(receiver.events("payment_intent.created")) == 2


def test_duplicates_are_one_event_sent_often(sandbox: Sandbox, receiver: Receiver) -> None:
    sandbox.faults(webhooks={"duplicate": 3})
    sandbox.post("/v1/payment_intents", INTENT)
    sent = receiver.wait_for("payment_intent.created", count=3)
    assert len({event.id for event in sent}) == 1
    time.sleep(0.2)
    assert len(receiver.events()) == 3


def test_a_delay_holds_events_back(sandbox: Sandbox, receiver: Receiver) -> None:
    sandbox.faults(webhooks={"delay_seconds": 1})
    began = time.time()
    sandbox.post("/v1/payment_intents", INTENT)
    receiver.wait_for("payment_intent.created")
    assert receiver.received[0].at - began >= 1


def test_shuffled_events_come_out_of_order(sandbox: Sandbox, receiver: Receiver) -> None:
    def order(count: int) -> list[str]:
        receiver.received.clear()
        made = [sandbox.post("/v1/payment_intents", INTENT).json()["id"] for _ in range(count)]
        arrived = [event.data.object["id"] for event in receiver.wait_for("payment_intent.created", count=count)]
        assert sorted(arrived) == sorted(made)
        return [str(made.index(one)) for one in arrived]

    sandbox.faults(webhooks={"shuffle": True})
    assert order(12) != [str(n) for n in range(12)]


def test_faults_keep_what_is_not_named_and_refuse_what_is_not_known(sandbox: Sandbox) -> None:
    plain = sandbox.press("faults")
    assert plain["webhooks"] == {"drop": False, "duplicate": 1, "delay_seconds": 0, "shuffle": False}
    sandbox.faults(webhooks={"delay_seconds": 2})
    changed = sandbox.faults(webhooks={"duplicate": 2})
    assert (changed["webhooks"]["delay_seconds"], changed["webhooks"]["duplicate"]) == (2, 2)
    refused: tuple[dict[str, dict[str, str | int]], ...] = (
        {"webhooks": {"duplicate": 0}},
        {"webhooks": {"speed": 1}},
        {"api": {"status": 299}},
        {"api": {"times": "x"}},
        {"cards": {}},
    )
    for wrong in refused:
        assert requests.post(f"{sandbox.url}/_sandbox/faults", json=wrong, timeout=5).status_code == 400
    assert sandbox.press("faults") == changed


@pytest.mark.parametrize("status", [429, 503, 409])
def test_a_service_that_is_down_does_nothing_and_keeps_no_answer(sandbox: Sandbox, status: int) -> None:
    key = {"Idempotency-Key": "once"}
    sandbox.faults(api={"match": "/v1/payment_intents", "status": status, "times": 2})
    assert sandbox.get("/v1/balance").status_code == 200, "other routes are not in its way"
    assert sandbox.post("/v1/payment_intents", INTENT, headers=key).status_code == status
    assert sandbox.post("/v1/payment_intents", INTENT, headers=key).status_code == status
    right = sandbox.post("/v1/payment_intents", INTENT, headers=key)
    assert right.status_code == 200
    assert "Idempotent-Replayed" not in right.headers


def test_the_sdk_retries_a_limit_by_itself(sandbox: Sandbox) -> None:
    sandbox.faults(api={"match": "/v1/payment_intents", "status": 429, "times": 1})
    client = stripe.StripeClient(SECRET_KEY, base_addresses={"api": sandbox.url}, max_network_retries=2)
    sandbox.faults(api={"status": 503, "times": 1})
    assert client.v1.payment_intents.create({"amount": 3300, "currency": "usd"}).amount == 3300


def test_a_500_after_the_commit_is_replayed_though_the_work_is_done(sandbox: Sandbox, receiver: Receiver) -> None:
    intent = sandbox.pay()
    sandbox.faults(api={"match": "/v1/refunds", "status": 500, "after_commit": True, "times": 1})
    given, key = {"payment_intent": intent.id}, {"Idempotency-Key": "refund-1"}
    first = sandbox.post("/v1/refunds", given, headers=key)
    again = sandbox.post("/v1/refunds", given, headers=key)
    assert (first.status_code, again.status_code) == (500, 500)
    assert first.json()["error"]["type"] == "api_error"
    assert again.headers["Idempotent-Replayed"] == "true"
    [refund] = sandbox.client().v1.refunds.list({"payment_intent": intent.id}).data
    assert refund.amount == 3300
    receiver.wait_for("refund.created")


def test_a_500_before_the_commit_is_replayed_and_nothing_was_done(sandbox: Sandbox) -> None:
    intent = sandbox.pay()
    sandbox.faults(api={"match": "/v1/refunds", "status": 500, "after_commit": False, "times": 1})
    given, key = {"payment_intent": intent.id}, {"Idempotency-Key": "refund-1"}
    assert sandbox.post("/v1/refunds", given, headers=key).status_code == 500
    assert sandbox.post("/v1/refunds", given, headers=key).headers["Idempotent-Replayed"] == "true"
    assert sandbox.client().v1.refunds.list({"payment_intent": intent.id}).data == []
    assert sandbox.post("/v1/refunds", given, headers={"Idempotency-Key": "refund-2"}).status_code == 200


def test_an_answer_that_never_comes_leaves_the_work_done(sandbox: Sandbox) -> None:
    sandbox.faults(api={"match": "/v1/payment_intents", "status": 0, "after_commit": True, "times": 1})
    key = {"Idempotency-Key": "lost"}
    with pytest.raises(requests.ConnectionError):
        sandbox.post("/v1/payment_intents", INTENT, headers=key)
    again = sandbox.post("/v1/payment_intents", INTENT, headers=key)
    assert (again.status_code, again.headers["Idempotent-Replayed"]) == (200, "true")
    assert len(sandbox.client().v1.payment_intents.list().data) == 1


def test_a_slow_answer_outlasts_the_callers_patience(sandbox: Sandbox) -> None:
    sandbox.faults(
        api={"match": "/v1/payment_intents", "status": 200, "after_commit": True, "delay_seconds": 2, "times": 1}
    )
    with pytest.raises(requests.ReadTimeout):
        requests.post(
            f"{sandbox.url}/v1/payment_intents",
            data=INTENT,
            headers={"Authorization": f"Bearer {SECRET_KEY}"},
            timeout=0.5,
        )
    assert len(sandbox.client().v1.payment_intents.list().data) == 1


def test_a_fault_after_the_commit_lets_reads_pass(sandbox: Sandbox) -> None:
    sandbox.faults(api={"match": "/v1/payment_intents", "status": 500, "after_commit": True, "times": 1})
    assert sandbox.get("/v1/payment_intents").status_code == 200
    assert sandbox.post("/v1/payment_intents", INTENT).status_code == 500
    assert sandbox.post("/v1/payment_intents", INTENT).status_code == 200


# What survives


def test_after_a_kill_everything_is_there_and_what_was_not_sent_goes_out(
    new_sandbox: Callable[..., Sandbox], own_receiver: Receiver
) -> None:
    sandbox = new_sandbox()
    sandbox.faults(webhooks={"delay_seconds": 1})
    key = {"Idempotency-Key": "before"}
    intent = sandbox.pay()
    first = sandbox.post("/v1/payment_intents", INTENT, headers=key)
    sandbox.kill()
    assert own_receiver.events() == []
    time.sleep(1)
    sandbox.start()
    assert sandbox.client().v1.payment_intents.retrieve(intent.id).status == "succeeded"
    own_receiver.wait_for("payment_intent.succeeded")
    again = sandbox.post("/v1/payment_intents", INTENT, headers=key)
    assert (again.content, again.headers["Idempotent-Replayed"]) == (first.content, "true")
    assert sandbox.press("faults")["webhooks"]["delay_seconds"] == 1


def test_a_bank_that_was_slow_when_the_process_died_answers_later(
    new_sandbox: Callable[..., Sandbox], own_receiver: Receiver
) -> None:
    sandbox = new_sandbox(bank_seconds="0.8")
    intent = sandbox.pay(method="pm_card_refundFail")
    sandbox.client().v1.refunds.create({"payment_intent": intent.id})
    sandbox.kill()
    sandbox.start()
    own_receiver.wait_for("refund.failed")


def test_killed_at_any_moment_an_answer_means_that_it_is_kept(new_sandbox: Callable[..., Sandbox]) -> None:
    sandbox = new_sandbox(webhook_url="")
    for round_ in range(4):
        create = sandbox.client().v1.payment_intents.create
        answered = [create({"amount": 100 + n, "currency": "usd"}).id for n in range(5 + 3 * round_)]
        sandbox.kill()
        sandbox.start()
        kept = {one.id for one in sandbox.client().v1.payment_intents.list({"limit": 100}).data}
        assert set(answered) <= kept


def test_told_to_stop_it_stops_cleanly_and_at_once(new_sandbox: Callable[..., Sandbox]) -> None:
    sandbox = new_sandbox()
    sandbox.pay()
    began = time.monotonic()
    assert sandbox.stop() == 0
    assert time.monotonic() - began < 3
    assert "Traceback" not in sandbox.log()


def test_it_starts_in_well_under_a_second(new_sandbox: Callable[..., Sandbox]) -> None:
    began = time.monotonic()
    new_sandbox()
    assert time.monotonic() - began < 2, "0.2 s on an idle machine"


def test_reset_forgets_everything(sandbox: Sandbox, receiver: Receiver) -> None:
    intent = sandbox.pay()
    sandbox.faults(webhooks={"duplicate": 5})
    assert sandbox.press("reset") == {"status": "ok"}
    assert sandbox.get(f"/v1/payment_intents/{intent.id}").status_code == 404
    assert sandbox.press("faults")["webhooks"]["duplicate"] == 1
    assert json.loads(requests.get(f"{sandbox.url}/_sandbox/events", timeout=5).text) == {"data": []}


def test_a_fault_may_meet_one_step_of_a_path_whatever_its_id(sandbox: Sandbox) -> None:
    sandbox.faults(api={"match": "/v1/payment_intents/*/cancel", "status": 503, "times": 9})
    intent = sandbox.post("/v1/payment_intents", INTENT).json()["id"]
    assert sandbox.get(f"/v1/payment_intents/{intent}").status_code == 200
    assert sandbox.post(f"/v1/payment_intents/{intent}/cancel").status_code == 503
    cleared = sandbox.press("faults/clear")
    assert (cleared["api"]["times"], cleared["webhooks"]["drop"]) == (0, False)
    assert sandbox.post(f"/v1/payment_intents/{intent}/cancel").json()["status"] == "canceled"


def test_reading_the_faults_changes_none(sandbox: Sandbox) -> None:
    answer = requests.get(f"{sandbox.url}/_sandbox/faults?webhooks.drop=true", timeout=5)
    assert answer.json()["webhooks"]["drop"] is False
