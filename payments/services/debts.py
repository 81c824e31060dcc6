"""What mentors owe us because it could not be pulled back, and how their next earnings pay it."""

from datetime import datetime

from django.db.models import Sum

from marketplace.common.logging import get_logger
from payments.models import Debt, Earning, Reversal, Transfer

log = get_logger(__name__)


def set_off(earning: Earning, amount_minor: int) -> int:
    """Pay what an earning's mentor owes out of ``amount_minor`` of it, the oldest debt first; return how much went.

    In minor units. The debts are locked, in the order in which they are paid. Nothing is booked: in the ledger a debt and
    an earning of one mentor stand on the two sides of one account already.
    """
    left = amount_minor
    debts = Debt.objects.select_for_update(no_key=True).filter(
        mentor=earning.mentor_id, currency=earning.currency, left_minor__gt=0
    )
    for debt in debts.order_by("created_at", "pk"):
        part = min(left, debt.left_minor)
        if not part:
            break
        debt.left_minor -= part
        debt.save(update_fields=["left_minor"])
        left -= part
    return amount_minor - left


def owe(earning: Earning, *, at: datetime) -> None:
    """Bring the debt for a locked earning's booking to what was given for it and can't be pulled back.

    That is what the provider refused to reverse, and what was set off with money that has since gone back to the student.
    Works out the whole sum each time, so it is safe to repeat.
    """
    transfer = Transfer.objects.filter(earning=earning).first()
    if transfer is None:
        return
    refused = transfer.reversals.filter(status=Reversal.Status.FAILED)
    owed = refused.aggregate(sum=Sum("amount_minor", default=0))["sum"]
    owed += max(0, transfer.set_off_minor - earning.amount_minor)
    if not owed:
        return
    debt, _made = Debt.objects.select_for_update(no_key=True).get_or_create(
        booking_id=earning.pk,
        defaults={
            "mentor_id": earning.mentor_id,
            "amount_minor": 0,
            "left_minor": 0,
            "currency": earning.currency,
            "created_at": at,
        },
    )
    more = owed - debt.amount_minor
    if more > 0:
        debt.amount_minor += more
        debt.left_minor += more
        debt.save(update_fields=["amount_minor", "left_minor"])
        log.warning("mentor_owes", mentor_id=earning.mentor_id, booking_id=earning.pk, amount_minor=more)


def lower_unsent(earning: Earning, *, at: datetime) -> None:
    """Let a transfer that nobody has begun to send follow its locked earning down: what is gone need not be sent first.

    One that was begun keeps its sum, which the provider may know under its key; the rest is pulled back after it.
    """
    for transfer in Transfer.objects.not_begun().filter(earning=earning):
        left = max(0, earning.amount_minor - transfer.set_off_minor)
        if left < transfer.amount_minor:
            transfer.amount_minor = left
            transfer.save(update_fields=["amount_minor"])
        owe(earning, at=at)
