"""Pages on which a session's two people change it: cancel, move, answer a suggested move."""

from datetime import date, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from bookings import services
from bookings.errors import SlotTaken
from bookings.forms import AnswerForm, CancelForm, MoveForm, ReasonedCancelForm
from bookings.models import Booking
from bookings.picker import picker
from bookings.policies import acting_side, free_to_move_until, may_cancel
from bookings.queries.changes import move_week, open_proposal, package_of, refund_preview
from bookings.queries.sessions import session_page
from marketplace.common.errors import DomainError
from marketplace.common.formatting import money
from marketplace.common.guards import ParticipantRequiredMixin, StudentRequiredMixin
from marketplace.common.limits import check_rate
from marketplace.common.views import OperationView


class ChangeView(ParticipantRequiredMixin, OperationView):
    """What the pages of one session share."""

    def load(self) -> None:
        mine = Booking.objects.visible_to(self.user).select_related("mentor__user", "student")
        self.booking = get_object_or_404(mine, pk=self.kwargs["booking_id"])
        self.side = acting_side(self.user, self.booking)

    @property
    def user(self) -> User:
        return cast("User", self.request.user)

    @property
    def as_student(self) -> bool:
        return self.side == Booking.Side.STUDENT

    def get_success_url(self) -> str:
        return reverse("bookings:session", args=[self.booking.pk])


class CancelBooking(ChangeView):
    """``/bookings/<id>/cancel/``: what exactly comes back, then the button."""

    form_class = CancelForm
    template_name = "bookings/cancel.html"

    def get_form_class(self) -> type[Form]:
        return CancelForm if self.as_student else ReasonedCancelForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # Any: template data
        now = timezone.now()
        context = session_page(self.booking, self.user, at=now) | kwargs
        try:
            services.check_upcoming(self.booking, at=now)
        except DomainError as refusal:
            return super().get_context_data(**context, why_not=refusal.user_message)
        preview = refund_preview(self.booking, side=self.side, at=now)
        late_at = self.booking.starts_at - timedelta(hours=settings.STRIKE_LATE_HOURS)
        return super().get_context_data(
            **context, preview=preview, strike_counts=now > late_at, strike_hours=settings.STRIKE_LATE_HOURS
        )

    def form_valid(self, form: Form) -> HttpResponse:
        services.cancel_booking(
            booking_id=self.booking.pk,
            by=self.user,
            side=self.side,
            reason=form.cleaned_data["reason"],
            expected_refund_minor=form.cleaned_data["expected_refund_minor"],
        )
        messages.success(self.request, self.done(form.cleaned_data["expected_refund_minor"]))
        return redirect(self.get_success_url())

    def done(self, refund_minor: int) -> str:
        if refund_minor and self.as_student:
            amount = money(refund_minor, self.booking.currency)
            return _("The session is cancelled. %(amount)s is on its way back.") % {"amount": amount}
        return _("The session is cancelled.")


class MoveBooking(ChangeView):
    """``/bookings/<id>/move/``: another time, the same length. A mentor's is a suggestion, which the student answers here."""

    form_class = MoveForm
    template_name = "bookings/move.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # Any: template data
        now = timezone.now()
        context = session_page(self.booking, self.user, at=now) | kwargs
        proposal = open_proposal(self.booking, at=now)
        try:
            services.check_upcoming(self.booking, at=now)
            if self.as_student and not proposal:
                services.check_may_move(self.booking, at=now)
            elif not proposal:
                services.check_may_propose(self.booking, at=now)
        except DomainError as refusal:
            may_change = may_cancel(self.user, self.booking, at=now)
            return super().get_context_data(**context, why_not=refusal.user_message, may_change=may_change)
        if proposal:
            ends_at = proposal.starts_at + (self.booking.ends_at - self.booking.starts_at)
            return super().get_context_data(**context, proposal=proposal, proposal_ends_at=ends_at)
        return super().get_context_data(
            **context,
            picker=self.picker(),
            free_until=free_to_move_until(self.booking),
            moves_left=settings.MOVES_MAX - self.booking.moves_by_student,
        )

    def picker(self) -> dict[str, Any] | None:  # Any: template data
        zone = ZoneInfo(timezone.get_current_timezone_name())
        first = _date(self.request.GET.get("from"))
        week = move_week(self.booking, side=self.side, first=first, zone=zone, at=timezone.now())
        if week is None:
            return None
        return picker(
            week,
            package=package_of(self.booking),
            packages=(),
            url=self.request.path,
            zone=zone,
            zone_url=reverse("account"),
            chosen=None,
        )

    def form_valid(self, form: Form) -> HttpResponse:
        check_rate(self.request, "HOLD_TRY")
        starts_at = form.cleaned_data["starts_at"]
        if self.as_student:
            services.move_booking(booking_id=self.booking.pk, starts_at=starts_at, by=self.user)
            messages.success(self.request, _("The session is moved. Both of you get a mail with the new time."))
        else:
            reason = form.cleaned_data["reason"]
            services.propose_move(booking_id=self.booking.pk, starts_at=starts_at, by=self.user, reason=reason)
            messages.success(self.request, _("Your suggestion is sent. Nothing moves until it is accepted."))
        return redirect(self.get_success_url())

    def refused(self, form: Form, error: DomainError) -> HttpResponse:
        if isinstance(error, SlotTaken):
            self.extra_context = {"alternatives": error.alternatives}
        return super().refused(form, error)


class AnswerProposal(StudentRequiredMixin, ChangeView):
    """A student's word on the time that the mentor suggests; a refusal is said where it was asked."""

    http_method_names = ["post"]
    form_class = AnswerForm
    template_name = "bookings/move.html"

    who = StudentRequiredMixin.who

    def form_invalid(self, form: Form) -> HttpResponse:
        return redirect("bookings:move", self.booking.pk)

    def refused(self, form: Form, error: DomainError) -> HttpResponse:
        messages.error(self.request, str(error.user_message))
        return redirect("bookings:move", self.booking.pk)


class AcceptProposal(AnswerProposal):
    """``POST /bookings/<id>/proposal/accept/``: only now the time is claimed."""

    def form_valid(self, form: Form) -> HttpResponse:
        services.accept_proposal(booking_id=self.booking.pk, by=self.user, starts_at=form.cleaned_data["starts_at"])
        messages.success(self.request, _("The session is moved. Both of you get a mail with the new time."))
        return redirect(self.get_success_url())


class DeclineProposal(AnswerProposal):
    """``POST /bookings/<id>/proposal/decline/``: the session stays where it is."""

    def form_valid(self, form: Form) -> HttpResponse:
        services.decline_proposal(booking_id=self.booking.pk, by=self.user, starts_at=form.cleaned_data["starts_at"])
        messages.success(self.request, _("The session stays where it is."))
        return redirect(self.get_success_url())


def _date(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None
