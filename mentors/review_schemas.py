"""JSON of the review desk, in and out."""

from datetime import date as Date  # noqa: N812  # not to be taken for a field
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from marketplace.common.schemas import In, Moment, Out

Code = Literal["unreadable", "expired", "name_mismatch", "wrong_type", "suspected_edit", "other"]
Version = Annotated[int, Field(ge=1)]


class DecisionIn(In):
    version: Version


class DocumentApprovalIn(DecisionIn):
    expires_on: Date | None = None


class RefusalIn(DecisionIn):
    code: Code
    note: Annotated[str, Field(max_length=1_000)] = ""


class ReviewDocumentOut(Out):
    id: UUID
    kind: str
    subject: str | None
    status: str
    expires_on: Date | None = None
    reason: str | None = None


class ApplicationOut(Out):
    handle: str
    name: str
    status: str
    version: int
    submitted_at: Moment | None
    documents: list[ReviewDocumentOut]


class CursorIn(In):
    cursor: str | None = None
