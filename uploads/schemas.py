"""JSON in and out."""

from typing import Annotated, Literal, Self
from uuid import UUID

from django.conf import settings
from pydantic import AfterValidator, Field, model_validator

from marketplace.common.schemas import In, Moment, Out
from uploads.gateways.storage import SignedPost
from uploads.models import Upload


def _known_type(value: str) -> str:
    if value not in settings.UPLOAD_TYPES:
        raise ValueError("must be application/pdf, image/jpeg or image/png")
    return value


def _within_limit(value: int) -> int:
    if not 1 <= value <= settings.UPLOAD_MAX_BYTES:
        raise ValueError(f"must be 1 to {settings.UPLOAD_MAX_BYTES} bytes")
    return value


class UploadIn(In):
    purpose: Literal["verification", "booking", "message", "photo"]
    kind: Literal["government_id", "certificate"] | None = None
    subject: str | None = None
    booking_id: UUID | None = None
    name: Annotated[str, Field(min_length=1, max_length=255)]
    content_type: Annotated[str, AfterValidator(_known_type)]
    size: Annotated[int, AfterValidator(_within_limit)]

    @model_validator(mode="after")
    def _fields_of_the_purpose(self) -> Self:
        if (self.purpose == "verification") != (self.kind is not None):
            raise ValueError("kind is for verification documents, and they need it")
        if (self.kind == "certificate") != (self.subject is not None):
            raise ValueError("subject is for certificates, and they need it")
        if (self.purpose == "booking") != (self.booking_id is not None):
            raise ValueError("booking_id is for session files, and they need it")
        if self.purpose == "photo" and self.content_type == "application/pdf":
            raise ValueError("a photo is image/jpeg or image/png")
        return self


class SignedPostOut(Out):
    url: str
    fields: dict[str, str]


class TicketOut(Out):
    id: UUID
    upload: SignedPostOut
    expires_at: Moment

    @classmethod
    def of(cls, upload: Upload, post: SignedPost) -> Self:
        form = SignedPostOut(url=post.url, fields=dict(post.fields))
        return cls(id=upload.pk, upload=form, expires_at=upload.expires_at)


class UploadOut(Out):
    """``code`` is the one of the closed list, ``reason`` what was wrong, ``detail`` the sentence for the owner."""

    id: UUID
    status: Literal["issued", "checking", "ready", "refused", "purged"]
    code: Literal["rejected_content"] | None = None
    reason: str | None = None
    detail: str | None = None

    @classmethod
    def of(cls, upload: Upload) -> Self:
        refused = upload.status == Upload.Status.REFUSED
        return cls.model_validate(
            {
                "id": upload.pk,
                "status": upload.status,
                "code": "rejected_content" if refused else None,
                "reason": upload.refusal if refused else None,
                "detail": upload.refusal_sentence if refused else None,
            }
        )
