"""``GET /api/admin/audit``: who looked at or decided what. The log belongs to no app, so its route stands here."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest

from marketplace.common.api import json_route, methods
from marketplace.common.guards import STAFF
from marketplace.common.models import AuditEvent
from marketplace.common.pagination import page_by_time
from marketplace.common.schemas import Moment, Out, Page, PageQuery


class AuditOut(Out):
    id: UUID
    at: Moment
    actor: UUID | None
    action: str
    subject_type: str
    subject_id: str
    request_id: str
    data: dict[str, Any]  # Any: JSON


@json_route(who=STAFF, query=PageQuery, answers={200: Page[AuditOut]})
def list_events(request: HttpRequest, query: PageQuery) -> Page[AuditOut]:
    events, cursor = page_by_time(
        AuditEvent.objects.all(), field="at", cursor=query.cursor, parse=datetime.fromisoformat
    )
    return Page(items=[audit_out(event) for event in events], next_cursor=cursor)


def audit_out(event: AuditEvent) -> AuditOut:
    return AuditOut(
        id=event.pk,
        at=event.at,
        actor=event.actor_id,
        action=event.action,
        subject_type=event.subject_type,
        subject_id=event.subject_id,
        request_id=event.request_id,
        data=event.data,
    )


audit_events = methods(GET=list_events)
