"""What the inbox, a conversation and the header show."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from bookings.models import Booking
from chat.models import Message, MessageUpload, Thread, ThreadReport, is_sent
from marketplace.common.formatting import file_size
from uploads.models import Upload, UploadQuerySet

INBOX_SHOWN = 100
MESSAGES_SHOWN = 50
GROUPED_WITHIN = timedelta(minutes=5)
WITH_FILES = ("message_uploads__upload__pages",)


def inbox(user: User) -> QuerySet[Thread]:
    """The threads of a person, the latest first."""
    return Thread.objects.visible_to(user).select_related("student", "mentor__user").order_by("-last_message_at", "-pk")


@dataclass(frozen=True)
class InboxRow:
    """A conversation in the list: whom with, the last words, whether something is new."""

    id: UUID
    other: User
    at: datetime
    last: str
    is_mine: bool
    unread: int


def inbox_rows(user: User) -> list[InboxRow]:
    """Read the inbox as it is shown. One query."""
    last = Message.objects.filter(thread=OuterRef("pk"), number=OuterRef("last_number"))
    threads = inbox(user).annotate(
        last_body=Subquery(last.values("body")),
        last_author=Subquery(last.values("author")),
        last_deleted_at=Subquery(last.values("deleted_at")),
    )
    return [
        InboxRow(
            id=thread.pk,
            other=thread.other(user),
            at=thread.last_message_at,
            last=_("This message was deleted") if thread.last_deleted_at else thread.last_body or _("A file"),
            is_mine=thread.last_author == user.pk,
            unread=thread.unread(user),
        )
        for thread in threads[:INBOX_SHOWN]
    ]


@dataclass(frozen=True)
class ReportRow:
    """A conversation among those that can be reported: whom with, and whether the reader's own report is open."""

    id: UUID
    other: User
    at: datetime
    is_reported: bool


def report_rows(user: User) -> list[ReportRow]:
    """Read a person's conversations, to have one of them reported. One query."""
    own = ThreadReport.objects.filter(thread=OuterRef("pk"), by=user, closed_at=None)
    return [
        ReportRow(id=thread.pk, other=thread.other(user), at=thread.last_message_at, is_reported=thread.is_reported)
        for thread in inbox(user).annotate(is_reported=Exists(own))[:INBOX_SHOWN]
    ]


@dataclass(frozen=True)
class Preview:
    """A small picture made after the check, its sides in pixels."""

    url: str
    width: int
    height: int


@dataclass(frozen=True)
class File:
    """A file of a message: its name, "PDF, 240 kB", where it opens; of an image, the picture that stands for it."""

    name: str
    detail: str
    url: str
    preview: Preview | None = None


@dataclass(frozen=True)
class Line:
    """A message as its reader sees it."""

    id: UUID
    thread_id: UUID
    number: int
    is_mine: bool
    author_id: UUID
    author_name: str
    body: str
    created_at: datetime
    # Set on the first message of each day, in the reader's zone.
    begins_day: bool
    # The same person again within five minutes.
    is_next: bool
    state: str
    files: Sequence[File]
    is_edited: bool
    is_deleted: bool
    # What the reader may still do with it.
    may_edit: bool
    may_delete: bool


@dataclass(frozen=True)
class Excerpt:
    """A stretch of a conversation, oldest first."""

    lines: Sequence[Line]
    # Ask for what stands before this number; None at the beginning.
    earlier: int | None

    @property
    def last_id(self) -> UUID | None:
        return self.lines[-1].id if self.lines else None


def excerpt(thread: Thread, reader: User, *, before: int | None = None, read_label: str = "") -> Excerpt:
    """Read the latest messages of a thread, or those before a number. Four queries at most, however many there are."""
    messages = thread.messages.select_related("author").prefetch_related(*WITH_FILES)
    if before is not None:
        messages = messages.filter(number__lt=before)
    rows = list(messages.order_by("-number")[: MESSAGES_SHOWN + 1])
    earlier = rows[MESSAGES_SHOWN - 1].number if len(rows) > MESSAGES_SHOWN else None
    rows = rows[:MESSAGES_SHOWN][::-1]
    seen = thread.mentor_read_number if reader.pk == thread.student_id else thread.student_read_number
    last_seen_mine = max((m.number for m in rows if m.author_id == reader.pk and m.number <= seen), default=0)
    lines, previous, now = [], None, timezone.now()
    for message in rows:
        state = read_label if message.number == last_seen_mine else ""
        may_edit = thread.blocked_by_id is None and message.may_be_edited(at=now)
        lines.append(_line(message, previous, reader, state, may_edit=may_edit))
        previous = message
    return Excerpt(lines, earlier)


def unsent_files(user: User) -> UploadQuerySet:
    """Files of this person that are meant for a message and in none yet. They are listed where they were added."""
    mine = Upload.objects.owned_by(user).filter(~is_sent(), purpose=Upload.Purpose.MESSAGE)
    return mine.exclude(status=Upload.Status.PURGED)


def file_detail(upload: Upload) -> str:
    kind = upload.content_type.rpartition("/")[2].upper()
    return f"{kind}, {file_size(upload.size)}" if upload.size else kind


@dataclass(frozen=True)
class Waiting:
    """A file beside the message box, on its way into the next message."""

    id: str
    name: str
    detail: str
    status: str
    refusal: str


def waiting_files(user: User, pks: Sequence[UUID]) -> list[Waiting]:
    """Read what was added to a message that is not sent yet. One query, none for no files."""
    if not pks:
        return []
    return [
        Waiting(str(upload.pk), upload.name, file_detail(upload), upload.status, upload.refusal_sentence)
        for upload in unsent_files(user).filter(pk__in=pks).order_by("created_at", "pk")
    ]


def own_report(thread: Thread, user: User) -> ThreadReport | None:
    """The report of this person that support is looking at."""
    return thread.reports.filter(by=user, closed_at=None).first()


def coming_session(thread: Thread, *, at: datetime) -> Booking | None:
    """The next session of the two, pinned above their conversation."""
    both = Booking.objects.filter(student=thread.student_id, mentor=thread.mentor_id, status=Booking.Status.CONFIRMED)
    return both.filter(ends_at__gt=at).order_by("starts_at", "pk").first()


def files_of(message: Message) -> list[MessageUpload]:
    """The files of a message in their order, none once it is deleted. Fetch ``WITH_FILES`` along."""
    if message.deleted_at is not None:
        return []
    return sorted(message.message_uploads.all(), key=lambda item: item.position)


def preview_of(upload: Upload) -> Preview | None:
    """The picture of an image. A document has none here: reviewers alone look at pages."""
    pages = upload.pages.all() if upload.content_type.startswith("image/") else ()
    return next((Preview(reverse("uploads:preview", args=[upload.pk]), p.width, p.height) for p in pages), None)


def _line(message: Message, previous: Message | None, reader: User, state: str, *, may_edit: bool) -> Line:
    day = timezone.localdate(message.created_at)
    begins_day = previous is None or timezone.localdate(previous.created_at) != day
    is_next = (
        not begins_day
        and previous is not None
        and previous.author_id == message.author_id
        and message.created_at - previous.created_at <= GROUPED_WITHIN
    )
    is_mine = message.author_id == reader.pk
    return Line(
        id=message.pk,
        thread_id=message.thread_id,
        number=message.number,
        is_mine=is_mine,
        author_id=message.author_id,
        author_name=_("You") if is_mine else message.author.first_name,
        body=message.body,
        created_at=message.created_at,
        begins_day=begins_day,
        is_next=is_next,
        state=state,
        files=[
            File(
                item.upload.name,
                file_detail(item.upload),
                reverse("uploads:open", args=[item.upload_id]),
                preview_of(item.upload),
            )
            for item in files_of(message)
        ],
        is_edited=message.edited_at is not None and message.deleted_at is None,
        is_deleted=message.deleted_at is not None,
        may_edit=is_mine and may_edit,
        may_delete=is_mine and message.deleted_at is None,
    )
