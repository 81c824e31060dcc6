"""Numbered receipts and credit notes. A number is never skipped, used twice or changed."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from marketplace.common.triggers import append_only
from payments.models.payments import Payment
from payments.models.refunds import Refund


class ReceiptCounter(models.Model):
    """The last number given out in a year; locked while the next one is taken, so that none is skipped."""

    year = models.PositiveSmallIntegerField(primary_key=True)
    last = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"Receipts of {self.year}"


class Receipt(models.Model):
    """For a payment that was accepted (``refund`` empty) or, as a credit note, for money that went back."""

    number = models.CharField(max_length=20, primary_key=True)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="receipts")
    refund = models.OneToOneField(Refund, on_delete=models.PROTECT, null=True, blank=True, related_name="receipt")
    amount_minor = models.PositiveIntegerField()
    currency = models.CharField(max_length=3)
    # The seller's name, address and tax id as they were on the day.
    seller = models.JSONField()
    issued_at = models.DateTimeField()

    class Meta:
        verbose_name = _("receipt")
        verbose_name_plural = _("receipts")
        constraints = [
            models.UniqueConstraint(fields=["payment"], condition=Q(refund=None), name="receipt_one_per_payment"),
        ]
        triggers = [append_only("receipt_append_only")]

    def __str__(self) -> str:
        return f"Receipt {self.pk}"
