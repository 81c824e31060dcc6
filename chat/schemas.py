"""Conversations as JSON."""

from typing import Annotated
from uuid import UUID

from django.conf import settings
from pydantic import Field, StringConstraints

from marketplace.common.schemas import In, Moment, Out, Page, PageQuery

ClientId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{8,64}$")]
Body = Annotated[str, StringConstraints(max_length=settings.MESSAGE_MAX_CHARACTERS, strip_whitespace=True)]


class ThreadIn(In):
    mentor: str
    body: Annotated[Body, Field(min_length=1)]
    client_id: ClientId


class MessageIn(In):
    """``remind``: hold the message back (422 with ``contact_details``) where its writer is to be reminded of what it
    holds. Without it nothing is ever held back."""

    body: Body = ""
    client_id: ClientId
    uploads: Annotated[list[UUID], Field(max_length=settings.MESSAGE_UPLOADS_MAX)] = []
    remind: bool = False


class MessageEditIn(In):
    body: Body
    remind: bool = False


class PersonOut(Out):
    id: UUID
    name: str


class ThreadOut(Out):
    id: UUID
    mentor: str
    student: PersonOut
    last_message_at: Moment
    unread: int


class PreviewOut(Out):
    url: str
    width: int
    height: int


class UploadOut(Out):
    id: UUID
    name: str
    preview: PreviewOut | None = None


class MessageOut(Out):
    id: UUID
    number: int
    author: UUID
    body: str
    client_id: str
    created_at: Moment
    edited_at: Moment | None
    deleted: bool
    uploads: list[UploadOut]


class MessagesOut(Page[MessageOut]):
    """Beside the page itself: what was edited or deleted since ``state``, up to which number the other person has read,
    whether the conversation is closed, and the ``state`` to ask with next time."""

    changed: list[MessageOut]
    seen: int
    closed: bool
    state: str


class MessageQuery(PageQuery):
    after: UUID | None = None
    state: Annotated[str, StringConstraints(pattern=r"^(\d{1,9}\.\d{1,9}\.\d{1,9}\.[01])?$")] = ""
