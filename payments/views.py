"""Pages of paying. Which state is shown is decided by our own rows; the browser's word counts for nothing."""

from datetime import UTC, datetime, timedelta
from typing import Any, cast

from django.conf import settings
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.functional import cached_property
from django_htmx.http import HttpResponseClientRedirect

from accounts.models import User
from bookings.errors import HoldExpired
from bookings.models import Booking
from bookings.services import save_note
from marketplace.common.errors import DomainError
from marketplace.common.guards import StudentRequiredMixin
from marketplace.common.views import OperationView, PageView
from payments import services
from payments.errors import AlreadyPaid
from payments.forms import NoteForm
from payments.gateways import payment_gateway
from payments.headers import may_pay
from payments.models import Payment
from payments.queries import (
    Standing,
    again,
    latest_payment,
    note_for,
    seconds_until_next_try,
    standing,
    summary,
)
from payments.words import decline_sentence

# Long enough for "still working on it" to turn into "you can close this page".
PATIENCE = timedelta(seconds=60)
# A bank's page that failed sends the reader back here: that decline is a few seconds old when they arrive.
JUST_NOW = timedelta(seconds=30)


class OwnBookingMixin(StudentRequiredMixin):
    """A booking of the student who asks; anyone else's is not there."""

    booking: Booking

    def load(self) -> None:
        user = cast("User", self.request.user)
        mine = Booking.objects.visible_to(user).filter(student=user).select_related("mentor__user")
        self.booking = get_object_or_404(mine, pk=self.kwargs["booking_id"])
        self.booking.student = user
        self.now = timezone.now()

    @cached_property
    def payment(self) -> Payment | None:
        return latest_payment(self.booking)


@method_decorator(may_pay, name="dispatch")
class Pay(OwnBookingMixin, OperationView):
    """``/bookings/<id>/pay/``: the held time, a note to the mentor, the card. Posting keeps the note and opens the payment;
    the card itself goes from the provider's script to the provider."""

    form_class = NoteForm
    template_name = "payments/pay.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:  # Any: the URL's parts
        match standing(self.booking, self.payment, at=self.now, since=self.now):
            case Standing.BOOKED:
                return redirect("bookings:session", self.booking.pk)
            case Standing.SENT_BACK if self.is_over:
                return redirect("payments:return", self.booking.pk)
            case Standing.WAITING if self.payment and self.payment.status == "processing":
                return redirect("payments:return", self.booking.pk)
        if self.is_over:
            return self.show_over()
        return super().get(request, *args, **kwargs)

    @property
    def is_over(self) -> bool:
        return self.booking.status_at(self.now) != Booking.Status.HELD

    def show_over(self, *, status: int = 200) -> HttpResponse:
        self.template_name = "payments/over.html"
        wait = seconds_until_next_try(self.booking.student_id, at=self.now)
        context = {
            "view": self,
            "booking": self.booking,
            "again": again(self.booking, at=self.now),
            "was_stopped": bool(wait and self.booking.status == Booking.Status.ABANDONED),
            "wait_seconds": wait,
        }
        return self.render_to_response(context, status=status)

    def get_initial(self) -> dict[str, Any]:  # Any: form values
        return {"note": note_for(self.booking, at=self.now)}

    def form_valid(self, form: NoteForm) -> HttpResponse:  # type: ignore[override]  # our form_class
        save_note(booking_id=self.booking.pk, note=form.cleaned_data["note"], by=self.booking.student)
        services.create_intent(booking_id=self.booking.pk, gateway=payment_gateway())
        return redirect("payments:pay", self.booking.pk)

    def refused(self, form: Form, error: DomainError) -> HttpResponse:
        if isinstance(error, AlreadyPaid):
            return redirect("bookings:session", self.booking.pk)
        if isinstance(error, HoldExpired):
            return self.show_over(status=error.status)
        return super().refused(form, error)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # Any: template data
        booking, payment = self.booking, self.payment
        declined = payment.last_decline if payment and payment.is_open else ""
        return super().get_context_data(
            **kwargs,
            **summary(booking, at=self.now),
            booking=booking,
            now=self.now,
            seconds=round((booking.hold_expires_at - booking.created_at).total_seconds()),
            left=max(0, round((booking.hold_expires_at - self.now).total_seconds())),
            decline=decline_sentence(declined) if declined else "",
            stripe_js_url=settings.STRIPE_JS_URL,
        )


class SaveNote(OwnBookingMixin):
    """``POST /bookings/<id>/pay/note/``: keep the note without leaving the page, as the page's script asks. What is wrong
    with a note the page itself says, when it is posted."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:  # Any: the URL's parts
        form = NoteForm(request.POST)
        if not form.is_valid():
            return HttpResponse(status=422)
        save_note(booking_id=self.booking.pk, note=form.cleaned_data["note"], by=self.booking.student)
        return HttpResponse(status=204)


class PayReturn(OwnBookingMixin, PageView):
    """``/bookings/<id>/pay/return/``: where the provider sends the reader back to. It says *processing* until our own rows
    say more; a GET changes nothing, a POST asks for the payment to be read once more."""

    template_name = "payments/return.html"
    partial_name = "status"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:  # Any: the URL's parts
        response = super().dispatch(request, *args, **kwargs)
        response["Cache-Control"] = "no-store"
        return response

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:  # Any: the URL's parts
        since = self.since()
        found = standing(self.booking, self.payment, at=self.now, since=since)
        if found is Standing.BOOKED:
            return self.go("bookings:session")
        if found in {Standing.UNPAID, Standing.OVER}:
            return self.go("payments:pay")
        return self.render_to_response(self.get_context_data(**self.shown(found, since)))

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:  # Any: the URL's parts
        services.request_reading(booking=self.booking)
        if request.htmx:  # type: ignore[attr-defined]  # django_htmx's middleware
            return self.get(request, *args, **kwargs)
        return redirect(request.get_full_path())

    def since(self) -> datetime:
        """When this wait began: carried along by the page itself, for what it shows and nothing else."""
        try:
            began = datetime.fromtimestamp(int(self.request.GET.get("since", "")), UTC)
        except (ValueError, OverflowError, OSError):
            failed = self.request.GET.get("redirect_status") == "failed"
            return self.now - JUST_NOW if failed else self.now
        return min(began, self.now)

    def go(self, name: str) -> HttpResponse:
        url = reverse(name, args=[self.booking.pk])
        if self.request.htmx:  # type: ignore[attr-defined]  # django_htmx's middleware
            return HttpResponseClientRedirect(url)
        return redirect(url)

    def shown(self, found: Standing, since: datetime) -> dict[str, Any]:  # Any: template data
        waited = self.now - since
        return {
            "booking": self.booking,
            "status": self.booking.status_at(self.now),
            "payment": self.payment,
            "standing": found.value,
            "decline": decline_sentence(self.payment.last_decline) if self.payment else "",
            "url": f"{self.request.path}?since={int(since.timestamp())}",
            "asks": waited >= timedelta(seconds=settings.RETURN_PAGE_READ_SECONDS),
            "is_late": waited >= PATIENCE,
            "again": again(self.booking, at=self.now) if found is Standing.SENT_BACK else None,
        }
