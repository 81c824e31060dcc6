"""The documents page, section by section: what was sent for each place, where it stands, what can be done about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from mentors.models import Mentor, Subject, VerificationDocument
from mentors.reasons import ADVICE, Advice, Reason
from uploads.models import Upload

Document = VerificationDocument
Status = Document.Status


@dataclass(frozen=True)
class Badge:
    label: str
    variant: str = "plain"
    icon: str = ""


@dataclass(frozen=True)
class Item:
    """One file: ``state`` as in components/_upload_item.html."""

    document: Document
    state: str
    error: str = ""

    @property
    def name(self) -> str:
        return self.document.upload.name or str(self.document.get_kind_display())

    @property
    def type_name(self) -> str:
        return {"application/pdf": "PDF", "image/jpeg": "JPEG", "image/png": "PNG"}[self.document.upload.content_type]

    @property
    def is_there(self) -> bool:
        return self.document.upload.status == Upload.Status.READY

    @property
    def may_be_removed(self) -> bool:
        return self.document.status == Status.WAITING


@dataclass(frozen=True)
class Section:
    """The government ID, or the certificate of one subject."""

    kind: str
    subject: Subject | None
    badge: Badge
    items: list[Item]
    advice: Advice | None = None
    note: str = ""
    # Whether the page asks for a file, or only offers to send another one.
    wants_file: bool = True

    @property
    def anchor(self) -> str:
        return self.subject.slug if self.subject else "government-id"


def sections_of(mentor: Mentor, documents: Sequence[Document], *, today: date) -> list[Section]:
    """Arrange a mentor's documents (newest first) by their places: the ID, then each subject taught."""
    taught = mentor.mentor_subjects.select_related("subject").order_by("subject__name", "pk")
    subjects = [each.subject for each in taught]
    places: list[tuple[str, Subject | None]] = [(Document.Kind.GOVERNMENT_ID, None)]
    places += [(Document.Kind.CERTIFICATE, subject) for subject in subjects]
    return [
        section_of(
            mentor, kind, subject, [each for each in documents if (each.kind, each.subject) == (kind, subject)], today
        )
        for kind, subject in places
    ]


def section_of(
    mentor: Mentor, kind: str, subject: Subject | None, documents: Sequence[Document], today: date
) -> Section:
    shown = [each for each in documents if is_shown(each)]
    if not shown:
        return Section(kind, subject, Badge(_("Not sent yet")), [])
    latest = shown[0]
    accepted = next((each for each in shown[1:] if each.status == Status.APPROVED), None)
    items = [item_of(each) for each in (latest, accepted) if each is not None]
    match latest.status:
        case Status.APPROVED if has_expired(latest, today):
            return Section(kind, subject, Badge(_("Expired"), "danger"), items)
        case Status.APPROVED:
            return Section(kind, subject, Badge(_("Accepted"), "", "check"), items, wants_file=False)
        case Status.REFUSED:
            advice = ADVICE[Reason(latest.reason)]
            return Section(kind, subject, Badge(_("Needs another try"), "glow"), items, advice, latest.note)
        case Status.WAITING:
            return Section(kind, subject, waiting_badge(mentor, latest), items, wants_file=False)
        case _:
            return Section(kind, subject, Badge(_("Not taken"), "danger"), items)


def is_shown(document: Document) -> bool:
    """What was taken back is gone from the page, unless it was the check of its file that took it."""
    if document.status == Status.WITHDRAWN:
        return document.upload.status == Upload.Status.REFUSED
    return document.status != Status.SENDING


def waiting_badge(mentor: Mentor, document: Document) -> Badge:
    if document.upload.status == Upload.Status.CHECKING:
        return Badge(_("Checking"))
    if mentor.status in {Mentor.Status.SUBMITTED, Mentor.Status.APPROVED}:
        return Badge(_("In review"), "", "check")
    return Badge(_("Received"), "", "check")


def item_of(document: Document) -> Item:
    if document.status == Status.WITHDRAWN:
        return Item(document, "refused", document.upload.refusal_sentence)
    if document.upload.status == Upload.Status.CHECKING:
        return Item(document, "checking")
    return Item(
        document, {Status.APPROVED: "accepted", Status.REFUSED: "failed"}.get(Status(document.status), "received")
    )


def has_expired(document: Document, today: date) -> bool:
    """An expired certificate loses its mark; an expired ID changes nothing."""
    is_certificate = document.kind == Document.Kind.CERTIFICATE
    return bool(is_certificate and document.expires_on and document.expires_on < today)
