"""The pages that people read: all that a mail points to.

Apart from the admin's pages, allauth's and the JSON routes, so that a job that renders a mail loads no more than these
(``marketplace.common.links``).
"""

from django.urls import include, path

from marketplace import pages, report_pages

APPS = ("accounts", "uploads", "mentors", "bookings", "payments", "chat")

urlpatterns = [
    path("", pages.Home.as_view(), name="home"),
    path("help/", pages.Help.as_view(template_name="help/index.html"), name="help"),
    *(
        path(f"help/{name}/", pages.Help.as_view(template_name=f"help/{name}.html"), name=f"help-{name}")
        for name in ("how-it-works", "safety", "terms", "privacy")
    ),
    path("help/report/", report_pages.Report.as_view(), name="help-report"),
    path("help/report/session/", report_pages.ReportSession.as_view(), name="help-report-session"),
    path("help/report/conversation/", report_pages.ReportConversation.as_view(), name="help-report-conversation"),
    path("help/report/other/", report_pages.ReportOther.as_view(), name="help-report-other"),
    path("help/write/", report_pages.WriteFromOutside.as_view(), name="help-write"),
    path("help/write/<str:reference>/", report_pages.Written.as_view(), name="help-written"),
    path("help/report/<str:reference>/", report_pages.ReportSent.as_view(), name="help-report-sent"),
    *(path("", include(f"{app}.urls")) for app in APPS),
]
