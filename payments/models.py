"""Money in and back, and what the provider told us. States follow product.md, "Booking and money"."""

import uuid
from datetime import datetime

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from bookings.models import Booking
from marketplace.common.triggers import append_only

OPEN_STATUSES = ("creating", "pending", "processing")
ACCEPTED_STATUSES = ("succeeded", "part_refunded", "refunded")


class PaymentQuerySet(models.QuerySet["Payment"]):
    def open(self) -> "PaymentQuerySet":
        return self.filter(status__in=OPEN_STATUSES)

    def accepted(self) -> "PaymentQuerySet":
        return self.filter(status__in=ACCEPTED_STATUSES)


class Payment(models.Model):
    class Status(models.TextChoices):
        CREATING = "creating", _("Being set up")
        PENDING = "pending", _("Waiting for the card")
        PROCESSING = "processing", _("Processing")
        SUCCEEDED = "succeeded", _("Paid")
        CANCELLED = "cancelled", _("Cancelled")
        FAILED = "failed", _("Could not be set up")
        PART_REFUNDED = "part_refunded", _("Refunded in part")
        REFUNDED = "refunded", _("Refunded")
        REJECTED = "rejected", _("Not accepted, sent back")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    booking = models.ForeignKey(Booking, on_delete=models.PROTECT, related_name="payments")
    status = models.CharField(max_length=13, choices=Status, default=Status.CREATING)
    amount_minor = models.PositiveIntegerField()
    currency = models.CharField(max_length=3)
    # The provider's PaymentIntent; empty until it answered.
    provider_id = models.CharField(max_length=64, blank=True)
    # What was really received, where the payment was rejected for it.
    received_minor = models.PositiveIntegerField(null=True, blank=True)
    received_currency = models.CharField(max_length=3, blank=True)
    rejection = models.CharField(max_length=32, blank=True)
    last_decline = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)
    # Set by whoever frees a hold: a job then cancels the intent at the provider.
    cancel_requested_at = models.DateTimeField(null=True, blank=True)
    # When someone who waits on the return page last had this payment read.
    read_requested_at = models.DateTimeField(null=True, blank=True)

    objects = PaymentQuerySet.as_manager()

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        constraints = [
            models.UniqueConstraint(
                fields=["booking"], condition=Q(status__in=OPEN_STATUSES), name="payment_one_open_per_booking"
            ),
            models.UniqueConstraint(
                fields=["booking"], condition=Q(status__in=ACCEPTED_STATUSES), name="payment_one_success_per_booking"
            ),
            models.UniqueConstraint(
                fields=["provider_id"], condition=~Q(provider_id=""), name="payment_provider_id_unique"
            ),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="payment_amount_positive"),
            models.CheckConstraint(
                condition=Q(
                    status__in=[
                        "creating",
                        "pending",
                        "processing",
                        "succeeded",
                        "cancelled",
                        "failed",
                        "part_refunded",
                        "refunded",
                        "rejected",
                    ]
                ),
                name="payment_status_known",
            ),
            models.CheckConstraint(
                condition=Q(status__in=OPEN_STATUSES, settled_at=None)
                | (~Q(status__in=OPEN_STATUSES) & Q(settled_at__isnull=False)),
                name="payment_settled_at_its_end",
            ),
            models.CheckConstraint(
                condition=Q(status="rejected", received_minor__gt=0) & ~Q(rejection="") & ~Q(received_currency="")
                | (~Q(status="rejected") & Q(rejection="")),
                name="payment_rejected_for_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["creating", "failed"]) | ~Q(provider_id=""), name="payment_has_an_intent"
            ),
        ]
        indexes = [models.Index(fields=["status", "created_at"], name="payment_by_status")]

    def __str__(self) -> str:
        return f"Payment {self.pk}"

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_STATUSES

    @property
    def is_accepted(self) -> bool:
        return self.status in ACCEPTED_STATUSES


class PaymentEvent(models.Model):
    """Each step of a payment: when, from and to, on whose word. Append-only by trigger."""

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="events")
    name = models.CharField(max_length=32)
    at = models.DateTimeField()
    data = models.JSONField(default=dict, blank=True)

    class Meta:
        indexes = [models.Index(fields=["payment", "at"], name="payment_event_by_payment")]
        triggers = [append_only("payment_event_append_only")]

    def __str__(self) -> str:
        return f"{self.name} of payment {self.payment_id}"


class RefundQuerySet(models.QuerySet["Refund"]):
    def claimable(self, *, at: datetime) -> "RefundQuerySet":
        """Those to send: requested, or claimed by a worker that died before it could record the answer."""
        return self.filter(
            Q(status=Refund.Status.REQUESTED)
            | Q(status=Refund.Status.SENDING, claimed_at__lte=at - settings.REFUND_CLAIM_TIMEOUT)
        )

    def on_their_way(self) -> "RefundQuerySet":
        """Neither arrived nor failed."""
        return self.filter(status__in=[Refund.Status.REQUESTED, Refund.Status.SENDING, Refund.Status.SENT])


class Refund(models.Model):
    class Status(models.TextChoices):
        REQUESTED = "requested", _("Requested")
        SENDING = "sending", _("Being sent")
        SENT = "sent", _("Sent")
        SUCCEEDED = "succeeded", _("Arrived")
        FAILED = "failed", _("Failed")

    class Reason(models.TextChoices):
        AMOUNT_MISMATCH = "amount_mismatch", _("The amount was another")
        SECOND_PAYMENT = "second_payment", _("Paid twice")
        TIME_GONE = "time_gone", _("The time was taken")
        HOLD_LET_GO = "hold_let_go", _("The hold was let go")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="refunds")
    status = models.CharField(max_length=9, choices=Status, default=Status.REQUESTED)
    reason = models.CharField(max_length=20, choices=Reason)
    amount_minor = models.PositiveIntegerField()
    provider_id = models.CharField(max_length=64, blank=True)
    # Rises only when the provider keeps a server error under the idempotency key and has no such refund.
    attempt = models.PositiveSmallIntegerField(default=1)
    created_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)

    objects = RefundQuerySet.as_manager()

    class Meta:
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
        constraints = [
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="refund_amount_positive"),
            models.CheckConstraint(
                condition=~Q(status__in=["sent", "succeeded"]) | ~Q(provider_id=""), name="refund_sent_has_an_id"
            ),
            models.CheckConstraint(
                condition=Q(status__in=["requested", "sending", "sent", "succeeded", "failed"]),
                name="refund_status_known",
            ),
            models.UniqueConstraint(
                fields=["provider_id"], condition=~Q(provider_id=""), name="refund_provider_id_unique"
            ),
        ]
        triggers = [
            # A check constraint sees one row; the sum over a payment's refunds needs a trigger. It locks the payment
            # so that two refunds at once can't both find room. What never came in can't go back: limit zero.
            # A mere step of a refund takes nothing more and locks nothing.
            pgtrigger.Trigger(
                name="refund_never_above_the_payment",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("amount_minor", "status", "payment_id"),
                declare=[("limit_minor", "bigint"), ("others_minor", "bigint")],
                func="""
                    IF TG_OP = 'UPDATE' AND NEW.payment_id = OLD.payment_id AND NEW.amount_minor <= OLD.amount_minor
                       AND (OLD.status <> 'failed' OR NEW.status = 'failed') THEN
                        RETURN NEW;
                    END IF;
                    SELECT CASE WHEN status IN ('succeeded', 'part_refunded', 'refunded', 'rejected')
                           THEN coalesce(received_minor, amount_minor) ELSE 0 END INTO limit_minor
                      FROM payments_payment WHERE id = NEW.payment_id FOR NO KEY UPDATE;
                    SELECT coalesce(sum(amount_minor), 0) INTO others_minor
                      FROM payments_refund WHERE payment_id = NEW.payment_id AND id <> NEW.id AND status <> 'failed';
                    IF NEW.status <> 'failed' AND others_minor + NEW.amount_minor > limit_minor THEN
                        RAISE EXCEPTION 'refunds would exceed the payment'
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'refund_never_above_the_payment';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"Refund {self.pk}"

    @property
    def currency(self) -> str:
        """That of the money it sends back; ``payment`` must be loaded."""
        return self.payment.received_currency or self.payment.currency


class WebhookEvent(models.Model):
    """The inbox: an event of the provider, kept under its own id before anything is done about it."""

    id = models.CharField(primary_key=True, max_length=64)
    type = models.CharField(max_length=128)
    object_id = models.CharField(max_length=64, blank=True)
    provider_created_at = models.DateTimeField(null=True, blank=True)
    received_at = models.DateTimeField()
    processed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("webhook event")
        verbose_name_plural = _("webhook events")
        indexes = [
            models.Index(fields=["received_at"], condition=Q(processed_at=None), name="webhook_event_unprocessed"),
        ]

    def __str__(self) -> str:
        return f"Event {self.pk}"
