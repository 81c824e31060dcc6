"""Races for a mentor's money, on real connections. Each has a control: the same race with its guard off."""

import threading
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.utils import timezone

from bookings.models import Booking
from mentors.models import Mentor
from payments import services
from payments.connect_schemas import SentTransfer
from payments.errors import ProviderUnavailable
from payments.gateways import payment_gateway
from payments.gateways.connect import ConnectGateway
from payments.models import Debt, Earning, LedgerTransaction, Transfer
from payments.services import releases, transfers
from tests.factories import make_booking, make_mentor
from tests.payments.mentors_money import clear, open_account, pay_session, settle
from tests.payments.provider import Provider
from tests.races import race

pytestmark = pytest.mark.django_db(transaction=True)

WORKERS = 6


def cleared(provider: Provider, mentor: Mentor, *, percent: int | None = None, days: int = 3) -> Earning:
    """An earning whose time has come, of a mentor who can be paid."""
    gateway = payment_gateway()
    starts_at = timezone.now().replace(hour=12, minute=0, second=0, microsecond=0) + timedelta(days=days)
    payment = pay_session(provider, gateway, mentor=mentor, starts_at=starts_at)
    status = Booking.Status.COMPLETED if percent is None else Booking.Status.REFUNDED
    earning = settle(payment, status, percent=percent)
    clear(earning)
    return earning


def releasing(earning: Earning) -> Callable[[], object]:
    return lambda: services.release_earning(booking_id=earning.pk, mentor_id=earning.mentor_id)


def sending(transfer_id: UUID) -> None:
    services.send_transfer(transfer_id=transfer_id, gateway=payment_gateway().connect)


def test_many_workers_release_an_earning_once(provider: Provider) -> None:
    mentor = make_mentor()
    open_account(mentor, provider, payment_gateway())
    earning = cleared(provider, mentor)
    assert race([releasing(earning)] * WORKERS) == {"won": WORKERS}
    assert Transfer.objects.count() == 1
    assert LedgerTransaction.objects.filter(reference__endswith=":released").count() == 1


def test_many_workers_send_a_transfer_once(provider: Provider) -> None:
    mentor = make_mentor()
    open_account(mentor, provider, payment_gateway())
    earning = cleared(provider, mentor)
    services.release_earnings()
    transfer = Transfer.objects.get()
    assert race([lambda: sending(transfer.pk)] * WORKERS) == {"won": WORKERS}
    assert [sent.amount for sent in provider.owner.v1.transfers.list().data] == [2_805]
    assert LedgerTransaction.objects.filter(reference__startswith=f"transfer:{transfer.pk}").count() == 1
    earning.refresh_from_db()
    assert earning.status == "transferred"


def test_control_without_claim_and_key_a_transfer_goes_out_twice(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    mentor = make_mentor()
    open_account(mentor, provider, payment_gateway())
    earning = cleared(provider, mentor, percent=50)  # two of it fit into the charge
    services.release_earnings()
    transfer = Transfer.objects.get()
    meeting = threading.Barrier(2)

    def anybody(transfer_id: UUID) -> tuple[Transfer, bool]:
        meeting.wait(20)
        return Transfer.objects.select_related("earning__mentor__payout_account").get(pk=transfer_id), False

    call = ConnectGateway.transfer

    def keyless(self: ConnectGateway, **kwargs: object) -> SentTransfer:
        return call(self, **(kwargs | {"idempotency_key": str(uuid4())}))  # type: ignore[arg-type]

    monkeypatch.setattr(transfers, "_claim_transfer", anybody)
    monkeypatch.setattr(ConnectGateway, "transfer", keyless)
    race([lambda: sending(transfer.pk)] * 2)
    assert len(provider.owner.v1.transfers.list().data) == 2
    assert earning.pk == transfer.earning_id


def two_earnings_and_a_debt(provider: Provider) -> list[Earning]:
    mentor = make_mentor()
    open_account(mentor, provider, payment_gateway())
    earnings = [cleared(provider, mentor, days=days) for days in (3, 4)]
    owed_for = make_booking(mentor=mentor, starts_at=timezone.now() + timedelta(days=9))
    Debt.objects.create(
        mentor=mentor, booking=owed_for, amount_minor=1_000, left_minor=1_000, currency="usd", created_at=timezone.now()
    )
    return earnings


def test_two_earnings_released_at_once_pay_a_debt_once(provider: Provider) -> None:
    earnings = two_earnings_and_a_debt(provider)
    assert race([releasing(earning) for earning in earnings]) == {"won": 2}
    assert sum(Transfer.objects.values_list("set_off_minor", flat=True)) == 1_000
    assert Debt.objects.get().left_minor == 0


def test_control_without_the_locks_a_debt_is_paid_twice(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    earnings = two_earnings_and_a_debt(provider)
    meeting = threading.Barrier(2)

    def read_first(earning: Earning, amount_minor: int) -> int:
        found = Debt.objects.get()
        meeting.wait(20)
        Debt.objects.filter(pk=found.pk).update(left_minor=0)
        return min(found.left_minor, amount_minor)

    monkeypatch.setattr(releases, "set_off", read_first)
    monkeypatch.setattr(releases, "lock_people", lambda *people: timezone.now())
    race([releasing(earning) for earning in earnings])
    assert sum(Transfer.objects.values_list("set_off_minor", flat=True)) == 2_000


def test_a_report_and_a_release_have_one_outcome(provider: Provider) -> None:
    """Either the report was first and the money stays, or the transfer was asked for and is stopped before it is sent."""
    mentor = make_mentor()
    open_account(mentor, provider, payment_gateway())
    earning = cleared(provider, mentor)
    ends = race([releasing(earning), lambda: settle(earning.payment, Booking.Status.PROBLEM)])
    assert ends == {"won": 2}
    earning.refresh_from_db()
    assert earning.status == "frozen"
    for transfer_id in Transfer.objects.values_list("pk", flat=True):
        sending(transfer_id)
    assert not provider.owner.v1.transfers.list().data


def test_a_provider_that_is_busy_with_the_same_key_sends_it_once(provider: Provider) -> None:
    """Two workers call at once, the claim of the first having lapsed while it was slow."""
    mentor = make_mentor()
    open_account(mentor, provider, payment_gateway())
    cleared(provider, mentor)
    services.release_earnings()
    transfer = Transfer.objects.get()
    provider.fail("/v1/transfers", status=200, delay_seconds=1, method="POST")

    def again() -> None:
        while Transfer.objects.get().status != "sending":
            pass
        Transfer.objects.update(claimed_at=timezone.now() - timedelta(minutes=5))
        try:
            sending(transfer.pk)
        except ProviderUnavailable:
            connection.close()
            sending(transfer.pk)

    race([lambda: sending(transfer.pk), again])
    assert len(provider.owner.v1.transfers.list().data) == 1
    assert Transfer.objects.get().status == "sent"
