"""A session as an iCalendar file (RFC 5545): the same UID for its whole life, so that calendars follow its changes."""

from email.utils import parseaddr
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from bookings.models import Booking
from marketplace.common.libraries import loaded_when_used
from marketplace.common.links import page_link

icalendar = loaded_when_used("icalendar")  # 3 MB


def mimetype(booking: Booking) -> str:
    return f"text/calendar; charset=utf-8; method={_method(booking)}"


def calendar_file(booking: Booking, *, reader: User) -> bytes:
    """Build the ``.ics`` of a session that was booked, as one of its two people sees it.

    ``SEQUENCE`` rises with each move and with the cancelling, so that calendars know which file is the newer (RFC 5546).
    """
    is_off = booking.status == Booking.Status.CANCELLED
    other = booking.mentor.user if reader.pk == booking.student_id else booking.student
    link = page_link("bookings:session", booking.pk)
    event = icalendar.Event()
    event.add("uid", f"{booking.pk}@{urlsplit(settings.SITE_URL).hostname}")
    event.add("sequence", booking.sequence)
    event.add("dtstamp", timezone.now())
    event.add("dtstart", booking.starts_at)
    event.add("dtend", booking.ends_at)
    event.add("summary", _("Session with %(name)s") % {"name": other.name})
    event.add("description", link)
    event.add("url", link)
    event.add("organizer", icalendar.vCalAddress(f"mailto:{parseaddr(settings.DEFAULT_FROM_EMAIL)[1]}"))
    event.add("status", "CANCELLED" if is_off else "CONFIRMED")
    calendar = icalendar.Calendar()
    calendar.add("prodid", f"-//{settings.SITE_NAME}//EN")
    calendar.add("version", "2.0")
    calendar.add("method", _method(booking))
    calendar.add_component(event)
    return bytes(calendar.to_ical())


def _method(booking: Booking) -> str:
    return "CANCEL" if booking.status == Booking.Status.CANCELLED else "PUBLISH"
