"""Conversations as JSON."""

from typing import Annotated
from uuid import UUID

from django.conf import settings
from pydantic import Field, StringConstraints

from marketplace.common.schemas import In, Moment, Out, PageQuery

ClientId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{8,64}$")]
Body = Annotated[str, StringConstraints(max_length=settings.MESSAGE_MAX_CHARACTERS, strip_whitespace=True)]


class ThreadIn(In):
    mentor: str
    body: Annotated[Body, Field(min_length=1)]
    client_id: ClientId


class MessageIn(In):
    body: Body = ""
    client_id: ClientId
    uploads: Annotated[list[UUID], Field(max_length=settings.MESSAGE_UPLOADS_MAX)] = []


class PersonOut(Out):
    id: UUID
    name: str


class ThreadOut(Out):
    id: UUID
    mentor: str
    student: PersonOut
    last_message_at: Moment
    unread: int


class UploadOut(Out):
    id: UUID
    name: str


class MessageOut(Out):
    id: UUID
    author: UUID
    body: str
    client_id: str
    created_at: Moment
    uploads: list[UploadOut]


class MessageQuery(PageQuery):
    after: UUID | None = None
