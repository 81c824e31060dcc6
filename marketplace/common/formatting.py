"""Money, times and names as people read them. Pure functions; the template tags are thin over them.

Moments come in as aware UTC and are shown in a zone that the caller names. The locale is that of the active language.
"""

import re
import uuid
import zlib
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date as babel_format_date
from babel.dates import format_interval, format_skeleton, format_time, get_timezone_location
from babel.lists import format_list
from babel.numbers import format_currency, format_percent, get_currency_precision, get_currency_symbol
from babel.numbers import format_decimal as babel_format_decimal
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

# Plain English is written the international way, day before month and 24 hours. "en-us" says otherwise.
PREFERRED = {"en": "en_GB"}
HUES = 8


def active_locale() -> Locale:
    """The Babel locale of the active language; English where Babel knows none."""
    return _locale_of(translation.get_language() or "en")


@cache
def _locale_of(language: str) -> Locale:
    name = PREFERRED.get(language) or translation.to_locale(language)
    try:
        return Locale.parse(name)
    except (ValueError, UnknownLocaleError):
        return Locale.parse("en_GB")


def money(amount_minor: int, currency: str, *, short: bool = False) -> str:
    """``3300, "usd"`` → ``$33.00``; ``short`` leaves the decimals of a whole amount away (``$33``)."""
    return _money_in(active_locale(), amount_minor, currency.upper(), short=short)


# Remembered, as all that lists show over and over: Babel takes longer than all the rest of a card.
@lru_cache(maxsize=4_096)
def _money_in(locale: Locale, amount_minor: int, code: str, *, short: bool) -> str:
    scale = 10 ** get_currency_precision(code)
    whole = amount_minor % scale == 0
    pattern = locale.currency_formats["standard"].pattern
    if short and whole:
        pattern = re.sub(r"[.,]0+(?=\D|$)", "", pattern)
    text = format_currency(
        _decimal(amount_minor, scale), code, format=pattern, locale=locale, currency_digits=not (short and whole)
    )
    return text.replace(get_currency_symbol(code, locale), currency_symbol(code))


def currency_symbol(currency: str) -> str:
    """The short sign: there is one currency in a marketplace, so ``US$`` need not name its country."""
    code = currency.upper()
    symbol = get_currency_symbol(code, active_locale())
    narrow = symbol.removeprefix(code[:2]).removesuffix(code[:2])
    return symbol if not narrow or narrow.isalpha() else narrow


def percent(basis_points: int) -> str:
    """``1500`` → ``15%``."""
    return format_percent(
        _decimal(basis_points, 10_000), locale=active_locale(), format=None, decimal_quantization=False
    )


def number(value: int) -> str:
    return _number_in(active_locale(), value)


@lru_cache(maxsize=4_096)
def _number_in(locale: Locale, value: int) -> str:
    return babel_format_decimal(value, locale=locale)


def clock(moment: datetime, zone: ZoneInfo) -> str:
    """``18:30``, or ``6:30 pm`` where people write it so."""
    return _clock_at(moment.astimezone(zone).time(), active_locale())


@lru_cache(maxsize=4_096)
def _clock_at(local: time, locale: Locale) -> str:
    return format_time(local, "short", locale=locale).replace("\u202f", "\u00a0")


def time_range(starts_at: datetime, ends_at: datetime, zone: ZoneInfo) -> str:
    """``18:30–19:15``."""
    locale = active_locale()
    if "a" not in locale.time_formats["short"].pattern:
        return f"{clock(starts_at, zone)}–{clock(ends_at, zone)}"
    text = format_interval(starts_at.astimezone(zone), ends_at.astimezone(zone), "hm", locale=locale)
    return re.sub(r"\s*–\s*", "–", text).replace("\u202f", "\u00a0")


def day(when: date, zone: ZoneInfo | None = None, *, style: str = "short") -> str:
    """A date in words: ``short`` Thu 26 Nov, ``long`` Thursday 26 November, ``year`` 26 November 2026,
    ``weekday`` Thursday, ``month`` Nov, ``number`` 26."""
    local = _local_date(when, zone)
    locale = active_locale()
    if style == "year":
        return babel_format_date(local, "long", locale=locale)
    if style in {"weekday", "number"}:
        return babel_format_date(local, {"weekday": "EEEE", "number": "d"}[style], locale=locale)
    if style == "month":
        return babel_format_date(local, "LLL", locale=locale).rstrip(".")
    short = format_skeleton("MMMEd", local, locale=locale)
    if style == "short":
        return short
    if style == "long":
        pattern = locale.datetime_skeletons["MMMEd"].pattern.replace("E", "EEEE").replace("MMM", "MMMM")
        return babel_format_date(local, pattern, locale=locale).replace(",", "", 1)
    raise ValueError(f"unknown style of day: {style}")


def day_at(moment: datetime, zone: ZoneInfo) -> str:
    """``Thu 26 Nov at 18:30``: a moment in a sentence without markup, such as the subject of a mail."""
    return _("%(day)s at %(time)s") % {"day": day(moment, zone), "time": clock(moment, zone)}


def relative_day(moment: datetime, zone: ZoneInfo, *, now: datetime) -> str:
    """``Today``, ``Tomorrow``, else ``Thu 26``: for narrow places that stand beside a time."""
    local, today = moment.astimezone(zone).date(), now.astimezone(zone).date()
    if local == today:
        return _("Today")
    if local == today + timedelta(days=1):
        return _("Tomorrow")
    skeleton = "Ed" if abs((local - today).days) < 7 else "MMMd"  # within a week the weekday says which
    return _short_date(skeleton, local, active_locale())


@lru_cache(maxsize=1_024)
def _short_date(skeleton: str, day: date, locale: Locale) -> str:
    return str(format_skeleton(skeleton, day, locale=locale))


def date_range(first: date, last: date) -> str:
    """``23–29 November``, ``30 November – 6 December``."""
    locale = active_locale()
    if first.month == last.month:
        text = format_interval(first, last, "MMMd", locale=locale)
        short, full = (babel_format_date(first, pattern, locale=locale) for pattern in ("MMM", "MMMM"))
        return re.sub(r"\s*–\s*", "–", text).replace(short, full)
    return f"{format_skeleton('MMMd', first, locale=locale)} – {format_skeleton('MMMd', last, locale=locale)}"


def zone_city(zone: ZoneInfo) -> str:
    """``Lisbon`` for Europe/Lisbon, in the reader's language."""
    # Some names have three parts, and Babel then keeps two of them: "Argentina/Buenos Aires".
    return get_timezone_location(zone, locale=active_locale(), return_city=True).rsplit("/", 1)[-1]


def zone_label(zone: ZoneInfo, at: datetime) -> str:
    """``Lisbon, GMT+0``: city and offset as they are at that moment, never letters such as EST."""
    return f"{zone_city(zone)}, {offset_label(zone, at)}"


def offset_label(zone: ZoneInfo, at: datetime) -> str:
    offset = at.astimezone(zone).utcoffset() or timedelta()
    minutes = int(offset.total_seconds()) // 60
    sign = "-" if minutes < 0 else "+"
    hours, rest = divmod(abs(minutes), 60)
    return f"GMT{sign}{hours}" + (f":{rest:02}" if rest else "")


def until(moment: datetime, zone: ZoneInfo, *, now: datetime) -> str:
    """``in 3 days``, ``in 5 hours``, ``in 12 min``, ``now``; empty for what has passed. Stands beside the absolute time.

    Days are counted in the calendar of ``zone``: from Monday night to Thursday noon it is three days.
    """
    seconds = (moment - now).total_seconds()
    if seconds < 0:
        return ""
    minutes = int(seconds // 60)
    if minutes < 1:
        return _("now")
    if minutes < 60:
        return ngettext("in %(count)d min", "in %(count)d min", minutes) % {"count": minutes}
    if minutes < 48 * 60:
        hours = minutes // 60
        return ngettext("in %(count)d hour", "in %(count)d hours", hours) % {"count": hours}
    days = (moment.astimezone(zone).date() - now.astimezone(zone).date()).days
    return ngettext("in %(count)d day", "in %(count)d days", days) % {"count": days}


def duration(seconds: int) -> str:
    """A wait or a limit in words: ``15 minutes``, ``1 hour``, ``2 days``. Rounded up to the unit shown."""
    for size, singular, plural in (
        (86_400, "%(count)d day", "%(count)d days"),
        (3_600, "%(count)d hour", "%(count)d hours"),
        (60, "%(count)d minute", "%(count)d minutes"),
    ):
        if seconds >= size and (seconds % size == 0 or seconds >= 2 * size):
            count = -(-seconds // size)
            return ngettext(singular, plural, count) % {"count": count}
    if seconds > 60:
        count = -(-seconds // 60)
        return ngettext("%(count)d minute", "%(count)d minutes", count) % {"count": count}
    return ngettext("%(count)d second", "%(count)d seconds", seconds) % {"count": seconds}


def times(count: int) -> str:
    """``once``, ``twice``, ``3 times``."""
    words = {1: _("once"), 2: _("twice")}
    return words.get(count) or ngettext("%(count)d time", "%(count)d times", count) % {"count": count}


def any_of(items: Iterable[object]) -> str:
    """``15, 45 or 90``."""
    return format_list([str(item) for item in items], style="or", locale=active_locale())


UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


def rate(limit: str) -> str:
    """A limit as it stands in the settings, in words: ``10/5m`` → ``10 in 5 minutes``, ``20/h`` → ``20 in 1 hour``."""
    count, _slash, period = limit.partition("/")
    seconds = int(period[:-1] or 1) * UNITS[period[-1]]
    return _("%(count)s in %(period)s") % {"count": number(int(count)), "period": duration(seconds)}


def utc_iso(moment: datetime) -> str:
    """RFC 3339 with ``Z``, as in ``<time datetime>`` and in the JSON bodies."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def hue(identity: uuid.UUID | int | str) -> int:
    """1–8: the colour of a person's tile, the same for ever."""
    if isinstance(identity, uuid.UUID):
        return identity.int % HUES + 1
    if isinstance(identity, int):
        return identity % HUES + 1
    return zlib.crc32(identity.encode()) % HUES + 1


def initials(name: str) -> str:
    """``Ngozi Adeyemi`` → ``NA``; one name gives one letter; nothing gives ``·``."""
    words = [word for word in name.split() if word[0].isalnum()]
    if not words:
        return "·"
    letters = words[0][0] + (words[-1][0] if len(words) > 1 else "")
    return letters.upper()


def file_size(size: int) -> str:
    """``240 kB``, ``2.1 MB``: decimal units, as file managers show them."""
    if size < 1000:
        return _("%(size)s B") % {"size": size}
    if size < 1_000_000:
        return _("%(size)s kB") % {"size": -(-size // 1000)}
    return _("%(size)s MB") % {"size": babel_format_decimal(round(size / 1_000_000, 1), locale=active_locale())}


def _local_date(when: date, zone: ZoneInfo | None) -> date:
    if isinstance(when, datetime):
        return when.astimezone(zone).date() if zone else when.date()
    return when


def _decimal(amount_minor: int, scale: int) -> Decimal:
    return Decimal(amount_minor) / Decimal(scale)
