"""Money that a student gets back after it was sent to the mentor: pulled back, or owed and set off."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from bookings.models import Booking
from mentors.models import Mentor
from payments import services
from payments.connect_schemas import SentReversal
from payments.errors import ProviderUnavailable
from payments.gateways import StripeGateway
from payments.gateways.connect import ConnectGateway
from payments.models import Debt, Earning, Payment, PayoutAccount, Refund, Reversal, Transfer
from payments.services.earnings import request_refund, restate
from tests.jobs import run_jobs, waiting_jobs
from tests.payments.mentors_money import books, clear, open_account, pay_session, release, settle
from tests.payments.provider import Provider

pytestmark = pytest.mark.django_db


@pytest.fixture
def account(mentor: Mentor, provider: Provider, gateway: StripeGateway) -> PayoutAccount:
    return open_account(mentor, provider, gateway)


@pytest.fixture
def payment(mentor: Mentor, provider: Provider, gateway: StripeGateway, account: PayoutAccount) -> Payment:
    return pay_session(provider, gateway, mentor=mentor)


@pytest.fixture
def transfer(payment: Payment, gateway: StripeGateway) -> Transfer:
    """28.05, in the mentor's account."""
    return transferred(payment)


def transferred(payment: Payment) -> Transfer:
    earning = settle(payment)
    clear(earning)
    transfer = release(earning)
    assert transfer is not None
    run_jobs("payments.send_transfer")
    transfer.refresh_from_db()
    assert transfer.status == "sent"
    return transfer


def give_back(payment: Payment, amount_minor: int) -> Earning:
    """What finance does to a session that is over: a refund, and the earning stated anew."""
    with transaction.atomic():
        locked = Payment.objects.select_for_update().get(pk=payment.pk)
        earning = Earning.objects.select_for_update().get(payment=payment)
        now = timezone.now()
        request_refund(payment=locked, amount_minor=amount_minor, reason=Refund.Reason.FINANCE, at=now)
        restate(earning, at=now)
    return Earning.objects.get(payment=payment)


def pull(gateway: ConnectGateway) -> Reversal:
    reversal = Reversal.objects.latest("created_at")
    services.send_reversal(reversal_id=reversal.pk, gateway=gateway)
    reversal.refresh_from_db()
    return reversal


def test_a_refund_after_the_transfer_pulls_the_mentors_part_back(
    transfer: Transfer, payment: Payment, mentor: Mentor, provider: Provider, gateway: StripeGateway
) -> None:
    earning = give_back(payment, 1_650)
    assert (earning.status, earning.amount_minor) == ("transferred", 1_402)
    reversal = pull(gateway.connect)
    [back] = gateway.connect.reversals_of(transfer.provider_id)
    assert (reversal.status, reversal.provider_id, back.amount) == ("sent", back.id, 2_805 - 1_402)
    [happened] = provider.events("transfer.reversed")
    assert happened["request"]["idempotency_key"] == f"reversal-{reversal.pk}"
    transfer.refresh_from_db()
    assert transfer.reversed_minor == 1_403
    assert (books("mentor_payable", mentor), books("platform_revenue")) == (0, -248)
    assert not Debt.objects.exists()


def test_a_whole_refund_takes_the_earning_back(
    transfer: Transfer, payment: Payment, mentor: Mentor, provider: Provider, gateway: StripeGateway
) -> None:
    earning = settle(payment, Booking.Status.REFUNDED, percent=100)
    assert (earning.status, earning.amount_minor) == ("reversed", 0)
    assert pull(gateway.connect).status == "sent"
    assert books("mentor_payable", mentor) == 0


def test_sending_again_pulls_back_nothing_more(
    transfer: Transfer, payment: Payment, provider: Provider, gateway: StripeGateway
) -> None:
    give_back(payment, 1_650)
    for _ in range(3):
        pull(gateway.connect)
    assert len(gateway.connect.reversals_of(transfer.provider_id)) == 1


class Crash(Exception):
    """The process dies here."""


class DyingAfter(ConnectGateway):
    def reverse(self, *args: object, **kwargs: object) -> SentReversal:
        super().reverse(*args, **kwargs)  # type: ignore[arg-type]  # as they came
        raise Crash


def test_a_worker_that_dies_after_the_call_pulls_back_once(
    transfer: Transfer, payment: Payment, provider: Provider, gateway: StripeGateway
) -> None:
    give_back(payment, 1_650)
    with pytest.raises(Crash):
        pull(DyingAfter(provider.owner))
    assert pull(gateway.connect).status == "sending"  # the claim holds for a while
    Reversal.objects.update(claimed_at=timezone.now() - timedelta(minutes=5))
    assert pull(gateway.connect).status == "sent"
    assert len(gateway.connect.reversals_of(transfer.provider_id)) == 1


@pytest.mark.parametrize("done", [True, False])
def test_a_kept_error_is_looked_into(
    transfer: Transfer, payment: Payment, provider: Provider, gateway: StripeGateway, done: bool
) -> None:
    give_back(payment, 1_650)
    provider.fail("/v1/transfers", status=500, after_commit=done)
    assert pull(gateway.connect).status == ("sent" if done else "sending")
    assert len(gateway.connect.reversals_of(transfer.provider_id)) == int(done)


def test_a_provider_that_is_down_leaves_the_reversal_for_the_next_try(
    transfer: Transfer, payment: Payment, provider: Provider, gateway: StripeGateway
) -> None:
    give_back(payment, 1_650)
    provider.fail("/v1/transfers", status=503, times=2)
    with pytest.raises(ProviderUnavailable):
        pull(gateway.connect)
    assert pull(gateway.connect).status == "sent"


def test_what_somebody_has_pulled_back_by_hand_is_not_owed(
    transfer: Transfer, payment: Payment, provider: Provider, gateway: StripeGateway
) -> None:
    give_back(payment, 3_300)
    provider.owner.v1.transfers.reversals.create(transfer.provider_id, {"amount": 2_805})
    assert pull(gateway.connect).status == "sent"
    assert not Debt.objects.exists()


@pytest.fixture
def spent(transfer: Transfer, payment: Payment, account: PayoutAccount, provider: Provider) -> Earning:
    """The mentor's account is empty when the student gets everything back."""
    provider.ask(f"accounts/{account.provider_id}/payout", {})
    return give_back(payment, 3_300)


def test_what_cannot_be_pulled_back_is_owed(spent: Earning, mentor: Mentor, gateway: StripeGateway) -> None:
    reversal = pull(gateway.connect)
    debt = Debt.objects.get()
    assert (reversal.status, reversal.failure) == ("failed", "balance_insufficient")
    assert (debt.booking_id, debt.amount_minor, debt.left_minor) == (spent.pk, 2_805, 2_805)
    assert books("mentor_payable", mentor) == 2_805
    pull(gateway.connect)
    assert Debt.objects.get().left_minor == 2_805


def test_what_is_owed_is_kept_from_the_next_earnings(
    spent: Earning, mentor: Mentor, provider: Provider, gateway: StripeGateway
) -> None:
    pull(gateway.connect)
    later = timezone.now() + timedelta(days=9)
    first = transferred(pay_session(provider, gateway, mentor=mentor, starts_at=later, price_minor=2_000))
    assert (first.amount_minor, first.set_off_minor) == (0, 1_700)
    second = transferred(
        pay_session(provider, gateway, mentor=mentor, starts_at=later + timedelta(days=1), price_minor=2_000)
    )
    assert (second.amount_minor, second.set_off_minor) == (595, 1_105)
    assert Debt.objects.get().left_minor == 0
    assert books("mentor_payable", mentor) == 0


def test_a_refund_of_a_session_that_paid_a_debt_is_owed_again(
    spent: Earning, mentor: Mentor, provider: Provider, gateway: StripeGateway
) -> None:
    """28.05 were owed; 30.60 earned after it: 28.05 kept, 2.55 sent. Then that student too gets everything back."""
    pull(gateway.connect)
    later = timezone.now() + timedelta(days=9)
    payment = pay_session(provider, gateway, mentor=mentor, starts_at=later, price_minor=3_600)
    transfer = transferred(payment)
    assert (transfer.amount_minor, transfer.set_off_minor) == (255, 2_805)
    give_back(payment, 3_600)
    assert Reversal.objects.latest("created_at").amount_minor == 255
    debt = Debt.objects.get(booking=payment.booking_id)
    assert (debt.amount_minor, debt.left_minor) == (2_805, 2_805)
    pull(gateway.connect)
    debt.refresh_from_db()
    assert debt.left_minor == books("mentor_payable", mentor) == 2_805


def test_a_refund_while_the_transfer_is_on_its_way_is_pulled_back_once_it_is_there(
    payment: Payment, account: PayoutAccount, mentor: Mentor, provider: Provider, gateway: StripeGateway
) -> None:
    earning = settle(payment)
    clear(earning)
    transfer = release(earning)
    assert transfer is not None

    class Meanwhile(ConnectGateway):
        def charge_of(self, intent_id: str) -> str:
            give_back(payment, 3_300)
            return super().charge_of(intent_id)

    services.send_transfer(transfer_id=transfer.pk, gateway=Meanwhile(provider.owner))
    earning.refresh_from_db()
    assert earning.status == "reversed"
    assert waiting_jobs("payments.send_reversal")
    assert pull(gateway.connect).amount_minor == 2_805
    assert books("mentor_payable", mentor) == 0


def test_a_refund_before_the_first_try_sends_only_what_is_left(
    payment: Payment, account: PayoutAccount, mentor: Mentor, provider: Provider, gateway: StripeGateway
) -> None:
    earning = settle(payment)
    clear(earning)
    transfer = release(earning)
    assert transfer is not None
    give_back(payment, 1_650)
    services.send_transfer(transfer_id=transfer.pk, gateway=gateway.connect)
    assert [sent.amount for sent in provider.owner.v1.transfers.list().data] == [1_402]
    assert not Reversal.objects.exists()
    assert books("mentor_payable", mentor) == 0
