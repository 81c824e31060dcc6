"""The mentor's share: what a session earned, its way to their account at the provider, and from there to their bank."""

import uuid
from datetime import datetime

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from bookings.models import Booking
from mentors.models import Mentor
from payments.models.payments import Payment
from payments.models.refunds import Refund


class PayoutAccount(models.Model):
    """A mentor's account at the provider (Stripe Connect), as its last word about it was."""

    mentor = models.OneToOneField(Mentor, on_delete=models.PROTECT, related_name="payout_account", primary_key=True)
    # Empty until the provider answered.
    provider_id = models.CharField(max_length=64, blank=True)
    country = models.CharField(max_length=2, blank=True)
    details_submitted = models.BooleanField(default=False)
    may_receive = models.BooleanField(default=False)  # the capability "transfers"
    may_pay_out = models.BooleanField(default=False)
    # The provider's names of what it still wants to know, and why it has stopped payouts.
    missing = models.JSONField(default=list, blank=True)
    disabled_reason = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)
    # When its payouts were last listed, for those that no event told of.
    payouts_read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("payout account")
        verbose_name_plural = _("payout accounts")
        constraints = [
            models.UniqueConstraint(
                fields=["provider_id"], condition=~Q(provider_id=""), name="payout_account_provider_id_unique"
            ),
            models.CheckConstraint(
                condition=Q(may_receive=False, may_pay_out=False) | ~Q(provider_id=""),
                name="payout_account_receives_with_an_id",
            ),
        ]

    def __str__(self) -> str:
        return f"Payout account of mentor {self.mentor_id}"


class EarningQuerySet(models.QuerySet["Earning"]):
    def due(self, *, at: datetime) -> "EarningQuerySet":
        """Those whose time to be released has come. What stands in the way (a report, a dispute) is another state."""
        return self.filter(status=Earning.Status.PENDING, clears_at__lte=at)


class Earning(models.Model):
    """What one booking brings its mentor. ``gross − refund − fee = amount``, all in minor units."""

    class Status(models.TextChoices):
        PENDING = "pending", _("Earned")
        RELEASABLE = "releasable", _("Cleared")
        TRANSFERRING = "transferring", _("On its way to your account")
        TRANSFERRED = "transferred", _("In your account")
        VOID = "void", _("Nothing due")
        FROZEN = "frozen", _("Waiting for a decision")
        BLOCKED = "blocked", _("Waiting for your payout details")
        REVERSED = "reversed", _("Taken back")

    booking = models.OneToOneField(Booking, on_delete=models.PROTECT, related_name="earning", primary_key=True)
    mentor = models.ForeignKey(Mentor, on_delete=models.PROTECT, related_name="earnings")
    payment = models.OneToOneField(Payment, on_delete=models.PROTECT, related_name="earning")
    status = models.CharField(max_length=12, choices=Status, default=Status.PENDING)
    # Where a frozen or blocked one returns to.
    found = models.CharField(max_length=12, choices=Status, blank=True)
    gross_minor = models.PositiveIntegerField()
    refund_minor = models.PositiveIntegerField(default=0)
    fee_minor = models.PositiveIntegerField()
    amount_minor = models.PositiveIntegerField()
    currency = models.CharField(max_length=3)
    # When it is released at the earliest; empty until the booking says (a positive sign is needed first).
    clears_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    released_at = models.DateTimeField(null=True, blank=True)

    objects = EarningQuerySet.as_manager()

    class Meta:
        verbose_name = _("earning")
        verbose_name_plural = _("earnings")
        constraints = [
            models.CheckConstraint(
                condition=Q(gross_minor=F("refund_minor") + F("fee_minor") + F("amount_minor")),
                name="earning_adds_up",
            ),
            models.CheckConstraint(
                condition=Q(
                    status__in=[
                        "pending",
                        "releasable",
                        "transferring",
                        "transferred",
                        "void",
                        "frozen",
                        "blocked",
                        "reversed",
                    ]
                ),
                name="earning_status_known",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["frozen", "blocked"]) & ~Q(found="")
                | ~Q(status__in=["frozen", "blocked"]) & Q(found=""),
                name="earning_returns_to_where_it_was",
            ),
            models.CheckConstraint(condition=~Q(status="void") | Q(amount_minor=0), name="earning_void_is_nothing"),
            models.CheckConstraint(
                condition=~Q(status__in=["releasable", "transferring", "transferred"]) | Q(released_at__isnull=False),
                name="earning_released_before_it_moves",
            ),
        ]
        indexes = [
            models.Index(fields=["status", "clears_at"], name="earning_by_status"),
            models.Index(fields=["mentor", "-created_at", "booking"], name="earning_by_mentor"),
        ]

    def __str__(self) -> str:
        return f"Earning of booking {self.booking_id}"


class Payout(models.Model):
    """Money on its way from a mentor's account at the provider to their bank. Made by the provider's own schedule."""

    class Status(models.TextChoices):
        PENDING = "pending", _("On its way")
        PAID = "paid", _("In your bank")
        FAILED = "failed", _("Did not go through")
        CANCELED = "canceled", _("Called back")

    provider_id = models.CharField(max_length=64, primary_key=True)
    mentor = models.ForeignKey(Mentor, on_delete=models.PROTECT, related_name="payouts")
    status = models.CharField(max_length=8, choices=Status)
    amount_minor = models.PositiveIntegerField()
    currency = models.CharField(max_length=3)
    arrives_on = models.DateField(null=True, blank=True)
    failure = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("payout")
        verbose_name_plural = _("payouts")
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["pending", "paid", "failed", "canceled"]), name="payout_status_known"
            )
        ]
        indexes = [models.Index(fields=["mentor", "-created_at"], name="payout_by_mentor")]

    def __str__(self) -> str:
        return f"Payout {self.pk}"


class TransferQuerySet(models.QuerySet["Transfer"]):
    def claimable(self, *, at: datetime) -> "TransferQuerySet":
        """Those to send: requested, or claimed by a worker that died before it could record the answer."""
        return self.filter(
            Q(status=Transfer.Status.REQUESTED)
            | Q(status=Transfer.Status.SENDING, claimed_at__lte=at - settings.REFUND_CLAIM_TIMEOUT)
        )

    def not_begun(self) -> "TransferQuerySet":
        """Those written that no worker has claimed yet: the provider knows nothing of them."""
        return self.filter(status=Transfer.Status.REQUESTED, claimed_at=None)


class Transfer(models.Model):
    """The one transfer of an earning. Its outcome, where unknown, is read back from the provider; there is no second."""

    class Status(models.TextChoices):
        REQUESTED = "requested", _("Requested")
        SENDING = "sending", _("Being sent")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Failed")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    earning = models.OneToOneField(Earning, on_delete=models.PROTECT, related_name="transfer")
    status = models.CharField(max_length=9, choices=Status, default=Status.REQUESTED)
    # The earning less what was set off against debts.
    amount_minor = models.PositiveIntegerField()
    set_off_minor = models.PositiveIntegerField(default=0)
    reversed_minor = models.PositiveIntegerField(default=0)
    currency = models.CharField(max_length=3)
    provider_id = models.CharField(max_length=64, blank=True)
    # The payment on the mentor's account that it became there: how a payout tells which transfers it holds.
    provider_payment_id = models.CharField(max_length=64, blank=True)
    failure = models.CharField(max_length=64, blank=True)
    payout = models.ForeignKey(Payout, on_delete=models.PROTECT, null=True, blank=True, related_name="transfers")
    # Rises only when the provider has refused, so that nothing was sent: its answer is kept under the key.
    attempt = models.PositiveSmallIntegerField(default=1, db_default=1)
    # When a refused one may be asked for again at the earliest.
    again_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    # Stays when a claim is given back: who comes next looks at the provider before sending.
    claimed_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)

    objects = TransferQuerySet.as_manager()

    class Meta:
        verbose_name = _("transfer")
        verbose_name_plural = _("transfers")
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["requested", "sending", "sent", "failed"]), name="transfer_status_known"
            ),
            models.UniqueConstraint(
                fields=["provider_id"], condition=~Q(provider_id=""), name="transfer_provider_id_unique"
            ),
            models.CheckConstraint(
                condition=~Q(status="sent") | ~Q(provider_id="") | Q(amount_minor=0), name="transfer_sent_has_an_id"
            ),
            models.CheckConstraint(
                condition=Q(reversed_minor__lte=F("amount_minor")), name="transfer_reversed_in_bounds"
            ),
        ]
        indexes = [
            models.Index(fields=["status", "created_at"], name="transfer_by_status"),
            models.Index(fields=["sent_at"], condition=Q(status="sent", payout=None), name="transfer_not_paid_out"),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="transfer_never_above_the_earning",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("amount_minor", "set_off_minor", "earning_id"),
                declare=[("limit_minor", "bigint")],
                # What is only lowered passes: the earning may have been lowered further, and the rest is owed.
                func="""
                    IF TG_OP = 'UPDATE' AND NEW.earning_id = OLD.earning_id
                       AND NEW.amount_minor <= OLD.amount_minor AND NEW.set_off_minor <= OLD.set_off_minor THEN
                        RETURN NEW;
                    END IF;
                    SELECT amount_minor INTO limit_minor
                      FROM payments_earning WHERE booking_id = NEW.earning_id FOR NO KEY UPDATE;
                    IF NEW.amount_minor + NEW.set_off_minor > limit_minor THEN
                        RAISE EXCEPTION 'a transfer would exceed its earning'
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'transfer_never_above_the_earning';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"Transfer {self.pk}"


class ReversalQuerySet(models.QuerySet["Reversal"]):
    def claimable(self, *, at: datetime) -> "ReversalQuerySet":
        """Those to send: requested, or claimed by a worker that died before it could record the answer."""
        return self.filter(
            Q(status=Reversal.Status.REQUESTED)
            | Q(status=Reversal.Status.SENDING, claimed_at__lte=at - settings.REFUND_CLAIM_TIMEOUT)
        )


class Reversal(models.Model):
    """Money pulled back from a mentor's account because of a refund after the transfer."""

    class Status(models.TextChoices):
        REQUESTED = "requested", _("Requested")
        SENDING = "sending", _("Being sent")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Could not be pulled back")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    transfer = models.ForeignKey(Transfer, on_delete=models.PROTECT, related_name="reversals")
    refund = models.OneToOneField(Refund, on_delete=models.PROTECT, null=True, blank=True, related_name="reversal")
    status = models.CharField(max_length=9, choices=Status, default=Status.REQUESTED)
    amount_minor = models.PositiveIntegerField()
    provider_id = models.CharField(max_length=64, blank=True)
    failure = models.CharField(max_length=64, blank=True, db_default="")
    created_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)

    objects = ReversalQuerySet.as_manager()

    class Meta:
        verbose_name = _("reversal")
        verbose_name_plural = _("reversals")
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["requested", "sending", "sent", "failed"]), name="reversal_status_known"
            ),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="reversal_amount_positive"),
            models.CheckConstraint(condition=~Q(status="sent") | ~Q(provider_id=""), name="reversal_sent_has_an_id"),
            models.UniqueConstraint(
                fields=["provider_id"], condition=~Q(provider_id=""), name="reversal_provider_id_unique"
            ),
        ]

    def __str__(self) -> str:
        return f"Reversal {self.pk}"


class Debt(models.Model):
    """What a mentor owes because it could not be pulled back; set off against their next earnings."""

    mentor = models.ForeignKey(Mentor, on_delete=models.PROTECT, related_name="debts")
    booking = models.OneToOneField(Booking, on_delete=models.PROTECT, related_name="debt")
    amount_minor = models.PositiveIntegerField()
    left_minor = models.PositiveIntegerField()
    currency = models.CharField(max_length=3)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("debt")
        verbose_name_plural = _("debts")
        constraints = [
            models.CheckConstraint(condition=Q(left_minor__lte=F("amount_minor")), name="debt_left_in_bounds")
        ]
        indexes = [models.Index(fields=["mentor", "created_at"], condition=Q(left_minor__gt=0), name="debt_open")]

    def __str__(self) -> str:
        return f"Debt for booking {self.booking_id}"
