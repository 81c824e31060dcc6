"""The chapter about somebody's files, and which of them go into an export whole."""

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from marketplace.common.personal_data import Chapter, Row, each
from uploads.models import DataExport, Upload, UploadQuerySet


def chapters_of(user: User) -> list[Chapter]:
    sent = Upload.objects.owned_by(user).order_by("created_at", "pk")
    asked = DataExport.objects.owned_by(user).order_by("requested_at", "pk")
    return [
        Chapter("files", _("Every file you have sent, what it was for and what became of it."), each(sent, _file)),
        Chapter("exports", _("When you asked for a copy like this one."), each(asked, _export)),
    ]


def kept_files(user: User) -> UploadQuerySet:
    """Those of their files whose bytes are still kept."""
    return Upload.objects.owned_by(user).ready().order_by("created_at", "pk")


def _file(upload: Upload) -> Row:
    return {
        "id": upload.pk,
        "name": upload.name,
        "for": upload.get_purpose_display(),
        "status": upload.get_status_display(),
        "type": upload.content_type,
        "bytes": upload.size,
        "sha256": upload.sha256,
        "sent_at": upload.created_at,
        "checked_at": upload.checked_at,
        "refused_because": upload.refusal_sentence,
        "deleted_at": upload.deleted_at,
    }


def _export(export: DataExport) -> Row:
    return {"asked_at": export.requested_at, "made_at": export.ready_at, "fetched_until": export.expires_at}
