"""Money in Django admin: to look at, for support and finance. Each change is an operation with a page of its own."""

from django.contrib import admin
from django.db import models
from django.http import HttpRequest

from marketplace.common.admin import ReadOnlyAdmin
from payments.models import Payment, PaymentEvent, Refund, WebhookEvent


def sees_money(request: HttpRequest) -> bool:
    return request.user.is_authenticated and request.user.groups.filter(name__in=("support", "finance")).exists()


class MoneyAdmin[Row: models.Model](ReadOnlyAdmin[Row]):
    """Open to support and finance without a permission of Django's own."""

    def has_view_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:
        return sees_money(request) or super().has_view_permission(request, obj)

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


@admin.register(Refund)
class RefundAdmin(MoneyAdmin[Refund]):
    list_display = ("created_at", "payment_id", "amount_minor", "reason", "status", "provider_id")
    list_filter = ("status", "reason", "created_at")
    search_fields = ("=id", "=payment__id", "=provider_id")
    ordering = ("-created_at", "pk")
    date_hierarchy = "created_at"


@admin.register(WebhookEvent)
class WebhookEventAdmin(MoneyAdmin[WebhookEvent]):
    list_display = ("received_at", "type", "object_id", "processed_at", "id")
    list_filter = (("processed_at", admin.EmptyFieldListFilter), "type")
    search_fields = ("=id", "=object_id")
    ordering = ("-received_at", "pk")
