"""What machines that look at the site ask for first: robots.txt, the maps of public pages, the icon."""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.sitemaps import Sitemap, views
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.templatetags.static import static
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import cache_control, cache_page
from django.views.generic import RedirectView

from marketplace.common.cache import cache_errors
from marketplace.common.guards import PublicMixin
from marketplace.common.logging import get_logger
from marketplace.common.views import PageView
from mentors.models import Mentor

log = get_logger(__name__)

HOUR = int(timedelta(hours=1).total_seconds())

# Pages of one's own; nothing there is for anyone else, so nobody need try.
PRIVATE = (
    "account", "account_login", "admin:index", "bookings:hold", "bookings:sessions", "chat:inbox", "help-report",
    "mentors:overview", "welcome",
)  # fmt: skip


class SiteMap(Sitemap[Any]):
    """Addresses as the site calls itself, whatever name it was asked by."""

    def get_protocol(self, protocol: str | None = None) -> str:
        return urlsplit(settings.SITE_URL).scheme

    def get_domain(self, site: Any = None) -> str:  # Any: Django's Site or RequestSite, neither of which is asked
        return urlsplit(settings.SITE_URL).netloc


class PageMap(SiteMap):
    """Pages that are there for everyone."""

    def items(self) -> list[str]:
        return ["home", "bookings:search", "help", "help-how-it-works", "help-safety", "help-terms", "help-privacy"]

    def location(self, item: str) -> str:
        return reverse(item)


class MentorMap(SiteMap):
    """Profiles of the mentors whom search finds."""

    def items(self) -> QuerySet[Mentor, str]:
        return Mentor.objects.listed().order_by("pk").values_list("handle", flat=True)

    def location(self, item: str) -> str:
        return reverse("bookings:mentor", args=[item])


MAPS: dict[str, type[Sitemap[Any]] | Sitemap[Any]] = {"pages": PageMap, "mentors": MentorMap}


def kept_for_an_hour[**Parts](view: Callable[Parts, TemplateResponse]) -> Callable[Parts, HttpResponseBase]:
    """Keep a page in the cache; without the cache, make it anew each time."""
    cached = cache_page(HOUR)(view)

    @wraps(view)
    def answer(*args: Parts.args, **kwargs: Parts.kwargs) -> HttpResponseBase:
        try:
            response = cached(*args, **kwargs)
            if isinstance(response, TemplateResponse):
                response.render()  # here, because it is stored once it is rendered
        except cache_errors():
            log.warning("cache_unavailable", page=view.__name__)
            return view(*args, **kwargs)
        return response

    return answer


@login_not_required
@kept_for_an_hour
def sitemap_index(request: HttpRequest) -> TemplateResponse:
    """``/sitemap.xml``: the maps there are; one holds at most 50,000 addresses."""
    return views.index(request, sitemaps=MAPS, sitemap_url_name="sitemap-section")


@login_not_required
@kept_for_an_hour
def sitemap(request: HttpRequest, section: str) -> TemplateResponse:
    return views.sitemap(request, sitemaps=MAPS, section=section)


@method_decorator(cache_control(public=True, max_age=HOUR), name="dispatch")
class Robots(PublicMixin, PageView):
    template_name = "robots.txt"
    content_type = "text/plain; charset=utf-8"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # Any: template data
        return super().get_context_data(**kwargs, private=[reverse(name) for name in PRIVATE])


@method_decorator(cache_control(public=True, max_age=HOUR), name="dispatch")
class Favicon(PublicMixin, RedirectView):
    """``/favicon.ico``, which browsers ask for beside pages that name no icon."""

    def get_redirect_url(self, *args: Any, **kwargs: Any) -> str:  # Any: no URL parts
        return static("icons/brand.svg")
