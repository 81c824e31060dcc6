"""One function per mail about files. They are queued in the caller's transaction (``common.mailing``)."""

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from marketplace.common.mail_checks import Check, at_send_time
from marketplace.common.mailing import send
from uploads.models import DataExport


def send_export_ready(export: DataExport) -> None:
    send(
        "export_ready",
        to=export.user,
        context={"export": export, "days": settings.EXPORT_DAYS},
        good_for=timedelta(days=settings.EXPORT_DAYS),
        still=Check("uploads.export_is_there", {"export": str(export.pk)}),
    )


@at_send_time("uploads.export_is_there")
def export_is_there(*, export: str) -> bool:
    return DataExport.objects.downloadable(at=timezone.now()).filter(pk=UUID(export)).exists()
