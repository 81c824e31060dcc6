"""The reviewers' decisions: on documents one by one, then on the application as a whole."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from marketplace.common import audit
from marketplace.common.analytics import track
from marketplace.common.errors import violated_constraint
from marketplace.common.models import AuditEvent
from mentors import emails
from mentors.errors import (
    AlreadyDecided,
    ExpiredAlready,
    IdNotApproved,
    NotAllSeen,
    NotCheckedYet,
    TakenByColleague,
    TooLateToUndo,
)
from mentors.models import Mentor, MentorEvent, MentorSubject, Subject, VerificationDocument, still_good
from mentors.queries import missing_parts
from mentors.services.decisions import (
    UNDONE,
    begin_decision,
    begin_undoing,
    check_reason,
    is_undone,
    log_decision,
    log_undoing,
)
from mentors.services.rows import lock_mentor
from mentors.signals import profile_changed, status_changed
from uploads.models import Upload

Document = VerificationDocument
State = Mentor.Status

# Whose documents are judged: those of an application that was sent, and new ones of a mentor who is in.
JUDGED = (State.SUBMITTED, State.APPROVED)


def take_document(*, document: Document, by: User) -> bool:
    """Open a document at the desk: it is ``by``'s for ``REVIEW_TAKEN_SECONDS``. Tells whether it is.

    A colleague's turn is respected until it lapses. Effects: an audit row, for this is a view of the document.
    """
    now = timezone.now()
    until = now + timedelta(seconds=settings.REVIEW_TAKEN_SECONDS)
    free = Q(taken_by=None) | Q(taken_by=by) | Q(taken_until__lte=now)
    with transaction.atomic():
        audit.record("document_viewed", by=by, subject=document, mentor=str(document.mentor_id))
        waiting = Document.objects.filter(free, pk=document.pk, status=Document.Status.WAITING)
        return bool(waiting.update(taken_by=by, taken_until=until))


def let_go_document(*, document: VerificationDocument, by: User) -> None:
    """Give a document that ``by`` has open back to the queue before its time. What a colleague has open stays theirs."""
    Document.objects.filter(pk=document.pk, taken_by=by).update(taken_by=None, taken_until=None)


def approve_document(*, document: Document, version: int, by: User, expires_on: date | None = None) -> MentorEvent:
    """Accept a document as what it claims to be, valid until ``expires_on`` where it says so.

    Raises ``StaleVersion``, ``WrongState`` (decided, not checked yet, taken by a colleague), ``ExpiredAlready``.
    Effects: the mark on the subject of a certificate.
    """
    if expires_on is not None and expires_on <= timezone.now().date():
        raise ExpiredAlready
    with transaction.atomic():
        mentor = begin_decision(document.mentor, version=version, by=by)
        _decide(document, of=mentor, by=by, status=Document.Status.APPROVED, expires_on=expires_on)
        if document.subject is not None:
            refresh_mark(mentor, document.subject)
        return _log_document(mentor, "document_approved", document, by=by)


def refuse_document(*, document: Document, version: int, code: str, note: str, by: User) -> MentorEvent:
    """Ask for a better copy: this one is refused for a reason, and another may be sent as a new row.

    Raises ``StaleVersion``, ``WrongState``, ``NoteNeeded``. Effects: the mail "One document needs another try".
    """
    check_reason(code, note)
    with transaction.atomic():
        mentor = begin_decision(document.mentor, version=version, by=by)
        _decide(document, of=mentor, by=by, status=Document.Status.REFUSED, reason=code, note=note.strip())
        return _log_document(mentor, "document_refused", document, by=by, code=code)


def approve_mentor(
    *, mentor: Mentor, version: int, by: User, documents: Sequence[VerificationDocument] = ()
) -> MentorEvent:
    """Let a mentor in: from now on students find and book them. Raises ``StaleVersion``, ``WrongState``.

    ``documents``: those approved in the same step, which undoing takes back with it. Effects: the mail "You are live".
    """
    with transaction.atomic():
        row = begin_decision(mentor, version=version, by=by)
        if row.status == State.SUBMITTED and not _has_approved_id(row):
            raise IdNotApproved
        names = {"documents": [str(each.pk) for each in documents]} if documents else {}
        event = _move(row, State.APPROVED, leaving=(State.SUBMITTED,), by=by, **names)
        track("mentor_approved", user_id=row.pk)
        return event


def may_approve_all(mentor: Mentor, *, by: User) -> bool:
    """Whether an application is complete and ``by`` has had each of its waiting documents open, of which there are some."""
    waiting = {
        str(pk): sent_at
        for pk, sent_at in mentor.documents.filter(status=Document.Status.WAITING).values_list("pk", "sent_at")
    }
    looks = AuditEvent.objects.filter(
        subject_type="mentors.verificationdocument", subject_id__in=waiting, action="document_viewed", actor=by
    )
    seen = {look.subject_id for look in looks if look.at >= waiting[look.subject_id]}
    return bool(waiting) and seen == set(waiting) and mentor.status == State.SUBMITTED and not missing_parts(mentor)


def approve_all(*, mentor: Mentor, version: int, by: User, expires_on: Mapping[UUID, date | None]) -> MentorEvent:
    """Approve what still waits of an application, each document until its ``expires_on``, and let the mentor in.

    All or nothing, and undone as one. Raises what ``approve_document`` and ``approve_mentor`` do, and ``NotAllSeen``.
    """
    with transaction.atomic():
        row = begin_decision(mentor, version=version, by=by)
        if not may_approve_all(row, by=by):
            raise NotAllSeen
        waiting = row.documents.filter(status=Document.Status.WAITING).select_related("mentor", "subject", "upload")
        documents = list(waiting.order_by("sent_at", "pk"))
        for document in documents:
            until = expires_on.get(document.pk)
            approve_document(document=document, version=version, by=by, expires_on=until)
        return approve_mentor(mentor=row, version=version, by=by, documents=documents)


def reject_mentor(*, mentor: Mentor, version: int, code: str, note: str, by: User) -> MentorEvent:
    """Refuse an application as a whole. Raises ``StaleVersion``, ``WrongState``, ``NoteNeeded``.

    Effects: the mail "About your application".
    """
    check_reason(code, note)
    with transaction.atomic():
        row = begin_decision(mentor, version=version, by=by)
        return _move(row, State.REJECTED, leaving=(State.SUBMITTED,), by=by, code=code, note=note.strip())


def request_changes(*, mentor: Mentor, version: int, code: str, note: str, by: User) -> MentorEvent:
    """Send an application back to its mentor; a refused one too. Raises ``StaleVersion``, ``WrongState``, ``NoteNeeded``.

    Effects: the mail "Your application needs a change".
    """
    check_reason(code, note)
    with transaction.atomic():
        row = begin_decision(mentor, version=version, by=by)
        leaving = (State.SUBMITTED, State.REJECTED)
        return _move(row, State.CHANGES_REQUESTED, leaving=leaving, by=by, code=code, note=note.strip())


def undo_decision(*, event: MentorEvent, by: User) -> None:
    """Take back one's own decision within ``REVIEW_UNDO_SECONDS``; nobody was told yet. Raises ``TooLateToUndo``."""
    undo: Callable[[Mentor, MentorEvent, User], None] = (
        _undo_document if event.name.startswith("document_") else _undo_application
    )
    try:
        with transaction.atomic():
            undo(begin_undoing(event, by=by), event, by)
    except IntegrityError as exc:
        if violated_constraint(exc) == "document_one_waiting":  # the mentor has sent another one in the meantime
            raise TooLateToUndo from exc
        raise


def tell_decision(*, event: MentorEvent) -> None:
    """Queue the mail that tells the mentor of a decision, unless it was undone. Run by a job, after the pause. Safe to repeat."""
    with transaction.atomic():
        lock_mentor(event.mentor)  # an undoing that is under way ends first
        mail = None if is_undone(event) else emails.mail_about(event)
        if mail is not None:
            mail.send(once=str(event.pk))


def refresh_mark(mentor: Mentor, subject: Subject) -> None:
    """Set the mark on a subject to what its certificates say: the latest approved one that has not expired.

    Effects: ``profile_changed``.
    """
    valid = still_good(timezone.now().date())
    certificates = mentor.documents.filter(valid, subject=subject, status=Document.Status.APPROVED)
    latest = certificates.order_by("-decided_at", "-pk").first()
    MentorSubject.objects.filter(mentor=mentor, subject=subject).update(
        verified_at=latest.decided_at if latest else None, verified_until=latest.expires_on if latest else None
    )
    profile_changed.send(sender=Mentor, mentor=mentor)


def drop_expired_marks() -> None:
    """Take the marks whose certificates have expired. Safe to repeat."""
    today = timezone.now().date()
    for marked in MentorSubject.objects.filter(verified_until__lt=today).select_related("mentor", "subject"):
        refresh_mark(marked.mentor, marked.subject)


def _decide(document: Document, *, of: Mentor, by: User, status: str, **changes: object) -> None:
    """Move a waiting document on. The mentor's row is locked, so nothing can come in between."""
    now = timezone.now()
    document.refresh_from_db(fields=["status", "taken_by", "taken_until"])
    if document.status != Document.Status.WAITING or of.status not in JUDGED:
        raise AlreadyDecided
    if document.upload.status != Upload.Status.READY:
        raise NotCheckedYet
    if document.taken_by_id not in {None, by.pk} and document.taken_until and document.taken_until > now:
        raise TakenByColleague
    moved = Document.objects.filter(pk=document.pk, status=Document.Status.WAITING).update(
        status=status, decided_by=by, decided_at=now, taken_by=None, taken_until=None, **changes
    )
    if not moved:
        raise AlreadyDecided
    document.refresh_from_db()


def _log_document(mentor: Mentor, name: str, document: Document, *, by: User, **data: object) -> MentorEvent:
    track("document_decided", user_id=by.pk, kind=document.kind, status=document.status)
    return log_decision(mentor, name, by=by, subject=document, document=str(document.pk), kind=document.kind, **data)


def _move(mentor: Mentor, to: str, *, leaving: tuple[str, ...], by: User, **data: object) -> MentorEvent:
    before = mentor.status
    if before not in leaving:
        raise AlreadyDecided
    now = timezone.now()
    approved_at = now if to == State.APPROVED else mentor.approved_at
    moved = Mentor.objects.filter(pk=mentor.pk, status=before).update(status=to, approved_at=approved_at)
    if not moved:
        raise AlreadyDecided
    mentor.refresh_from_db(fields=["status", "approved_at"])
    status_changed.send(sender=Mentor, mentor=mentor, before=before)
    return log_decision(mentor, f"application_{to}", by=by, subject=mentor, before=before, **data)


def _undo_document(mentor: Mentor, event: MentorEvent, by: User) -> None:
    document = Document.objects.select_related("subject").get(pk=event.data["document"])
    _put_back(mentor, document, by=by)
    if mentor.status == State.APPROVED and not _has_approved_id(mentor):
        raise TooLateToUndo  # they were let in on it in the meantime: that is to be undone first
    log_undoing(event, by=by, subject=document)


def _has_approved_id(mentor: Mentor) -> bool:
    return mentor.documents.filter(kind=Document.Kind.GOVERNMENT_ID, status=Document.Status.APPROVED).exists()


def _put_back(mentor: Mentor, document: Document, *, by: User) -> None:
    """Let a document wait again, as if ``by`` had not decided it."""
    undone = Document.objects.filter(pk=document.pk, decided_by=by).update(
        status=Document.Status.WAITING, decided_by=None, decided_at=None, reason="", note="", expires_on=None
    )
    if not undone:
        raise TooLateToUndo
    if document.subject is not None:
        refresh_mark(mentor, document.subject)


def _undo_application(mentor: Mentor, event: MentorEvent, by: User) -> None:
    reached, before = event.name.removeprefix("application_"), event.data["before"]
    changes = {"approved_at": None} if reached == State.APPROVED else {}
    if not Mentor.objects.filter(pk=mentor.pk, status=reached).update(status=before, **changes):
        raise TooLateToUndo
    mentor.refresh_from_db(fields=["status"])
    for pk in event.data.get("documents", ()):
        document = Document.objects.select_related("subject").get(pk=pk)
        _put_back(mentor, document, by=by)
        audit.record(UNDONE, by=by, subject=document, decision="document_approved")
    status_changed.send(sender=Mentor, mentor=mentor, before=reached)
    log_undoing(event, by=by, subject=mentor)
