"""The pages that people read: all that a mail points to.

Apart from the admin's pages, allauth's and the JSON routes, so that a job that renders a mail loads no more than these
(``marketplace.common.links``).
"""

from django.urls import include, path

from marketplace import pages

APPS = ("accounts", "uploads", "mentors", "bookings", "payments", "chat")

urlpatterns = [
    path("", pages.Home.as_view(), name="home"),
    path("help/", pages.Help.as_view(template_name="help/index.html"), name="help"),
    *(
        path(f"help/{name}/", pages.Help.as_view(template_name=f"help/{name}.html"), name=f"help-{name}")
        for name in ("how-it-works", "safety", "terms", "privacy")
    ),
    *(path("", include(f"{app}.urls")) for app in APPS),
]
