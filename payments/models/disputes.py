"""Payments that a cardholder disputes at their bank."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from payments.models.payments import Payment


class Dispute(models.Model):
    class Status(models.TextChoices):
        INQUIRY = "inquiry", _("The bank asks")
        OPEN = "open", _("Open")
        WON = "won", _("Won")
        LOST = "lost", _("Lost")

    provider_id = models.CharField(max_length=64, primary_key=True)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="disputes")
    status = models.CharField(max_length=7, choices=Status)
    reason = models.CharField(max_length=64, blank=True)
    amount_minor = models.PositiveIntegerField()
    # What the provider keeps for it, whoever wins; and whether the amount has left our balance.
    fee_minor = models.PositiveIntegerField(default=0)
    is_withdrawn = models.BooleanField(default=False)
    evidence_due_at = models.DateTimeField(null=True, blank=True)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("dispute")
        verbose_name_plural = _("disputes")
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["inquiry", "open", "won", "lost"]), name="dispute_status_known"
            ),
            models.CheckConstraint(
                condition=Q(status__in=["inquiry", "open"], closed_at=None)
                | Q(status__in=["won", "lost"], closed_at__isnull=False),
                name="dispute_closed_at_its_end",
            ),
        ]
        indexes = [models.Index(fields=["status", "opened_at"], name="dispute_by_status")]

    def __str__(self) -> str:
        return f"Dispute {self.pk}"
