"""Product events, first-party and without personal data: counts, ids, lengths, prices."""

from collections.abc import Iterable
from uuid import UUID

from marketplace.common.models import AnalyticsEvent

EVENTS = frozenset(
    {
        "mentor_submitted",
        "document_decided",
        "mentor_approved",
        "search_run",
        "slot_selected",
        "hold_created",
        "payment_succeeded",
        "payment_failed",
        "booking_confirmed",
        "hold_expired",
        "thread_started",
    }
)


def track(*names: str, user_id: UUID | None = None, **data: str | int | bool | None) -> None:
    """Add analytics events that say the same, in the caller's transaction if there is one. One statement."""
    _check(names)
    AnalyticsEvent.objects.bulk_create(AnalyticsEvent(name=name, user_id=user_id, data=data) for name in names)


def track_each(name: str, user_ids: Iterable[UUID]) -> None:
    """Add the same event for each of some people, as ``track`` does for one."""
    _check([name])
    AnalyticsEvent.objects.bulk_create(AnalyticsEvent(name=name, user_id=user_id) for user_id in user_ids)


def _check(names: Iterable[str]) -> None:
    if unknown := set(names) - EVENTS:
        raise ValueError(*unknown)
