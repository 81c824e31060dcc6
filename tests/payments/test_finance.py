"""What finance decides about refunds: alone up to a limit, above it with a second person, never above what is left."""

from collections.abc import Callable

import pytest
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from bookings.errors import WrongState
from bookings.models import Booking
from marketplace.common.errors import violated_constraint
from marketplace.common.models import AuditEvent
from payments import services
from payments.errors import AboveLimit, NothingPaid, SamePerson
from payments.gateways import StripeGateway
from payments.models import Dispute, Earning, Payment, Refund, RefundRequest
from payments.services import finance as finance_service
from tests.factories import make_booking, make_staff
from tests.jobs import run_jobs
from tests.payments.paid import accept, books, hear, let_pass
from tests.payments.provider import REFUND_FAILS, REFUND_WAITS, Provider
from tests.races import race

pytestmark = pytest.mark.django_db

BIG = 60_000


@pytest.fixture
def paid(payment: Payment, provider: Provider, gateway: StripeGateway) -> Payment:
    """33.00, accepted; the session is in three days."""
    return accept(payment, provider, gateway)


@pytest.fixture
def big(provider: Provider, gateway: StripeGateway) -> Payment:
    """660.00, accepted."""
    hold = make_booking(status=Booking.Status.HELD, price_minor=66_000)
    return accept(services.create_intent(booking_id=hold.pk, gateway=gateway).payment, provider, gateway)


@pytest.fixture
def colleague(db: None) -> User:
    """A second person of finance."""
    return make_staff("finance")


def decide(payment: Payment, amount_minor: int, by: User) -> Refund | RefundRequest:
    return services.decide_refund(
        booking_id=payment.booking_id, amount_minor=amount_minor, reason="The link did not work.", by=by
    )


def test_one_person_sends_a_small_sum_back_at_once(
    hold: Booking, paid: Payment, provider: Provider, finance: User
) -> None:
    let_pass(hold)
    refund = decide(paid, 1_000, finance)
    assert isinstance(refund, Refund)
    assert (refund.reason, refund.by, refund.note) == ("finance", finance, "The link did not work.")
    run_jobs("payments.send_refund")
    assert [back.amount for back in provider.refunds()] == [1_000]
    paid.refresh_from_db()
    assert (paid.status, Earning.objects.get().amount_minor) == ("part_refunded", 1_955)
    assert books(hold) == {"provider_balance": 2_300, "student_funds": -2_300}
    [audited] = AuditEvent.objects.filter(action="refund_decided")
    assert (audited.actor_id, audited.subject_id, audited.data["amount_minor"]) == (finance.pk, str(refund.pk), 1_000)


def test_the_whole_price_of_a_coming_session_cancels_it(hold: Booking, paid: Payment, finance: User) -> None:
    decide(paid, 3_300, finance)
    hold.refresh_from_db()
    assert (hold.status, hold.cancelled_by, hold.refund_percent) == ("cancelled", "admin", 100)
    assert Refund.objects.count() == 1


def test_never_more_than_is_left(hold: Booking, paid: Payment, finance: User) -> None:
    with pytest.raises(AboveLimit) as refusal:
        decide(paid, 3_301, finance)
    assert (refusal.value.code, refusal.value.status) == ("above_limit", 422)
    let_pass(hold)
    decide(paid, 1_300, finance)
    with pytest.raises(AboveLimit):
        decide(paid, 2_001, finance)
    decide(paid, 2_000, finance)
    assert services.left_to_refund(paid) == 0


def test_a_refund_that_failed_is_still_owed(
    hold: Booking, paid: Payment, provider: Provider, gateway: StripeGateway, finance: User
) -> None:
    let_pass(hold)
    decide(paid, 3_000, finance)
    run_jobs("payments.send_refund")
    provider.ask(f"refunds/{provider.refunds()[0].id}/fail", {})
    hear(provider, gateway, "refund.failed")
    assert services.left_to_refund(paid) == 300
    with pytest.raises(AboveLimit):
        decide(paid, 301, finance)
    decide(paid, 300, finance)


def test_what_a_bank_took_back_is_not_left(hold: Booking, paid: Payment, finance: User) -> None:
    let_pass(hold)
    now = timezone.now()
    dispute = Dispute.objects.create(
        pk="du_1", payment=paid, status="open", amount_minor=3_300, is_withdrawn=True, opened_at=now
    )
    with pytest.raises(AboveLimit):
        decide(paid, 1, finance)
    Dispute.objects.filter(pk=dispute.pk).update(status="won", closed_at=now, is_withdrawn=False)
    decide(paid, 1, finance)


@pytest.mark.parametrize("status", ["held", "expired"])
def test_without_accepted_money_there_is_nothing_to_send_back(status: str, finance: User) -> None:
    booking = make_booking(status=status)
    with pytest.raises(NothingPaid):
        services.decide_refund(booking_id=booking.pk, amount_minor=1, reason="x", by=finance)


def test_above_the_limit_a_second_person_must_agree(
    big: Payment, provider: Provider, finance: User, colleague: User
) -> None:
    asked = decide(big, settings.REFUND_TWO_PERSON_MINOR + 1, finance)
    assert isinstance(asked, RefundRequest)
    assert (asked.status, Refund.objects.count()) == ("waiting", 0)
    with pytest.raises(SamePerson):
        services.approve_refund(request_id=asked.pk, by=finance)
    refund = services.approve_refund(request_id=asked.pk, by=colleague)
    run_jobs("payments.send_refund")
    asked.refresh_from_db()
    assert (asked.status, asked.refund, asked.decided_by) == ("approved", refund, colleague)
    assert [back.amount for back in provider.refunds()] == [settings.REFUND_TWO_PERSON_MINOR + 1]
    actions = AuditEvent.objects.filter(action__startswith="refund_").order_by("at").values_list("action", flat=True)
    assert list(actions) == ["refund_asked_for", "refund_decided", "refund_approved"]


def test_at_the_limit_one_person_is_enough(big: Payment, finance: User) -> None:
    assert isinstance(decide(big, settings.REFUND_TWO_PERSON_MINOR, finance), Refund)


def test_halves_do_not_get_around_the_second_person(big: Payment, finance: User, colleague: User) -> None:
    assert isinstance(decide(big, 30_000, finance), Refund)
    assert isinstance(decide(big, 30_000, finance), RefundRequest)
    assert isinstance(decide(big, 5_000, colleague), Refund)


def test_what_waits_is_not_left_for_another(big: Payment, finance: User, colleague: User) -> None:
    asked = decide(big, BIG, finance)
    with pytest.raises(AboveLimit):
        decide(big, 6_001, finance)
    services.decline_refund(request_id=asked.pk, by=colleague)
    asked.refresh_from_db()
    assert (asked.status, Refund.objects.count()) == ("declined", 0)
    assert isinstance(decide(big, 6_001, finance), Refund)


def test_a_decision_is_made_once(big: Payment, finance: User, colleague: User) -> None:
    asked = decide(big, BIG, finance)
    services.approve_refund(request_id=asked.pk, by=colleague)
    for again in (services.approve_refund, services.decline_refund):
        with pytest.raises(WrongState):
            again(request_id=asked.pk, by=colleague)
    assert Refund.objects.count() == 1


def test_what_went_back_meanwhile_is_not_sent_twice(
    big: Payment, provider: Provider, gateway: StripeGateway, finance: User, colleague: User
) -> None:
    let_pass(big.booking)
    asked = decide(big, BIG, finance)
    provider.owner.v1.refunds.create({"payment_intent": big.provider_id, "amount": 6_001})
    hear(provider, gateway, "refund.created")
    with pytest.raises(AboveLimit):
        services.approve_refund(request_id=asked.pk, by=colleague)
    asked.refresh_from_db()
    assert asked.status == "waiting"
    services.decline_refund(request_id=asked.pk, by=colleague)


def test_the_database_too_wants_another_person(big: Payment, finance: User, colleague: User) -> None:
    asked = decide(big, BIG, finance)
    decided = {"status": "declined", "decided_at": timezone.now()}
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        RefundRequest.objects.filter(pk=asked.pk).update(decided_by=finance, **decided)
    assert violated_constraint(refusal.value) == "refund_request_decided_by_another"
    RefundRequest.objects.filter(pk=asked.pk).update(decided_by=colleague, **decided)


def failed(payment: Payment, provider: Provider, gateway: StripeGateway, by: User) -> Refund:
    """A refund that was sent and that the bank gave back."""
    refund = decide(payment, 1_000, by)
    assert isinstance(refund, Refund)
    run_jobs("payments.send_refund")
    provider.ask(f"refunds/{provider.refunds()[0].id}/fail", {})
    hear(provider, gateway, "refund.failed")
    refund.refresh_from_db()
    assert refund.status == "failed"
    return refund


def test_a_failed_refund_is_sent_again_under_its_own_key(
    hold: Booking, paid: Payment, provider: Provider, gateway: StripeGateway, finance: User
) -> None:
    let_pass(hold)
    refund = failed(paid, provider, gateway, finance)
    paid.refresh_from_db()
    assert paid.status == "succeeded"
    assert books(hold) == {"provider_balance": 3_300, "refunds": -1_000, "student_funds": -2_300}
    services.send_refund_again(refund_id=refund.pk, by=finance)
    run_jobs("payments.send_refund")
    refund.refresh_from_db()
    paid.refresh_from_db()
    assert (refund.status, refund.attempt, paid.status) == ("succeeded", 2, "part_refunded")
    assert {back.status for back in provider.refunds()} == {"failed", "succeeded"}
    keys = [event["request"]["idempotency_key"] for event in provider.events("refund.created")]
    assert keys == [f"refund-{refund.pk}", f"refund-{refund.pk}-2"]
    assert books(hold) == {"provider_balance": 2_300, "student_funds": -2_300}
    assert AuditEvent.objects.filter(action="refund_sent_again", actor_id=finance.pk).count() == 1


def test_what_is_told_late_of_the_first_try_does_not_stop_the_second(
    hold: Booking, paid: Payment, provider: Provider, gateway: StripeGateway, finance: User
) -> None:
    let_pass(hold)
    refund = failed(paid, provider, gateway, finance)
    services.send_refund_again(refund_id=refund.pk, by=finance)
    services.read_refund(provider_id=provider.refunds()[0].id, gateway=gateway)
    refund.refresh_from_db()
    assert refund.status == "requested"
    run_jobs("payments.send_refund")
    services.read_refunds_of(payment=paid, gateway=gateway)
    refund.refresh_from_db()
    assert refund.status == "succeeded"


def test_only_a_failed_refund_is_sent_again(hold: Booking, paid: Payment, finance: User) -> None:
    let_pass(hold)
    refund = decide(paid, 1_000, finance)
    with pytest.raises(WrongState):
        services.send_refund_again(refund_id=refund.pk, by=finance)
    Refund.objects.filter(pk=refund.pk).update(status="failed", settled_at=timezone.now())
    services.send_refund_again(refund_id=refund.pk, by=finance)


def test_a_bank_that_returns_it_late_takes_the_refunded_mark_away(
    hold: Booking, payment: Payment, provider: Provider, gateway: StripeGateway, finance: User
) -> None:
    paid = accept(payment, provider, gateway, REFUND_FAILS)
    let_pass(hold)
    decide(paid, 3_300, finance)
    run_jobs("payments.send_refund")
    paid.refresh_from_db()
    assert paid.status == "refunded"
    provider.ask(f"refunds/{provider.refunds()[0].id}/fail", {})
    hear(provider, gateway, "refund.failed")
    paid.refresh_from_db()
    assert paid.status == "succeeded"
    assert books(hold) == {"provider_balance": 3_300, "refunds": -3_300}


def test_a_slow_bank_counts_as_sent(
    hold: Booking, payment: Payment, provider: Provider, gateway: StripeGateway, finance: User
) -> None:
    paid = accept(payment, provider, gateway, REFUND_WAITS)
    let_pass(hold)
    decide(paid, 1_000, finance)
    run_jobs("payments.send_refund")
    paid.refresh_from_db()
    assert (Refund.objects.get().status, paid.status) == ("sent", "part_refunded")


def deciding(payment: Payment, amount: int, by: User) -> Callable[[], object]:
    return lambda: decide(payment, amount, by)


@pytest.mark.django_db(transaction=True)
def test_two_decisions_at_once_do_not_give_more_than_is_left(
    hold: Booking, paid: Payment, finance: User, colleague: User
) -> None:
    let_pass(hold)
    ends = race([deciding(paid, 2_000, finance), deciding(paid, 2_000, colleague)])
    assert ends == {"won": 1, "above_limit": 1}
    assert [refund.amount_minor for refund in Refund.objects.all()] == [2_000]


@pytest.mark.django_db(transaction=True)
def test_control_without_looking_at_what_is_left_the_database_refuses_the_second(
    hold: Booking, paid: Payment, finance: User, colleague: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_pass(hold)
    monkeypatch.setattr(finance_service, "left_to_refund", lambda payment, **_: 10**9)
    ends = race([deciding(paid, 2_000, finance), deciding(paid, 2_000, colleague)])
    assert ends == {"won": 1, "IntegrityError": 1}


@pytest.mark.django_db(transaction=True)
def test_two_colleagues_agree_at_once_and_it_is_sent_once(big: Payment, finance: User, colleague: User) -> None:
    asked = decide(big, BIG, finance)
    third = make_staff("finance")

    def agreeing(by: User) -> Callable[[], object]:
        return lambda: services.approve_refund(request_id=asked.pk, by=by)

    assert race([agreeing(colleague), agreeing(third)]) == {"won": 1, "wrong_state": 1}
    assert Refund.objects.count() == 1
