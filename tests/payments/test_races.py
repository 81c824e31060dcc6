"""Money races, on real connections: webhook, reconciler, expiry pass and another student, all at once.

Each has a control: the same race with its guard off, in which the rule breaks.
"""

import threading
from collections.abc import Callable, Iterator
from datetime import datetime

import pytest
from django.db import connection
from django.utils import timezone

from bookings.models import Booking
from bookings.services import claims, hold_slot, holds
from marketplace.common.models import AnalyticsEvent
from mentors.models import Mentor
from payments import services
from payments.gateways import payment_gateway
from payments.models import Payment, Refund
from payments.services import settlement
from tests.factories import make_booking, make_mentor, make_student
from tests.jobs import run_jobs
from tests.payments.conftest import lapse
from tests.payments.provider import Provider
from tests.races import race

pytestmark = pytest.mark.django_db(transaction=True)

WORKERS = 6
ROUNDS = 5
TIME_CONSTRAINTS = ("booking_mentor_start_unique", "booking_mentor_no_overlap", "booking_student_no_overlap")


def paid_hold(provider: Provider, mentor: Mentor) -> tuple[Booking, Payment]:
    """A hold whose money is in at the provider, and nobody here knows yet."""
    hold = make_booking(mentor=mentor, status=Booking.Status.HELD)
    payment = services.create_intent(booking_id=hold.pk, gateway=payment_gateway()).payment
    provider.pay(payment.provider_id)
    return hold, payment


def settling(payment: Payment) -> Callable[[], object]:
    return lambda: services.settle_payment(payment_id=payment.pk, gateway=payment_gateway())


def expiring() -> None:
    services.expire_holds(gateway=payment_gateway())


def test_many_workers_settle_one_success_once(provider: Provider) -> None:
    hold, payment = paid_hold(provider, make_mentor())
    ends = race([settling(payment)] * WORKERS)
    assert ends == {"won": WORKERS}
    hold.refresh_from_db()
    payment.refresh_from_db()
    assert (hold.status, payment.status) == ("confirmed", "succeeded")
    assert hold.events.filter(name="confirmed").count() == 1
    assert payment.events.filter(name="succeeded").count() == 1
    assert AnalyticsEvent.objects.filter(name="payment_succeeded").count() == 1
    assert not Refund.objects.exists()


@pytest.fixture
def no_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two workers both read payment and booking before either writes, as they would on a loaded site without locks."""
    meeting = threading.Barrier(2)

    def read_only(payment: Payment) -> tuple[Payment, Booking, datetime]:
        booking = Booking.objects.select_related("mentor__user", "student").get(pk=payment.booking_id)
        payment = Payment.objects.get(pk=payment.pk)
        meeting.wait(20)
        return payment, booking, timezone.now()

    monkeypatch.setattr(settlement, "_lock", read_only)


def test_control_without_the_locks_one_success_is_kept_and_sent_back(provider: Provider, no_locks: None) -> None:
    hold, payment = paid_hold(provider, make_mentor())
    race([settling(payment)] * 2)
    hold.refresh_from_db()
    assert hold.status == "confirmed"
    assert Refund.objects.filter(payment=payment).exists()  # both: the session for nothing


def assert_never_both_never_neither(hold: Booking, payment: Payment) -> str:
    """Whoever won, the money is either for this session or on its way back, and the time has one owner."""
    hold.refresh_from_db()
    payment.refresh_from_db()
    owners = Booking.objects.live().filter(mentor=hold.mentor_id, starts_at=hold.starts_at)
    assert owners.count() == 1
    if payment.status == "succeeded":
        assert owners.get() == hold
        assert hold.status == "confirmed"
        assert not payment.refunds.exists()
    else:
        assert payment.status == "rejected"
        assert hold.status == "expired"
        assert payment.refunds.get().amount_minor == 3_300
        assert owners.get() != hold
    return payment.status


def test_late_money_expiry_and_another_claim_have_one_outcome(provider: Provider) -> None:
    """Webhook job, reconciler, expiry pass and a second student meet at a hold that has just lapsed."""
    for _ in range(ROUNDS):
        hold, payment = paid_hold(provider, make_mentor())
        lapse(hold)
        other = make_student()

        def claim(hold: Booking = hold, other: object = other) -> None:
            hold_slot(handle=hold.mentor.handle, minutes=45, starts_at=hold.starts_at, by=other)  # type: ignore[arg-type]

        ends = race([settling(payment), claim, settling(payment), expiring])
        assert set(ends) <= {"won", "slot_taken"}
        run_jobs("payments.stop_payment", "payments.send_refund")
        assert_never_both_never_neither(hold, payment)
    refunded = set(Payment.objects.filter(status="rejected").values_list("provider_id", flat=True))
    assert {back.payment_intent for back in provider.refunds()} == refunded


@pytest.fixture
def no_guards(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No lock on people and no constraint: both check that the time is free before either takes it."""
    monkeypatch.setattr(claims, "lock_people", lambda *people: timezone.now())
    monkeypatch.setattr(holds, "lock_people", lambda *people, **_: timezone.now())
    check, meeting = claims.check_claim, threading.Barrier(2)

    def check_together(*args: object, **kwargs: object) -> None:
        check(*args, **kwargs)  # type: ignore[arg-type]  # handed through
        meeting.wait(20)

    monkeypatch.setattr(claims, "check_claim", check_together)
    taken = [c for c in Booking._meta.constraints if c.name in TIME_CONSTRAINTS]
    with connection.schema_editor() as schema:
        for constraint in taken:
            schema.remove_constraint(Booking, constraint)
    yield
    Booking.objects.update(status=Booking.Status.EXPIRED, hold_place=None)
    with connection.schema_editor() as schema:
        for constraint in taken:
            schema.add_constraint(Booking, constraint)


def test_control_without_guards_late_money_and_another_claim_both_get_the_time(
    provider: Provider, no_guards: None
) -> None:
    hold, payment = paid_hold(provider, make_mentor())
    lapse(hold)
    Booking.objects.filter(pk=hold.pk).update(status="expired", hold_place=None)
    other = make_student()
    race(
        [
            settling(payment),
            lambda: hold_slot(handle=hold.mentor.handle, minutes=45, starts_at=hold.starts_at, by=other),
        ]
    )
    assert Booking.objects.live().filter(mentor=hold.mentor_id, starts_at=hold.starts_at).count() == 2


def test_a_refund_is_sent_once_by_many_workers(provider: Provider) -> None:
    _hold, payment = paid_hold(provider, make_mentor())
    Payment.objects.filter(pk=payment.pk).update(amount_minor=1)
    settling(payment)()
    refund = payment.refunds.get()
    race([lambda: services.send_refund(refund_id=refund.pk, gateway=payment_gateway())] * WORKERS)
    assert [back.amount for back in provider.refunds()] == [3_300]
    refund.refresh_from_db()
    assert refund.status == "succeeded"


def test_two_tabs_open_one_payment(provider: Provider) -> None:
    hold = make_booking(status=Booking.Status.HELD)
    ends = race([lambda: services.create_intent(booking_id=hold.pk, gateway=payment_gateway())] * WORKERS)
    assert set(ends) <= {"won", "unavailable"}  # the provider may say that the same key is still being worked on
    assert ends["won"] >= 1
    assert (Payment.objects.count(), len(provider.intents())) == (1, 1)
