"""Money back, never more than came in."""

import uuid
from datetime import datetime

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from payments.models.payments import Payment


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

    def covered_by(self, dispute_id: str) -> "RefundQuerySet":
        """Those that a lost dispute stands for: the bank gave the money back itself (``services.disputes``)."""
        return self.filter(provider_id__startswith=f"{dispute_id}/")


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
        CANCELLED = "cancelled", _("The session was cancelled")
        ABSENCE = "absence", _("Somebody did not come")
        PROBLEM = "problem", _("Support decided about a problem")
        FINANCE = "finance", _("Decided by finance")
        # Made at the provider, not here: in its dashboard.
        PROVIDER = "provider", _("Made at the payment provider")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="refunds")
    status = models.CharField(max_length=9, choices=Status, default=Status.REQUESTED)
    reason = models.CharField(max_length=20, choices=Reason)
    amount_minor = models.PositiveIntegerField()
    provider_id = models.CharField(max_length=64, blank=True)
    # Rises only when the provider keeps a server error under the idempotency key and has no such refund.
    attempt = models.PositiveSmallIntegerField(default=1)
    # Who decided it, where a person did.
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    # Why, in the words of who decided it. Only finance reads it.
    note = models.TextField(max_length=500, blank=True, db_default="")
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


class RefundRequest(models.Model):
    """A refund above ``REFUND_TWO_PERSON_MINOR`` that finance asked for and a second person has yet to agree to."""

    class Status(models.TextChoices):
        WAITING = "waiting", _("Waiting for a second person")
        APPROVED = "approved", _("Approved")
        DECLINED = "declined", _("Declined")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="refund_requests")
    status = models.CharField(max_length=8, choices=Status, default=Status.WAITING)
    amount_minor = models.PositiveIntegerField()
    reason = models.TextField(max_length=500)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    refund = models.OneToOneField(Refund, on_delete=models.PROTECT, null=True, blank=True, related_name="request")

    class Meta:
        verbose_name = _("refund request")
        verbose_name_plural = _("refund requests")
        constraints = [
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="refund_request_amount_positive"),
            models.CheckConstraint(condition=~Q(decided_by=F("by")), name="refund_request_decided_by_another"),
            models.CheckConstraint(
                condition=Q(status="waiting", decided_by=None, decided_at=None, refund=None)
                | Q(status="approved", decided_by__isnull=False, decided_at__isnull=False, refund__isnull=False)
                | Q(status="declined", decided_by__isnull=False, decided_at__isnull=False, refund=None),
                name="refund_request_decided_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"Refund request {self.pk}"
