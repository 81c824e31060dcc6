"""The database is the last guard of mentors' money too: each constraint is broken by a plain write, past every service."""

from collections.abc import Callable

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from marketplace.common.errors import violated_constraint
from mentors.models import Mentor
from payments.models import Debt, Earning, Payout, PayoutAccount, Reversal, Transfer
from tests.factories import make_mentor
from tests.payments.test_earnings_page import make_earning

pytestmark = pytest.mark.django_db


@pytest.fixture
def earning(mentor: Mentor) -> Earning:
    """28.05 of 33.00."""
    return make_earning(mentor, status="transferring")


def make_transfer(earning: Earning, amount_minor: int = 2_805, **fields: object) -> Transfer:
    return Transfer.objects.create(
        earning=earning, amount_minor=amount_minor, currency="usd", created_at=timezone.now(), **fields
    )


def make_reversal(transfer: Transfer, amount_minor: int = 100, **fields: object) -> Reversal:
    return Reversal.objects.create(transfer=transfer, amount_minor=amount_minor, created_at=timezone.now(), **fields)


def refused(write: Callable[[], object]) -> str:
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        write()
    return violated_constraint(refusal.value)


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({"amount_minor": 2_806}, "earning_adds_up"),
        ({"status": "paid"}, "earning_status_known"),
        ({"status": "frozen"}, "earning_returns_to_where_it_was"),
        ({"found": "pending"}, "earning_returns_to_where_it_was"),
        ({"status": "void"}, "earning_void_is_nothing"),
        ({"released_at": None}, "earning_released_before_it_moves"),
    ],
)
def test_an_earning_is_whole(earning: Earning, change: dict[str, object], constraint: str) -> None:
    assert refused(lambda: Earning.objects.filter(pk=earning.pk).update(**change)) == constraint


def test_an_earning_is_transferred_at_most_once(earning: Earning) -> None:
    make_transfer(earning, 1_000)
    assert "earning_id" in refused(lambda: make_transfer(earning, 1_000))


def test_a_transfer_is_never_above_its_earning(earning: Earning) -> None:
    assert refused(lambda: make_transfer(earning, 2_806)) == "transfer_never_above_the_earning"
    assert refused(lambda: make_transfer(earning, 2_000, set_off_minor=806)) == "transfer_never_above_the_earning"
    transfer = make_transfer(earning, 2_000, set_off_minor=805)
    raised = Transfer.objects.filter(pk=transfer.pk)
    assert refused(lambda: raised.update(amount_minor=2_001)) == "transfer_never_above_the_earning"


def test_a_transfer_above_a_lowered_earning_may_be_lowered_and_not_raised(earning: Earning) -> None:
    transfer = Transfer.objects.filter(pk=make_transfer(earning, 2_000, set_off_minor=805).pk)
    Earning.objects.filter(pk=earning.pk).update(refund_minor=3_300, fee_minor=0, amount_minor=0)
    assert transfer.update(amount_minor=0) == 1
    assert refused(lambda: transfer.update(amount_minor=1)) == "transfer_never_above_the_earning"


def test_a_sent_transfer_has_an_id_unless_there_was_nothing_to_send(earning: Earning) -> None:
    transfer = Transfer.objects.filter(pk=make_transfer(earning).pk)
    assert refused(lambda: transfer.update(status="sent")) == "transfer_sent_has_an_id"
    assert transfer.update(status="sent", amount_minor=0) == 1


def test_a_transfer_of_the_provider_belongs_to_one_of_ours(earning: Earning, mentor: Mentor) -> None:
    make_transfer(earning, status="sent", provider_id="tr_1")
    other = make_earning(mentor, days_ago=9, status="transferring")
    assert refused(lambda: make_transfer(other, status="sent", provider_id="tr_1")) == "transfer_provider_id_unique"
    make_transfer(other, status="sent", provider_id="tr_2")


def test_transfer_and_reversal_know_four_states(earning: Earning) -> None:
    transfer = Transfer.objects.filter(pk=make_transfer(earning, provider_id="tr_1").pk)
    assert refused(lambda: transfer.update(status="lost")) == "transfer_status_known"
    reversal = Reversal.objects.filter(pk=make_reversal(transfer.get(), provider_id="trr_1").pk)
    assert refused(lambda: reversal.update(status="lost")) == "reversal_status_known"
    for status in ("requested", "sending", "sent", "failed"):
        assert (transfer.update(status=status), reversal.update(status=status)) == (1, 1)


def test_a_payout_knows_four_states(mentor: Mentor) -> None:
    def pay_out(status: str) -> Payout:
        return Payout.objects.create(
            pk=f"po_{status}", mentor=mentor, status=status, amount_minor=1, currency="usd", created_at=timezone.now()
        )

    assert refused(lambda: pay_out("lost")) == "payout_status_known"
    for status in ("pending", "paid", "failed", "canceled"):
        pay_out(status)


def test_no_more_comes_back_than_was_sent(earning: Earning) -> None:
    transfer = Transfer.objects.filter(pk=make_transfer(earning, status="sent", provider_id="tr_1").pk)
    assert refused(lambda: transfer.update(reversed_minor=2_806)) == "transfer_reversed_in_bounds"
    assert transfer.update(reversed_minor=2_805) == 1


def test_a_reversal_is_something_with_one_id(earning: Earning) -> None:
    transfer = make_transfer(earning, status="sent", provider_id="tr_1")
    assert refused(lambda: make_reversal(transfer, 0)) == "reversal_amount_positive"
    assert refused(lambda: make_reversal(transfer, status="sent")) == "reversal_sent_has_an_id"
    make_reversal(transfer, status="sent", provider_id="trr_1")
    again = refused(lambda: make_reversal(transfer, status="sent", provider_id="trr_1"))
    assert again == "reversal_provider_id_unique"
    make_reversal(transfer, status="sent", provider_id="trr_2")


def test_no_more_is_left_of_a_debt_than_was_owed(earning: Earning, mentor: Mentor) -> None:
    def owe(left_minor: int) -> Debt:
        return Debt.objects.create(
            mentor=mentor, booking=earning.booking, amount_minor=100, left_minor=left_minor, currency="usd",
            created_at=timezone.now(),
        )  # fmt: skip

    assert refused(lambda: owe(101)) == "debt_left_in_bounds"
    owe(100)
    assert "booking_id" in refused(lambda: owe(1))


def test_an_account_receives_only_with_an_id_and_belongs_to_one_mentor(mentor: Mentor, earning: Earning) -> None:
    now = timezone.now()
    nameless = refused(lambda: PayoutAccount.objects.create(mentor=mentor, may_receive=True, created_at=now))
    assert nameless == "payout_account_receives_with_an_id"
    PayoutAccount.objects.create(mentor=mentor, may_receive=True, provider_id="acct_1", created_at=now)
    other = make_mentor()
    taken = refused(lambda: PayoutAccount.objects.create(mentor=other, provider_id="acct_1", created_at=now))
    assert taken == "payout_account_provider_id_unique"
