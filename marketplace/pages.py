"""Pages that span apps: home, help, and in development the post box and the component gallery."""

import email
import email.policy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import Http404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bookings.models import Booking
from marketplace import rules
from marketplace.common import formatting, gallery
from marketplace.common.guards import PublicMixin
from marketplace.common.middleware import known_zones
from marketplace.common.views import PageView
from mentors.models import Mentor, Subject

MENTORS_ON_HOME = 6
SUBJECTS_ON_HOME = 5
MAILS_SHOWN = 200

FAQ = [
    (
        gettext_lazy("Do I pay before I know that it works?"),
        gettext_lazy(
            "You pay when you book. Cancel in time and the money goes back to your card; if the mentor does not come, "
            "you get everything back."
        ),
    ),
    (
        gettext_lazy("Who checks the mentors?"),
        gettext_lazy(
            "People do. Nobody can be booked before we have looked at their identity, and a tick on a subject means "
            "that we have seen the certificate."
        ),
    ),
    (
        gettext_lazy("Which time zone are the times in?"),
        gettext_lazy("Yours. Each page names it once, and mails show the other person’s time beside it."),
    ),
    (
        gettext_lazy("Can I write to a mentor first?"),
        gettext_lazy("Yes. Open their page and choose Message."),
    ),
]


class Home(PublicMixin, PageView):
    template_name = "home.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # Any: template data
        listed = Mentor.objects.listed().select_related("user", "photo").prefetch_related("mentor_subjects__subject")
        mentors = listed.order_by("-rating_sum", "-review_count", "pk")[:MENTORS_ON_HOME]
        taught = Subject.objects.filter(mentors__in=Mentor.objects.listed()).distinct().order_by("name")
        return super().get_context_data(
            **kwargs,
            mentors=[_tile(mentor) for mentor in mentors],
            subjects=[
                {"name": s.name, "url": f"{reverse('bookings:search')}?subject={s.slug}"}
                for s in taught[:SUBJECTS_ON_HOME]
            ],
            next_session=self.next_session(),
            faq=[{"question": question, "answer": answer} for question, answer in FAQ],
        )

    def next_session(self) -> dict[str, Any] | None:
        if not self.request.user.is_authenticated or self.request.user.is_staff:
            return None
        user = self.request.user
        coming = Booking.objects.of(user).filter(status=Booking.Status.CONFIRMED, ends_at__gt=timezone.now())
        booking = coming.select_related("mentor__user", "student").order_by("starts_at", "pk").first()
        if booking is None:
            return None
        other = booking.student if user.pk == booking.mentor_id else booking.mentor.user
        zone = ZoneInfo(timezone.get_current_timezone_name())
        return {
            "url": reverse("bookings:session", args=[booking.pk]),
            "title": other.name,
            "label": f"{formatting.day(booking.starts_at, zone)}, {formatting.clock(booking.starts_at, zone)}",
            "relative": formatting.until(booking.starts_at, zone, now=timezone.now()),
        }


def _tile(mentor: Mentor) -> dict[str, Any]:  # Any: template data
    subject = next(iter(mentor.mentor_subjects.all()), None)
    name = subject.subject.name if subject else ""
    zone = mentor.time_zone
    city = formatting.zone_city(ZoneInfo(zone)) if zone in known_zones() else ""
    return {
        "id": mentor.pk,
        "handle": mentor.handle,
        "url": reverse("bookings:mentor", args=[mentor.handle]),
        "name": mentor.user.name,
        "first_name": mentor.user.first_name,
        "glyph": subject.subject.symbol if subject else "",
        "photo": None,
        "subject_place": ", ".join(part for part in (name, city) if part),
    }


class Help(PublicMixin, PageView):
    """``/help/…``: text pages. ``how-it-works`` prints every number of the product from the settings."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # Any: template data
        return super().get_context_data(**kwargs, rules=public_rules())


def public_rules() -> dict[str, Any]:
    """Every number that ``rules.py`` names, and those that the environment sets."""
    names = [name for name in vars(rules) if name.isupper()] + [
        "CURRENCY", "HOLD_SECONDS", "RECONCILE_SECONDS", "UPLOAD_URL_SECONDS", "DOWNLOAD_URL_SECONDS", "ID_RETENTION_DAYS", "CANCEL_GRACE_SECONDS",
        "PLATFORM_FEE_BPS", "MIN_PRICE_MINOR", "REFUND_TWO_PERSON_MINOR", "RATE_LIMITS", "SELLER_NAME", "SELLER_ADDRESS",
        "SELLER_TAX_ID",
    ]  # fmt: skip
    return {name: getattr(settings, name) for name in names}


class OnLoopbackMixin(PublicMixin):
    """For developers on their own machine; elsewhere there is no such page."""

    def load(self) -> None:
        if not settings.ON_LOOPBACK:
            raise Http404


class ComponentGallery(OnLoopbackMixin, PageView):
    template_name = "components/gallery.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # Any: template data
        return super().get_context_data(**kwargs, **gallery.sample(bound="errors" in self.request.GET))


class PostBox(OnLoopbackMixin, PageView):
    """``/dev/mail/``: the mails that the demo keeps in a folder, newest first."""

    template_name = "dev/mail.html"

    def load(self) -> None:
        super().load()
        if settings.MAIL_DIR is None:
            raise Http404

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # Any: template data
        files = sorted(cast("Path", settings.MAIL_DIR).glob("*.eml"), reverse=True)[:MAILS_SHOWN]
        wanted = self.request.GET.get("to", "").strip().lower()
        mails = [mail for mail in map(_mail, files) if not wanted or wanted in mail["to"].lower()]
        return super().get_context_data(**kwargs, mails=mails, to=wanted)


def _mail(path: Path) -> dict[str, Any]:  # Any: template data
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    body = message.get_body(("plain",))
    return {
        "id": path.stem,
        "at": datetime.fromtimestamp(path.stat().st_mtime, UTC),
        "to": str(message["To"]),
        "subject": str(message["Subject"]),
        "event": str(message["X-Event"] or ""),
        "text": body.get_content() if body else _("This mail has no plain text."),
        "attachments": [part.get_filename() for part in message.iter_attachments()],
    }
