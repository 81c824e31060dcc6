"""``/mentors/<handle>/``: who a mentor is, when they are free, what students said."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from babel.numbers import get_currency_precision
from django.conf import settings
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bookings.cards import checked, languages, rating
from bookings.parts_of_day import PartOfDay
from bookings.picker import picker
from bookings.queries.profile import REVIEWS_MAX, REVIEWS_SHOWN, Profile, profile_of, profiles, readable_by, reviews_of
from bookings.queries.slots import price_of
from bookings.queries.week import Week, week_of
from bookings.readers import student_of, user_of
from marketplace.common.guards import PublicMixin
from marketplace.common.views import PageView
from mentors.models import Mentor, Package
from mentors.queries import own_photo_url

# What could end a script element or begin a comment in it.
SCRIPT_ESCAPES = {ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026"}


class MentorPage(PublicMixin, PageView):
    template_name = "bookings/mentor.html"
    partial_name = "picker"

    def load(self) -> None:
        self.mentor: Mentor = get_object_or_404(
            profiles(readable_by(user_of(self.request))), handle=self.kwargs["handle"]
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # Any: template data
        now, zone = timezone.now(), ZoneInfo(timezone.get_current_timezone_name())
        profile = profile_of(self.mentor, at=now)
        package = profile.package(_number(self.request.GET.get("minutes")))
        is_own = self.request.user.pk == self.mentor.pk
        context = {
            "profile": profile,
            "mentor": self.mentor,
            "photo": own_photo_url(self.mentor),
            "checked": checked(is_verified=profile.is_verified),
            "languages": languages(self.mentor.languages),
            "rating": rating(profile.rating) if profile.rating else "",
            "topic": profile.subjects[0].name if profile.subjects else "",
            "is_own": is_own,
            "may_book": self.mentor.is_listed and not is_own and self.reader_may_book(),
            "cancellation": cancellation(self.mentor),
            "finder": {"parts": PartOfDay.choices},
            "json_ld": json_ld(profile, self.request.build_absolute_uri(self.request.path)),
        }
        if package is not None:
            context |= self.openings(profile, package, zone, now)
        if not self.is_partial():
            context |= self.reviews()
        return super().get_context_data(**kwargs, **context)

    def openings(
        self, profile: Profile, package: Package, zone: ZoneInfo, now: datetime
    ) -> dict[str, Any]:  # Any: data
        student = student_of(self.request)
        first = _date(self.request.GET.get("from"))
        chosen = _moment(self.request.GET.get("starts_at"))
        week = week_of(self.mentor, package, first=first, zone=zone, at=now, student=student)
        shown = picker(
            week,
            package=package,
            packages=profile.packages,
            url=self.request.path,
            zone=zone,
            zone_url=reverse("account") if self.request.user.is_authenticated else "",
            chosen=chosen,
        )
        return {
            "picker": shown,
            "package": package,
            "price": price_of(package),
            "has_openings": has_openings(week),
            "chosen": shown["chosen"],
        }

    def reviews(self) -> dict[str, Any]:  # Any: template data
        everything = self.request.GET.get("reviews") == "all"
        found = reviews_of(self.mentor, limit=REVIEWS_MAX if everything else REVIEWS_SHOWN + 1)
        return {
            "reviews": found if everything else found[:REVIEWS_SHOWN],
            "has_more_reviews": not everything and len(found) > REVIEWS_SHOWN,
        }

    def reader_may_book(self) -> bool:
        """Students, and strangers who may become one. The claim asks again."""
        user = user_of(self.request)
        return user is None or not (user.is_mentor or user.is_staff)

    def is_partial(self) -> bool:
        return "#" in self.get_template_names()[0]


def has_openings(week: Week) -> bool:
    return bool(week.slots or week.next_slot)


def cancellation(mentor: Mentor) -> str:
    """The most generous tier of the mentor's policy in one sentence."""
    hours = next(hours for hours, percent in settings.CANCELLATION_TIERS[mentor.policy] if percent == 100)
    return ngettext(
        "Free to cancel or move until %(hours)d hour before.",
        "Free to cancel or move until %(hours)d hours before.",
        hours,
    ) % {"hours": hours}


def json_ld(profile: Profile, url: str) -> SafeString:
    """Public facts for search engines, as JSON that can't leave its script element."""
    mentor = profile.mentor
    facts: dict[str, Any] = {  # Any: schema.org
        "@context": "https://schema.org",
        "@type": "Person",
        "name": mentor.user.name,
        "url": url,
        "description": mentor.headline,
        "jobTitle": _("Mentor"),
        "knowsAbout": [subject.name for subject in profile.subjects],
        "knowsLanguage": list(mentor.languages),
    }
    if profile.packages:
        facts["makesOffer"] = [
            {
                "@type": "Offer",
                "name": ngettext("%(minutes)d minute", "%(minutes)d minutes", each.minutes) % {"minutes": each.minutes},
                "price": _plain(price_of(each)),
                "priceCurrency": settings.CURRENCY.upper(),
            }
            for each in profile.packages
        ]
    return mark_safe(json.dumps(facts).translate(SCRIPT_ESCAPES))  # noqa: S308  # escaped above


def _plain(amount_minor: int) -> str:
    """An amount as machines read it: ``33.00``."""
    digits = get_currency_precision(settings.CURRENCY.upper())
    return f"{Decimal(amount_minor).scaleb(-digits):.{digits}f}"


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 4 else None


def _date(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None


def _moment(text: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo and 2000 <= moment.year < 2200 else None
