"""The room of a session: the join page, where one meets, and what its two people write down together."""

from dataclasses import replace
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _

from bookings import services
from bookings.after_policies import may_be_in_room
from bookings.after_views import OwnBookingMixin
from bookings.errors import NotesChanged
from bookings.headers import may_try_devices
from bookings.queries.after import other_of
from bookings.queries.room import counted_of, notes_of, notes_version, presence_of, room_of
from bookings.room_forms import MeetingLinkForm, NotesForm, notes_form
from bookings.rooms import host_of
from marketplace.common.errors import DomainError
from marketplace.common.guards import PARTICIPANT, MentorRequiredMixin
from marketplace.common.limits import check_rate
from marketplace.common.views import OperationView, PageView


@method_decorator(may_try_devices, name="dispatch")
class Join(OwnBookingMixin, PageView):
    """``/bookings/<id>/join/``: the link to the room. While it is open the page says that somebody is there."""

    # A suspended mentor whose sessions were kept still teaches them: not to be counted would make them absent.
    who = replace(PARTICIPANT, suspended_may_write=True)
    template_name = "bookings/join.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # Any: template data
        now = timezone.now()
        notes = notes_of(self.booking, self.user, at=now)
        return super().get_context_data(
            **self.about(),
            room=room_of(self.booking, self.user, at=now),
            presence=presence_of(self.booking, other_of(self.booking, self.user), at=now),
            counted=counted_of(self.booking, self.user, at=now),
            notes=notes,
            notes_form=notes_form(notes),
            beat_seconds=settings.BEAT_SECONDS,
            gap_seconds=settings.BEAT_GAP_SECONDS,
            **kwargs,
        )

    def post(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:  # Any: the URL's parts
        """A beat: by the page itself, which shows who else is there, or by the button of those without script."""
        now = timezone.now()
        services.beat(booking=self.booking, by=self.user, at=now)
        if "by_hand" in request.POST:
            messages.success(request, _("Seen at this moment."))
            return redirect("bookings:join", self.booking.pk)
        other = other_of(self.booking, self.user)
        seen = {
            "other": other,
            "presence": presence_of(self.booking, other, at=now),
            "counted": counted_of(self.booking, self.user, at=now),
            "notes_version": notes_version(self.booking),
        }
        return render(request, "bookings/_presence.html", seen)


class SetMeetingLink(MentorRequiredMixin, OwnBookingMixin, OperationView):
    """``/bookings/<id>/link/``: meet elsewhere for this one session."""

    who = MentorRequiredMixin.who
    form_class = MeetingLinkForm
    template_name = "bookings/meeting_link.html"

    def get_initial(self) -> dict[str, Any]:  # Any: form data
        return {"meeting_url": self.booking.meeting_url}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # Any: template data
        room = room_of(self.booking, self.user, at=timezone.now())
        usual = host_of(self.booking.mentor.meeting_url)
        return super().get_context_data(**self.about(), may_write=room.may_set_link, usual_host=usual, **kwargs)

    def form_valid(self, form: Form) -> HttpResponse:
        url = form.cleaned_data["meeting_url"]
        services.set_meeting_link(booking_id=self.booking.pk, by=self.user, url=url)
        messages.success(self.request, _("Saved. Your student finds it on the join page once the room is open."))
        return redirect("bookings:session", self.booking.pk)


class SaveNotes(OwnBookingMixin, OperationView):
    """``/bookings/<id>/notes/``: what both write down. The page saves it by itself; without script a button does."""

    form_class = NotesForm
    template_name = "bookings/notes.html"

    def get_initial(self) -> dict[str, Any]:  # Any: form data
        notes = notes_of(self.booking, self.user, at=timezone.now())
        return {"text": notes.text, "version": notes.version} if notes else {}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # Any: template data
        notes = notes_of(self.booking, self.user, at=timezone.now())
        return super().get_context_data(**self.about(), notes=notes, **kwargs)

    def get_template_names(self) -> list[str]:
        is_partial = getattr(self.request, "htmx", False)
        return ["bookings/_notes.html"] if is_partial else super().get_template_names()

    def form_valid(self, form: Form) -> HttpResponse:
        check_rate(self.request, "NOTE_SAVE")
        services.save_notes(
            booking_id=self.booking.pk,
            by=self.user,
            text=form.cleaned_data["text"],
            version=form.cleaned_data["version"],
        )
        if getattr(self.request, "htmx", False):
            notes = notes_of(self.booking, self.user, at=timezone.now())
            return self.render_to_response(self.get_context_data(form=notes_form(notes)))
        messages.success(self.request, _("Saved. Both of you can read it."))
        is_open = may_be_in_room(self.user, self.booking, at=timezone.now())
        return redirect("bookings:join" if is_open else "bookings:session", self.booking.pk)

    def refused(self, form: Form, error: DomainError) -> HttpResponse:
        """Keep what was typed, beside what the other has written; saved again, it goes on from there."""
        if not isinstance(error, NotesChanged):
            return super().refused(form, error)
        theirs = notes_of(self.booking, self.user, at=timezone.now())
        form.add_error(None, str(error.user_message))
        form.data = {"text": form.cleaned_data["text"], "version": theirs.version if theirs else 0}
        return self.render_to_response(self.get_context_data(form=form, theirs=theirs), status=error.status)


class KeepSession(MentorRequiredMixin, OwnBookingMixin, OperationView):
    """``POST /bookings/<id>/keep/``: a session outside the hours stays, and is no longer asked about."""

    http_method_names = ("post",)
    who = MentorRequiredMixin.who

    def form_valid(self, form: Form) -> HttpResponse:
        services.keep_outside_hours(booking_id=self.booking.pk, by=self.user)
        messages.success(self.request, _("The session stays as it is."))
        return redirect("mentors:availability")

    def refused(self, form: Form, error: DomainError) -> HttpResponse:
        messages.error(self.request, str(error.user_message))
        return redirect("mentors:availability")
