"""The contract with the provider about mentors: their accounts, money to them and back, and payouts to their bank."""

from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
import requests
from django.utils import timezone

from payments.errors import ProviderRefused, UnknownObject
from payments.gateways import StripeGateway
from payments.gateways.connect import ConnectGateway
from tests.payments.contract import Side, a_while_ago
from tests.payments.mentors_money import AT_ONCE
from tests.payments.provider import Provider

# Accounts


def test_an_account_is_opened_once_under_one_key(side: Side) -> None:
    mentor_id = uuid4()
    account = side.account(mentor_id)
    assert side.account(mentor_id).id == account.id
    assert (account.country, account.metadata.mentor) == ("US", str(mentor_id))
    assert (account.may_receive, account.payouts_enabled, account.details_submitted) == (False, False, False)
    assert "external_account" in account.missing
    assert side.gateway.connect.retrieve_account(account.id).id == account.id


def test_an_account_whose_answer_was_lost_is_found_by_our_mark(side: Side) -> None:
    since, mentor_id = timezone.now(), uuid4()
    account = side.account(mentor_id)
    connect = side.gateway.connect
    found = connect.find_account(mentor_id=mentor_id, since=since)
    assert found is not None
    assert found.id == account.id
    assert connect.find_account(mentor_id=uuid4(), since=since) is None


def test_an_account_that_is_not_ours_is_refused(side: Side) -> None:
    with pytest.raises(ProviderRefused):
        side.gateway.connect.retrieve_account("acct_1nobodyknows")


def test_a_link_to_the_form_is_made_anew_each_time(side: Side) -> None:
    account = side.account()
    pages = {"return_url": "https://shop.test/back", "refresh_url": "https://shop.test/again"}
    links = [side.gateway.connect.onboarding_link(account.id, **pages) for _ in range(2)]
    assert links[0] != links[1]
    assert all(link.startswith("http") for link in links)
    if side.sandbox:
        assert requests.get(links[1], timeout=5).status_code == 200


def test_the_dashboard_opens_for_who_has_filled_in_the_form(side: Side) -> None:
    with pytest.raises(ProviderRefused):
        side.gateway.connect.dashboard_link(side.account().id)
    assert side.gateway.connect.dashboard_link(side.ready_account()).startswith("http")


# Money to them


def test_a_charge_has_a_name_once_it_is_paid(side: Side) -> None:
    intent = side.intent()
    with pytest.raises(ProviderRefused) as refusal:
        side.gateway.connect.charge_of(intent.id)
    assert refusal.value.code == "no_charge"
    side.pay(intent)
    assert side.gateway.connect.charge_of(intent.id).startswith(("ch_", "py_"))
    with pytest.raises(UnknownObject):
        side.gateway.connect.charge_of("pi_3nobodyknows")


def test_a_transfer_is_sent_once_under_one_key_and_found_by_our_mark(side: Side) -> None:
    account_id, intent, transfer_id = side.ready_account(), side.paid(), uuid4()
    connect, group = side.gateway.connect, f"booking-{intent.metadata.booking}"
    assert connect.find_transfer(group, transfer_id=transfer_id) is None
    sent = [side.transfer(intent, account_id, transfer_id=transfer_id) for _ in range(2)]
    assert (
        sent[0]
        == sent[1]
        == connect.retrieve_transfer(sent[0].id)
        == connect.find_transfer(group, transfer_id=transfer_id)
    )
    assert (sent[0].amount, sent[0].currency, sent[0].destination) == (2_805, "usd", account_id)
    assert (sent[0].amount_reversed, bool(sent[0].destination_payment)) == (0, True)
    assert connect.find_transfer(group, transfer_id=uuid4()) is None
    with pytest.raises(ProviderRefused):
        side.transfer(intent, account_id, 100, transfer_id=transfer_id)
    with pytest.raises(UnknownObject):
        connect.retrieve_transfer("tr_3nobodyknows")


def test_a_transfer_never_takes_more_than_its_charge_brought(side: Side) -> None:
    account_id, intent = side.ready_account(), side.paid()
    with pytest.raises(ProviderRefused):
        side.transfer(intent, account_id, 3_301)
    side.transfer(intent, account_id, 3_000)
    with pytest.raises(ProviderRefused):
        side.transfer(intent, account_id, 301)


def test_an_account_that_may_not_receive_gets_nothing(side: Side) -> None:
    intent, account = side.paid(), side.account()
    with pytest.raises(ProviderRefused) as refusal:
        side.transfer(intent, account.id)
    assert refusal.value.code == "insufficient_capabilities_for_transfer"


# And back


def test_a_reversal_is_made_once_under_one_key(side: Side) -> None:
    connect, reversal_id = side.gateway.connect, uuid4()
    transfer = side.transfer(side.paid(), side.ready_account())
    assert connect.reversals_of(transfer.id) == []
    made = [
        connect.reverse(
            transfer.id, reversal_id=reversal_id, amount_minor=1_403, idempotency_key=f"reversal-{reversal_id}"
        )
        for _ in range(2)
    ]
    assert made[0] == made[1]
    assert (made[0].amount, made[0].transfer, made[0].metadata.reversal) == (1_403, transfer.id, str(reversal_id))
    assert connect.reversals_of(transfer.id) == [made[0]]
    assert connect.retrieve_transfer(transfer.id).amount_reversed == 1_403
    with pytest.raises(ProviderRefused):
        connect.reverse(transfer.id, reversal_id=uuid4(), amount_minor=1_403, idempotency_key=f"reversal-{uuid4()}")


# To their bank


def test_payouts_are_listed_read_and_taken_apart(side: Side) -> None:
    account_id, connect, since = side.ready_account(), side.gateway.connect, a_while_ago()
    if side.sandbox:
        side.transfer(side.paid(AT_ONCE), account_id)
        side.sandbox.ask(f"accounts/{account_id}/payout", {})
    else:  # those of the last days: Stripe pays out on its own schedule
        since -= timedelta(days=30)
    listed = connect.payouts_since(since, account_id=account_id)
    if side.sandbox:
        assert [payout.amount for payout in listed] == [2_805]
    for payout in listed:
        assert connect.retrieve_payout(payout.id, account_id=account_id).amount == payout.amount
        assert all(part.id.startswith("txn_") for part in connect.made_of(payout.id, account_id=account_id))
    with pytest.raises(UnknownObject):
        connect.retrieve_payout("po_3nobodyknows", account_id=account_id)


def test_a_payout_names_the_transfers_in_it(provider: Provider, gateway: StripeGateway) -> None:
    side = Side(gateway, provider.owner, provider)
    account_id = side.ready_account()
    sent = [side.transfer(side.paid(AT_ONCE), account_id, amount) for amount in (2_805, 1_000)]
    provider.ask(f"accounts/{account_id}/payout", {})
    [payout] = gateway.connect.payouts_since(a_while_ago(), account_id=account_id)
    assert (payout.amount, payout.currency) == (3_805, "usd")
    parts = {part.source for part in gateway.connect.made_of(payout.id, account_id=account_id)}
    assert {transfer.destination_payment for transfer in sent} <= parts

    provider.hurry_banks()
    paid = gateway.connect.retrieve_payout(payout.id, account_id=account_id)
    assert paid.status == "paid"
    assert paid.arrival_date is not None
    assert gateway.connect.payouts_since(timezone.now() + timedelta(hours=1), account_id=account_id) == []


def test_every_call_of_the_gateways_is_held_to_the_contract() -> None:
    here = Path(__file__).parent
    rows = "".join(path.read_text() for path in (here / "contract.py", *here.glob("test_gateway*.py")))
    calls = {name for each in (StripeGateway, ConnectGateway) for name in vars(each) if not name.startswith("_")}
    assert {name for name in calls if f".{name}(" not in rows} == set()
