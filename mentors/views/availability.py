"""The availability editor: weekly hours, days off and extra hours, booking rules."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from mentors import services
from mentors.cancellation import policy_sentence
from mentors.clocks import next_clock_change, zone_groups, zone_name
from mentors.dates import Run, runs
from mentors.forms.dates import DateForm, read_place, read_places
from mentors.forms.hours import DAYS, TIMES, TypedWeek, WeeklyHoursForm, day_name
from mentors.forms.rules import BookingRulesForm
from mentors.models import Policy
from mentors.preview import NEAR, is_inside, preview, room_sentence, week_of
from mentors.queries import Session, busy_between, hours_of, sessions_between
from mentors.views.base import MentorOperation
from mentors.windows import Hours, windows_between

CLOCK_NOTICE = timedelta(weeks=4)


class AvailabilityView(MentorOperation):
    """What the three tabs share. ``hours`` are those saved, in the zone they are kept in."""

    tab = ""

    def load(self) -> None:
        super().load()
        self.now = timezone.now()
        self.hours = hours_of(self.mentor)
        if not self.mentor.time_zone:  # none named yet: the reader's own is the best guess
            self.hours = Hours(timezone.get_current_timezone())

    @property
    def today(self) -> Any:  # Any: a date
        return self.now.astimezone(self.hours.zone).date()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # Any: template data
        change = next_clock_change(self.hours.zone, after=self.now, within=CLOCK_NOTICE)
        outside = self.outside()
        return super().get_context_data(
            outside=[session for session in outside if not session.is_kept],
            kept_count=sum(session.is_kept for session in outside),
            zone=self.hours.zone,
            zone_name=zone_name(self.hours.zone, at=self.now),
            clock_change=change,
            tabs=self.tabs(),
            **kwargs,
        )

    def tabs(self) -> list[dict[str, Any]]:  # Any: template data
        coming = runs(self.hours.exceptions, today=self.today)
        return [
            {"label": _("Weekly hours"), "url": reverse("mentors:availability"), "current": self.tab == "weekly"},
            {
                "label": _("Days off and extra hours"),
                "url": reverse("mentors:dates"),
                "current": self.tab == "dates",
                "count": len(coming),
            },
            {"label": _("Booking rules"), "url": reverse("mentors:rules"), "current": self.tab == "rules"},
            {"label": _("Calendars"), "url": reverse("mentors:calendars"), "current": self.tab == "calendars"},
        ]

    def coming(self) -> list[Run]:
        return runs(self.hours.exceptions, today=self.today)

    def span(self) -> tuple[datetime, datetime]:
        """From the week's beginning, whose sessions the preview shows, to the furthest that anyone can have booked."""
        return self.now - NEAR, self.now + timedelta(days=settings.HORIZON_DAYS_MAX)

    @cached_property
    def sessions(self) -> list[Session]:
        return sessions_between(self.mentor, *self.span())

    def shown_hours(self) -> Hours:
        """The hours that the page is about: those saved, or on the weekly tab those that stand in its form."""
        return self.hours

    def outside(self) -> list[Session]:
        """What is booked and to come, and lies outside these hours."""
        windows = windows_between(self.shown_hours(), *self.span())
        coming = [session for session in self.sessions if session.starts_at > self.now]
        return [session for session in coming if not is_inside(session, windows)]


class WeeklyHours(AvailabilityView):
    template_name = "mentors/availability.html"
    tab = "weekly"
    # What was posted without being saved.
    typed: WeeklyHoursForm | None = None

    def get_form(self, form_class: Any = None) -> WeeklyHoursForm:  # Any: Django's own
        posted = self.request.method == "POST"
        week = TypedWeek.from_post(self.request.POST) if posted else TypedWeek.from_rules(self.hours.rules)
        return self.form_of(week, bound=posted)

    def form_of(self, week: TypedWeek, *, bound: bool) -> WeeklyHoursForm:
        zone = self.request.POST.get("time_zone", "") or self.hours.zone.key
        zones = [] if self.mentor.time_zone else zone_groups(at=self.now, chosen=self.hours.zone.key)
        return WeeklyHoursForm(week, bound=bound, zones=zones, time_zone=zone)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:  # Any: the URL's parts
        week = TypedWeek.from_post(request.POST)
        if "add" in request.POST:
            week.add(request.POST["add"])
        elif "remove" in request.POST:
            week.remove(request.POST["remove"])
        elif "copy" in request.POST:
            week.copy(request.POST.get("copy_from", ""), request.POST.getlist("copy_to"))
        elif "preview" not in request.POST:
            return super().post(request, *args, **kwargs)
        # Not saved, only shown again with what was typed: what script does in the page, asking for the preview only.
        self.typed = self.form_of(week, bound=True)
        return self.render_to_response(self.get_context_data(form=self.form_of(week, bound=False), is_edited=True))

    def form_invalid(self, form: Form) -> HttpResponse:
        assert isinstance(form, WeeklyHoursForm)
        self.typed = form
        return super().form_invalid(form)

    def shown_hours(self) -> Hours:
        if self.typed is None:
            return self.hours
        self.typed.is_valid()  # blocks that are whole count, whatever is wrong with others
        zone = self.typed.cleaned_data.get("time_zone") or self.hours.zone.key
        return replace(self.hours, zone=ZoneInfo(zone), rules=tuple(self.typed.rules))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # Any: template data
        form: WeeklyHoursForm = kwargs.get("form") or self.get_form()
        busy = busy_between(self.mentor, self.now - NEAR, self.now + NEAR)
        week = week_of(self.shown_hours(), at=self.now, sessions=self.sessions, busy=busy)
        return super().get_context_data(
            **{**kwargs, "form": form},
            rows=form.rows(),
            times=TIMES,
            days=[{"prefix": name, "name": day_name(number)} for number, name in enumerate(DAYS)],
            week=preview(week),
            room=room_sentence(week, minutes=settings.SESSION_MINUTES[1], break_minutes=self.mentor.break_minutes),
            is_typed=self.typed is not None,
            coming=self.coming()[:5],
        )

    def form_valid(self, form: Form) -> HttpResponse:
        assert isinstance(form, WeeklyHoursForm)
        zone = form.cleaned_data.get("time_zone") or self.mentor.time_zone
        services.save_availability(mentor=self.mentor, by=self.mentor.user, weekly=form.rules, time_zone=zone)
        messages.success(self.request, _("Saved. Students see these hours from now on."))
        return redirect("mentors:availability")


class Dates(AvailabilityView):
    template_name = "mentors/dates.html"
    tab = "dates"

    def get_form(self, form_class: Any = None) -> DateForm:  # Any: Django's own
        if self.request.method == "POST":
            return DateForm(self.request.POST, today=self.today)
        places = read_places(self.request.GET.get("edit", ""))
        found = [each for each in self.hours.exceptions if (each.on, each.kind) in places]
        if not found:
            return DateForm(initial={"date": self.today + timedelta(days=1)}, today=self.today)
        edited, last = found[0], found[-1]
        return DateForm(
            initial={
                "date": edited.on,
                "until": last.on if last.on > edited.on else None,
                "kind": edited.kind,
                "yearly": edited.yearly,
                "instead_of": f"{edited.kind} {edited.on} {last.on}",
            },
            today=self.today,
            pairs=[(f"{window.start:%H:%M}", f"{window.end:%H:%M}") for window in edited.windows],
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # Any: template data
        form: DateForm = kwargs.get("form") or self.get_form()
        return super().get_context_data(
            **{**kwargs, "form": form}, runs=self.coming(), is_edit=bool(form["instead_of"].value())
        )

    def form_valid(self, form: Form) -> HttpResponse:
        assert isinstance(form, DateForm)
        if not self.mentor.time_zone:
            services.save_availability(mentor=self.mentor, by=self.mentor.user, time_zone=self.hours.zone.key)
        services.add_exceptions(
            mentor=self.mentor, by=self.mentor.user, exceptions=form.exceptions(), instead_of=form.replaced()
        )
        messages.success(self.request, _("Saved. Students see it from now on."))
        return redirect("mentors:dates")


class RemoveDates(AvailabilityView):
    """Take one entry of the list back: a date, or a run of them."""

    http_method_names = ("post",)

    def form_valid(self, form: Form) -> HttpResponse:
        places = [place for text in self.request.POST.getlist("place") if (place := read_place(text))]
        services.remove_exceptions(mentor=self.mentor, by=self.mentor.user, dates=places)
        messages.success(self.request, _("Removed. Your weekly hours hold on that date again."))
        return redirect("mentors:dates")


class BookingRules(AvailabilityView):
    template_name = "mentors/rules.html"
    tab = "rules"

    def get_form(self, form_class: Any = None) -> BookingRulesForm:  # Any: Django's own
        zones = zone_groups(at=self.now, chosen=self.hours.zone.key)
        if self.request.method == "POST":
            return BookingRulesForm(self.request.POST, zones=zones)
        initial = BookingRulesForm.initial_of(self.mentor, time_zone=self.hours.zone.key)
        return BookingRulesForm(initial=initial, zones=zones)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # Any: template data
        form = kwargs.get("form") or self.get_form()
        day = self.today + timedelta(days=7)
        example = datetime(day.year, day.month, day.day, 18, tzinfo=self.hours.zone)
        chosen = form["policy"].value()
        policies = [
            {
                "value": policy.value,
                "label": policy.label,
                "text": policy_sentence(policy, example=example, zone=ZoneInfo(self.hours.zone.key)),
                "checked": policy.value == chosen,
            }
            for policy in Policy
        ]
        return super().get_context_data(**{**kwargs, "form": form}, policies=policies, example=example)

    def form_valid(self, form: Form) -> HttpResponse:
        services.save_availability(mentor=self.mentor, by=self.mentor.user, **form.cleaned_data)
        messages.success(self.request, _("Saved. The rules hold for new bookings from now on."))
        return redirect("mentors:rules")
