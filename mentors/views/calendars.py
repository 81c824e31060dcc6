"""Calendars elsewhere whose busy times nobody can book."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from marketplace.common.errors import DomainError
from marketplace.common.limits import check_rate
from mentors import services
from mentors.forms.calendars import CalendarForm
from mentors.queries import calendars_of
from mentors.views.availability import AvailabilityView


class Calendars(AvailabilityView):
    """``/mentor/availability/calendars/``: those that are read, how that goes, and one more."""

    template_name = "mentors/calendars.html"
    form_class = CalendarForm
    tab = "calendars"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # Any: template data
        calendars = calendars_of(self.mentor)
        return super().get_context_data(
            calendars=calendars, most=settings.CALENDARS_MAX, has_room=len(calendars) < settings.CALENDARS_MAX, **kwargs
        )

    def form_valid(self, form: Form) -> HttpResponse:
        check_rate(self.request, "CALENDAR")
        calendar = services.add_calendar(mentor=self.mentor, by=self.mentor.user, address=form.cleaned_data["address"])
        messages.success(
            self.request, _("Added. Nobody can book the times that %(host)s tells of.") % {"host": calendar.host}
        )
        return redirect("mentors:calendars")


class ReadCalendars(AvailabilityView):
    """Read all of them now, rather than within a quarter of an hour."""

    http_method_names = ("post",)

    def form_valid(self, form: Form) -> HttpResponse:
        check_rate(self.request, "CALENDAR")
        failed = [each.host for each in services.read_now(mentor=self.mentor, by=self.mentor.user) if each.failure]
        if failed:
            messages.error(self.request, _("Not readable: %(hosts)s.") % {"hosts": ", ".join(failed)})
        else:
            messages.success(self.request, _("Read. What your calendars say now is what students can book around."))
        return redirect("mentors:calendars")

    def refused(self, form: Form, error: DomainError) -> HttpResponse:
        messages.error(self.request, str(error.user_message))
        return redirect("mentors:calendars")


class RemoveCalendar(AvailabilityView):
    """Read a calendar no more, and give its times back."""

    http_method_names = ("post",)

    def form_valid(self, form: Form) -> HttpResponse:
        services.remove_calendar(mentor=self.mentor, by=self.mentor.user, calendar_id=self.kwargs["calendar_id"])
        messages.success(self.request, _("Removed. Its times can be booked again."))
        return redirect("mentors:calendars")
