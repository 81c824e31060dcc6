"""Template tags over ``marketplace.common.formatting`` and ``marketplace.common.forms``; built in, so no ``{% load %}``.

Times are shown in the active time zone (the reader's) unless a zone is given.
"""

import uuid
from collections.abc import Iterable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django import template
from django.conf import settings
from django.template.context import Context
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from marketplace.common import formatting
from marketplace.common.forms import ErrorItem, error_items

register = template.Library()


def _zone(zone: ZoneInfo | str | None) -> ZoneInfo:
    if isinstance(zone, ZoneInfo):
        return zone
    return ZoneInfo(zone or timezone.get_current_timezone_name())


@register.simple_tag
def site_name() -> str:
    """The marketplace's name. A tag, because allauth's pages bring another ``site`` in their context."""
    return str(settings.SITE_NAME)


@register.simple_tag
def site_url() -> str:
    return str(settings.SITE_URL)


@register.simple_tag
def money(amount_minor: int, currency: str | None = None, short: bool = False) -> str:
    """``{% money booking.price_minor booking.currency %}``, ``{% money 3300 short=True %}``."""
    return formatting.money(amount_minor, currency or settings.CURRENCY, short=short)


@register.simple_tag
def currency_symbol() -> str:
    return formatting.currency_symbol(settings.CURRENCY)


@register.filter
def number(value: int) -> str:
    return formatting.number(value)


@register.simple_tag
def local_time(moment: datetime, zone: ZoneInfo | str | None = None) -> SafeString:
    """``<time datetime="2026-11-26T18:30:00Z">18:30</time>``."""
    return _time(moment, formatting.clock(moment, _zone(zone)))


@register.simple_tag
def time_range(starts_at: datetime, ends_at: datetime, zone: ZoneInfo | str | None = None) -> SafeString:
    """``18:30–19:15``."""
    return _time(starts_at, formatting.time_range(starts_at, ends_at, _zone(zone)))


@register.simple_tag
def day(moment: datetime | date, style: str = "short", zone: ZoneInfo | str | None = None) -> SafeString:
    """``{% day booking.starts_at %}`` Thu 26 Nov; styles ``long``, ``year``, ``weekday``, ``month``, ``number``."""
    if isinstance(moment, datetime):
        return _time(moment, formatting.day(moment, _zone(zone), style=style))
    return format_html('<time datetime="{}">{}</time>', moment.isoformat(), formatting.day(moment, style=style))


@register.simple_tag
def day_time(moment: datetime, zone: ZoneInfo | str | None = None) -> SafeString:
    """``Thu 26 Nov, 18:30``."""
    where = _zone(zone)
    return _time(moment, f"{formatting.day(moment, where)}, {formatting.clock(moment, where)}")


@register.simple_tag
def day_time_zone(moment: datetime) -> SafeString:
    """``Thu 26 Nov, 18:30 (Lisbon, GMT+0)``: a moment in a mail, which is read wherever its reader is."""
    where = _zone(None)
    parts = {"day": formatting.day(moment, where), "time": formatting.clock(moment, where)}
    zone = formatting.zone_label(where, moment)
    return _time(moment, gettext("%(day)s, %(time)s (%(zone)s)") % {**parts, "zone": zone})


@register.filter
def day_at(moment: datetime) -> str:
    """``{{ booking.starts_at|day_at }}`` Thu 26 Nov at 18:30, for the subjects of mails."""
    return formatting.day_at(moment, _zone(None))


@register.simple_tag
def other_time(starts_at: datetime, ends_at: datetime, zone: ZoneInfo | str) -> SafeString:
    """The other person's time; the weekday is said where their date differs: ``00:30–01:15 Fri``."""
    theirs, ours = _zone(zone), _zone(None)
    text = formatting.time_range(starts_at, ends_at, theirs)
    if starts_at.astimezone(theirs).date() != starts_at.astimezone(ours).date():
        text = f"{text}, {formatting.day(starts_at, theirs, style='weekday')}"
    return _time(starts_at, text)


@register.simple_tag
def relative_day(moment: datetime) -> str:
    """``Today``, ``Tomorrow``, ``Thu 26``."""
    return formatting.relative_day(moment, _zone(None), now=timezone.now())


@register.simple_tag
def zone_label(at: datetime | None = None, zone: ZoneInfo | str | None = None) -> str:
    """``Lisbon, GMT+0``: city and offset on that date (now, when none is given)."""
    return formatting.zone_label(_zone(zone), at or timezone.now())


@register.simple_tag
def zone_city(zone: ZoneInfo | str | None = None) -> str:
    return formatting.zone_city(_zone(zone))


@register.filter
def in_minutes(moment: datetime) -> str:
    """``in 12 min``, ``in 5 hours``, ``in 3 days``; empty once it has passed."""
    return formatting.until(moment, _zone(None), now=timezone.now())


@register.filter
def duration(count: int, unit: str = "s") -> str:
    """``900`` → ``15 minutes``; ``{{ 48|duration:"h" }}`` → ``2 days``; units ``s m h d``."""
    return formatting.duration(count * formatting.UNITS[unit])


@register.filter
def times(count: int) -> str:
    """``1`` → ``once``, ``3`` → ``3 times``."""
    return formatting.times(count)


@register.simple_tag
def session_lengths() -> str:
    """``15, 45 or 90``."""
    return formatting.any_of(settings.SESSION_MINUTES)


@register.filter
def rate(limit: str) -> str:
    """``10/5m`` → ``10 in 5 minutes``."""
    return formatting.rate(limit)


@register.filter
def percent(basis_points: int) -> str:
    """``1500`` → ``15%``."""
    return formatting.percent(basis_points)


@register.filter
def clock_face(seconds: int) -> str:
    """``582`` → ``9:42``: what is left of a hold."""
    return f"{seconds // 60}:{seconds % 60:02}"


@register.filter
def utc_iso(moment: datetime) -> str:
    return formatting.utc_iso(moment)


@register.filter
def hue(identity: uuid.UUID | int | str) -> int:
    return formatting.hue(identity)


@register.filter
def initials(name: str) -> str:
    return formatting.initials(name)


@register.filter
def file_size(size: int) -> str:
    return formatting.file_size(size)


@register.simple_tag
def upload_limit() -> str:
    """``10 MB``: how big a file may be."""
    return gettext("%(size)s MB") % {"size": formatting.number(settings.UPLOAD_MAX_BYTES // 1024**2)}


@register.simple_tag
def upload_max_bytes() -> int:
    return int(settings.UPLOAD_MAX_BYTES)


@register.simple_tag
def upload_types() -> str:
    """``application/pdf,image/jpeg,image/png``: what ``accept`` of a file input says."""
    return ",".join(settings.UPLOAD_TYPES)


@register.filter
def error_list(form: object) -> list[ErrorItem]:
    return error_items(form)


@register.simple_tag(takes_context=True)
def query(context: Context, **changes: object) -> str:
    """The query string of this page with some parameters replaced; ``None`` drops one: ``href="{% query page=2 %}"``."""
    params = context["request"].GET.copy()
    for name, value in changes.items():
        if value is None:
            params.pop(name, None)
        elif isinstance(value, Iterable) and not isinstance(value, str):
            params.setlist(name, [str(item) for item in value])
        else:
            params[name] = str(value)
    return f"?{params.urlencode()}"


@register.simple_tag(takes_context=True)
def current(context: Context, path: str, exact: bool = False) -> SafeString:
    """``aria-current`` for a link to the page one is on, or (unless ``exact``) to one above it."""
    request = context.get("request")
    if request is None:
        return SafeString("")
    here = request.path == path if exact else request.path.startswith(path)
    return SafeString(' aria-current="page"') if here else SafeString("")


def _time(moment: datetime, text: str) -> SafeString:
    return format_html('<time datetime="{}">{}</time>', formatting.utc_iso(moment), text)
