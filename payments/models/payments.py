"""Money in. States follow product.md, "Booking and money"."""

import uuid

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
