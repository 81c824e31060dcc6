"""Stored files in Django admin: what became of each, for set-up and support. No name, no key, no way to the bytes."""

from django.contrib import admin

from marketplace.common.admin import ReadOnlyAdmin
from uploads.models import Upload


@admin.register(Upload)
class UploadAdmin(ReadOnlyAdmin[Upload]):
    list_display = ("id", "purpose", "status", "refusal", "content_type", "size", "created_at")
    list_filter = ("status", "purpose", "refusal")
    search_fields = ("id",)
    ordering = ("-created_at", "-pk")
    fields = (
        *("owner", "purpose", "status", "refusal", "content_type", "size"),
        *("created_at", "expires_at", "completed_at", "claimed_at", "checked_at", "purged_at", "cleared_at"),
    )
