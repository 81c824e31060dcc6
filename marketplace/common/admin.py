"""Product events as a page of charts, and the audit log; both can only be read."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import Count
from django.db.models.functions import TruncDate
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _

from marketplace.common.analytics import EVENTS
from marketplace.common.charts import bar_chart
from marketplace.common.formatting import day, number
from marketplace.common.models import AnalyticsEvent, AuditEvent

DAYS = 30


class ReadOnlyAdmin[Row: models.Model](admin.ModelAdmin[Row]):
    """A table that admin shows and never changes: every change is an operation with its own page."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:
        return False


@admin.register(AnalyticsEvent)
class AnalyticsEventAdmin(ReadOnlyAdmin[AnalyticsEvent]):
    list_display = ("name", "at", "user_id")
    list_filter = ("name",)
    date_hierarchy = "at"
    ordering = ("-at", "-pk")
    change_list_template = "admin/common/analyticsevent/change_list.html"

    def get_urls(self) -> list[URLPattern]:
        own = path("charts/", self.admin_site.admin_view(self.charts), name="common_analyticsevent_charts")
        return [own, *super().get_urls()]

    def charts(self, request: HttpRequest) -> HttpResponse:
        """Show how often each event happened on each of the last days. One query."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        context = {**self.admin_site.each_context(request), "title": _("What happened"), "charts": event_charts()}
        return TemplateResponse(request, "admin/common/analyticsevent/charts.html", context)


def event_charts() -> list[dict[str, Any]]:  # Any: template data
    """Lay out one chart per event over the last ``DAYS`` days (UTC), the days without any included."""
    last = timezone.now().date()
    days = [last - timedelta(days=back) for back in reversed(range(DAYS))]
    first = datetime.combine(days[0], time(), UTC)
    counts = {
        (row["name"], row["on"]): row["times"]
        # By moment and name, as the index has them; by day in UTC, not in the zone of who looks.
        for row in AnalyticsEvent.objects.filter(name__in=EVENTS, at__gte=first)
        .values("name", on=TruncDate("at", tzinfo=UTC))
        .annotate(times=Count("pk"))
        .order_by("name", "on")
    }
    return [
        bar_chart(
            title=f"{name.replace('_', ' ').capitalize()}: {number(sum(counts.get((name, on), 0) for on in days))}",
            head=(_("Day"), _("Times")),
            points=[(day(on), counts.get((name, on), 0), number(counts.get((name, on), 0))) for on in days],
        )
        for name in sorted(EVENTS)
    ]


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin[AuditEvent]):
    list_display = ("at", "actor", "action", "subject_type", "subject_id")
    list_filter = ("action",)
    list_select_related = ("actor",)
    search_fields = ("subject_id", "request_id")
    date_hierarchy = "at"
    ordering = ("-at", "-pk")
