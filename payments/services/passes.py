"""Work on a clock: expiring holds, and reading again whatever the webhooks left open."""

from datetime import datetime, timedelta
from functools import partial
from itertools import batched
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from bookings.models import Booking
from bookings.services import expire_hold, free_lapsed, lock_with_people
from marketplace.common.passes import Pass
from payments.gateways import StripeGateway
from payments.models import (
    OPEN_STATUSES,
    Earning,
    Payment,
    PayoutAccount,
    Refund,
    Reversal,
    Transfer,
    WebhookEvent,
)
from payments.services.inbox import catch_up, process_event
from payments.services.payout_accounts import read_payout_account
from payments.services.payouts import accounts_to_watch, read_payouts_of
from payments.services.refunds import send_refund, settle_refund
from payments.services.releases import release_earnings
from payments.services.settlement import settle_payment, stop_payment
from payments.services.transfers import send_reversal, send_transfer

# Accounts at the provider: so many a pass, the ones that were not read for longest.
ACCOUNTS_READ = 20
# Holds freed in one transaction: long enough to be worth its commit, short enough for who meets one of them.
EXPIRED_AT_ONCE = 500
# How far back each pass asks for events. The daily sweep looks further.
CATCH_UP = timedelta(hours=1)


def expire_holds(*, gateway: StripeGateway) -> None:
    """Mark every lapsed hold ``expired``, the ones without a payment first and many at once.

    Where a payment is open its intent is cancelled at the provider before: if that says it has succeeded, the hold is
    confirmed instead. Safe to repeat and to run twice at once. Raises an ``ExceptionGroup`` of what went wrong.
    """
    this = Pass("expire_holds")
    lapsed = Booking.objects.lapsed(at=timezone.now()).order_by("hold_expires_at", "pk")
    paying = lapsed.filter(payments__status__in=OPEN_STATUSES)
    unpaid = lapsed.exclude(payments__status__in=OPEN_STATUSES)  # nor will they be: a lapsed hold gets no payment
    for booking_ids in batched(unpaid.values_list("pk", flat=True), EXPIRED_AT_ONCE):
        this.run(partial(free_lapsed, booking_ids))
    for booking_id, payment_id in paying.values_list("pk", "payments"):
        this.run(partial(_expire, booking_id, payment_id, gateway), booking_id=booking_id)
    this.finish()


def _expire(booking_id: UUID, payment_id: UUID, gateway: StripeGateway) -> None:
    stop_payment(payment_id=payment_id, gateway=gateway)
    with transaction.atomic(durable=True):
        booking, now = lock_with_people(booking_id)
        expire_hold(booking=booking, at=now)  # nothing to one that was confirmed, or given more time


def reconcile(*, gateway: StripeGateway) -> None:
    """Read again whatever is open for longer than ``RECONCILE_AFTER_SECONDS``: payments, events, refunds. Events that no
    webhook brought are asked for, so that what was settled already (a refund in the dashboard, a dispute) moves on too.

    With every webhook lost, everything still settles by this. Safe to repeat and to run twice at once. Raises an
    ``ExceptionGroup`` of what went wrong.
    """
    before = timezone.now() - timedelta(seconds=settings.RECONCILE_AFTER_SECONDS)
    this = Pass("reconcile")
    payments = Payment.objects.open().filter(created_at__lte=before).order_by("created_at", "pk")
    for payment_id, is_unwanted in payments.values_list("pk", "cancel_requested_at"):
        operation = stop_payment if is_unwanted else settle_payment
        this.run(partial(operation, payment_id=payment_id, gateway=gateway), payment_id=payment_id)
    this.run(partial(catch_up, since=before - CATCH_UP, until=before, gateway=gateway))
    events = WebhookEvent.objects.filter(processed_at=None).order_by("received_at", "pk")
    events = events.filter(Q(received_at__lte=before) | Q(provider_created_at__lte=before))
    for event_id in events.values_list("pk", flat=True):
        this.run(partial(process_event, event_id=event_id, gateway=gateway), event_id=event_id)
    refunds = Refund.objects.on_their_way().filter(created_at__lte=before).order_by("created_at", "pk")
    for refund_id, is_sent in refunds.values_list("pk", "sent_at"):
        step = settle_refund if is_sent else send_refund
        this.run(partial(step, refund_id=refund_id, gateway=gateway), refund_id=refund_id)
    _reconcile_mentors_money(this, before=before, gateway=gateway)
    this.finish()


def _reconcile_mentors_money(this: Pass, *, before: datetime, gateway: StripeGateway) -> None:
    """The same for what goes to mentors: accounts that money waits for, transfers and reversals on their way, payouts."""
    connect = gateway.connect
    waiting = PayoutAccount.objects.filter(
        pk__in=Earning.objects.filter(status=Earning.Status.BLOCKED).values("mentor")
    ).exclude(provider_id="")
    waiting = waiting.filter(Q(read_at=None) | Q(read_at__lte=before)).order_by(
        F("read_at").asc(nulls_first=True), "pk"
    )
    for mentor_id in waiting.values_list("pk", flat=True)[:ACCOUNTS_READ]:
        this.run(partial(read_payout_account, mentor_id=mentor_id, gateway=connect), mentor_id=mentor_id)
    this.run(release_earnings)
    transfers = Transfer.objects.claimable(at=timezone.now()).filter(
        created_at__lte=before, earning__status=Earning.Status.TRANSFERRING
    )
    for transfer_id in transfers.order_by("created_at", "pk").values_list("pk", flat=True):
        this.run(partial(send_transfer, transfer_id=transfer_id, gateway=connect), transfer_id=transfer_id)
    reversals = Reversal.objects.claimable(at=timezone.now()).filter(created_at__lte=before)
    for reversal_id in reversals.order_by("created_at", "pk").values_list("pk", flat=True):
        this.run(partial(send_reversal, reversal_id=reversal_id, gateway=connect), reversal_id=reversal_id)
    for mentor_id in accounts_to_watch(at=before)[:ACCOUNTS_READ]:
        this.run(partial(read_payouts_of, mentor_id=mentor_id, gateway=connect), mentor_id=mentor_id)
