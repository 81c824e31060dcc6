"""The contract with the provider about what comes after a payment: refunds, disputes, events, and what moved its balance."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from payments.errors import ProviderRefused, UnknownObject
from payments.schemas import Intent, Movement, SentDispute
from tests.payments.contract import Side, a_while_ago, eventually
from tests.payments.provider import DECLINED

DISPUTED, ASKED_ABOUT = "pm_card_createDispute", "pm_card_createDisputeInquiry"


def test_all_that_went_back_of_an_intent_is_listed(side: Side) -> None:
    since, intent, other = a_while_ago(), side.paid(), side.paid()
    sent = [side.refund(intent, amount) for amount in (1_000, 500)]
    elsewhere = side.refund(other, 100)
    assert {back.id for back in side.gateway.refunds_of(intent.id)} == {back.id for back in sent}
    listed = {back.id: back for back in side.gateway.refunds_since(since)}
    assert {*(back.id for back in sent), elsewhere.id} <= listed.keys()
    assert (listed[elsewhere.id].payment_intent, listed[elsewhere.id].amount) == (other.id, 100)
    assert side.gateway.refunds_of(side.intent().id) == []


def test_no_more_goes_back_than_came_in(side: Side) -> None:
    intent = side.paid()
    side.refund(intent, 3_000)
    with pytest.raises(ProviderRefused):
        side.refund(intent, 301)
    assert side.refund(intent, 300).amount == 300


def test_a_key_of_a_refund_used_with_another_sum_is_refused(side: Side) -> None:
    intent, refund_id = side.paid(), uuid4()
    side.refund(intent, 100, refund_id)
    with pytest.raises(ProviderRefused):
        side.refund(intent, 200, refund_id)
    assert [back.amount for back in side.gateway.refunds_of(intent.id)] == [100]


def test_a_refund_made_in_the_dashboard_carries_no_mark_of_ours(side: Side) -> None:
    intent = side.paid()
    made = side.owner.v1.refunds.create({"payment_intent": intent.id, "amount": 700})
    [back] = side.gateway.refunds_of(intent.id)
    assert (back.id, back.amount, back.metadata.refund) == (made.id, 700, "")


def dispute_of(side: Side, intent: Intent, *, moved: bool) -> SentDispute:
    """The dispute of an intent, once its money has moved if it is to move."""
    since = a_while_ago()

    def look() -> SentDispute | None:
        found = [each for each in side.gateway.disputes_since(since) if each.payment_intent == intent.id]
        return next((each for each in found if each.balance_transactions or not moved), None)

    found = eventually(look)
    assert found is not None
    return found


def test_a_dispute_is_read_with_the_money_that_it_took(side: Side) -> None:
    found = dispute_of(side, side.paid(DISPUTED), moved=True)
    assert (found.status, found.reason, found.amount, found.currency) == (
        "needs_response",
        "fraudulent",
        3_300,
        "usd",
    )
    assert found.evidence_details.due_by is not None
    [taken] = found.balance_transactions
    assert (taken.amount, taken.net) == (-3_300, -3_300 - taken.fee)
    assert side.gateway.retrieve_dispute(found.id).balance_transactions == (taken,)
    with pytest.raises(UnknownObject):
        side.gateway.retrieve_dispute("du_3nobodyknows")


def test_an_inquiry_takes_nothing(side: Side) -> None:
    found = dispute_of(side, side.paid(ASKED_ABOUT), moved=False)
    assert found.status.startswith("warning_")
    assert found.balance_transactions == ()


def test_every_intent_since_then_is_listed(side: Side) -> None:
    since, open_, paid = a_while_ago(), side.intent(), side.paid()
    listed = {intent.id: intent for intent in side.gateway.intents_since(since)}
    assert (listed[open_.id].status, listed[paid.id].status) == ("requires_payment_method", "succeeded")
    assert listed[paid.id].metadata == paid.metadata
    assert open_.id not in {intent.id for intent in side.gateway.intents_since(timezone.now() + timedelta(hours=1))}


def test_what_happened_is_told_for_whoever_missed_the_webhook(side: Side) -> None:
    since = a_while_ago()
    intent = side.intent()
    side.pay(intent, DECLINED)
    side.pay(intent)

    def told() -> set[str]:
        until = timezone.now() + timedelta(minutes=1)
        return {event.type for event in side.gateway.events_between(since, until) if event.object_id == intent.id}

    wanted = {f"payment_intent.{step}" for step in ("created", "payment_failed", "succeeded")} | {"charge.succeeded"}
    eventually(lambda: wanted <= told())
    if side.sandbox:
        assert side.gateway.events_between(since - timedelta(hours=2), since - timedelta(hours=1)) == []


def movement(side: Side, intent: Intent) -> Movement:
    found = eventually(lambda: side.gateway.read_movement(intent.id))
    assert found is not None
    return found


def test_the_fee_stands_beside_what_a_charge_brought(side: Side) -> None:
    brought = movement(side, side.paid())
    assert (brought.type, brought.amount, brought.currency) == ("charge", 3_300, "usd")
    assert 0 < brought.fee < 3_300
    assert brought.net == brought.amount - brought.fee
    assert side.gateway.read_movement(side.intent().id) is None
    with pytest.raises(UnknownObject):
        side.gateway.read_movement("pi_3nobodyknows")


def test_a_balance_tells_what_moved_it_by_the_ids_that_we_know(side: Side) -> None:
    since, intent = a_while_ago(), side.paid()
    brought = movement(side, intent)
    back = side.refund(intent, 1_000)

    def moved() -> dict[str | None, int]:
        return {each.source: each.amount for each in side.gateway.movements_since(since)}

    eventually(lambda: {intent.id, back.id} <= moved().keys())
    assert (moved()[intent.id], moved()[back.id]) == (3_300, -1_000)
    assert [each.id for each in side.gateway.movements_of(intent.id)] == [brought.id]
    assert [each.amount for each in side.gateway.movements_of(back.id)] == [-1_000]
