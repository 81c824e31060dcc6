"""Receipts to print, and the history of what was paid."""

from typing import Any, cast

from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from bookings.models import Booking
from marketplace.common.guards import GuardMixin, StudentRequiredMixin, Who
from marketplace.common.views import PageView
from payments.receipt_queries import bill_of, history_of, history_row

PER_PAGE = 20
# The mentor is not the buyer: what they earned stands on their own pages.
BUYER_OR_DESK = Who(
    roles=frozenset({"student", "admin"}),
    groups=frozenset({"support", "finance"}),
    refusal=_("Receipts are for the student who paid."),
)


class ReceiptPage(GuardMixin, PageView):
    """``/bookings/<id>/receipt/``: what was paid and sent back, on one page to print."""

    who = BUYER_OR_DESK
    template_name = "payments/receipt.html"

    def load(self) -> None:
        visible = Booking.objects.visible_to(cast("User", self.request.user))
        bookings = visible.select_related("mentor__user", "student")
        self.booking = get_object_or_404(bookings, pk=self.kwargs["booking_id"])
        bill = bill_of(self.booking)
        if bill is None:
            raise Http404
        self.bill = bill

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # Any: template data
        return super().get_context_data(
            booking=self.booking, bill=self.bill, receipt=self.bill.receipt, seller=self.bill.receipt.seller, **kwargs
        )


class PaymentHistory(StudentRequiredMixin, PageView):
    """``/account/payments/``: every charge and refund of the student who asks."""

    template_name = "payments/history.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # Any: template data
        payments = history_of(cast("User", self.request.user))
        page = Paginator(payments, PER_PAGE).get_page(self.request.GET.get("page"))
        return super().get_context_data(page=page, rows=[history_row(payment) for payment in page], **kwargs)
