"""The audit log: who looked at or decided what."""

from typing import Any

import structlog
from django.db import models

from marketplace.common.models import AuditEvent


def record(action: str, *, by: models.Model | None, subject: models.Model, **data: Any) -> AuditEvent:  # Any: JSON
    """Add one audit row, in the caller's transaction if there is one. ``data`` holds ids and codes, never content."""
    return AuditEvent.objects.create(
        actor_id=by.pk if by else None,
        action=action,
        subject_type=subject._meta.label_lower,
        subject_id=str(subject.pk),
        request_id=str(structlog.contextvars.get_contextvars().get("request_id", "")),
        data=data,
    )
