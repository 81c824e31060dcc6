"""The chapters about somebody's conversations, as they read them: both sides' words, nobody's address."""

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from chat.models import Message, Thread, ThreadReport
from chat.queries import files_of, inbox
from marketplace.common.personal_data import Chapter, Row, each


def chapters_of(user: User) -> list[Chapter]:
    threads = inbox(user).order_by("created_at", "pk")
    said = Message.objects.filter(thread__in=Thread.objects.visible_to(user)).select_related("author")
    reports = ThreadReport.objects.filter(by=user).order_by("created_at", "pk")
    return [
        Chapter("conversations", _("Whom you have written with."), each(threads, lambda thread: _thread(thread, user))),
        Chapter(
            "messages",
            _("Every message of your conversations, as it reads now."),
            each(
                said.prefetch_related("message_uploads__upload").order_by("thread", "number"),
                lambda message: _message(message, user),
            ),
        ),
        Chapter("reports", _("Conversations you reported to us."), each(reports, _report)),
    ]


def _thread(thread: Thread, user: User) -> Row:
    return {
        "id": thread.pk,
        "with": thread.other(user).name,
        "begun_at": thread.created_at,
        "messages": thread.last_number,
        "you_have_read": thread.read_number(user),
        "closed_at": thread.blocked_at,
        "closed_by_you": thread.blocked_by_id == user.pk,
    }


def _message(message: Message, user: User) -> Row:
    is_mine = message.author_id == user.pk
    return {
        "conversation": message.thread_id,
        "number": message.number,
        "from": message.author.name,
        "by_you": is_mine,
        "at": message.created_at,
        "text": message.body,
        "edited_at": message.edited_at,
        "deleted_at": message.deleted_at,
        "files": [{"id": item.upload_id, "name": item.upload.name} for item in files_of(message)],
    }


def _report(report: ThreadReport) -> Row:
    return {
        "conversation": report.thread_id,
        "at": report.created_at,
        "kind": report.get_kind_display(),
        "text": report.reason,
        "closed_at": report.closed_at,
    }
