"""Reporting a conversation, which opens it to support, and closing the report, which shuts it again."""

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from chat.errors import AlreadyReported, ReportClosed
from chat.models import Thread, ThreadReport
from chat.services.files import share_with_support, unshare_with_support
from marketplace.common import audit


def report_thread(*, thread: Thread, reason: str, by: User, kind: str = ThreadReport.Kind.OTHER) -> ThreadReport:
    """Ask support to look at a thread; while the report is open support may read it and open its files.

    Raises ``AlreadyReported``.
    """
    with transaction.atomic():
        Thread.objects.select_for_update(no_key=True).get(pk=thread.pk)
        if ThreadReport.objects.filter(thread=thread, by=by, closed_at=None).exists():
            raise AlreadyReported
        share_with_support(thread)
        return ThreadReport.objects.create(thread=thread, by=by, kind=kind, reason=reason, created_at=timezone.now())


def close_report(*, report: ThreadReport, note: str, by: User) -> None:
    """Say that support is done with a report; with the last open one, support reads the thread no more.

    ``note``: what was done, for whoever looks later. Raises ``ReportClosed``. Effects: an audit row; grants end.
    """
    with transaction.atomic():
        thread = Thread.objects.select_for_update(no_key=True).get(pk=report.thread_id)
        still_open = ThreadReport.objects.filter(thread=thread, closed_at=None)
        closed = still_open.filter(pk=report.pk).update(closed_at=timezone.now(), closed_by=by, closing_note=note)
        if not closed:
            raise ReportClosed
        audit.record("thread_report_closed", by=by, subject=thread, report=report.pk)
        if not still_open.exists():
            unshare_with_support(thread)
