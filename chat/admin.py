"""Reported conversations for support: read while the report is open, each read audited; then closed."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chat import services
from chat.errors import ReportClosed
from chat.forms import CloseReportForm
from chat.models import Message, ThreadReport
from marketplace.common.admin import ReadOnlyAdmin
from marketplace.common.audit import record
from marketplace.common.guards import SUPPORT, admit


@admin.register(ThreadReport)
class ThreadReportAdmin(ReadOnlyAdmin[ThreadReport]):
    list_display = ("id", "kind", "created_at", "closed_at", "read_link")
    list_filter = ("kind", ("closed_at", admin.EmptyFieldListFilter))
    ordering = ("-closed_at", "created_at", "pk")  # going down, PostgreSQL begins with those that have no date
    fields = ("kind", "reason", "created_at", "closed_at", "closed_by", "closing_note", "read_link")
    readonly_fields = fields

    @admin.display(description=gettext_lazy("conversation"))
    def read_link(self, report: ThreadReport) -> SafeString | str:
        if report.closed_at is not None:
            return ""
        url = reverse("admin:chat_threadreport_read", args=[report.pk])
        return format_html('<a href="{}">{}</a>', url, _("Read it (is logged)"))

    def get_urls(self) -> list[URLPattern]:
        own = [
            path("<int:report_id>/read/", self.admin_site.admin_view(self.read), name="chat_threadreport_read"),
            path("<int:report_id>/close/", self.admin_site.admin_view(self.close), name="chat_threadreport_close"),
        ]
        return [*own, *super().get_urls()]

    def read(self, request: HttpRequest, report_id: int) -> HttpResponse:
        """Show the whole conversation behind an open report, and note who read it."""
        admit(request, SUPPORT)
        return self._show(request, self._open_report(report_id), CloseReportForm())

    def close(self, request: HttpRequest, report_id: int) -> HttpResponse:
        """``POST``: done with it; the conversation is the two people's own again."""
        admit(request, SUPPORT)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        report = self._open_report(report_id)
        form = CloseReportForm(request.POST)
        if not form.is_valid():
            return self._show(request, report, form, status=422)
        user: Any = request.user  # Any: the admin's request knows no account class
        try:
            services.close_report(report=report, note=form.cleaned_data["note"], by=user)
        except ReportClosed as error:  # a colleague was quicker
            messages.warning(request, str(error.user_message))
        else:
            messages.success(request, _("The report is closed."))
        return redirect("admin:chat_threadreport_changelist")

    def _open_report(self, report_id: int) -> ThreadReport:
        reports = ThreadReport.objects.select_related("thread__student", "thread__mentor__user")
        return get_object_or_404(reports, pk=report_id, closed_at=None)

    def _show(
        self, request: HttpRequest, report: ThreadReport, form: CloseReportForm, *, status: int = 200
    ) -> HttpResponse:
        user: Any = request.user  # Any: the admin's request knows no account class
        record("thread_read", by=user, subject=report.thread, report=report.pk)
        said = Message.objects.filter(thread=report.thread).select_related("author")
        context = {
            **self.admin_site.each_context(request),
            "report": report,
            "thread_messages": said.prefetch_related("message_uploads__upload", "versions").order_by("number"),
            "form": form,
            "title": _("%(student)s and %(mentor)s, reported")
            % {"student": report.thread.student.name, "mentor": report.thread.mentor.user.name},
        }
        return TemplateResponse(request, "admin/chat/read_thread.html", context, status=status)
