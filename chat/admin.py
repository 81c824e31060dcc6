"""Reported conversations for support. Reading one is audited; nothing here can be changed."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from chat.models import Message, ThreadReport
from marketplace.common.admin import ReadOnlyAdmin
from marketplace.common.audit import record
from marketplace.common.guards import SUPPORT, admit


@admin.register(ThreadReport)
class ThreadReportAdmin(ReadOnlyAdmin[ThreadReport]):
    list_display = ("id", "created_at", "closed_at", "read_link")
    list_filter = ("closed_at",)
    ordering = ("-created_at", "-pk")
    fields = ("reason", "created_at", "closed_at", "read_link")
    readonly_fields = fields

    @admin.display(description=_("conversation"))
    def read_link(self, report: ThreadReport) -> SafeString:
        return format_html('<a href="/admin/chat/threadreport/{}/read/">{}</a>', report.pk, _("Read it (is logged)"))

    def get_urls(self) -> list[URLPattern]:
        own = path("<int:report_id>/read/", self.admin_site.admin_view(self.read), name="chat_threadreport_read")
        return [own, *super().get_urls()]

    def read(self, request: HttpRequest, report_id: int) -> HttpResponse:
        """Show the whole conversation behind a report, and note who read it."""
        admit(request, SUPPORT)
        report = get_object_or_404(
            ThreadReport.objects.select_related("thread__student", "thread__mentor__user"), pk=report_id
        )
        user: Any = request.user  # Any: the admin's request knows no account class
        record("thread_read", by=user, subject=report.thread, report=report.pk)
        messages = Message.objects.filter(thread=report.thread).select_related("author")
        context = {
            **self.admin_site.each_context(request),
            "report": report,
            "thread_messages": messages.prefetch_related("message_uploads__upload").order_by("number"),
            "title": str(report),
        }
        return TemplateResponse(request, "admin/chat/read_thread.html", context)
