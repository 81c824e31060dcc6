"""Accounts at the provider and payouts to banks: opened, read, watched; with lost webhooks too."""

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from mentors.models import Mentor
from payments import services
from payments.errors import NotYetApproved, ProviderRefused, ProviderUnavailable
from payments.gateways import StripeGateway
from payments.models import Earning, Payment, Payout, PayoutAccount, Reversal, Transfer, WebhookEvent
from payments.statement import Setup, checklist_of, setup_of
from tests.jobs import run_jobs
from tests.payments.mentors_money import clear, long_ago, open_account, pay_session, release, settle
from tests.payments.provider import Provider

pytestmark = pytest.mark.django_db


def set_up(mentor: Mentor, gateway: StripeGateway, country: str = "US") -> PayoutAccount:
    return services.open_payout_account(mentor=mentor, country=country, gateway=gateway.connect)


# Accounts


def test_an_account_can_receive_and_nothing_else(mentor: Mentor, provider: Provider, gateway: StripeGateway) -> None:
    row = set_up(mentor, gateway, "DE")
    account = provider.owner.v1.accounts.retrieve(row.provider_id).to_dict()
    assert (account["country"], account["email"]) == ("DE", mentor.user.email)
    assert account["capabilities"] == {"transfers": "inactive"}
    controller = account["controller"]
    assert controller["stripe_dashboard"] == {"type": "express"}
    assert (controller["losses"], controller["fees"]["payer"]) == ({"payments": "application"}, "application")
    assert account["metadata"] == {"mentor": str(mentor.pk)}
    assert (row.may_receive, row.details_submitted, setup_of(row)) == (False, False, Setup.BEGUN)


def test_asked_again_it_is_the_same_account(mentor: Mentor, provider: Provider, gateway: StripeGateway) -> None:
    assert set_up(mentor, gateway, "DE").provider_id == set_up(mentor, gateway, "FR").provider_id
    assert len(provider.owner.v1.accounts.list().data) == 1


def test_only_who_was_approved_opens_one(mentor: Mentor, provider: Provider, gateway: StripeGateway) -> None:
    Mentor.objects.filter(pk=mentor.pk).update(approved_at=None)
    mentor.refresh_from_db()
    with pytest.raises(NotYetApproved):
        set_up(mentor, gateway)
    Mentor.objects.filter(pk=mentor.pk).update(approved_at=timezone.now())
    mentor.refresh_from_db()
    assert set_up(mentor, gateway).provider_id


@pytest.mark.parametrize("done", [True, False])
def test_a_lost_answer_leaves_no_second_account_that_we_use(
    mentor: Mentor, provider: Provider, gateway: StripeGateway, done: bool
) -> None:
    provider.fail("/v1/accounts", status=500, after_commit=done)
    if not done:
        with pytest.raises(ProviderUnavailable):
            set_up(mentor, gateway)
    row = set_up(mentor, gateway)
    assert [account.id for account in provider.owner.v1.accounts.list().data] == [row.provider_id]


def test_what_is_missing_is_said_in_words(mentor: Mentor, provider: Provider, gateway: StripeGateway) -> None:
    row = set_up(mentor, gateway)
    words = [str(line) for line in checklist_of(row)]
    assert words == [
        "A few words about what you offer",
        "A bank account that the money goes to",
        "Your date of birth",
        "Your name",
        "Your consent to our payment provider’s terms",
    ]
    half = open_account(mentor, provider, gateway, complete=False)
    assert ([str(line) for line in checklist_of(half)], setup_of(half)) == (
        ["A photo of your identity card or passport"],
        Setup.MISSING,
    )
    ready = open_account(mentor, provider, gateway)
    assert (checklist_of(ready), setup_of(ready)) == ([], Setup.READY)


def test_an_account_that_the_provider_no_longer_gives_us_receives_nothing(
    mentor: Mentor, provider: Provider, gateway: StripeGateway
) -> None:
    row = open_account(mentor, provider, gateway)
    provider.owner.v1.accounts.delete(row.provider_id)
    read = services.read_payout_account(mentor_id=mentor.pk, gateway=gateway.connect)
    assert read is not None
    assert (read.may_receive, read.may_pay_out) == (False, False)


# Events


def hear(provider: Provider, gateway: StripeGateway, *kinds: str) -> None:
    """Act on events as their jobs do, with the account that they happened on."""
    for kind in kinds:
        for happened in provider.events(kind):
            WebhookEvent.objects.get_or_create(
                id=happened["id"],
                defaults={
                    "type": happened["type"],
                    "object_id": happened["data"]["object"]["id"],
                    "account": happened.get("account", ""),
                    "received_at": timezone.now(),
                },
            )
            services.process_event(event_id=happened["id"], gateway=gateway)


def test_an_event_tells_that_an_account_may_receive(mentor: Mentor, provider: Provider, gateway: StripeGateway) -> None:
    row = set_up(mentor, gateway)
    provider.ask(f"accounts/{row.provider_id}/onboard", {})
    hear(provider, gateway, "account.updated")
    row.refresh_from_db()
    assert row.may_receive


@pytest.fixture
def payment(mentor: Mentor, provider: Provider, gateway: StripeGateway) -> Payment:
    return pay_session(provider, gateway, mentor=mentor)


def transferred(payment: Payment) -> Transfer:
    earning = settle(payment)
    clear(earning)
    transfer = release(earning)
    assert transfer is not None
    run_jobs("payments.send_transfer")
    transfer.refresh_from_db()
    return transfer


def test_a_payout_that_arrives_names_its_transfers_and_is_told_once(
    payment: Payment, mentor: Mentor, provider: Provider, gateway: StripeGateway
) -> None:
    account = open_account(mentor, provider, gateway)
    transfer = transferred(payment)
    provider.ask(f"accounts/{account.provider_id}/payout", {})
    hear(provider, gateway, "payout.created")
    payout = Payout.objects.get()
    transfer.refresh_from_db()
    assert (payout.status, payout.amount_minor, transfer.payout_id) == ("pending", 2_805, payout.pk)
    provider.hurry_banks()
    hear(provider, gateway, "payout")
    hear(provider, gateway, "payout")
    payout.refresh_from_db()
    assert (payout.status, payout.arrives_on is not None, payout.settled_at is not None) == ("paid", True, True)
    run_jobs("deliver_mail")
    assert [m.subject for m in mail.outbox if m.to == [mentor.user.email]][-1] == "$28.05 is on its way"
    assert sum("is on its way" in m.subject for m in mail.outbox) == 1


def test_a_payout_that_fails_is_told_and_goes_out_again_with_the_next(
    payment: Payment, mentor: Mentor, provider: Provider, gateway: StripeGateway
) -> None:
    account = open_account(mentor, provider, gateway, bank="fails")
    transfer = transferred(payment)
    provider.ask(f"accounts/{account.provider_id}/payout", {})
    provider.hurry_banks()
    hear(provider, gateway, "payout")
    failed = Payout.objects.get()
    assert (failed.status, failed.failure) == ("failed", "account_closed")
    run_jobs("deliver_mail")
    message = mail.outbox[-1]
    assert message.subject == "Your payout did not go through"
    assert "The bank account is closed." in message.body

    provider.ask(f"accounts/{account.provider_id}/onboard", {"bank": "good"})
    provider.ask(f"accounts/{account.provider_id}/payout", {})
    provider.hurry_banks()
    hear(provider, gateway, "payout")
    transfer.refresh_from_db()
    assert transfer.payout is not None
    assert (transfer.payout.status, transfer.payout.amount_minor) == ("paid", 2_805)
    failed.refresh_from_db()
    assert failed.status == "failed"


def test_payouts_of_other_accounts_are_nobodys_here(provider: Provider, gateway: StripeGateway) -> None:
    event = WebhookEvent.objects.create(
        id="evt_x", type="payout.paid", object_id="po_x", account="acct_x", received_at=timezone.now()
    )
    services.process_event(event_id=event.pk, gateway=gateway)
    event.refresh_from_db()
    assert (event.processed_at is not None, Payout.objects.count()) == (True, 0)


# Webhooks lost, jobs lost


def reconcile(gateway: StripeGateway) -> None:
    """One pass, some minutes later."""
    Transfer.objects.update(created_at=long_ago())
    Transfer.objects.exclude(sent_at=None).update(sent_at=long_ago())
    Transfer.objects.exclude(claimed_at=None).update(claimed_at=long_ago(), again_at=long_ago())
    Reversal.objects.update(created_at=long_ago())
    PayoutAccount.objects.update(read_at=long_ago())
    services.reconcile(gateway=gateway)


def test_with_every_webhook_and_job_lost_the_money_arrives_within_three_passes(
    payment: Payment, mentor: Mentor, provider: Provider, gateway: StripeGateway
) -> None:
    row = set_up(mentor, gateway)
    earning = settle(payment)
    clear(earning)
    reconcile(gateway)
    earning.refresh_from_db()
    assert earning.status == "blocked"
    provider.ask(f"accounts/{row.provider_id}/onboard", {})
    reconcile(gateway)  # the account may receive
    reconcile(gateway)  # the transfer is sent
    provider.ask(f"accounts/{row.provider_id}/payout", {})
    provider.hurry_banks()
    reconcile(gateway)  # the payout is found
    earning.refresh_from_db()
    assert (earning.status, Payout.objects.get().status) == ("transferred", "paid")
    assert Transfer.objects.get().payout is not None
    assert len(provider.owner.v1.transfers.list().data) == 1


def test_an_account_that_is_healed_without_a_word_is_found(
    payment: Payment, mentor: Mentor, provider: Provider, gateway: StripeGateway
) -> None:
    row = open_account(mentor, provider, gateway)
    earning = settle(payment)
    clear(earning)
    assert release(earning)
    provider.ask(f"accounts/{row.provider_id}/restrict", {})
    run_jobs("payments.send_transfer")
    earning.refresh_from_db()
    assert earning.status == "blocked"
    provider.ask(f"accounts/{row.provider_id}/onboard", {})
    for _ in range(3):
        reconcile(gateway)
    earning.refresh_from_db()
    assert earning.status == "transferred"
    assert len(provider.owner.v1.transfers.list().data) == 1


def test_accounts_are_watched_only_while_money_is_on_its_way(
    payment: Payment, mentor: Mentor, provider: Provider, gateway: StripeGateway
) -> None:
    row = open_account(mentor, provider, gateway)
    transferred(payment)
    provider.ask(f"accounts/{row.provider_id}/payout", {})
    provider.hurry_banks()
    reconcile(gateway)
    read_at = PayoutAccount.objects.get().payouts_read_at
    assert read_at is not None
    reconcile(gateway)
    assert PayoutAccount.objects.get().payouts_read_at == read_at


def test_a_refused_country_leaves_the_way_open_to_another(
    mentor: Mentor, provider: Provider, gateway: StripeGateway
) -> None:
    provider.fail("/v1/accounts", status=400)
    with pytest.raises(ProviderRefused):
        set_up(mentor, gateway, "AE")
    row = set_up(mentor, gateway, "DE")
    assert (row.country, bool(row.provider_id), Earning.objects.count()) == ("DE", True, 0)
    assert row.created_at < timezone.now() + timedelta(seconds=1)
