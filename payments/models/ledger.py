"""Double entry: every movement of money as lines that sum to zero. Append-only; a mistake is corrected by a new transaction."""

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from bookings.models import Booking
from marketplace.common.triggers import append_only
from mentors.models import Mentor


class LedgerTransaction(models.Model):
    """One movement. ``reference`` names what caused it ("payment:<id>:accepted"), so that nothing is booked twice."""

    reference = models.CharField(max_length=120, unique=True)
    at = models.DateTimeField()
    booking = models.ForeignKey(Booking, on_delete=models.PROTECT, null=True, blank=True, related_name="ledger")

    class Meta:
        verbose_name = _("ledger transaction")
        verbose_name_plural = _("ledger transactions")
        indexes = [models.Index(fields=["at"], name="ledger_transaction_by_time")]
        triggers = [append_only("ledger_transaction_append_only")]

    def __str__(self) -> str:
        return self.reference


class LedgerEntry(models.Model):
    """One line: what goes into an account (positive) or out of it (negative), in minor units.

    ``provider_balance`` is what lies at the provider; the others say whose it is or what it was spent on, and stand on the other
    side: what we owe students and mentors and what we have earned is negative, fees and losses are positive.
    """

    class Account(models.TextChoices):
        PROVIDER_BALANCE = "provider_balance", _("Provider's balance")
        STUDENT_FUNDS = "student_funds", _("Students' money")
        MENTOR_PAYABLE = "mentor_payable", _("Owed to mentors")
        PLATFORM_REVENUE = "platform_revenue", _("Platform fees")
        PROVIDER_FEES = "provider_fees", _("Provider's fees")
        REFUNDS = "refunds", _("Refunds on their way")
        DISPUTE_LOSS = "dispute_loss", _("Lost to disputes")

    transaction = models.ForeignKey(LedgerTransaction, on_delete=models.PROTECT, related_name="entries")
    account = models.CharField(max_length=16, choices=Account)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    mentor = models.ForeignKey(Mentor, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = _("ledger entry")
        verbose_name_plural = _("ledger entries")
        constraints = [
            models.CheckConstraint(condition=~Q(amount_minor=0), name="ledger_entry_moves_something"),
            models.CheckConstraint(
                condition=Q(
                    account__in=[
                        "provider_balance",
                        "student_funds",
                        "mentor_payable",
                        "platform_revenue",
                        "provider_fees",
                        "refunds",
                        "dispute_loss",
                    ]
                ),
                name="ledger_account_known",
            ),
        ]
        indexes = [models.Index(fields=["account", "currency"], name="ledger_entry_by_account")]
        triggers = [
            append_only("ledger_entry_append_only"),
            # Looked at when the transaction commits, once all its lines are there.
            pgtrigger.Trigger(
                name="ledger_transaction_sums_to_zero",
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                timing=pgtrigger.Deferred,
                func="""
                    IF EXISTS (
                        SELECT FROM payments_ledgerentry WHERE transaction_id = NEW.transaction_id
                        GROUP BY currency HAVING sum(amount_minor) <> 0
                    ) THEN
                        RAISE EXCEPTION 'ledger transaction % does not sum to zero', NEW.transaction_id
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_transaction_sums_to_zero';
                    END IF;
                    RETURN NULL;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account} of transaction {self.transaction_id}"


class BalanceDifference(models.Model):
    """Something that the provider's balance knows and our ledger does not, or the other way round. Finance looks at it."""

    provider_id = models.CharField(max_length=64, unique=True)  # of the balance transaction, or our reference
    kind = models.CharField(max_length=32)
    provider_minor = models.BigIntegerField()
    ledger_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    happened_at = models.DateTimeField()
    found_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("balance difference")
        verbose_name_plural = _("balance differences")
        indexes = [
            models.Index(fields=["found_at"], condition=Q(resolved_at=None), name="balance_difference_open"),
        ]

    def __str__(self) -> str:
        return f"Difference at {self.provider_id}"
