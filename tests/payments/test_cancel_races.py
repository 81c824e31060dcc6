"""A session is cancelled in the second in which its money comes in."""

from datetime import datetime
from uuid import UUID

import pytest
from django.utils import timezone

from bookings.models import Booking
from bookings.services import cancel_booking, cancellations, holds
from payments.gateways import payment_gateway
from payments.models import Payment
from payments.services import create_intent
from tests.factories import make_booking, make_mentor
from tests.jobs import run_jobs
from tests.payments.provider import Provider
from tests.payments.test_races import paid_hold, settling
from tests.races import race

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 8


def cancel(hold: Booking) -> Booking:
    return cancel_booking(booking_id=hold.pk, by=hold.student, side=Booking.Side.STUDENT)


def gave_everything_back(hold: Booking, payment: Payment) -> bool:
    """Cancelled and sent back, whichever came first: before the money (it is rejected) or after (it is refunded)."""
    hold.refresh_from_db()
    payment.refresh_from_db()
    came_first = (hold.status, payment.status) in {("abandoned", "rejected"), ("cancelled", "refunded")}
    return came_first and sum(refund.amount_minor for refund in payment.refunds.all()) == 3_300


def test_cancel_and_pay_in_the_same_second_give_everything_back(provider: Provider) -> None:
    for _ in range(ROUNDS):
        hold, payment = paid_hold(provider, make_mentor())
        assert race([settling(payment), lambda hold=hold: cancel(hold), settling(payment)]) == {"won": 3}  # type: ignore[misc]
        run_jobs("payments.stop_payment", "payments.send_refund")
        assert gave_everything_back(hold, payment)
    assert sorted(back.amount for back in provider.refunds()) == [3_300] * ROUNDS


def test_a_card_charged_in_the_second_of_cancelling_keeps_nothing(provider: Provider) -> None:
    """Two tabs: one cancels, its intent with it, while in the other the student's bank is charging the card."""
    for _ in range(ROUNDS):
        hold = make_booking(mentor=make_mentor(), status=Booking.Status.HELD)
        payment = create_intent(booking_id=hold.pk, gateway=payment_gateway()).payment

        def cancel_and_stop(hold: Booking = hold) -> None:
            cancel(hold)
            run_jobs("payments.stop_payment")

        race([lambda payment=payment: provider.pay(payment.provider_id), cancel_and_stop])  # type: ignore[misc]
        settling(payment)()
        run_jobs("payments.send_refund")
        payment.refresh_from_db()
        if provider.status_of(payment.provider_id) == "succeeded":
            assert gave_everything_back(hold, payment)
        else:
            assert (payment.status, payment.refunds.count()) == ("cancelled", 0)
    charged = [intent for intent in provider.intents() if intent.status == "succeeded"]
    assert sum(back.amount for back in provider.refunds()) == sum(intent.amount for intent in charged)


@pytest.mark.parametrize("is_locked", [True, False])
def test_control_without_the_lock_it_is_paid_cancelled_and_kept(
    provider: Provider, monkeypatch: pytest.MonkeyPatch, is_locked: bool
) -> None:
    """Who cancels has read the hold; then the money comes in; then they go on with what they read."""
    hold, payment = paid_hold(provider, make_mentor())
    stale = Booking.objects.select_related("mentor__user", "student").get(pk=hold.pk)

    def read_before(booking_id: UUID) -> tuple[Booking, datetime]:
        return stale, timezone.now()

    settling(payment)()
    if not is_locked:
        monkeypatch.setattr(cancellations, "lock_with_people", read_before)
        monkeypatch.setattr(holds, "lock_with_people", read_before)
    cancel(hold)
    run_jobs("payments.stop_payment", "payments.send_refund")
    assert gave_everything_back(hold, payment) is is_locked
