"""Every URL of the product: pages, and JSON routes under ``/api/``."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

from marketplace import crawlers, evidence_views, live_api, pages

admin.autodiscover()

urlpatterns = [
    path("robots.txt", crawlers.Robots.as_view(), name="robots"),
    path("sitemap.xml", crawlers.sitemap_index, name="sitemap"),
    path("sitemap-<slug:section>.xml", crawlers.sitemap, name="sitemap-section"),
    path("favicon.ico", crawlers.Favicon.as_view(), name="favicon"),
    path("dev/components/", pages.ComponentGallery.as_view(), name="dev-components"),
    path("dev/mail/", pages.PostBox.as_view(), name="dev-mail"),
    path(
        "admin/finance/disputes/<str:dispute_id>/evidence/",
        evidence_views.DisputeEvidence.as_view(),
        name="dispute-evidence",
    ),
    # JSON before pages, which pass it by its prefix, while JSON would be compared with each page first; payments first
    # of all, since the webhook is what is asked most. ``mentors/onboarding`` comes before the handles of bookings.
    *(
        path("api/", include(f"{app}.api_urls"))
        for app in ("payments", "marketplace", "accounts", "uploads", "mentors", "bookings", "chat")
    ),
    path("events/", live_api.events, name="events"),
    path("", include(settings.PAGES_URLCONF)),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
]

handler400 = "marketplace.views.bad_request"
handler403 = "marketplace.views.permission_denied"
handler404 = "marketplace.views.page_not_found"
handler500 = "marketplace.views.server_error"
handler429 = "accounts.views.too_many_requests"  # asked by allauth when one of its limits is used up
