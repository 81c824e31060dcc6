"""The mentor's share of a booking: what it is, what stands in its way, and when it may go.

One operation follows a booking wherever it goes: it writes the refund that the booking's ``refund_percent`` asks for and
states the earning anew from all refunds of the payment. It reads only rows, so it is safe to repeat.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Sum

from accounts.models import User
from bookings.models import Booking, Outcome
from marketplace.common.money import round_half_up, split
from payments.jobs import defer
from payments.models import Earning, Payment, Refund, Reversal, Transfer
from payments.services.debts import lower_unsent, owe
from payments.services.intents import record
from payments.services.ledger import Account, Line, post

Status = Earning.Status

# States of a booking in which its mentor's share, whatever is left of it, may be paid out.
SETTLED = {
    Booking.Status.CANCELLED,
    Booking.Status.COMPLETED,
    Booking.Status.NO_SHOW_STUDENT,
    Booking.Status.NO_SHOW_MENTOR,
    Booking.Status.NO_SHOW_BOTH,
    Booking.Status.REFUNDED,
}
# Why money goes back, by where the booking went.
REASONS = {
    Booking.Status.CANCELLED: Refund.Reason.CANCELLED,
    Booking.Status.NO_SHOW_STUDENT: Refund.Reason.ABSENCE,
    Booking.Status.NO_SHOW_MENTOR: Refund.Reason.ABSENCE,
    Booking.Status.NO_SHOW_BOTH: Refund.Reason.ABSENCE,
}
# Those in which the money is still with us, so that a report or dispute can keep it there.
STOPPABLE = {Status.PENDING, Status.RELEASABLE, Status.BLOCKED}
RELEASED = {Status.RELEASABLE, Status.TRANSFERRING, Status.TRANSFERRED, Status.REVERSED}


def open_earning(*, payment: Payment, booking: Booking, at: datetime) -> Earning:
    """Write down what a paid booking will bring its mentor, and the money in the books. The payment was just accepted."""
    shares = split(gross_minor=payment.amount_minor, refund_percent=0, fee_bps=booking.fee_bps)
    post(
        f"payment:{payment.pk}:accepted",
        Line(Account.PROVIDER_BALANCE, payment.amount_minor),
        Line(Account.STUDENT_FUNDS, -payment.amount_minor),
        currency=payment.currency,
        at=at,
        booking=booking,
    )
    return Earning.objects.create(
        booking=booking,
        mentor=booking.mentor,
        payment=payment,
        gross_minor=payment.amount_minor,
        fee_minor=shares.fee_minor,
        amount_minor=shares.mentor_minor,
        currency=payment.currency,
        created_at=at,
    )


def follow_booking(*, booking: Booking, at: datetime) -> None:
    """Bring refund and earning to where the booking is, in the transaction that brought it there.

    Writes the refund that is due and not yet written, with the job that sends it. Freezes the earning while a problem is
    open; once the booking is settled, says when the rest may be released. The people and the booking are locked.
    """
    payment = Payment.objects.select_for_update(no_key=True).accepted().get(booking=booking)
    earning = Earning.objects.select_for_update(no_key=True).filter(booking=booking).first()
    if earning is None:  # accepted by a server that was still running the release before earnings
        earning = open_earning(payment=payment, booking=booking, at=at)
    if booking.status == Booking.Status.PROBLEM:
        freeze(earning, at=at)
        return
    if booking.status not in SETTLED:
        return
    _write_refund(payment, booking, at=at)
    restate(earning, at=at)
    unfreeze(earning, at=at)
    if Status.PENDING in {earning.status, earning.found}:  # also while a dispute keeps it
        earning.clears_at = _clears_at(booking, at)
        earning.save(update_fields=["clears_at"])


def request_refund(
    *, payment: Payment, amount_minor: int, reason: Refund.Reason, at: datetime, by: User | None = None
) -> Refund:
    """Write a refund of an accepted payment, book it, and queue the job that sends it. The payment is locked.

    The database refuses what would exceed the payment.
    """
    refund = Refund.objects.create(payment=payment, amount_minor=amount_minor, reason=reason, by=by, created_at=at)
    record(payment.pk, "refund_requested", at=at, refund=str(refund.pk), reason=reason)
    post(
        f"refund:{refund.pk}:requested",
        Line(Account.STUDENT_FUNDS, amount_minor),
        Line(Account.REFUNDS, -amount_minor),
        currency=payment.currency,
        at=at,
        booking=payment.booking,
    )
    defer("send_refund", refund.pk)
    return refund


def restate(earning: Earning, *, at: datetime) -> None:
    """Work out a locked earning anew from all refunds of its payment. What was released too much is asked back.

    ``refund + fee + mentor's share = gross``; the fee is taken on what the student did not get back.
    """
    given_back = earning.payment.refunds.aggregate(sum=Sum("amount_minor", default=0))["sum"]
    if given_back == earning.refund_minor:
        return
    fee = round_half_up((earning.gross_minor - given_back) * _fee_bps(earning), 10_000)
    amount = earning.gross_minor - given_back - fee
    less, less_fee = earning.amount_minor - amount, earning.fee_minor - fee
    earning.refund_minor, earning.fee_minor, earning.amount_minor = given_back, fee, amount
    earning.save(update_fields=["refund_minor", "fee_minor", "amount_minor"])
    if _is_released(earning):
        post(
            f"earning:{earning.pk}:restated:{given_back}",
            Line(Account.MENTOR_PAYABLE, less, earning.mentor),
            Line(Account.PLATFORM_REVENUE, less_fee),
            Line(Account.STUDENT_FUNDS, -less - less_fee),
            currency=earning.currency,
            at=at,
            booking=earning.booking,
        )
    if earning.status == Status.TRANSFERRED:
        pull_back(earning, at=at)
    elif amount == 0 and earning.status in STOPPABLE:
        _void(earning, at=at)
    else:  # also one that a report had kept, or whose account was closed meanwhile: its transfer was written before
        lower_unsent(earning, at=at)


def pull_back(earning: Earning, *, at: datetime) -> None:
    """Ask back what a transfer sent above a locked earning's amount. What can't be pulled back will be owed."""
    transfer = earning.transfer
    asked = transfer.reversals.aggregate(sum=Sum("amount_minor", default=0))["sum"]
    too_much = min(transfer.amount_minor, transfer.amount_minor + transfer.set_off_minor - earning.amount_minor) - asked
    if too_much > 0:
        reversal = Reversal.objects.create(transfer=transfer, amount_minor=too_much, created_at=at)
        defer("send_reversal", reversal.pk)
    owe(earning, at=at)
    if earning.amount_minor == 0:
        _move(earning, Status.REVERSED)


def freeze(earning: Earning, *, at: datetime) -> None:
    """Keep a locked earning where it is while a report or a dispute is open. What has been sent can't be kept."""
    if earning.status in STOPPABLE or _waits_to_be_sent(earning):
        found = Status.PENDING if earning.status == Status.PENDING else Status.RELEASABLE
        _move(earning, Status.FROZEN, found=found)


def is_contested(earning: Earning) -> bool:
    """Whether a report or a dispute about its session is open."""
    return earning.booking.problem_reports.open().exists() or earning.payment.disputes.filter(closed_at=None).exists()


def unfreeze(earning: Earning, *, at: datetime) -> None:
    """Let a locked earning return to where it was, once neither a report nor a dispute is open."""
    if earning.status != Status.FROZEN or is_contested(earning):
        return
    if earning.amount_minor:
        _move(earning, Status(earning.found))
        owe(earning, at=at)
    else:
        _void(earning, at=at)


def _write_refund(payment: Payment, booking: Booking, *, at: datetime) -> None:
    """Write the refund that the booking's percentage asks for, less what was given back already."""
    due = split(
        gross_minor=payment.amount_minor, refund_percent=booking.refund_percent or 0, fee_bps=booking.fee_bps
    ).refund_minor
    given_back = payment.refunds.aggregate(sum=Sum("amount_minor", default=0))["sum"]
    if due > given_back:
        reason = REASONS.get(Booking.Status(booking.status), Refund.Reason.PROBLEM)
        request_refund(payment=payment, amount_minor=due - given_back, reason=reason, at=at)


def _clears_at(booking: Booking, at: datetime) -> datetime:
    """At once where its student has said that all was fine; else not before the time after the planned end, whoever decided."""
    fine = booking.outcomes.filter(side=Booking.Side.STUDENT, word=Outcome.Word.FINE)
    if booking.status == Booking.Status.COMPLETED and fine.exists():
        return at
    return max(at, booking.ends_at + timedelta(hours=settings.TRANSFER_AFTER_HOURS))


def _waits_to_be_sent(earning: Earning) -> bool:
    """Whether a transfer is written that no worker has claimed yet: a claim locks the earning first, and looks again."""
    return earning.status == Status.TRANSFERRING and Transfer.objects.not_begun().filter(earning=earning).exists()


def _fee_bps(earning: Earning) -> int:
    return earning.booking.fee_bps


def _is_released(earning: Earning) -> bool:
    return earning.status in RELEASED or (
        earning.status in {Status.FROZEN, Status.BLOCKED} and bool(earning.released_at)
    )


def _void(earning: Earning, *, at: datetime) -> None:
    """Nothing is due any more. A transfer that was written before, and kept here, is over without a call: nobody else ends it."""
    _move(earning, Status.VOID)
    owe(earning, at=at)
    kept = Transfer.objects.not_begun().filter(earning=earning)
    kept.update(status=Transfer.Status.SENT, amount_minor=0, sent_at=at)


def _move(earning: Earning, status: Earning.Status, *, found: str = "") -> None:
    earning.status, earning.found = status, found
    earning.save(update_fields=["status", "found"])
