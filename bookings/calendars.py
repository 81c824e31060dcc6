"""Sessions as iCalendar (RFC 5545): the same UID for a session's whole life, so that calendars follow its changes."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.models import User
from bookings.models import Booking
from marketplace.common.libraries import loaded_when_used
from marketplace.common.links import page_link

icalendar = loaded_when_used("icalendar")  # 3 MB

REFRESH = timedelta(hours=1)  # how often calendar programs are asked to read a feed


def mimetype(booking: Booking) -> str:
    return f"text/calendar; charset=utf-8; method={_method(booking)}"


def calendar_file(booking: Booking, *, reader: User) -> bytes:
    """Build the ``.ics`` of a session that was booked, as one of its two people sees it.

    ``SEQUENCE`` rises with each move and with the cancelling, so that calendars know which file is the newer (RFC 5546).
    """
    calendar = _calendar()
    calendar.add("method", _method(booking))
    with translation.override(reader.language or settings.LANGUAGE_CODE):
        calendar.add_component(_event(booking, reader=reader, stamped_at=timezone.now()))
    return bytes(calendar.to_ical())


def calendar_feed(bookings: Iterable[tuple[Booking, datetime]], *, reader: User) -> bytes:
    """Build a person's feed from sessions and when each last changed. The same sessions give the same bytes."""
    calendar = _calendar()
    calendar.add("refresh-interval", icalendar.vDuration(REFRESH), parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", icalendar.vDuration(REFRESH))
    with translation.override(reader.language or settings.LANGUAGE_CODE):
        calendar.add("x-wr-calname", _("%(site)s sessions") % {"site": settings.SITE_NAME})
        for booking, changed_at in bookings:
            calendar.add_component(_event(booking, reader=reader, stamped_at=changed_at))
    return bytes(calendar.to_ical())


def _calendar() -> Any:  # Any: the library is loaded when it is used
    calendar = icalendar.Calendar()
    calendar.add("prodid", f"-//{settings.SITE_NAME}//EN")
    calendar.add("version", "2.0")
    return calendar


def _event(booking: Booking, *, reader: User, stamped_at: datetime) -> Any:  # Any: as above
    is_off = booking.status == Booking.Status.CANCELLED
    other = booking.mentor.user if reader.pk == booking.student_id else booking.student
    link = page_link("bookings:session", booking.pk)
    event = icalendar.Event()
    event.add("uid", f"{booking.pk}@{urlsplit(settings.SITE_URL).hostname}")
    event.add("sequence", booking.sequence)
    event.add("dtstamp", stamped_at)
    event.add("dtstart", booking.starts_at)
    event.add("dtend", booking.ends_at)
    event.add("summary", _("Session with %(name)s") % {"name": other.name})
    event.add("description", link)
    event.add("url", link)
    event.add("organizer", icalendar.vCalAddress(f"mailto:{parseaddr(settings.DEFAULT_FROM_EMAIL)[1]}"))
    event.add("status", "CANCELLED" if is_off else "CONFIRMED")
    return event


def _method(booking: Booking) -> str:
    return "CANCEL" if booking.status == Booking.Status.CANCELLED else "PUBLISH"
