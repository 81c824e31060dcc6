"""The database is the last guard of the books, of disputes and of finance's decisions: each is broken by a plain write."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.utils import timezone

from accounts.models import User
from marketplace.common.errors import violated_constraint
from payments.models import Dispute, LedgerEntry, LedgerTransaction, Payment, Receipt, RefundRequest
from payments.services.ledger import Account, Line, post
from tests.payments.test_constraints import make_payment, make_refund

pytestmark = pytest.mark.django_db


def refused(write: Callable[[], object]) -> str:
    """What the database says no with, at the latest when the transaction would commit."""
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        write_whole(write)
    return violated_constraint(refusal.value)


def write_whole(write: Callable[[], object]) -> None:
    write()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


# The ledger


def enter(*amounts: int, currency: str = "usd", account: str = "student_funds") -> LedgerTransaction:
    """Book lines of these amounts as one transaction, whatever they sum to."""
    booked = LedgerTransaction.objects.create(
        reference=f"by hand {LedgerTransaction.objects.count()}", at=timezone.now()
    )
    for amount in amounts:
        LedgerEntry.objects.create(transaction=booked, account=account, amount_minor=amount, currency=currency)
    return booked


@pytest.mark.parametrize("amounts", [(1,), (3_300, -3_299), (3_300, -2_805, -494)])
def test_a_transaction_of_the_ledger_sums_to_zero(amounts: tuple[int, ...]) -> None:
    assert refused(lambda: enter(*amounts)) == "ledger_transaction_sums_to_zero"
    enter(*amounts, -sum(amounts))


def test_each_currency_sums_to_zero_by_itself() -> None:
    def enter_two() -> None:
        booked = enter(100, -100)
        for amount, currency in ((100, "usd"), (-100, "eur")):
            LedgerEntry.objects.create(transaction=booked, account="refunds", amount_minor=amount, currency=currency)

    assert refused(enter_two) == "ledger_transaction_sums_to_zero"


def test_a_later_line_cannot_tip_a_transaction_over() -> None:
    booked = enter(100, -100)
    late = {"transaction": booked, "account": "refunds", "currency": "usd"}
    assert refused(lambda: LedgerEntry.objects.create(amount_minor=1, **late)) == "ledger_transaction_sums_to_zero"


def test_a_line_moves_something_in_an_account_that_there_is() -> None:
    assert refused(lambda: enter(0)) == "ledger_entry_moves_something"
    assert refused(lambda: enter(1, -1, account="petty_cash")) == "ledger_account_known"
    for account in Account.values:
        enter(1, -1, account=account)


def test_nothing_is_booked_twice() -> None:
    lines = (Line(Account.PROVIDER_BALANCE, 100), Line(Account.STUDENT_FUNDS, -100))
    assert [post("payment:1:accepted", *lines, currency="usd", at=timezone.now()) for _ in range(2)] == [True, False]
    assert LedgerEntry.objects.count() == 2
    again = {"reference": "payment:1:accepted", "at": timezone.now()}
    assert "reference" in refused(lambda: LedgerTransaction.objects.create(**again))


def test_the_books_are_only_added_to() -> None:
    enter(100, -100)
    bare = enter()  # Django itself deletes none that has lines
    for change, trigger in (
        (lambda: LedgerEntry.objects.update(amount_minor=5), "ledger_entry_append_only"),
        (lambda: LedgerEntry.objects.all().delete(), "ledger_entry_append_only"),
        (lambda: LedgerTransaction.objects.update(reference="other"), "ledger_transaction_append_only"),
        (bare.delete, "ledger_transaction_append_only"),
    ):
        with pytest.raises(ProgrammingError, match=trigger), transaction.atomic():
            change()
    assert sorted(LedgerEntry.objects.values_list("amount_minor", flat=True)) == [-100, 100]


# Receipts


def test_a_payment_has_one_receipt_and_each_refund_one_credit_note() -> None:
    payment = make_payment(status="succeeded")
    refund = make_refund(payment, 100)

    def issue(number: int, **fields: Any) -> Receipt:  # Any: columns
        return Receipt.objects.create(
            number=f"2026-{number:06}", payment=payment, amount_minor=100, currency="usd", seller={},
            issued_at=timezone.now(), **fields,
        )  # fmt: skip

    issue(1)
    assert refused(lambda: issue(2)) == "receipt_one_per_payment"
    assert refused(lambda: issue(1, refund=refund)).endswith("_pkey")
    issue(2, refund=refund)
    assert "refund_id" in refused(lambda: issue(3, refund=refund))


# Disputes


@pytest.mark.parametrize("status", ["inquiry", "open", "won", "lost"])
def test_a_dispute_is_open_or_closed_at_its_end(status: str) -> None:
    now = timezone.now()
    right = {"payment": make_payment(status="succeeded"), "amount_minor": 3_300, "opened_at": now}
    right["closed_at"] = now if status in {"won", "lost"} else None
    wrong = right | {"closed_at": None if right["closed_at"] else now}
    assert refused(lambda: Dispute.objects.create(pk="du_1", status=status, **wrong)) == "dispute_closed_at_its_end"
    Dispute.objects.create(pk="du_1", status=status, **right)


def test_a_dispute_is_in_a_state_that_there_is() -> None:
    right = {"payment": make_payment(status="succeeded"), "amount_minor": 3_300, "opened_at": timezone.now()}
    # A state that there is none of is neither open nor closed, so the other constraint says no first.
    assert refused(lambda: Dispute.objects.create(pk="du_1", status="lively", **right)) == "dispute_closed_at_its_end"
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE payments_dispute DROP CONSTRAINT dispute_closed_at_its_end")
    assert refused(lambda: Dispute.objects.create(pk="du_1", status="lively", **right)) == "dispute_status_known"
    Dispute.objects.create(pk="du_1", status="open", **right)


# Second persons


def test_a_request_for_a_refund_is_decided_whole(finance: User, support: User) -> None:
    payment = make_payment(status="succeeded")
    refund, now = make_refund(payment, 100), timezone.now()

    def ask(amount_minor: int = 100, **fields: Any) -> RefundRequest:  # Any: columns
        return RefundRequest.objects.create(
            payment=payment, amount_minor=amount_minor, reason="x", by=finance, created_at=now, **fields
        )

    by_another: dict[str, Any] = {"decided_by": support, "decided_at": now}
    assert refused(lambda: ask(0)) == "refund_request_amount_positive"
    for wrong in (
        by_another,
        {"status": "waiting", "refund": refund},
        {"status": "approved", **by_another},
        {"status": "approved", "refund": refund, "decided_by": support},
        {"status": "declined", **by_another, "refund": refund},
        {"status": "declined"},
        {"status": "gone", **by_another},
    ):
        assert refused(lambda wrong=wrong: ask(**wrong)) == "refund_request_decided_whole"  # type: ignore[misc]  # bound now
    ask()
    ask(status="declined", **by_another)
    ask(status="approved", refund=refund, **by_another)
    assert Payment.objects.get().refund_requests.count() == 3
