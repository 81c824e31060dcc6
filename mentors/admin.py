"""Mentors and their documents in Django admin: to look up. Every decision is made at the review desk."""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from marketplace.common.admin import ReadOnlyAdmin
from mentors.models import Mentor, MentorEvent, Subject, VerificationDocument


@admin.register(Mentor)
class MentorAdmin(ReadOnlyAdmin[Mentor]):
    list_display = ("handle", "status", "version", "submitted_at", "approved_at", "paused_at", "at_the_desk")
    list_filter = ("status",)
    search_fields = ("handle", "user__name", "user__email")
    ordering = ("-submitted_at", "pk")

    @admin.display(description=_("review"))
    def at_the_desk(self, mentor: Mentor) -> SafeString | str:
        if mentor.status == Mentor.Status.DRAFT:
            return "–"
        return link(reverse("mentors:review-application", args=[mentor.handle]))


@admin.register(VerificationDocument)
class VerificationDocumentAdmin(ReadOnlyAdmin[VerificationDocument]):
    list_display = (
        *("id", "mentor", "kind", "subject", "status", "sent_at", "decided_by", "decided_at"),
        *("file_deleted_at", "at_the_desk"),
    )
    list_filter = ("status", "kind", "reason")
    list_select_related = ("mentor", "subject", "decided_by", "upload")
    search_fields = ("id", "mentor__handle")
    ordering = ("-sent_at", "-pk")
    # Not the file, nor its name: both are seen at the desk, where each look is written down.
    fields = (
        *("mentor", "kind", "subject", "status", "reason", "expires_on", "created_at", "sent_at"),
        *("decided_by", "decided_at", "taken_by", "taken_until", "file_deleted_at"),
    )
    change_list_template = "admin/mentors/verificationdocument/change_list.html"

    @admin.display(description=_("file deleted"))
    def file_deleted_at(self, document: VerificationDocument) -> datetime | None:
        return document.upload.deleted_at

    @admin.display(description=_("review"))
    def at_the_desk(self, document: VerificationDocument) -> SafeString:
        return link(reverse("mentors:review-document", args=[document.pk]))


@admin.register(MentorEvent)
class MentorEventAdmin(ReadOnlyAdmin[MentorEvent]):
    list_display = ("at", "name", "mentor", "by")
    list_filter = ("name",)
    list_select_related = ("mentor", "by")
    search_fields = ("mentor__handle",)
    ordering = ("-at", "-pk")


@admin.register(Subject)
class SubjectAdmin(admin.ModelAdmin[Subject]):
    """What can be taught is for whoever sets the marketplace up to say."""

    list_display = ("name", "slug", "symbol")
    search_fields = ("name", "slug")
    ordering = ("name", "pk")
    prepopulated_fields: ClassVar[dict[str, Sequence[str]]] = {"slug": ("name",)}


def link(address: str) -> SafeString:
    return format_html('<a href="{}">{}</a>', address, _("Open"))
