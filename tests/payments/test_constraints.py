"""The database is the last guard of money: each constraint is broken here by a plain write, past every service."""

import pytest
from django.db import IntegrityError, ProgrammingError, transaction
from django.utils import timezone

from bookings.models import Booking
from marketplace.common.errors import violated_constraint
from payments.models import Payment, PaymentEvent, Refund
from tests.factories import make_booking

pytestmark = pytest.mark.django_db

SETTLED = {"succeeded", "cancelled", "failed", "part_refunded", "refunded", "rejected"}


def make_payment(booking: Booking | None = None, *, status: str = "pending", **fields: object) -> Payment:
    booking = booking or make_booking()
    now = timezone.now()
    defaults: dict[str, object] = {
        "amount_minor": 3_300,
        "currency": "usd",
        "provider_id": "" if status in {"creating", "failed"} else f"pi_{Payment.objects.count()}",
        "created_at": now,
        "settled_at": now if status in SETTLED else None,
    }
    if status == "rejected":
        defaults |= {"rejection": "time_gone", "received_minor": 3_300, "received_currency": "usd"}
    return Payment.objects.create(booking=booking, status=status, **(defaults | fields))


def make_refund(payment: Payment, amount_minor: int = 3_300, **fields: object) -> Refund:
    return Refund.objects.create(
        payment=payment, amount_minor=amount_minor, reason="time_gone", created_at=timezone.now(), **fields
    )


def refused(**fields: object) -> str:
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        make_payment(**fields)  # type: ignore[arg-type]
    return violated_constraint(refusal.value)


@pytest.mark.parametrize("first", ["creating", "pending", "processing"])
@pytest.mark.parametrize("second", ["creating", "pending", "processing"])
def test_a_booking_has_one_open_payment(first: str, second: str) -> None:
    booking = make_booking()
    payment = make_payment(booking, status=first)
    assert refused(booking=booking, status=second) == "payment_one_open_per_booking"
    Payment.objects.filter(pk=payment.pk).update(status="cancelled", provider_id="pi_x", settled_at=timezone.now())
    make_payment(booking, status=second)


@pytest.mark.parametrize("first", ["succeeded", "part_refunded", "refunded"])
def test_a_booking_has_one_accepted_success(first: str) -> None:
    booking = make_booking()
    make_payment(booking, status=first)
    assert refused(booking=booking, status="succeeded") == "payment_one_success_per_booking"
    make_payment(booking, status="rejected")
    make_payment(status="succeeded")


def test_an_intent_belongs_to_one_payment() -> None:
    make_payment(provider_id="pi_1")
    assert refused(provider_id="pi_1") == "payment_provider_id_unique"
    make_payment(status="creating")
    make_payment(status="creating")  # none yet, as often as you like


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"amount_minor": 0}, "payment_amount_positive"),
        ({"status": "paid"}, "payment_status_known"),
        ({"status": "succeeded", "provider_id": ""}, "payment_has_an_intent"),
        ({"status": "succeeded", "settled_at": None}, "payment_settled_at_its_end"),
        ({"status": "pending", "settled_at": timezone.now()}, "payment_settled_at_its_end"),
        ({"status": "rejected", "rejection": ""}, "payment_rejected_for_a_reason"),
        ({"status": "rejected", "received_minor": 0}, "payment_rejected_for_a_reason"),
        ({"status": "rejected", "received_currency": ""}, "payment_rejected_for_a_reason"),
        ({"status": "succeeded", "rejection": "time_gone"}, "payment_rejected_for_a_reason"),
    ],
)
def test_a_payment_is_in_one_piece(fields: dict[str, object], constraint: str) -> None:
    if fields.get("status") == "paid":
        fields = {**fields, "settled_at": timezone.now()}
    assert refused(**fields) == constraint
    make_payment(status=str(fields.get("status", "pending")).replace("paid", "succeeded"))


def refused_refund(payment: Payment, amount_minor: int = 3_300, **fields: object) -> str:
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        make_refund(payment, amount_minor, **fields)
    return violated_constraint(refusal.value)


def test_refunds_never_exceed_the_payment() -> None:
    payment = make_payment(status="succeeded")
    assert refused_refund(payment, 3_301) == "refund_never_above_the_payment"
    make_refund(payment, 2_000)
    assert refused_refund(payment, 1_301) == "refund_never_above_the_payment"
    second = make_refund(payment, 1_300)
    with pytest.raises(IntegrityError), transaction.atomic():
        Refund.objects.filter(pk=second.pk).update(amount_minor=1_301)
    Refund.objects.filter(pk=second.pk).update(amount_minor=1_299)


def test_a_failed_refund_makes_room_and_does_not_come_back_into_what_was_taken() -> None:
    payment = make_payment(status="succeeded")
    first = make_refund(payment, 3_300)
    Refund.objects.filter(pk=first.pk).update(status="failed")
    second = make_refund(payment, 3_300)
    with pytest.raises(IntegrityError), transaction.atomic():
        Refund.objects.filter(pk=first.pk).update(status="requested")
    Refund.objects.filter(pk=second.pk).update(status="failed")
    Refund.objects.filter(pk=first.pk).update(status="requested")


def test_of_rejected_money_what_came_in_can_go_back() -> None:
    payment = make_payment(status="rejected", received_minor=5_000)
    assert refused_refund(payment, 5_001) == "refund_never_above_the_payment"
    make_refund(payment, 5_000)


@pytest.mark.parametrize("status", ["creating", "pending", "processing", "cancelled", "failed"])
def test_what_never_came_in_cannot_go_back(status: str) -> None:
    assert refused_refund(make_payment(status=status), 1) == "refund_never_above_the_payment"


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"amount_minor": 0}, "refund_amount_positive"),
        ({"status": "lost"}, "refund_status_known"),
        ({"status": "sent"}, "refund_sent_has_an_id"),
        ({"provider_id": "re_1"}, "refund_provider_id_unique"),
    ],
)
def test_a_refund_is_in_one_piece(fields: dict[str, object], constraint: str) -> None:
    make_refund(make_payment(status="succeeded"), 100, provider_id="re_1")
    payment = make_payment(status="succeeded")
    assert refused_refund(payment, **fields) == constraint  # type: ignore[arg-type]
    make_refund(payment)


def test_the_history_of_a_payment_is_only_added_to() -> None:
    line = PaymentEvent.objects.create(payment=make_payment(), name="created", at=timezone.now())
    for change in (lambda: PaymentEvent.objects.update(name="other"), line.delete):
        with pytest.raises(ProgrammingError, match="payment_event_append_only"), transaction.atomic():
            change()
    assert PaymentEvent.objects.get().name == "created"
