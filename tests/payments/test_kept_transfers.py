"""A transfer that was written and then kept here, by a report or a dispute: it goes on, follows what is due, or is over."""

from datetime import timedelta

import pytest
from django.utils import timezone

from bookings.models import Booking
from marketplace.invariants import verify
from mentors.models import Mentor
from payments import desk, services
from payments.gateways import StripeGateway
from payments.gateways.connect import ConnectGateway
from payments.models import Dispute, Earning, Payment, PayoutAccount, Transfer
from tests.jobs import run_jobs
from tests.payments.mentors_money import books, clear, open_account, pay_session, release, settle
from tests.payments.provider import Provider
from tests.payments.test_reversals import give_back

pytestmark = pytest.mark.django_db

LATER = timedelta(days=1)


@pytest.fixture
def payment(mentor: Mentor, provider: Provider, gateway: StripeGateway) -> Payment:
    """33.00, paid for a session with ``mentor``, who may receive 28.05 of it."""
    open_account(mentor, provider, gateway)
    return pay_session(provider, gateway, mentor=mentor)


@pytest.fixture
def transfer(payment: Payment) -> Transfer:
    """Asked for, and not yet sent."""
    earning = settle(payment)
    clear(earning)
    transfer = release(earning)
    assert transfer is not None
    return transfer


@pytest.fixture
def kept(transfer: Transfer, payment: Payment) -> Transfer:
    """A report came before anybody had begun to send it."""
    assert settle(payment, Booking.Status.PROBLEM).status == "frozen"
    return transfer


def let_all_run(provider: Provider) -> list[int]:
    """Let passes and jobs run; return what went to the mentor's account, in minor units."""
    services.release_earnings()
    run_jobs("payments.send_transfer")
    return [sent.amount for sent in provider.owner.v1.transfers.list().data]


def stuck() -> int:
    return sum(line.count for line in desk.stuck(at=timezone.now() + LATER) if "Transfers" in str(line.says))


def broken() -> set[str]:
    return {found.invariant.name for found in verify() if not found.holds}


def test_a_transfer_of_which_nothing_is_due_any_more_is_over_without_a_call(
    kept: Transfer, payment: Payment, mentor: Mentor, provider: Provider
) -> None:
    earning = settle(payment, Booking.Status.REFUNDED, percent=100)
    assert (earning.status, let_all_run(provider)) == ("void", [])
    kept.refresh_from_db()
    assert (kept.status, kept.amount_minor, kept.provider_id) == ("sent", 0, "")
    assert (stuck(), books("mentor_payable", mentor)) == (0, 0)


def test_all_given_back_before_the_pass_has_come_by_ends_it_too(
    kept: Transfer, payment: Payment, mentor: Mentor, provider: Provider
) -> None:
    assert settle(payment, percent=0).status == "releasable"
    assert give_back(payment, 3_300).status == "void"
    assert let_all_run(provider) == []
    kept.refresh_from_db()
    assert (kept.status, kept.amount_minor) == ("sent", 0)
    assert (broken(), books("mentor_payable", mentor)) == (set(), 0)


def test_what_is_given_back_before_the_pass_has_come_by_is_not_sent_first(
    kept: Transfer, payment: Payment, mentor: Mentor, provider: Provider
) -> None:
    assert settle(payment, percent=0).status == "releasable"
    assert give_back(payment, 1_650).amount_minor == 1_402
    assert broken() == set()
    assert let_all_run(provider) == [1_402]
    assert books("mentor_payable", mentor) == 0


def test_what_is_kept_is_not_stuck_and_what_goes_on_is(kept: Transfer, payment: Payment, provider: Provider) -> None:
    assert stuck() == 0
    earning = settle(payment, percent=0)
    release(earning)
    assert stuck() == 1
    assert let_all_run(provider) == [2_805]
    assert stuck() == 0


def test_what_waits_for_the_mentors_account_after_a_report_is_not_stuck(
    kept: Transfer, payment: Payment, mentor: Mentor, provider: Provider
) -> None:
    PayoutAccount.objects.update(may_receive=False)
    earning = settle(payment, percent=0)
    release(earning)
    assert (earning.status, stuck()) == ("blocked", 0)
    assert give_back(payment, 1_650).amount_minor == 1_402
    assert broken() == set()
    PayoutAccount.objects.update(may_receive=True)
    assert let_all_run(provider) == [1_402]


def test_a_transfer_that_was_begun_before_the_report_breaks_no_rule(
    transfer: Transfer, payment: Payment, provider: Provider, gateway: StripeGateway
) -> None:
    """What has been sent can't be kept, nor what may have been."""
    provider.fail("/v1/transfers", status=500)
    services.send_transfer(transfer_id=transfer.pk, gateway=gateway.connect)
    earning = settle(payment, Booking.Status.PROBLEM)
    assert (earning.status, broken()) == ("transferring", set())
    Transfer.objects.update(claimed_at=None)
    assert broken() == {"problem_not_frozen"}


@pytest.mark.parametrize("by", ["report", "dispute"])
def test_what_the_provider_refuses_during_a_report_or_a_dispute_is_kept(
    transfer: Transfer, payment: Payment, provider: Provider, gateway: StripeGateway, by: str
) -> None:
    class Meanwhile(ConnectGateway):
        """The account is closed to us, and while we are told so the student is heard."""

        def charge_of(self, intent_id: str) -> str:
            provider.ask(f"accounts/{PayoutAccount.objects.get().provider_id}/restrict", {})
            (report if by == "report" else dispute)(payment)
            return super().charge_of(intent_id)

    services.send_transfer(transfer_id=transfer.pk, gateway=Meanwhile(provider.owner))
    transfer.refresh_from_db()
    earning = Earning.objects.get()
    assert (transfer.status, earning.status, earning.found) == ("failed", "frozen", "releasable")
    provider.ask(f"accounts/{PayoutAccount.objects.get().provider_id}/onboard", {})
    Transfer.objects.update(again_at=timezone.now())
    assert (let_all_run(provider), broken()) == ([], set())

    now = timezone.now()
    Dispute.objects.update(status="won", closed_at=now)
    payment.booking.problem_reports.update(
        decided_at=now, decided_by=payment.booking.student, percent=0, decision="So."
    )
    settle(payment, percent=0)
    assert let_all_run(provider) == [2_805]


def report(payment: Payment) -> None:
    now = timezone.now()
    payment.booking.problem_reports.create(side="student", found="completed", opened_at=now, answer_due_at=now)
    assert settle(payment, Booking.Status.PROBLEM).status == "transferring"


def dispute(payment: Payment) -> None:
    Dispute.objects.create(
        pk="du_1", payment=payment, status="open", amount_minor=3_300, opened_at=timezone.now()
    )  # fmt: skip


def test_a_refused_transfer_of_which_nothing_is_due_leaves_finances_list(
    transfer: Transfer, payment: Payment, provider: Provider, gateway: StripeGateway
) -> None:
    provider.ask(f"accounts/{PayoutAccount.objects.get().provider_id}/restrict", {})
    services.send_transfer(transfer_id=transfer.pk, gateway=gateway.connect)
    assert desk.refused_transfers().get() == transfer
    assert give_back(payment, 3_300).status == "void"
    assert not desk.refused_transfers().exists()
