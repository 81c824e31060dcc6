"""``/api/chat/…``: conversations for their two people. Staff read reported ones in admin, never here."""

from collections.abc import Sequence
from datetime import datetime
from typing import cast
from uuid import UUID

from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from accounts.models import User
from chat import services
from chat.contact_details import Detail
from chat.errors import ContactDetailsSeen
from chat.models import Message, Thread
from chat.policies import details_to_mention_in
from chat.polling import State, changed_since
from chat.queries import WITH_FILES, files_of, inbox, preview_of
from chat.schemas import (
    MessageEditIn,
    MessageIn,
    MessageOut,
    MessageQuery,
    MessagesOut,
    PersonOut,
    PreviewOut,
    ThreadIn,
    ThreadOut,
    UploadOut,
)
from marketplace.common.api import Answer, json_route
from marketplace.common.guards import PARTICIPANT, STUDENT
from marketplace.common.pagination import PAGE_SIZE, BadCursor, decode, encode, page_by_time
from marketplace.common.schemas import Page, PageQuery
from uploads.models import Upload


def load_thread(request: HttpRequest, thread_id: UUID) -> Thread:
    visible = Thread.objects.visible_to(cast("User", request.user))
    return get_object_or_404(visible.select_related("student", "mentor__user"), pk=thread_id)


def load_bare_thread(request: HttpRequest, thread_id: UUID) -> Thread:
    """The thread without its people, for what is asked every few seconds and every message."""
    return get_object_or_404(Thread.objects.visible_to(cast("User", request.user)), pk=thread_id)


def load_own_message(request: HttpRequest, thread_id: UUID, message_id: UUID) -> Message:
    thread = load_bare_thread(request, thread_id)
    own = thread.messages.filter(author=request.user.pk).select_related("thread")
    return get_object_or_404(own, pk=message_id)


def shape_thread(thread: Thread, reader: User) -> ThreadOut:
    return ThreadOut(
        id=thread.pk,
        mentor=thread.mentor.handle,
        student=PersonOut(id=thread.student_id, name=thread.student.name),
        last_message_at=thread.last_message_at,
        unread=thread.unread(reader),
    )


def shape_message(message: Message, *, has_files: bool = True) -> MessageOut:
    """Fetch ``WITH_FILES`` along, or say that there are none."""
    return MessageOut(
        id=message.pk,
        number=message.number,
        author=message.author_id,
        body=message.body,
        client_id=message.client_id,
        created_at=message.created_at,
        edited_at=message.edited_at,
        deleted=message.deleted_at is not None,
        uploads=[shape_upload(item.upload) for item in files_of(message)] if has_files else [],
    )


def shape_upload(upload: Upload) -> UploadOut:
    preview = preview_of(upload)
    return UploadOut(
        id=upload.pk, name=upload.name, preview=PreviewOut.model_validate(preview) if preview is not None else None
    )


def hold_back(details: Sequence[Detail]) -> None:
    """Raise ``ContactDetailsSeen`` with what was seen, if anything was."""
    if details:
        seen = [{"kind": detail.kind, "text": detail.text, "sentence": detail.sentence} for detail in details]
        raise ContactDetailsSeen(contact_details=seen)


@json_route(who=PARTICIPANT, query=PageQuery, answers={200: Page[ThreadOut]})
def list_threads(request: HttpRequest, query: PageQuery) -> Page[ThreadOut]:
    user = cast("User", request.user)
    rows, cursor = page_by_time(inbox(user), field="last_message_at", cursor=query.cursor, parse=datetime.fromisoformat)
    return Page[ThreadOut](items=[shape_thread(row, user) for row in rows], next_cursor=cursor)


@json_route(who=STUDENT, body=ThreadIn, answers={201: ThreadOut, 200: ThreadOut}, limit="CHAT_POST", idempotent=True)
def open_thread(request: HttpRequest, body: ThreadIn) -> Answer:
    user = cast("User", request.user)
    thread, is_new = services.open_thread(handle=body.mentor, body=body.body, client_id=body.client_id, by=user)
    shown = load_thread(request, thread.pk)
    return Answer(shape_thread(shown, user), status=201 if is_new else 200)


@json_route(who=PARTICIPANT, load=load_bare_thread, query=MessageQuery, answers={200: MessagesOut, 204: None})
def list_messages(request: HttpRequest, obj: Thread, query: MessageQuery) -> MessagesOut | Answer:
    """List messages, newest first; ``after`` asks for newer ones only. What was listed counts as read.

    With the ``state`` of an earlier answer: 204 when nothing is different, else what was ``changed`` since, too.
    """
    user = cast("User", request.user)
    state = State.of(obj, user)
    if query.after is not None and query.state == str(state):
        return Answer(status=204)
    messages = obj.messages.prefetch_related(*WITH_FILES)
    if query.after is not None:
        known = get_object_or_404(obj.messages.only("number"), pk=query.after)
        messages = messages.filter(number__gt=known.number) if known.number < obj.last_number else messages.none()
    if query.cursor:
        [number] = decode(query.cursor, 1)
        if not isinstance(number, int):
            raise BadCursor
        messages = messages.filter(number__lt=number)
    rows = list(messages.order_by("-number")[: PAGE_SIZE + 1])
    if rows and not query.cursor:
        services.mark_read(thread=obj, number=rows[0].number, by=user)
    changed, state = changed_since(obj, State.parse(query.state), state) if query.state else ([], state)
    return MessagesOut(
        items=[shape_message(row) for row in rows[:PAGE_SIZE]],
        next_cursor=encode([rows[PAGE_SIZE - 1].number]) if len(rows) > PAGE_SIZE else None,
        changed=[shape_message(row) for row in changed],
        seen=state.seen,
        closed=state.closed,
        state=str(state),
    )


@json_route(
    who=PARTICIPANT,
    load=load_bare_thread,
    body=MessageIn,
    answers={201: MessageOut, 200: MessageOut},
    limit="CHAT_POST",
    idempotent=True,
)
def post_message(request: HttpRequest, obj: Thread, body: MessageIn) -> Answer:
    if body.remind:
        hold_back(details_to_mention_in(obj, body.body))
    message, is_new = services.post_message(
        thread=obj,
        body=body.body,
        client_id=body.client_id,
        upload_ids=body.uploads,
        by=cast("User", request.user),
    )
    shown = shape_message(message, has_files=bool(body.uploads) or not is_new)
    return Answer(shown, status=201 if is_new else 200)


@json_route(who=PARTICIPANT, load=load_own_message, body=MessageEditIn, answers={200: MessageOut}, limit="CHAT_POST")
def edit_message(request: HttpRequest, obj: Message, body: MessageEditIn) -> MessageOut:
    if body.remind:
        hold_back(details_to_mention_in(obj.thread, body.body))
    return shape_message(services.edit_message(message=obj, body=body.body, by=cast("User", request.user)))


@json_route(who=PARTICIPANT, load=load_own_message, answers={200: MessageOut})
def delete_message(request: HttpRequest, obj: Message) -> MessageOut:
    return shape_message(services.delete_message(message=obj, by=cast("User", request.user)))
