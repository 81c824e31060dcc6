"""Reads shaped for a page."""

from accounts.models import User
from uploads.models import DataExport


def latest_export(user: User) -> DataExport | None:
    """The copy of their data that somebody asked for last."""
    return DataExport.objects.owned_by(user).order_by("-requested_at", "-pk").first()
