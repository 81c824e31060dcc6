"""Operations on bookings in Django admin."""

from typing import Any, cast

from django.contrib import admin, messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from bookings import services
from bookings.forms import ReasonedCancelForm
from bookings.models import Booking
from bookings.queries.changes import refund_preview
from marketplace.common.errors import DomainError
from marketplace.common.guards import SUPPORT, GuardMixin, freshly
from marketplace.common.views import OperationView


class CancelForPeople(GuardMixin, OperationView):
    """Support cancels a session for its people: everything goes back, and both read why."""

    who = freshly(SUPPORT)
    form_class = ReasonedCancelForm
    template_name = "admin/bookings/booking/cancel.html"

    def load(self) -> None:
        visible = Booking.objects.visible_to(cast("User", self.request.user))
        self.booking = get_object_or_404(
            visible.select_related("mentor__user", "student"), pk=self.kwargs["booking_id"]
        )

    def back(self) -> str:
        return reverse("admin:bookings_booking_change", args=[self.booking.pk])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # Any: template data
        now = timezone.now()
        context = admin.site.each_context(self.request) | kwargs
        context |= {"title": _("Cancel this session"), "booking": self.booking, "back": self.back()}
        try:
            services.check_cancellable(self.booking, at=now)
        except DomainError as refusal:
            return super().get_context_data(**context, why_not=refusal.user_message)
        preview = refund_preview(self.booking, side=Booking.Side.ADMIN, at=now)
        return super().get_context_data(**context, preview=preview)

    def form_valid(self, form: Form) -> HttpResponse:
        services.cancel_booking(
            booking_id=self.booking.pk,
            by=cast("User", self.request.user),
            side=Booking.Side.ADMIN,
            reason=form.cleaned_data["reason"],
            expected_refund_minor=form.cleaned_data["expected_refund_minor"],
        )
        messages.success(self.request, _("It is cancelled. Both get a mail."))
        return redirect(self.back())
