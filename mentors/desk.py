"""What the review desk reads: who waits, for how long, and what there is to know before deciding."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from mentors.models import Mentor, MentorEvent, SuspensionAppeal, VerificationDocument
from mentors.services.review import JUDGED
from uploads.models import Upload

Document = VerificationDocument
Documents = QuerySet[VerificationDocument]

# What a reviewer may see of an application: not what was never sent, nor what was taken back.
SENT = (Document.Status.WAITING, Document.Status.APPROVED, Document.Status.REFUSED)
LATE, OVERDUE = timedelta(hours=24), timedelta(hours=48)


STEPS = {
    "started": _("Begun"),
    "submitted": _("Sent to the reviewers"),
    "changed": _("Changed"),
    "paused": _("Paused"),
    "resumed": _("Resumed"),
    "document_sent": _("Document sent"),
    "document_withdrawn": _("Document removed"),
    "document_unusable": _("Document did not pass its check"),
    "document_lapsed": _("Document deleted, never decided"),
    "document_approved": _("Document approved"),
    "document_refused": _("Better copy asked for"),
    "application_approved": _("Approved"),
    "application_rejected": _("Refused"),
    "application_changes_requested": _("Changes asked for"),
    "decision_undone": _("Decision undone"),
    "suspended": _("Suspended"),
    "reinstated": _("Suspension ended"),
    "appealed": _("Appealed against the suspension"),
    "appeal_declined": _("Appeal declined"),
    "locked": _("Account locked by support"),
    "unlocked": _("Account unlocked"),
    "closed": _("Account closed by its owner"),
}


@dataclass(frozen=True)
class Step:
    """One line of an application's history, in words."""

    label: str | Promise
    at: datetime
    by: str
    version: int | None


@dataclass(frozen=True)
class Place:
    """Where a document stands in the queue, counted from 1, and its neighbours."""

    number: int
    count: int
    previous: Document | None
    next: Document | None


def applications() -> QuerySet[Mentor]:
    """Applications that reviewers may open: those that were ever sent."""
    return Mentor.objects.exclude(status=Mentor.Status.DRAFT).select_related("user", "photo")


def decisions() -> QuerySet[MentorEvent]:
    return MentorEvent.objects.select_related("mentor__user")


def reviewable() -> Documents:
    """Documents that reviewers may open: sent, with an application that was sent."""
    return (
        Document.objects.filter(status__in=SENT)
        .exclude(mentor__status=Mentor.Status.DRAFT)
        .select_related("mentor__user", "mentor__photo", "subject", "upload", "decided_by", "taken_by")
    )


def waiting() -> Documents:
    """The queue: documents whose file has passed its check, the longest wait first."""
    return (
        reviewable()
        .filter(status=Document.Status.WAITING, mentor__status__in=JUDGED, upload__status=Upload.Status.READY)
        .order_by("sent_at", "pk")
    )


def queue(*, kind: str, older_than: timedelta, only_of: User | None, at: datetime) -> Documents:
    """The queue, filtered, with the number of the try each document is (``tries``)."""
    documents = waiting().annotate(tries=_tries())
    if kind:
        documents = documents.filter(kind=kind)
    if older_than:
        documents = documents.filter(sent_at__lte=at - older_than)
    if only_of is not None:
        documents = documents.filter(taken_by=only_of, taken_until__gt=at)
    return documents


def _tries() -> Coalesce:
    """How many documents the mentor has sent for the same place, this one included."""
    same = Document.objects.filter(
        Q(subject=OuterRef("subject")) | Q(subject=None, kind=OuterRef("kind")),
        mentor=OuterRef("mentor"),
        kind=OuterRef("kind"),
        sent_at__lte=OuterRef("sent_at"),
        status__in=SENT,
    ).order_by()
    return Coalesce(Subquery(same.values("mentor").annotate(n=Count("pk")).values("n")), 1)


def ready_applications() -> QuerySet[Mentor]:
    """Applications whose documents are all decided: what is left is the decision about the mentor."""
    undecided = Document.objects.filter(mentor=OuterRef("pk"), status=Document.Status.WAITING)
    return (
        Mentor.objects.filter(~Exists(undecided), status=Mentor.Status.SUBMITTED)
        .select_related("user")
        .order_by("submitted_at", "pk")
    )


def appeals() -> QuerySet[SuspensionAppeal]:
    """Appeals against suspensions that wait for a reviewer, the longest wait first."""
    return SuspensionAppeal.objects.open().select_related("mentor__user").order_by("created_at", "pk")


def open_appeal(mentor: Mentor) -> SuspensionAppeal | None:
    return appeals().filter(mentor=mentor).first()


def place_of(document: Document, *, by: User, at: datetime) -> Place:
    """Find a document's place among those that ``by`` may decide now. Three queries."""
    mine = waiting().filter(Q(taken_by=None) | Q(taken_by=by) | Q(taken_until__lte=at) | Q(pk=document.pk))
    before = Q(sent_at__lt=document.sent_at) | Q(sent_at=document.sent_at, pk__lt=document.pk)
    counts = mine.order_by().aggregate(all=Count("pk"), before=Count("pk", filter=before))
    others = mine.exclude(pk=document.pk)
    return Place(
        number=counts["before"] + 1,
        count=counts["all"],
        previous=others.filter(before).order_by("-sent_at", "-pk").first(),
        next=others.exclude(before).first(),
    )


def next_document(*, after: Document, by: User, at: datetime) -> Document | None:
    """What to open after a decision: the rest of the same application first, then whoever waits longest."""
    free = waiting().filter(Q(taken_by=None) | Q(taken_by=by) | Q(taken_until__lte=at)).exclude(pk=after.pk)
    return free.filter(mentor=after.mentor_id).first() or free.first()


def is_ready_to_approve(mentor: Mentor) -> bool:
    """Whether an application waits for nothing but the decision about it, and may be approved."""
    is_approved_id = Q(kind=Document.Kind.GOVERNMENT_ID, status=Document.Status.APPROVED)
    return ready_applications().filter(pk=mentor.pk).exists() and mentor.documents.filter(is_approved_id).exists()


def has_approved_id(documents: Sequence[Document]) -> bool:
    return any(
        each.kind == Document.Kind.GOVERNMENT_ID and each.status == Document.Status.APPROVED for each in documents
    )


def may_be_decided(document: Document) -> bool:
    """Whether a document waits for a decision, at this moment and by anyone."""
    return (
        document.status == Document.Status.WAITING
        and document.mentor.status in JUDGED
        and document.upload.status == Upload.Status.READY
    )


def tries_of(document: Document) -> int:
    """Which try a document is, counted from 1."""
    same = Document.objects.filter(mentor=document.mentor_id, kind=document.kind, subject=document.subject_id)
    return same.filter(status__in=SENT, sent_at__lte=document.sent_at).count()


def other_documents(document: Document) -> list[Document]:
    """The other documents of the same application, decided and waiting, the latest first."""
    others = reviewable().filter(mentor=document.mentor_id).exclude(pk=document.pk)
    return list(others.order_by("-sent_at", "-pk"))


def waiting_of(mentor: Mentor) -> list[Document]:
    """The documents of one application that wait to be decided, the longest wait first."""
    return list(waiting().filter(mentor=mentor))


def history(mentor: Mentor, *, limit: int = 20) -> list[Step]:
    """The latest steps of an application, the newest first. One query."""
    events = MentorEvent.objects.filter(mentor=mentor).select_related("by").order_by("-at", "-pk")[:limit]
    return [
        Step(STEPS.get(event.name, event.name), event.at, event.by.name if event.by else "", event.data.get("version"))
        for event in events
    ]


def submitted(*, after: Sequence[object] | None, size: int) -> QuerySet[Mentor]:
    """Applications in review for the JSON list, the longest wait first, from a place on; one more than ``size``."""
    mentors = Mentor.objects.waiting_for_review().select_related("user")
    if after is not None:
        moment, pk = after
        mentors = mentors.filter(Q(submitted_at__gt=moment) | Q(submitted_at=moment, pk__gt=pk))
    return mentors.order_by(F("submitted_at").asc(nulls_first=True), "pk")[: size + 1]


def taken_by_another(document: Document, *, by: User, at: datetime) -> bool:
    return bool(document.taken_by_id not in {None, by.pk} and document.taken_until and document.taken_until > at)


def undo_seconds(event: MentorEvent, *, at: datetime) -> int:
    """How long a decision can still be undone."""
    return max(0, settings.REVIEW_UNDO_SECONDS - int((at - event.at).total_seconds()))
