"""A mentor's share goes to their account: not before its time, not twice, not above the net; whatever dies in between."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.core import mail
from django.utils import timezone
from structlog.testing import capture_logs

from bookings.models import Booking
from mentors.models import Mentor
from payments import services
from payments.connect_schemas import SentTransfer
from payments.errors import ProviderUnavailable
from payments.gateways import StripeGateway
from payments.gateways.connect import ConnectGateway
from payments.models import Debt, Earning, LedgerTransaction, Payment, PayoutAccount, Transfer
from tests.jobs import run_jobs, waiting_jobs
from tests.payments.mentors_money import books, clear, open_account, pay_session, release, settle
from tests.payments.provider import Provider

pytestmark = pytest.mark.django_db


@pytest.fixture
def payment(mentor: Mentor, provider: Provider, gateway: StripeGateway) -> Payment:
    """33.00, paid for a session with ``mentor``: 28.05 for them, 4.95 for us."""
    return pay_session(provider, gateway, mentor=mentor)


@pytest.fixture
def earning(payment: Payment) -> Earning:
    """Of a session that took place; its time has come."""
    earning = settle(payment)
    clear(earning)
    return earning


@pytest.fixture
def transfer(earning: Earning, mentor: Mentor, provider: Provider, gateway: StripeGateway) -> Transfer:
    """Asked for, and not yet sent."""
    open_account(mentor, provider, gateway)
    transfer = release(earning)
    assert transfer is not None
    return transfer


def send(transfer: Transfer, gateway: ConnectGateway) -> Transfer:
    services.send_transfer(transfer_id=transfer.pk, gateway=gateway)
    return Transfer.objects.get(pk=transfer.pk)


# Release


def test_an_earning_is_released_when_its_time_has_come_and_not_before(
    payment: Payment, mentor: Mentor, provider: Provider, gateway: StripeGateway
) -> None:
    open_account(mentor, provider, gateway)
    earning = settle(payment, Booking.Status.NO_SHOW_STUDENT)
    assert earning.clears_at is not None
    assert release(earning) is None
    assert (earning.status, books("mentor_payable")) == ("pending", 0)
    clear(earning)
    transfer = release(earning)
    assert transfer is not None
    assert (earning.status, transfer.status, transfer.amount_minor) == ("transferring", "requested", 2_805)
    assert (books("mentor_payable", mentor), books("platform_revenue"), books("student_funds")) == (-2_805, -495, 0)
    assert waiting_jobs("payments.send_transfer") == [{"pk": str(transfer.pk)}]


def test_a_session_without_a_sign_is_not_released_however_old(payment: Payment, mentor: Mentor) -> None:
    Booking.objects.filter(pk=payment.booking_id).update(status=Booking.Status.ENDED)
    earning = Earning.objects.get(payment=payment)
    assert release(earning) is None
    assert (earning.status, earning.clears_at) == ("pending", None)


def test_releasing_again_asks_for_nothing_again(transfer: Transfer) -> None:
    for _ in range(3):
        services.release_earnings()
    assert Transfer.objects.count() == 1
    assert len(waiting_jobs("payments.send_transfer")) == 1
    assert LedgerTransaction.objects.filter(reference__endswith=":released").count() == 1


def test_a_frozen_earning_is_not_released(earning: Earning, payment: Payment) -> None:
    Earning.objects.filter(pk=earning.pk).update(status="frozen", found="pending")
    assert release(earning) is None
    Earning.objects.filter(pk=earning.pk).update(status="pending", found="")
    release(earning)
    assert earning.status == "blocked"  # its mentor has no account: but it went on


def test_a_report_stops_a_transfer_that_nobody_has_begun_to_send(
    transfer: Transfer, payment: Payment, provider: Provider, gateway: StripeGateway
) -> None:
    earning = settle(payment, Booking.Status.PROBLEM)
    assert earning.status == "frozen"
    assert send(transfer, gateway.connect).status == "requested"
    services.release_earnings()
    assert not provider.owner.v1.transfers.list().data
    earning = settle(payment, percent=0)
    assert earning.status == "releasable"
    release(earning)
    assert send(transfer, gateway.connect).status == "sent"
    assert len(provider.owner.v1.transfers.list().data) == 1


def test_a_part_refund_before_the_release_lowers_what_goes(
    payment: Payment, mentor: Mentor, provider: Provider, gateway: StripeGateway
) -> None:
    open_account(mentor, provider, gateway)
    earning = settle(payment, Booking.Status.CANCELLED, percent=50)
    clear(earning)
    transfer = release(earning)
    assert transfer is not None
    assert transfer.amount_minor == 1_402  # of 16.50
    assert (books("mentor_payable", mentor), books("platform_revenue"), books("student_funds")) == (-1_402, -248, 0)


# No account yet


def test_without_an_account_an_earning_waits_and_its_mentor_is_told_once(
    earning: Earning, mentor: Mentor, provider: Provider, gateway: StripeGateway
) -> None:
    second = settle(pay_session(provider, gateway, mentor=mentor, starts_at=timezone.now() + timedelta(days=5)))
    clear(second)
    services.release_earnings()
    services.release_earnings()
    assert set(Earning.objects.values_list("status", "found")) == {("blocked", "releasable")}
    assert not Transfer.objects.exists()
    run_jobs("deliver_mail")
    told = [message for message in mail.outbox if message.to == [mentor.user.email] and "waiting" in message.subject]
    assert [message.subject for message in told] == ["$28.05 is waiting for you"]


def test_what_waited_goes_as_soon_as_the_account_may_receive(
    earning: Earning, mentor: Mentor, provider: Provider, gateway: StripeGateway
) -> None:
    services.release_earnings()
    account = open_account(mentor, provider, gateway, complete=False)
    earning.refresh_from_db()
    assert (account.may_receive, earning.status) == (False, "blocked")
    open_account(mentor, provider, gateway)
    earning.refresh_from_db()
    assert earning.status == "transferring"
    run_jobs("payments.send_transfer")
    assert [sent.amount for sent in provider.owner.v1.transfers.list().data] == [2_805]


# Sending


def test_a_transfer_is_sent_under_its_own_key_out_of_its_charge(
    transfer: Transfer, earning: Earning, payment: Payment, mentor: Mentor, provider: Provider, gateway: StripeGateway
) -> None:
    sent_row = send(transfer, gateway.connect)
    [sent] = provider.owner.v1.transfers.list().data
    assert (sent_row.status, sent_row.provider_id, sent_row.sent_at is not None) == ("sent", sent.id, True)
    assert sent_row.provider_payment_id == sent.destination_payment
    charge = provider.owner.v1.payment_intents.retrieve(payment.provider_id).latest_charge
    assert (sent.amount, sent.currency, sent.source_transaction) == (2_805, "usd", charge)
    assert (sent.destination, sent.transfer_group) == (
        PayoutAccount.objects.get().provider_id,
        f"booking-{payment.booking_id}",
    )
    assert sent.metadata["transfer"] == str(transfer.pk)
    [happened] = provider.events("transfer.created")
    assert happened["request"]["idempotency_key"] == f"transfer-{transfer.pk}"
    earning.refresh_from_db()
    assert earning.status == "transferred"
    assert (books("mentor_payable", mentor), books("provider_balance")) == (0, 3_300 - 2_805)


def test_sending_again_sends_nothing(transfer: Transfer, provider: Provider, gateway: StripeGateway) -> None:
    for _ in range(3):
        send(transfer, gateway.connect)
    assert len(provider.owner.v1.transfers.list().data) == 1
    assert LedgerTransaction.objects.filter(reference__endswith=":sent").count() == 1


def test_a_transfer_claimed_by_another_worker_is_left_to_it(
    transfer: Transfer, provider: Provider, gateway: StripeGateway
) -> None:
    now = timezone.now()
    Transfer.objects.filter(pk=transfer.pk).update(status="sending", claimed_at=now)
    assert send(transfer, gateway.connect).status == "sending"
    assert not provider.owner.v1.transfers.list().data
    lapsed = now - settings.REFUND_CLAIM_TIMEOUT - timedelta(seconds=1)
    Transfer.objects.filter(pk=transfer.pk).update(claimed_at=lapsed)
    assert send(transfer, gateway.connect).status == "sent"


class Crash(Exception):
    """The process dies here."""


class DyingBefore(ConnectGateway):
    def transfer(self, **kwargs: object) -> SentTransfer:
        raise Crash


class DyingAfter(ConnectGateway):
    def transfer(self, **kwargs: object) -> SentTransfer:
        super().transfer(**kwargs)  # type: ignore[arg-type]  # as they came
        raise Crash


@pytest.mark.parametrize("dying", [DyingBefore, DyingAfter])
def test_a_worker_that_dies_around_the_call_leaves_one_transfer(
    transfer: Transfer, provider: Provider, gateway: StripeGateway, dying: type[ConnectGateway]
) -> None:
    with pytest.raises(Crash):
        send(transfer, dying(provider.owner))
    assert send(transfer, gateway.connect).status == "sending"  # the claim holds for a while
    Transfer.objects.filter(pk=transfer.pk).update(claimed_at=timezone.now() - timedelta(minutes=5))
    assert send(transfer, gateway.connect).status == "sent"
    assert len(provider.owner.v1.transfers.list().data) == 1


def test_a_lost_answer_is_found_at_the_provider_without_another_call(
    transfer: Transfer, provider: Provider, gateway: StripeGateway
) -> None:
    with pytest.raises(Crash):
        send(transfer, DyingAfter(provider.owner))
    Transfer.objects.filter(pk=transfer.pk).update(claimed_at=timezone.now() - timedelta(minutes=5))
    assert send(transfer, DyingBefore(provider.owner)).status == "sent"  # it would die if it called


def test_a_lost_answer_is_taken_up_from_its_event(
    transfer: Transfer, earning: Earning, provider: Provider, gateway: StripeGateway
) -> None:
    with pytest.raises(Crash):
        send(transfer, DyingAfter(provider.owner))
    [sent] = provider.owner.v1.transfers.list().data
    services.read_transfer(provider_id=sent.id, gateway=gateway.connect)
    transfer.refresh_from_db()
    earning.refresh_from_db()
    assert (transfer.status, transfer.provider_id, earning.status) == ("sent", sent.id, "transferred")


def test_a_provider_that_is_down_leaves_the_transfer_for_the_next_try(
    transfer: Transfer, provider: Provider, gateway: StripeGateway
) -> None:
    provider.fail("/v1/transfers", status=503, times=2)
    with pytest.raises(ProviderUnavailable):
        send(transfer, gateway.connect)
    transfer.refresh_from_db()
    assert transfer.status == "requested"
    assert send(transfer, gateway.connect).status == "sent"
    assert len(provider.owner.v1.transfers.list().data) == 1


def test_a_kept_error_after_the_act_is_looked_into(
    transfer: Transfer, provider: Provider, gateway: StripeGateway
) -> None:
    provider.fail("/v1/transfers", status=500, after_commit=True)
    assert send(transfer, gateway.connect).status == "sent"
    assert len(provider.owner.v1.transfers.list().data) == 1


def test_a_kept_error_without_the_act_is_looked_into_again_and_never_gets_another_key(
    transfer: Transfer, provider: Provider, gateway: StripeGateway
) -> None:
    provider.fail("/v1/transfers", status=500, after_commit=False)
    with capture_logs() as logs:
        kept = send(transfer, gateway.connect)
    assert "transfer_outcome_unknown" in {line["event"] for line in logs if line["log_level"] == "error"}
    assert (kept.status, kept.attempt) == ("sending", 1)
    Transfer.objects.filter(pk=transfer.pk).update(claimed_at=timezone.now() - timedelta(minutes=5))
    assert (send(transfer, gateway.connect).status, kept.attempt) == ("sending", 1)
    # The provider's people do what their server had not, as they say they may.
    provider.owner.v1.transfers.create(
        {
            "amount": 2_805,
            "currency": "usd",
            "destination": PayoutAccount.objects.get().provider_id,
            "source_transaction": gateway.connect.charge_of(transfer.earning.payment.provider_id),
            "transfer_group": f"booking-{transfer.earning_id}",
            "metadata": {"transfer": str(transfer.pk)},
        }
    )
    Transfer.objects.filter(pk=transfer.pk).update(claimed_at=timezone.now() - timedelta(minutes=5))
    assert send(transfer, gateway.connect).status == "sent"
    assert len(provider.owner.v1.transfers.list().data) == 1


def test_once_the_provider_has_forgotten_the_key_the_call_goes_through(
    transfer: Transfer, provider: Provider, gateway: StripeGateway
) -> None:
    provider.fail("/v1/transfers", status=500, after_commit=False)
    assert send(transfer, gateway.connect).status == "sending"
    provider.ask("answers/forget", {})
    Transfer.objects.filter(pk=transfer.pk).update(claimed_at=timezone.now() - timedelta(days=1))
    assert send(transfer, gateway.connect).status == "sent"
    [sent] = provider.owner.v1.transfers.list().data
    [happened] = provider.events("transfer.created")
    assert (sent.amount, happened["request"]["idempotency_key"]) == (2_805, f"transfer-{transfer.pk}")


# Refused


def test_a_refused_transfer_waits_until_its_account_is_healed(
    transfer: Transfer, earning: Earning, mentor: Mentor, provider: Provider, gateway: StripeGateway
) -> None:
    """The provider has closed the account to us, and we had not heard of it."""
    account_id = PayoutAccount.objects.get().provider_id
    provider.ask(f"accounts/{account_id}/restrict", {})
    with capture_logs() as logs:
        refused = send(transfer, gateway.connect)
    assert "transfer_refused" in {line["event"] for line in logs if line["log_level"] == "error"}
    earning.refresh_from_db()
    assert (refused.status, refused.failure) == ("failed", "insufficient_capabilities_for_transfer")
    assert (earning.status, earning.found) == ("blocked", "releasable")
    assert books("mentor_payable", mentor) == -2_805  # still owed to them
    run_jobs("payments.read_payout_account", "deliver_mail")
    assert not PayoutAccount.objects.get().may_receive
    assert [message.subject for message in mail.outbox][-1] == "$28.05 is waiting for you"

    Transfer.objects.filter(pk=transfer.pk).update(again_at=timezone.now())
    provider.ask(f"accounts/{account_id}/onboard", {})
    services.read_payout_account(mentor_id=mentor.pk, gateway=gateway.connect)
    run_jobs("payments.send_transfer")
    earning.refresh_from_db()
    [sent] = provider.owner.v1.transfers.list().data
    assert (earning.status, sent.amount) == ("transferred", 2_805)
    assert [event["request"]["idempotency_key"] for event in provider.events("transfer.created")] == [
        f"transfer-{transfer.pk}-2"
    ]
    assert books("mentor_payable", mentor) == 0


def test_a_refusal_is_not_asked_again_at_once_but_after_growing_waits(
    transfer: Transfer, earning: Earning, provider: Provider, gateway: StripeGateway
) -> None:
    account = PayoutAccount.objects.get()
    waits = []
    for attempt in range(1, 15):
        Earning.objects.filter(pk=earning.pk).update(status="transferring", found="")
        Transfer.objects.filter(pk=transfer.pk).update(status="requested", attempt=attempt, claimed_at=None)
        provider.ask(f"accounts/{account.provider_id}/restrict", {})
        refused = send(transfer, gateway.connect)
        assert refused.again_at is not None
        assert refused.claimed_at is not None
        waits.append(round((refused.again_at - refused.claimed_at).total_seconds() / 60))
    assert waits[:4] == [2, 4, 8, 16]
    assert waits[-1] == 24 * 60
    for again_at, goes in ((timezone.now() + timedelta(minutes=1), False), (timezone.now(), True)):
        Transfer.objects.filter(pk=transfer.pk).update(again_at=again_at)
        services.release_earnings()
        earning.refresh_from_db()
        assert (earning.status == "transferring") is goes


# Debts


@pytest.fixture
def debt(mentor: Mentor) -> Debt:
    """10.00 owed for an earlier session."""
    return owing(mentor, 1_000)


def owing(mentor: Mentor, amount_minor: int) -> Debt:
    booking = Booking.objects.filter(mentor=mentor).order_by("created_at").last()
    return Debt.objects.create(
        mentor=mentor,
        booking=booking,  # type: ignore[misc]  # there is one
        amount_minor=amount_minor,
        left_minor=amount_minor,
        currency="usd",
        created_at=timezone.now(),
    )


def test_a_debt_is_set_off_against_the_next_transfer(
    earning: Earning, debt: Debt, mentor: Mentor, provider: Provider, gateway: StripeGateway
) -> None:
    open_account(mentor, provider, gateway)
    transfer = release(earning)
    assert transfer is not None
    debt.refresh_from_db()
    assert (transfer.amount_minor, transfer.set_off_minor, debt.left_minor) == (1_805, 1_000, 0)
    send(transfer, gateway.connect)
    assert [sent.amount for sent in provider.owner.v1.transfers.list().data] == [1_805]


def test_an_earning_that_a_debt_takes_whole_is_sent_without_a_call(
    earning: Earning, mentor: Mentor, provider: Provider, gateway: StripeGateway
) -> None:
    debt = owing(mentor, 5_000)
    open_account(mentor, provider, gateway)
    transfer = release(earning)
    assert transfer is not None
    sent = send(transfer, DyingBefore(provider.owner))  # it would die if it called
    earning.refresh_from_db()
    debt.refresh_from_db()
    assert (sent.status, sent.provider_id, sent.amount_minor, sent.set_off_minor) == ("sent", "", 0, 2_805)
    assert (earning.status, debt.left_minor) == ("transferred", 2_195)
