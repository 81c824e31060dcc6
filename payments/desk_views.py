"""Finance's desk: what waits, what is stuck, refunds to decide, disputes. Pages of the staff, under ``/admin/finance/``."""

from typing import Any, cast

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from bookings.models import Booking
from marketplace.common.guards import FINANCE, FinanceRequiredMixin, freshly
from marketplace.common.views import OperationView, PageView
from payments import desk, services
from payments.forms import RefundDecisionForm, RefundForm
from payments.models import RefundRequest
from payments.words import payout_failure

PER_PAGE = 50


class FinanceDesk(FinanceRequiredMixin, PageView):
    template_name = "admin/finance/desk.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # Any: template data
        now = timezone.now()
        stuck = desk.stuck(at=now)
        return super().get_context_data(
            stuck=stuck,
            stuck_count=sum(line.count for line in stuck),
            lag=desk.lag(at=now),
            failed_refunds=list(desk.failed_refunds()[: desk.SHOWN]),
            requests=list(desk.waiting_requests()[: desk.SHOWN]),
            transfers=list(desk.refused_transfers()[: desk.SHOWN]),
            payouts=[(payout, payout_failure(payout.failure)) for payout in desk.failed_payouts()[: desk.SHOWN]],
            open_disputes=desk.disputes().filter(closed_at=None).count(),
            balances=desk.balances(),
            differences=list(desk.differences()[: desk.SHOWN]),
            **kwargs,
        )


class Disputes(FinanceRequiredMixin, PageView):
    template_name = "admin/finance/disputes.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # Any: template data
        page = Paginator(desk.disputes(), PER_PAGE).get_page(self.request.GET.get("page"))
        return super().get_context_data(page=page, **kwargs)


class FinanceOperation(FinanceRequiredMixin, OperationView):
    """One decision about money, on a page that says what it will do. Deciding needs a fresh sign-in."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:  # Any: the URL's parts
        self.who = freshly(FINANCE) if request.method == "POST" else FINANCE  # type: ignore[misc]  # of this request
        return super().dispatch(request, *args, **kwargs)

    @property
    def staff(self) -> User:
        return cast("User", self.request.user)


class DecideRefund(FinanceOperation):
    """``/admin/finance/bookings/<id>/refund/``: how much goes back, and why."""

    form_class = RefundForm
    template_name = "admin/finance/refund.html"

    def load(self) -> None:
        bookings = Booking.objects.visible_to(self.staff).select_related("mentor__user", "student")
        self.booking = get_object_or_404(bookings, pk=self.kwargs["booking_id"])
        payment = desk.accepted_payment(self.booking)
        if payment is None:
            raise Http404
        self.payment = payment
        self.left_minor = services.left_to_refund(payment)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # Any: template data
        refunds = self.payment.refunds.order_by("created_at", "pk")
        return super().get_context_data(
            booking=self.booking,
            payment=self.payment,
            refunds=refunds,
            left_minor=self.left_minor,
            alone_minor=settings.REFUND_TWO_PERSON_MINOR,
            **kwargs,
        )

    def form_valid(self, form: Form) -> HttpResponse:
        data = form.cleaned_data
        decision = services.decide_refund(
            booking_id=self.booking.pk, amount_minor=data["amount_minor"], reason=data["reason"], by=self.staff
        )
        if isinstance(decision, RefundRequest):
            messages.success(self.request, _("The refund waits for a second person of finance."))
        else:
            messages.success(self.request, _("The refund is on its way."))
        return redirect("payments:desk")


class DecideRequest(FinanceOperation):
    """``/admin/finance/requests/<id>/``: the second person's word on a refund."""

    form_class = RefundDecisionForm
    template_name = "admin/finance/request.html"

    def load(self) -> None:
        self.asked = get_object_or_404(desk.requests(), pk=self.kwargs["request_id"])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # Any: template data
        return super().get_context_data(
            asked=self.asked, booking=self.asked.payment.booking, is_own=self.asked.by_id == self.staff.pk, **kwargs
        )

    def form_valid(self, form: Form) -> HttpResponse:
        if form.cleaned_data["decision"] == "approve":
            services.approve_refund(request_id=self.asked.pk, by=self.staff)
            messages.success(self.request, _("The refund is on its way."))
        else:
            services.decline_refund(request_id=self.asked.pk, by=self.staff)
            messages.success(self.request, _("The refund is declined. Nothing was sent."))
        return redirect("payments:desk")


class SendRefundAgain(FinanceOperation):
    """``/admin/finance/refunds/<id>/again/``: a refund that came back goes out once more."""

    template_name = "admin/finance/again.html"

    def load(self) -> None:
        self.refund = get_object_or_404(desk.refunds(), pk=self.kwargs["refund_id"])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # Any: template data
        failures = self.refund.payment.events.filter(name="refund_failed", data__refund=str(self.refund.pk))
        return super().get_context_data(
            refund=self.refund, booking=self.refund.payment.booking, failures=failures.order_by("at", "pk"), **kwargs
        )

    def form_valid(self, form: Form) -> HttpResponse:
        services.send_refund_again(refund_id=self.refund.pk, by=self.staff)
        messages.success(self.request, _("The refund is on its way again."))
        return redirect("payments:desk")
