"""The inbox: what is signed is kept once, what is not is refused, and none of it confirms anything by itself."""

import json
import time
from collections.abc import Callable

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import DjangoAssertNumQueries, Settings
from pytest_django.live_server_helper import LiveServer
from structlog.testing import capture_logs

from bookings.models import Booking
from payments import services
from payments.errors import ProviderUnavailable
from payments.gateways import StripeGateway
from payments.models import Payment, WebhookEvent
from tests.faults import database_down
from tests.jobs import run_jobs, waiting_jobs
from tests.payments.provider import GOOD, Provider, signed
from tests.races import at_once

URL = "/api/payments/webhook"


def event(
    event_id: str = "evt_1", kind: str = "payment_intent.succeeded", intent: str = "pi_1", **changes: object
) -> str:
    subject = {"id": intent, "object": "payment_intent"}
    return json.dumps(
        {"id": event_id, "object": "event", "type": kind, "created": 1, "data": {"object": subject}} | changes
    )


def post(client: Client, body: str | bytes, headers: dict[str, str] | None = None) -> int:
    """Post a body as the provider does, signed unless ``headers`` say otherwise; return the status."""
    response = client.post(
        URL, body, content_type="application/json", headers=signed(body) if headers is None else headers
    )
    return response.status_code


@pytest.mark.django_db
def test_a_signed_event_is_kept_with_the_job_that_acts_on_it(client: Client) -> None:
    assert post(client, event()) == 200
    kept = WebhookEvent.objects.get()
    assert (kept.pk, kept.type, kept.object_id, kept.processed_at) == (
        "evt_1",
        "payment_intent.succeeded",
        "pi_1",
        None,
    )
    assert waiting_jobs("payments.process_event") == [{"pk": "evt_1"}]


@pytest.mark.django_db
def test_a_repeated_event_is_answered_and_kept_once(client: Client) -> None:
    assert [post(client, event()) for _ in range(3)] == [200, 200, 200]
    assert WebhookEvent.objects.count() == 1
    assert len(waiting_jobs("payments.process_event")) == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    "kind",
    ["customer.created", "charge.succeeded", "v2.core.account[configuration.merchant].capability_status_updated"],
)
def test_an_event_that_means_nothing_to_us_is_answered_and_done(client: Client, kind: str) -> None:
    assert post(client, event(kind=kind)) == 200
    assert WebhookEvent.objects.get().processed_at is not None
    assert not waiting_jobs("payments.process_event")


BAD_HEADERS: dict[str, Callable[[str], dict[str, str]]] = {
    "none": lambda body: {},
    "empty": lambda body: {"Stripe-Signature": ""},
    "no scheme": lambda body: {"Stripe-Signature": "nonsense"},
    "no time": lambda body: {"Stripe-Signature": "v1=" + "0" * 64},
    "time is a word": lambda body: {"Stripe-Signature": "t=now,v1=" + "0" * 64},
    "time is huge": lambda body: {"Stripe-Signature": f"t={'9' * 5000},v1={'0' * 64}"},
    "not ASCII": lambda body: {"Stripe-Signature": f"t={round(time.time())},v1=\xe9\xff"},
    "another secret": lambda body: signed(body, secret="whsec_somebody_else"),
    "of another body": lambda body: signed(body + " "),
    "301 s old": lambda body: signed(body, at=time.time() - settings.WEBHOOK_TOLERANCE_SECONDS - 2),
    "301 s ahead": lambda body: signed(body, at=time.time() + settings.WEBHOOK_TOLERANCE_SECONDS + 2),
    "dated twice": lambda body: {
        "Stripe-Signature": f"t={round(time.time()) + 9_999}," + signed(body)["Stripe-Signature"]
    },
}


@pytest.mark.django_db
@pytest.mark.parametrize("case", BAD_HEADERS)
def test_what_the_provider_did_not_sign_lately_is_refused(client: Client, case: str) -> None:
    response = client.post(URL, event(), content_type="application/json", headers=BAD_HEADERS[case](event()))
    assert (response.status_code, response.json()["code"]) == (400, "bad_signature")
    assert not WebhookEvent.objects.exists()
    assert post(client, event()) == 200


@pytest.mark.django_db
@pytest.mark.parametrize("seconds", [-290, 290])
def test_a_clock_a_little_off_is_no_matter(client: Client, seconds: int) -> None:
    assert post(client, event(), signed(event(), at=time.time() + seconds)) == 200


@pytest.mark.django_db
def test_while_a_secret_is_replaced_both_count(client: Client, settings: Settings) -> None:
    settings.STRIPE_WEBHOOK_SECRETS = ["whsec_new", "whsec_old"]
    assert post(client, event("evt_1"), signed(event("evt_1"), secret="whsec_old")) == 200
    assert post(client, event("evt_2"), signed(event("evt_2"), secret="whsec_new")) == 200
    assert post(client, event("evt_3"), signed(event("evt_3"), secret="whsec_older")) == 400
    assert WebhookEvent.objects.count() == 2


@pytest.mark.django_db
@pytest.mark.parametrize(
    "body",
    [b"\xff\xfe\x00", b'{"id": "\xc3\x28"}', b"", b"\x00"],
    ids=["no UTF-8", "broken UTF-8", "empty", "zero byte"],
)
def test_a_body_that_is_no_text_is_refused(client: Client, body: bytes) -> None:
    """It can't be signed either: the signature is over text."""
    for headers in ({}, {"Stripe-Signature": f"t={round(time.time())},v1={'0' * 64}"}):
        assert post(client, body, headers) == 400


@pytest.mark.django_db
@pytest.mark.parametrize(
    "body",
    [
        "[" * 100_000 + "]" * 100_000,
        '{"a":' * 40_000 + "1" + "}" * 40_000,
        "not json",
        "[]",
        "null",
        "1" * 5_000,
        "{}",
        event(event_id=""),
        event(event_id="e" * 65),
        event(event_id="evt\x00"),
        event(type=None),
        event(type={"a": 1}),
        event(created="yesterday"),
        event(created=-1),
        event(created=10**18),
        event(intent="p" * 65),
        event(intent="\x00"),
    ],
    ids=lambda body: body[:40],
)
def test_a_signed_body_that_is_no_event_is_refused(client: Client, body: str) -> None:
    assert post(client, body) == 400
    assert not WebhookEvent.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("data", [None, [], {"object": None}, {"object": "pi_1"}, {"object": {"id": None}}])
def test_an_event_without_an_object_is_kept(client: Client, data: object) -> None:
    """Its type may be one we don't know; a 400 would only make the provider send it again for days."""
    assert post(client, event(kind="something.new", data=data)) == 200
    assert WebhookEvent.objects.get().object_id == ""


@pytest.mark.django_db
def test_a_body_above_the_cap_is_not_read(client: Client) -> None:
    padding = "x" * (settings.WEBHOOK_MAX_BYTES - len(event(padding="")))
    assert post(client, event(padding=padding)) == 200
    assert post(client, event("evt_2", padding=padding + "x")) == 413
    assert post(client, "x" * 3_000_000) == 413
    assert WebhookEvent.objects.count() == 1


@pytest.mark.django_db
def test_the_size_is_looked_at_before_the_signature(client: Client) -> None:
    assert settings.WEBHOOK_MAX_BYTES == 256 * 1024
    at_the_cap = "x" * settings.WEBHOOK_MAX_BYTES
    assert (post(client, at_the_cap, {}), post(client, at_the_cap + "x", {})) == (400, 413)


@pytest.mark.django_db
def test_only_posts_are_taken_and_no_token_is_asked(csrf_client: Client) -> None:
    assert post(csrf_client, event()) == 200
    refused = csrf_client.get(URL)
    assert (refused.status_code, refused.headers["Allow"]) == (405, "POST")
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert refused.json()["code"] == "method_not_allowed"


@pytest.mark.django_db
def test_neither_body_nor_signature_reaches_the_logs(client: Client) -> None:
    with capture_logs() as logs:
        post(client, event(note="somebody@example.org"))
        post(client, event(note="somebody@example.org"), signed("x"))
    assert "somebody" not in str(logs)
    assert "v1=" not in str(logs)


@pytest.mark.django_db
def test_an_event_costs_one_query_and_so_does_a_repeated_one(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(1):
        assert post(client, event()) == 200
    with django_assert_max_num_queries(1):
        assert post(client, event()) == 200


@pytest.mark.django_db(transaction=True)
def test_without_a_database_the_provider_is_asked_to_come_again(client: Client) -> None:
    with database_down():
        response = client.post(URL, event(), content_type="application/json", headers=signed(event()))
        assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
        assert response.json()["code"] == "unavailable"
        # What can't be right is refused all the same.
        assert post(client, event(), signed("another")) == 400
    assert post(client, event()) == 200
    assert WebhookEvent.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_an_event_without_its_job_is_not_kept(client: Client) -> None:
    """Both or neither: what can't be acted on must come again."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE procrastinate_jobs RENAME TO away")
        try:
            client.raise_request_exception = False
            assert post(client, event()) >= 500
        finally:
            cursor.execute("ALTER TABLE away RENAME TO procrastinate_jobs")
    assert not WebhookEvent.objects.exists()
    assert post(client, event()) == 200
    assert waiting_jobs("payments.process_event") == [{"pk": "evt_1"}]


@pytest.mark.django_db(transaction=True)
def test_one_event_delivered_twenty_times_at_once_is_kept_and_acted_on_once(
    live_server: LiveServer, hold: Booking, payment: Payment, provider: Provider
) -> None:
    provider.pay(payment.provider_id)
    [success] = provider.events("payment_intent.succeeded")
    statuses = at_once([lambda: provider.ask(f"events/{success['id']}/deliver", {})["status"]] * 20)
    assert statuses == [200] * 20
    assert len(waiting_jobs("payments.process_event")) == 1
    run_jobs("payments.process_event")
    hold.refresh_from_db()
    assert hold.status == "confirmed"
    assert hold.events.filter(name="confirmed").count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_real_webhook_confirms_by_its_job_and_not_before(
    live_server: LiveServer, hold: Booking, payment: Payment, provider: Provider
) -> None:
    provider.webhooks(drop=False)
    provider.pay(payment.provider_id)
    until = time.monotonic() + 20
    while not WebhookEvent.objects.filter(type="payment_intent.succeeded").exists():
        assert time.monotonic() < until, "the webhook did not come"
        time.sleep(0.05)
    provider.webhooks(drop=True)
    hold.refresh_from_db()
    assert hold.status == "held"
    run_jobs("payments.process_event")
    hold.refresh_from_db()
    assert hold.status == "confirmed"
    assert not WebhookEvent.objects.filter(processed_at=None).exists()


def keep(client: Client, provider: Provider, *kinds: str) -> None:
    """Deliver events of these kinds in this order, by a client that signs as the provider does."""
    for kind in kinds:
        for happened in provider.events(kind):
            assert post(client, json.dumps(happened)) == 200


@pytest.mark.django_db
@pytest.mark.parametrize(
    "order",
    [
        ("payment_intent.created", "payment_intent.payment_failed", "payment_intent.succeeded"),
        ("payment_intent.succeeded", "payment_intent.payment_failed", "payment_intent.created"),
        ("payment_intent.payment_failed", "payment_intent.succeeded", "payment_intent.payment_failed"),
    ],
)
def test_the_order_of_events_does_not_matter(
    client: Client, hold: Booking, payment: Payment, provider: Provider, order: tuple[str, ...]
) -> None:
    provider.pay(payment.provider_id, "pm_card_chargeDeclined")
    provider.pay(payment.provider_id)
    for kind in order:
        keep(client, provider, kind)
        run_jobs("payments.process_event")
    hold.refresh_from_db()
    payment.refresh_from_db()
    assert (hold.status, payment.status) == ("confirmed", "succeeded")


@pytest.mark.django_db
def test_an_event_alone_confirms_nothing(client: Client, hold: Booking, payment: Payment) -> None:
    """Signed and well-formed, and the provider, asked, knows of no money."""
    assert post(client, event(intent=payment.provider_id)) == 200
    run_jobs()
    hold.refresh_from_db()
    payment.refresh_from_db()
    assert (hold.status, payment.status) == ("held", "pending")


@pytest.mark.django_db
def test_an_unknown_intent_is_harmless(client: Client, provider: Provider) -> None:
    assert post(client, event(intent="pi_nobody")) == 200
    with capture_logs() as logs:
        run_jobs()
    assert "event_of_unknown_intent" in {line["event"] for line in logs}
    assert WebhookEvent.objects.get().processed_at is not None


@pytest.mark.django_db
@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {"payment": "no uuid", "booking": "neither"},
        {"payment": "8d0a7f3c-6b1e-4f0e-9a53-0d1f5a3c9b77", "booking": ""},
    ],
)
def test_an_intent_of_somebody_else_on_the_account_is_left_alone(
    client: Client, provider: Provider, metadata: dict[str, str]
) -> None:
    foreign = provider.owner.v1.payment_intents.create({"amount": 500, "currency": "usd", "metadata": metadata})
    provider.pay(foreign.id)
    keep(client, provider, "payment_intent.")
    run_jobs()
    assert not Payment.objects.exists()
    assert not provider.refunds()
    assert not WebhookEvent.objects.filter(processed_at=None).exists()


@pytest.mark.django_db
def test_an_event_that_is_faster_than_the_answer_to_our_own_call_finds_its_payment(
    client: Client, hold: Booking, payment: Payment, provider: Provider
) -> None:
    """The process died before it stored the intent's id; the event names our payment."""
    intent_id = payment.provider_id
    Payment.objects.filter(pk=payment.pk).update(status="creating", provider_id="")
    provider.pay(intent_id)
    keep(client, provider, "payment_intent.succeeded")
    run_jobs("payments.process_event")
    payment.refresh_from_db()
    hold.refresh_from_db()
    assert (payment.status, payment.provider_id, hold.status) == ("succeeded", intent_id, "confirmed")


@pytest.mark.django_db
def test_a_forgotten_intent_is_cancelled_when_we_hear_of_it(
    client: Client, hold: Booking, provider: Provider, gateway: StripeGateway
) -> None:
    """The provider kept an error under our key though it had made the intent; the payment went on under another key."""
    provider.fail("/v1/payment_intents", status=500, after_commit=True)
    payment = services.create_intent(booking_id=hold.pk, gateway=gateway).payment
    assert len(provider.intents()) == 2
    keep(client, provider, "payment_intent.created")
    run_jobs("payments.process_event")
    statuses = {intent.id: intent.status for intent in provider.intents()}
    assert statuses.pop(payment.provider_id) == "requires_payment_method"
    assert list(statuses.values()) == ["canceled"]


@pytest.mark.django_db
def test_a_provider_that_is_down_leaves_the_event_for_later(
    client: Client, hold: Booking, payment: Payment, provider: Provider, gateway: StripeGateway
) -> None:
    provider.pay(payment.provider_id, GOOD)
    keep(client, provider, "payment_intent.succeeded")
    provider.fail("/v1/payment_intents", status=503, times=2)  # the SDK itself tries twice
    with pytest.raises(ProviderUnavailable):
        run_jobs("payments.process_event")
    assert WebhookEvent.objects.get().processed_at is None
    services.process_event(event_id=WebhookEvent.objects.get().pk, gateway=gateway)
    hold.refresh_from_db()
    assert hold.status == "confirmed"


@pytest.mark.django_db
def test_the_webhook_has_its_address() -> None:
    assert reverse("payments-api:webhook") == URL
