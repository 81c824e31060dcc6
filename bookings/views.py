"""Pages of a booking's life: hold, session, lists."""

from datetime import datetime
from typing import Any, cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _

from accounts.models import User
from bookings import detour, services
from bookings.calendars import calendar_file, mimetype
from bookings.errors import HoldLimit, SlotTaken
from bookings.forms import HoldForm
from bookings.models import Booking
from bookings.policies import may_join, may_send_files, tiers_ahead
from bookings.queries.after import after_session
from bookings.queries.changes import change_of
from bookings.queries.room import notes_of, room_of
from bookings.queries.sessions import files_of, holds_behind, session_page, sessions_of
from bookings.room_forms import notes_form
from marketplace.common.errors import DomainError
from marketplace.common.formatting import duration
from marketplace.common.guards import (
    BOOKING_READERS,
    STUDENT,
    GuardMixin,
    MentorRequiredMixin,
    PublicMixin,
    StudentRequiredMixin,
    admit,
)
from marketplace.common.limits import check_rate
from marketplace.common.views import OperationView, PageView
from uploads.csp import may_upload


class HoldSlot(PublicMixin, OperationView):
    """``POST /bookings/``: hold a picked slot and go on to pay. A stranger's pick waits while they sign in."""

    http_method_names = ["post"]
    form_class = HoldForm
    template_name = "bookings/hold_refused.html"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:  # Any: none of our URLs has parts
        if not request.user.is_authenticated:
            return self.sign_in_first(request)
        admit(request, STUDENT)
        check_rate(request, "HOLD_TRY")
        return super().post(request, *args, **kwargs)

    def sign_in_first(self, request: HttpRequest) -> HttpResponse:
        form = self.get_form()
        if not form.is_valid():
            return self.form_invalid(form)
        detour.keep(request, **form.cleaned_data)
        # Most who pick a time before they have signed in are new here; the page leads those who are not to the other.
        return redirect_to_login(reverse("bookings:resume"), login_url="account_signup")

    def form_valid(self, form: HoldForm) -> HttpResponse:  # type: ignore[override]  # our form_class
        booking = services.hold_slot(
            handle=form.cleaned_data["mentor"],
            minutes=form.cleaned_data["minutes"],
            starts_at=form.cleaned_data["starts_at"],
            by=cast("User", self.request.user),
        )
        detour.forget(self.request)
        return redirect("payments:pay", booking.pk)

    def refused(self, form: Any, error: DomainError) -> HttpResponse:  # Any: the base's form
        self.extra_context = {
            "picked": dict(form.cleaned_data),  # a copy: the form drops the field that is refused
            "alternatives": error.alternatives if isinstance(error, SlotTaken) else (),
            "holds": holds_behind(error) if isinstance(error, HoldLimit) else (),
        }
        return super().refused(form, error)


class ResumeHold(StudentRequiredMixin, PageView):
    """Where a sign-in ends that began with a picked slot: one button holds it. A GET never does."""

    template_name = "bookings/resume.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:  # Any: none of our URLs has parts
        picked = detour.picked(request)
        if picked is None:
            return redirect("bookings:search")
        return self.render_to_response(self.get_context_data(picked=picked))


@method_decorator(may_upload, name="dispatch")
class Session(GuardMixin, PageView):
    """``/bookings/<id>/``: when, join, prepare, message, change. Stays readable for ever."""

    who = BOOKING_READERS
    template_name = "bookings/session.html"

    def load(self) -> None:
        visible = Booking.objects.visible_to(cast("User", self.request.user))
        self.booking = get_object_or_404(
            visible.select_related("mentor__user", "student"), pk=self.kwargs["booking_id"]
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # Any: template data
        now = timezone.now()
        user = cast("User", self.request.user)
        notes = notes_of(self.booking, user, at=now)
        return super().get_context_data(
            **kwargs,
            **session_page(self.booking, user, at=now),
            may_join=may_join(user, self.booking, at=now),
            after=after_session(self.booking, user, at=now),
            change=change_of(self.booking, user, at=now),
            files=files_of(self.booking, user),
            may_send_files=may_send_files(user, self.booking, at=now),
            room=room_of(self.booking, user, at=now),
            notes=notes,
            notes_form=notes_form(notes),
            tiers=tiers_ahead(self.booking, at=now),
        )


class CalendarFile(GuardMixin):
    """The session as a file for the reader's calendar."""

    who = BOOKING_READERS

    def load(self) -> None:
        mine = Booking.objects.visible_to(cast("User", self.request.user)).exclude(confirmed_at=None)
        self.booking = get_object_or_404(mine.select_related("mentor__user", "student"), pk=self.kwargs["booking_id"])

    def get(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:  # Any: the URL's parts
        content = calendar_file(self.booking, reader=cast("User", request.user))
        return HttpResponse(
            content,
            content_type=mimetype(self.booking),
            headers={"Content-Disposition": 'attachment; filename="session.ics"'},
        )


class OwnHoldView(StudentRequiredMixin):
    """What a student does to their hold besides paying; a refusal is said where they pay."""

    http_method_names = ["post"]

    def load(self) -> None:
        mine = Booking.objects.visible_to(cast("User", self.request.user))
        self.booking = get_object_or_404(mine.select_related("mentor"), pk=self.kwargs["booking_id"])

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:  # Any: the URL's parts
        try:
            return super().dispatch(request, *args, **kwargs)
        except DomainError as refusal:
            messages.error(request, str(refusal.user_message))
            return redirect("payments:pay", kwargs["booking_id"])


class ExtendHold(OwnHoldView):
    """``POST /bookings/<id>/extend/``: more time, once."""

    def post(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:  # Any: the URL's parts
        services.extend_hold(booking_id=self.booking.pk, by=cast("User", request.user))
        messages.success(request, _("You have %(time)s more.") % {"time": duration(settings.HOLD_EXTENSION_SECONDS)})
        return redirect("payments:pay", self.booking.pk)


class LetHoldGo(OwnHoldView):
    """``POST /bookings/<id>/let-go/``: someone else may have the time."""

    def post(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:  # Any: the URL's parts
        services.let_hold_go(booking_id=self.booking.pk, by=cast("User", request.user))
        messages.success(request, _("The time is free again. Nothing was charged."))
        return redirect("bookings:mentor", self.booking.mentor.handle)


class Sessions(StudentRequiredMixin, PageView):
    """``/sessions/``: the student's coming and past sessions, the past ones by month."""

    template_name = "bookings/sessions.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # Any: template data
        now = timezone.now()
        page = sessions_of(cast("User", self.request.user), at=now, month=_month(self.request))
        return super().get_context_data(**kwargs, page=page, now=now)


class MentorSessions(MentorRequiredMixin, Sessions):
    """``/mentor/sessions/``: the same for the one who teaches."""

    who = MentorRequiredMixin.who
    template_name = "bookings/mentor_sessions.html"


def _month(request: HttpRequest) -> datetime | None:
    """Read ``?month=2026-10`` as that month's first moment in the reader's zone; anything else is no month."""
    try:
        month = datetime.strptime(request.GET.get("month", ""), "%Y-%m")  # noqa: DTZ007  # made aware below
    except ValueError:
        return None
    return timezone.make_aware(month)
