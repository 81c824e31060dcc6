"""A person's calendar feed, and the page on which they get its address."""

import hashlib
from dataclasses import replace
from typing import Any, cast

from django.conf import settings
from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.http import http_date, quote_etag
from django.utils.translation import gettext as _

from accounts.models import User
from bookings import services
from bookings.calendars import calendar_feed
from bookings.queries.feeds import feed_of, feed_secret, reader_of
from marketplace.common.guards import PARTICIPANT, GuardMixin, PublicMixin
from marketplace.common.views import OperationView


class Feed(PublicMixin):
    """``/calendar/<secret>.ics``: whoever knows the address reads. Any other is 404, always the same one."""

    http_method_names = ["get", "head"]

    def get(self, request: HttpRequest, **_kwargs: Any) -> HttpResponseBase:  # Any: the URL's parts
        found = reader_of(self.kwargs["secret"])
        if found is None:
            return private(HttpResponseNotFound(_("There is no calendar here."), content_type="text/plain"))
        feed = feed_of(found, at=timezone.now())
        content = calendar_feed(feed.sessions, reader=found.user)
        etag = quote_etag(hashlib.sha256(content).hexdigest())
        response = HttpResponse(content, content_type="text/calendar; charset=utf-8")
        response["ETag"] = etag
        response.headers["Last-Modified"] = http_date(feed.changed_at.timestamp())
        answer = get_conditional_response(request, etag, int(feed.changed_at.timestamp()), response)
        return private(cast("HttpResponse", answer))


def private(response: HttpResponse) -> HttpResponse:
    """For one person's program: kept by nothing between it and us, and named to nobody."""
    response["Cache-Control"] = "private, no-cache"
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    return response


class FeedPage(GuardMixin):
    """What the page and its two buttons share. An address that leaked must go, whatever else is closed to its owner."""

    who = replace(PARTICIPANT, suspended_may_write=True)

    @property
    def user(self) -> User:
        return cast("User", self.request.user)


class FeedSettings(FeedPage, OperationView):
    """``/account/calendar/``: the address of one's feed; posting makes the first, or another in its place."""

    template_name = "bookings/feed.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # Any: template data
        secret = feed_secret(self.user)
        address = settings.SITE_URL + reverse("bookings:feed", args=[secret]) if secret else ""
        return super().get_context_data(
            **kwargs, has_feed=secret is not None, address=address, past_days=settings.FEED_PAST_DAYS
        )

    def form_valid(self, form: Form) -> HttpResponse:
        services.renew_feed(by=self.user)
        messages.success(self.request, _("Here is your address. One you had before has stopped working."))
        return redirect("bookings:feed-settings")


class CloseFeed(FeedPage, OperationView):
    """Take the address away; calendars that read it find nothing any more."""

    http_method_names = ["post"]

    def form_valid(self, form: Form) -> HttpResponse:
        services.close_feed(by=self.user)
        messages.success(self.request, _("Switched off. The address has stopped working."))
        return redirect("bookings:feed-settings")
