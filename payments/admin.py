"""Money in Django admin: to look at, for support and finance. Each change is an operation with a page of its own."""

from django.contrib import admin
from django.db import models
from django.http import HttpRequest, HttpResponse

from marketplace.common.admin import ReadOnlyAdmin
from payments.models import (
    BalanceDifference,
    Debt,
    Dispute,
    Earning,
    LedgerEntry,
    LedgerTransaction,
    Payment,
    PaymentEvent,
    Payout,
    PayoutAccount,
    Receipt,
    Refund,
    RefundRequest,
    Reversal,
    Transfer,
    WebhookEvent,
)


def desks_of(request: HttpRequest) -> frozenset[str]:
    """At which desks the reader works. Asked about each table on every page of admin, so it is kept on the request."""
    known: frozenset[str] | None = getattr(request, "desks", None)
    if known is None:
        known = frozenset(request.user.groups.values_list("name", flat=True))
        request.desks = known  # type: ignore[attr-defined]  # ours
    return known


def sees_money(request: HttpRequest) -> bool:
    return not desks_of(request).isdisjoint({"support", "finance"})


class MoneyAdmin[Row: models.Model](ReadOnlyAdmin[Row]):
    """Open to support and finance without a permission of Django's own."""

    def has_view_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:
        return sees_money(request) or super().has_view_permission(request, obj)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)


def is_finance(request: HttpRequest) -> bool:
    return "finance" in desks_of(request)


class BooksAdmin[Row: models.Model](ReadOnlyAdmin[Row]):
    """Open to finance without a permission of Django's own."""

    def has_view_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:
        return is_finance(request) or super().has_view_permission(request, obj)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)


class LinesOfPayment[Row: models.Model](admin.StackedInline[Row, Payment]):
    """Rows beneath a payment: whoever sees the payment sees them. Stacked, since Django's tables have headless columns."""

    def has_view_permission(self, request: HttpRequest, obj: Payment | None = None) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest, obj: Payment | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Payment | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Payment | None = None) -> bool:
        return False


class PaymentEventInline(LinesOfPayment[PaymentEvent]):
    model = PaymentEvent
    ordering = ("at", "pk")
    fields = ("at", "name", "data")


class RefundInline(LinesOfPayment[Refund]):
    model = Refund
    ordering = ("created_at", "pk")
    fields = ("created_at", "amount_minor", "reason", "status", "provider_id")
    show_change_link = True


@admin.register(Payment)
class PaymentAdmin(MoneyAdmin[Payment]):
    list_display = ("created_at", "booking_id", "amount_minor", "currency", "status", "last_decline", "provider_id")
    list_filter = ("status", ("rejection", admin.EmptyFieldListFilter), "created_at")
    search_fields = ("=id", "=booking__id", "=provider_id", "=booking__student__email")
    ordering = ("-created_at", "pk")
    date_hierarchy = "created_at"
    inlines = (RefundInline, PaymentEventInline)
    change_form_template = "admin/payments/payment/change_form.html"

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, bool] | None = None
    ) -> HttpResponse:
        """Lead finance to sending money back, and who may look to the receipt."""
        context = {**(extra_context or {}), "is_finance": is_finance(request)}
        return super().change_view(request, object_id, form_url, context)


@admin.register(Refund)
class RefundAdmin(MoneyAdmin[Refund]):
    list_display = ("created_at", "payment_id", "amount_minor", "reason", "status", "provider_id")
    list_filter = ("status", "reason", "created_at")
    search_fields = ("=id", "=payment__id", "=provider_id")
    ordering = ("-created_at", "pk")
    date_hierarchy = "created_at"

    def get_exclude(self, request: HttpRequest, obj: Refund | None = None) -> tuple[str, ...]:
        """Why finance sent it back is theirs to read."""
        return () if is_finance(request) else ("note",)


@admin.register(WebhookEvent)
class WebhookEventAdmin(MoneyAdmin[WebhookEvent]):
    list_display = ("received_at", "type", "object_id", "processed_at", "id")
    list_filter = (("processed_at", admin.EmptyFieldListFilter), "type")
    search_fields = ("=id", "=object_id")
    ordering = ("-received_at", "pk")


@admin.register(RefundRequest)
class RefundRequestAdmin(BooksAdmin[RefundRequest]):
    list_display = ("created_at", "payment_id", "amount_minor", "status", "by", "decided_by", "decided_at")
    list_filter = ("status",)
    list_select_related = ("by", "decided_by")
    search_fields = ("=id", "=payment__id")
    ordering = ("-created_at", "pk")


@admin.register(Dispute)
class DisputeAdmin(BooksAdmin[Dispute]):
    list_display = ("opened_at", "payment_id", "status", "reason", "amount_minor", "evidence_due_at", "closed_at")
    list_filter = ("status", "reason")
    search_fields = ("=provider_id", "=payment__id")
    ordering = ("-opened_at", "pk")


@admin.register(Receipt)
class ReceiptAdmin(BooksAdmin[Receipt]):
    list_display = ("number", "issued_at", "payment_id", "refund_id", "amount_minor", "currency")
    search_fields = ("=number", "=payment__id")
    ordering = ("-issued_at", "-number")
    date_hierarchy = "issued_at"


class LedgerEntryInline(admin.StackedInline[LedgerEntry, LedgerTransaction]):
    model = LedgerEntry
    ordering = ("pk",)
    fields = ("account", "amount_minor", "currency", "mentor")

    def has_view_permission(self, request: HttpRequest, obj: LedgerTransaction | None = None) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest, obj: LedgerTransaction | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: LedgerTransaction | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: LedgerTransaction | None = None) -> bool:
        return False


@admin.register(LedgerTransaction)
class LedgerTransactionAdmin(BooksAdmin[LedgerTransaction]):
    list_display = ("at", "reference", "booking_id")
    search_fields = ("reference", "=booking__id")
    ordering = ("-at", "-pk")
    date_hierarchy = "at"
    inlines = (LedgerEntryInline,)


@admin.register(BalanceDifference)
class BalanceDifferenceAdmin(BooksAdmin[BalanceDifference]):
    list_display = ("found_at", "provider_id", "kind", "provider_minor", "ledger_minor", "currency", "resolved_at")
    list_filter = (("resolved_at", admin.EmptyFieldListFilter), "kind")
    search_fields = ("=provider_id",)
    ordering = ("-found_at", "-pk")


@admin.register(Earning)
class EarningAdmin(BooksAdmin[Earning]):
    list_display = (
        "created_at",
        "booking_id",
        "mentor",
        "status",
        "gross_minor",
        "refund_minor",
        "amount_minor",
        "clears_at",
    )
    list_filter = ("status",)
    list_select_related = ("mentor",)
    search_fields = ("=booking__id", "mentor__handle")
    ordering = ("-created_at", "pk")


@admin.register(Transfer)
class TransferAdmin(BooksAdmin[Transfer]):
    list_display = ("created_at", "earning_id", "status", "amount_minor", "set_off_minor", "reversed_minor", "failure")
    list_filter = ("status",)
    search_fields = ("=id", "=earning__booking__id", "=provider_id")
    ordering = ("-created_at", "pk")


@admin.register(Reversal)
class ReversalAdmin(BooksAdmin[Reversal]):
    list_display = ("created_at", "transfer_id", "status", "amount_minor", "provider_id")
    list_filter = ("status",)
    search_fields = ("=id", "=transfer__id", "=provider_id")
    ordering = ("-created_at", "pk")


@admin.register(Payout)
class PayoutAdmin(BooksAdmin[Payout]):
    list_display = ("created_at", "mentor", "status", "amount_minor", "currency", "arrives_on", "failure")
    list_filter = ("status",)
    list_select_related = ("mentor",)
    search_fields = ("=provider_id", "mentor__handle")
    ordering = ("-created_at", "pk")


@admin.register(PayoutAccount)
class PayoutAccountAdmin(BooksAdmin[PayoutAccount]):
    list_display = ("mentor", "provider_id", "country", "may_receive", "may_pay_out", "disabled_reason", "read_at")
    list_filter = ("may_receive", "may_pay_out")
    list_select_related = ("mentor",)
    search_fields = ("=provider_id", "mentor__handle")
    ordering = ("-created_at", "pk")


@admin.register(Debt)
class DebtAdmin(BooksAdmin[Debt]):
    list_display = ("created_at", "mentor", "booking_id", "amount_minor", "left_minor", "currency")
    list_select_related = ("mentor",)
    search_fields = ("=booking__id", "mentor__handle")
    ordering = ("-created_at", "-pk")
