"""When a mentor's share may go: the pass that releases what has cleared, and asks for its transfer.

Rows only: what leaves the house is the jobs' business. Never before its time, never twice, never above the net.
"""

from datetime import datetime
from functools import partial
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from bookings.services import lock_people
from marketplace.common.logging import get_logger
from marketplace.common.passes import Pass
from payments import emails
from payments.jobs import defer
from payments.models import Earning, PayoutAccount, Transfer
from payments.services.debts import owe, set_off
from payments.services.ledger import Account, Line, post

log = get_logger(__name__)

Status = Earning.Status


def release_earnings() -> None:
    """Release every earning whose time has come, and go on with those that something held up.

    Safe to repeat and to run twice at once. Raises an ``ExceptionGroup`` of what went wrong.
    """
    now = timezone.now()
    this = Pass("release_earnings")
    ready = _ready(at=now).order_by("clears_at", "pk").values_list("pk", "mentor")
    for booking_id, mentor_id in ready:
        this.run(partial(release_earning, booking_id=booking_id, mentor_id=mentor_id), booking_id=booking_id)
    this.finish()


def release_earning(*, booking_id: UUID, mentor_id: UUID) -> None:
    """Let one earning go as far as it may: released, and then transferred or, where its mentor can't be paid, blocked.

    Does nothing to one whose time has not come, that is frozen, or that went its way already. Safe to repeat.
    """
    with transaction.atomic(durable=True):
        now = lock_people(
            mentor_id
        )  # so that two earnings of one mentor don't both pay the same debt, or send two mails
        ready = _ready(at=now).select_for_update(no_key=True, of=("self",))
        earning = ready.select_related("mentor__payout_account", "booking").filter(pk=booking_id).first()
        if earning is None:
            return  # it was frozen or released meanwhile
        if earning.status == Status.PENDING:
            _release(earning, at=now)
        account: PayoutAccount | None = getattr(earning.mentor, "payout_account", None)
        if account is None or not account.may_receive:
            _block(earning, has_account=account is not None)
        else:
            _ask_for_transfer(earning, at=now)
        earning.save(update_fields=["status", "found", "released_at"])


def _ready(*, at: datetime) -> QuerySet[Earning]:
    """Those to work on: cleared ones, and held up ones whose mentor can be paid (again)."""
    can_be_paid = Q(status=Status.BLOCKED, found=Status.RELEASABLE, mentor__payout_account__may_receive=True)
    refused_lately = Q(transfer__status=Transfer.Status.FAILED, transfer__again_at__gt=at)
    return Earning.objects.filter(
        Q(status=Status.PENDING, clears_at__lte=at) | Q(status=Status.RELEASABLE) | can_be_paid
    ).exclude(refused_lately)


def _release(earning: Earning, *, at: datetime) -> None:
    """Divide the money in the books: from the student's to the mentor's and ours."""
    earning.status, earning.released_at = Status.RELEASABLE, at
    post(
        f"earning:{earning.pk}:released",
        Line(Account.STUDENT_FUNDS, earning.amount_minor + earning.fee_minor),
        Line(Account.MENTOR_PAYABLE, -earning.amount_minor, earning.mentor),
        Line(Account.PLATFORM_REVENUE, -earning.fee_minor),
        currency=earning.currency,
        at=at,
        booking=earning.booking,
    )
    log.info("earning_released", booking_id=earning.pk, amount_minor=earning.amount_minor)


def _block(earning: Earning, *, has_account: bool) -> None:
    """Let an earning wait for its mentor's account. The first that waits sends a mail; the others wait with it."""
    if earning.status == Status.BLOCKED:
        return
    is_first = not Earning.objects.filter(mentor=earning.mentor_id, status=Status.BLOCKED).exists()
    earning.status, earning.found = Status.BLOCKED, Status.RELEASABLE
    if is_first:
        emails.send_payouts_needed(earning=earning, has_account=has_account)
    log.info("earning_blocked", booking_id=earning.pk, mentor_id=earning.mentor_id)


def _ask_for_transfer(earning: Earning, *, at: datetime) -> None:
    """Write the one transfer of an earning, less what its mentor owes, and the job that sends it.

    One that the provider had refused is asked for again, under its next key: a refusal says that nothing was sent.
    """
    earning.status, earning.found = Status.TRANSFERRING, ""
    transfer = Transfer.objects.select_for_update(no_key=True).filter(earning=earning).first()
    if transfer is None:
        owed = set_off(earning, earning.amount_minor)
        transfer = Transfer.objects.create(
            earning=earning,
            amount_minor=earning.amount_minor - owed,
            set_off_minor=owed,
            currency=earning.currency,
            created_at=at,
        )
    elif transfer.status == Transfer.Status.FAILED:
        owe(earning, at=at)
        left = max(0, earning.amount_minor - transfer.set_off_minor)
        owed = set_off(earning, left)
        transfer.status, transfer.attempt, transfer.claimed_at = Transfer.Status.REQUESTED, transfer.attempt + 1, None
        transfer.amount_minor, transfer.set_off_minor = left - owed, transfer.set_off_minor + owed
        transfer.save(update_fields=["status", "attempt", "claimed_at", "amount_minor", "set_off_minor"])
    defer("send_transfer", transfer.pk)
