"""What finance's desk reads: what waits for a person, what is stuck, and how the books stand."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Avg, Count, DurationField, Exists, ExpressionWrapper, F, Max, OuterRef, Q, QuerySet, Sum
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from bookings.models import Booking
from payments.models import (
    ACCEPTED_STATUSES,
    OPEN_STATUSES,
    BalanceDifference,
    Dispute,
    Earning,
    LedgerEntry,
    Payment,
    Payout,
    Refund,
    RefundRequest,
    Reversal,
    Transfer,
    WebhookEvent,
)

SHOWN = 20
# How long each step may take before somebody should look. Most take seconds; a slow bank takes days.
EVENT_PATIENCE = timedelta(minutes=10)
SENDING_PATIENCE = timedelta(hours=1)
BANK_PATIENCE = timedelta(days=14)
PAYING_PATIENCE = timedelta(hours=2)
LAG_HOURS = 24
UNPAID = (Booking.Status.HELD, Booking.Status.EXPIRED, Booking.Status.ABANDONED)


@dataclass(frozen=True)
class Stuck:
    """Something that should have gone on by itself, and how much of it there is. Reads 0 when all is well."""

    says: str | Promise
    count: int


@dataclass(frozen=True)
class Lag:
    """How late the provider's events arrived within the last ``LAG_HOURS``, in seconds."""

    count: int
    mean_seconds: float
    longest_seconds: float
    last_at: datetime | None


def stuck(*, at: datetime) -> list[Stuck]:
    """Count what is stuck. One query for each line, whatever there is."""
    sending = at - SENDING_PATIENCE
    on_our_side = Q(status__in=["requested", "sending"], created_at__lt=sending)
    at_the_bank = Q(status=Refund.Status.SENT, sent_at__lt=at - BANK_PATIENCE)
    # A report, a dispute or the mentor's account keeps it: that is no fault, and stands where it is decided.
    kept = Q(earning__status__in=[Earning.Status.FROZEN, Earning.Status.BLOCKED])
    orphans = Q(status__in=ACCEPTED_STATUSES, booking__status__in=UNPAID) | Q(status="rejected", refunds=None)
    lines: list[tuple[str | Promise, QuerySet[Payment] | QuerySet[Refund] | QuerySet[WebhookEvent] | QuerySet[Transfer] | QuerySet[Reversal] | QuerySet[Earning]]] = [
        (_("Paid, with neither a session nor a refund"), Payment.objects.filter(orphans)),
        (
            _("Payments open for too long"),
            Payment.objects.filter(status__in=OPEN_STATUSES, created_at__lt=at - PAYING_PATIENCE),
        ),
        (_("Refunds too long on their way"), Refund.objects.filter(on_our_side | at_the_bank)),
        (_("Earnings past their time"), Earning.objects.filter(status="pending", clears_at__lt=sending)),
        (_("Transfers too long on their way"), Transfer.objects.filter(on_our_side).exclude(kept)),
        (_("Reversals too long on their way"), Reversal.objects.filter(on_our_side)),
        (
            _("Events nobody acted on"),
            WebhookEvent.objects.filter(processed_at=None, received_at__lt=at - EVENT_PATIENCE),
        ),
    ]  # fmt: skip
    return [Stuck(says, rows.count()) for says, rows in lines]


def lag(*, at: datetime) -> Lag:
    """Measure how late events came. One query."""
    took = ExpressionWrapper(F("received_at") - F("provider_created_at"), output_field=DurationField())
    events = WebhookEvent.objects.filter(received_at__gt=at - timedelta(hours=LAG_HOURS)).exclude(
        provider_created_at=None
    )
    found = events.aggregate(count=Count("pk"), mean=Avg(took), longest=Max(took), last=Max("received_at"))
    zero = timedelta()
    return Lag(
        count=found["count"],
        # The provider's clock counts whole seconds, so a quick one may seem to come before it was sent.
        mean_seconds=max(0.0, (found["mean"] or zero).total_seconds()),
        longest_seconds=max(0.0, (found["longest"] or zero).total_seconds()),
        last_at=found["last"],
    )


def accepted_payment(booking: Booking) -> Payment | None:
    """The payment of a booking that money can be sent back of, with the booking at hand."""
    payment = Payment.objects.accepted().filter(booking=booking).first()
    if payment is not None:
        payment.booking = booking
    return payment


def refunds() -> QuerySet[Refund]:
    return Refund.objects.select_related("payment__booking__student", "payment__booking__mentor__user")


def requests() -> QuerySet[RefundRequest]:
    people = ("payment__booking__student", "payment__booking__mentor__user")
    return RefundRequest.objects.select_related(*people, "by")


def failed_refunds() -> QuerySet[Refund]:
    """Refunds that came back or were refused, the oldest first: finance sends them again."""
    return refunds().filter(status=Refund.Status.FAILED).order_by("settled_at", "pk")


def waiting_requests() -> QuerySet[RefundRequest]:
    """Refunds that wait for a second person, the oldest first."""
    return requests().filter(status=RefundRequest.Status.WAITING).order_by("created_at", "pk")


def refused_transfers() -> QuerySet[Transfer]:
    """Transfers that the provider refused. They go again by themselves once the mentor's account may receive;
    one of which nothing is due any more never goes."""
    failed = Transfer.objects.filter(status=Transfer.Status.FAILED).exclude(earning__status=Earning.Status.VOID)
    return failed.select_related("earning__mentor__user").order_by("created_at", "pk")


def failed_payouts() -> QuerySet[Payout]:
    """Payouts that a bank sent back, the newest first. The mentor was told; they mend it. It has gone out again with the
    next one that did not fail."""
    mended = Payout.objects.filter(
        mentor=OuterRef("mentor"),
        status__in=[Payout.Status.PENDING, Payout.Status.PAID],
        created_at__gt=OuterRef("created_at"),
    )
    failed = Payout.objects.filter(~Exists(mended), status=Payout.Status.FAILED)
    return failed.select_related("mentor__user").order_by("-created_at", "pk")


def differences() -> QuerySet[BalanceDifference]:
    return BalanceDifference.objects.filter(resolved_at=None).order_by("found_at", "pk")


def disputes() -> QuerySet[Dispute]:
    """Every dispute, those that are open first, by the day on which evidence is due."""
    rows = Dispute.objects.select_related("payment__booking__student", "payment__booking__mentor__user")
    return rows.order_by(F("closed_at").desc(nulls_first=True), "evidence_due_at", "pk")


def balances() -> list[dict[str, object]]:
    """Sum each account of the ledger, in minor units, as it would be read aloud: what we owe is positive there. One query."""
    sums = LedgerEntry.objects.values("account", "currency").annotate(sum=Sum("amount_minor"))
    labels = dict(LedgerEntry.Account.choices)
    return [
        {"label": labels[row["account"]], "currency": row["currency"], "amount_minor": row["sum"]}
        for row in sums.order_by("account", "currency")
    ]
