from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import ProgrammingError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from marketplace.common.admin import event_charts
from marketplace.common.analytics import EVENTS, track
from marketplace.common.audit import record
from marketplace.common.models import AnalyticsEvent, AuditEvent

pytestmark = pytest.mark.django_db


def test_only_known_events_are_counted(student: User) -> None:
    with pytest.raises(ValueError, match="page_view"):
        track("page_view")
    track("search_run", user_id=student.pk, results=3)
    assert AnalyticsEvent.objects.get().data == {"results": 3}


@pytest.mark.parametrize(
    ("model", "trigger"),
    [(AnalyticsEvent, "analytics_event_append_only"), (AuditEvent, "audit_event_append_only")],
)
def test_the_logs_are_append_only(student: User, model: type[AnalyticsEvent | AuditEvent], trigger: str) -> None:
    track("search_run")
    record("looked", by=student, subject=student)
    for change in (lambda: model.objects.all().delete(), lambda: model.objects.update(data={})):
        with pytest.raises(ProgrammingError, match=trigger), transaction.atomic():
            change()
    assert model.objects.count() == 1


def test_the_charts_show_every_event_and_cost_one_query() -> None:
    for _ in range(3):
        track("hold_created")
    with CaptureQueriesContext(connection) as queries:
        charts = event_charts()
    assert len(queries) == 1
    names = [chart["title"].split(":")[0] for chart in charts]
    assert names == [name.replace("_", " ").capitalize() for name in sorted(EVENTS)]
    held = next(chart for chart in charts if chart["title"].startswith("Hold created"))
    assert held["bars"][-1]["value"] == "3"


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_the_charts_count_days_of_utc_wherever_they_are_read(zone: str) -> None:
    first = datetime(2026, 10, 28, tzinfo=UTC)
    with time_machine.travel(first + timedelta(days=29, hours=12), tick=False):
        for at in (first, first + timedelta(days=29, hours=12)):
            AnalyticsEvent.objects.create(name="hold_created", at=at)
        with timezone.override(zone):
            held = next(chart for chart in event_charts() if chart["title"].startswith("Hold created"))
    assert held["title"] == "Hold created: 2"


def test_the_charts_are_for_staff(client: Client, student: User, support: User, settings: object) -> None:
    settings.DEMO_SKIP_STAFF_MFA = True  # type: ignore[attr-defined]  # pytest-django's wrapper
    url = reverse("admin:common_analyticsevent_charts")
    client.force_login(student)
    assert client.get(url, follow=True).status_code == 403
    client.force_login(support)
    page = client.get(url)
    assert page.status_code == 200
    assert page.text.count("chart__plot") == len(EVENTS)
