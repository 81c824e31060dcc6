"""A session as an iCalendar file (RFC 5545): the same UID for its whole life, so that calendars follow its changes."""

from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from icalendar import Calendar, Event

from accounts.models import User
from bookings.models import Booking

MIMETYPE = "text/calendar; charset=utf-8; method=PUBLISH"


def calendar_file(booking: Booking, *, reader: User) -> bytes:
    """Build the ``.ics`` of a confirmed session as one of its two people sees it."""
    assert booking.confirmed_at is not None
    other = booking.mentor.user if reader.pk == booking.student_id else booking.student
    link = settings.SITE_URL + reverse("bookings:session", args=[booking.pk])
    event = Event()
    event.add("uid", f"{booking.pk}@{urlsplit(settings.SITE_URL).hostname}")
    event.add("sequence", 0)
    event.add("dtstamp", booking.confirmed_at)
    event.add("dtstart", booking.starts_at)
    event.add("dtend", booking.ends_at)
    event.add("summary", _("Session with %(name)s") % {"name": other.name})
    event.add("description", link)
    event.add("url", link)
    event.add("status", "CONFIRMED")
    calendar = Calendar()
    calendar.add("prodid", f"-//{settings.SITE_NAME}//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add_component(event)
    return bytes(calendar.to_ical())
