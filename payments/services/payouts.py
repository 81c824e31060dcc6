"""Payouts: from a mentor's account to their bank, on the provider's own schedule. We only watch, and tell.

The money is the mentor's by then, so nothing is booked. Which transfers a payout holds is told by what it is made of at the
provider: payments on the mentor's account, and earlier payouts that had failed.
"""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from bookings.services import lock_people
from marketplace.common.logging import get_logger
from payments import emails
from payments.connect_schemas import BankPayout, PaidOut
from payments.errors import UnknownObject
from payments.gateways.connect import ConnectGateway
from payments.models import Payout, PayoutAccount, Transfer

log = get_logger(__name__)

Status = Payout.Status
# The provider's words: https://docs.stripe.com/api/payouts/object#payout_object-status
STATUS_OF = {
    "pending": Status.PENDING,
    "in_transit": Status.PENDING,
    "paid": Status.PAID,
    "failed": Status.FAILED,
    "canceled": Status.CANCELED,
}
# A payout only ever moves on along this line: a bank may give back what had arrived.
ORDER = (Status.PENDING, Status.PAID, Status.FAILED, Status.CANCELED)
# How far back an account's payouts are listed, from the oldest transfer that is in none of them.
LOOKBACK = timedelta(days=30)


def read_payout(*, provider_id: str, account_id: str, gateway: ConnectGateway) -> None:
    """Take in a payout as the provider has it. Safe to repeat, in any order. Raises ``ProviderUnavailable``."""
    account = PayoutAccount.objects.exclude(provider_id="").filter(provider_id=account_id).first()
    if account is None:
        log.info("event_of_foreign_account", account_id=account_id)
        return
    try:
        payout = gateway.retrieve_payout(provider_id, account_id=account_id)
    except UnknownObject:
        log.warning("event_of_unknown_payout", payout_id=provider_id)
        return
    _take_in(account, payout, gateway)


def read_payouts_of(*, mentor_id: UUID, gateway: ConnectGateway) -> None:
    """Take in the latest payouts of one mentor, for those that no event told of. Raises ``ProviderUnavailable``."""
    account = PayoutAccount.objects.exclude(provider_id="").get(mentor=mentor_id)
    now = timezone.now()
    oldest = (
        Transfer.objects.filter(earning__mentor=mentor_id, status=Transfer.Status.SENT, payout=None)
        .order_by("sent_at", "pk")
        .values_list("sent_at", flat=True)
        .first()
    )
    since = max(now - LOOKBACK, min(oldest or now, now - timedelta(days=7)))
    for payout in reversed(gateway.payouts_since(since, account_id=account.provider_id)):
        _take_in(account, payout, gateway)
    PayoutAccount.objects.filter(pk=account.pk).update(payouts_read_at=now)


def accounts_to_watch(*, at: datetime) -> QuerySet[PayoutAccount, UUID]:
    """Mentors whose money is on its way to their bank, or should be, the one not looked at for longest first."""
    on_its_way = Transfer.objects.filter(
        Q(payout=None) | Q(payout__status__in=[Status.PENDING, Status.FAILED, Status.CANCELED]),
        status=Transfer.Status.SENT,
        amount_minor__gt=F("reversed_minor"),
        sent_at__lte=at,
    )
    watched = PayoutAccount.objects.filter(pk__in=on_its_way.values("earning__mentor")).exclude(provider_id="")
    return watched.order_by(F("payouts_read_at").asc(nulls_first=True), "pk").values_list("pk", flat=True)


def _take_in(account: PayoutAccount, payout: BankPayout, gateway: ConnectGateway) -> None:
    known = Payout.objects.filter(pk=payout.id).first()
    if known is not None and known.status == STATUS_OF[payout.status] and known.transfers.exists():
        return
    parts = gateway.made_of(payout.id, account_id=account.provider_id)
    _record_payout(account.mentor_id, payout, parts)


def _record_payout(mentor_id: UUID, payout: BankPayout, parts: list[PaidOut]) -> None:
    """Write a payout down, with the transfers in it, and tell its mentor once what became of it."""
    with transaction.atomic(durable=True):
        now = lock_people(mentor_id)
        row, is_new = Payout.objects.get_or_create(
            provider_id=payout.id,
            defaults={
                "mentor_id": mentor_id,
                "status": STATUS_OF[payout.status],
                "amount_minor": payout.amount,
                "currency": payout.currency,
                "created_at": datetime.fromtimestamp(payout.created, UTC),
            },
        )
        left, status = Status(row.status), STATUS_OF[payout.status]
        _assign(row, parts)
        if not is_new and ORDER.index(status) <= ORDER.index(left):
            return
        row.status, row.failure = status, (payout.failure_code or "")[:64]
        row.arrives_on = datetime.fromtimestamp(payout.arrival_date, UTC).date() if payout.arrival_date else None
        row.settled_at = None if status == Status.PENDING else now
        row.save(update_fields=["status", "failure", "arrives_on", "settled_at"])
        _tell(row, is_new=is_new)


def _assign(payout: Payout, parts: list[PaidOut]) -> None:
    """Say of each transfer in which payout it went: the last one that holds it, should an earlier one have failed."""
    sources = {part.source for part in parts if part.source} - {payout.pk}
    fresh = Transfer.objects.filter(earning__mentor=payout.mentor_id, provider_payment_id__in=sources, payout=None)
    again = Transfer.objects.filter(
        payout__in=sources, payout__mentor=payout.mentor_id, payout__created_at__lte=payout.created_at
    )
    for transfers in (fresh, again):
        Transfer.objects.filter(pk__in=list(transfers.values_list("pk", flat=True))).update(payout=payout)


def _tell(payout: Payout, *, is_new: bool) -> None:
    match payout.status:
        case Status.FAILED:
            emails.send_payout_failed(payout=payout)
            log.warning("payout_failed", payout_id=payout.pk, mentor_id=payout.mentor_id, reason=payout.failure)
        case Status.PENDING | Status.PAID if is_new:
            emails.send_payout_sent(payout=payout)
