"""``/api/chat/…``: conversations for their two people. Staff read reported ones in admin, never here."""

from datetime import datetime
from typing import cast
from uuid import UUID

from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from accounts.models import User
from chat import services
from chat.models import Message, Thread
from chat.queries import inbox
from chat.schemas import (
    MessageIn,
    MessageOut,
    MessageQuery,
    PersonOut,
    ThreadIn,
    ThreadOut,
    UploadOut,
)
from marketplace.common.api import Answer, json_route
from marketplace.common.guards import PARTICIPANT, STUDENT
from marketplace.common.pagination import PAGE_SIZE, BadCursor, decode, encode, page_by_time
from marketplace.common.schemas import Page, PageQuery


def load_thread(request: HttpRequest, thread_id: UUID) -> Thread:
    visible = Thread.objects.visible_to(cast("User", request.user))
    return get_object_or_404(visible.select_related("student", "mentor__user"), pk=thread_id)


def shape_thread(thread: Thread, reader: User) -> ThreadOut:
    return ThreadOut(
        id=thread.pk,
        mentor=thread.mentor.handle,
        student=PersonOut(id=thread.student_id, name=thread.student.name),
        last_message_at=thread.last_message_at,
        unread=thread.unread(reader),
    )


def shape_message(message: Message) -> MessageOut:
    return MessageOut(
        id=message.pk,
        author=message.author_id,
        body=message.body,
        client_id=message.client_id,
        created_at=message.created_at,
        uploads=[
            UploadOut(id=item.upload_id, name=item.upload.name)
            for item in sorted(message.message_uploads.all(), key=lambda item: item.position)
        ],
    )


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


@json_route(who=PARTICIPANT, load=load_thread, query=MessageQuery, answers={200: Page[MessageOut]})
def list_messages(request: HttpRequest, obj: Thread, query: MessageQuery) -> Page[MessageOut]:
    """List messages, newest first; ``after`` asks for newer ones only. What was listed counts as read."""
    messages = obj.messages.prefetch_related("message_uploads__upload")
    if query.after is not None:
        known = get_object_or_404(obj.messages, pk=query.after)
        messages = messages.filter(number__gt=known.number)
    if query.cursor:
        [number] = decode(query.cursor, 1)
        if not isinstance(number, int):
            raise BadCursor
        messages = messages.filter(number__lt=number)
    rows = list(messages.order_by("-number")[: PAGE_SIZE + 1])
    if rows and not query.cursor:
        services.mark_read(thread=obj, number=rows[0].number, by=cast("User", request.user))
    cursor = encode([rows[PAGE_SIZE - 1].number]) if len(rows) > PAGE_SIZE else None
    return Page[MessageOut](items=[shape_message(row) for row in rows[:PAGE_SIZE]], next_cursor=cursor)


@json_route(
    who=PARTICIPANT,
    load=load_thread,
    body=MessageIn,
    answers={201: MessageOut, 200: MessageOut},
    limit="CHAT_POST",
    idempotent=True,
)
def post_message(request: HttpRequest, obj: Thread, body: MessageIn) -> Answer:
    message, is_new = services.post_message(
        thread=obj,
        body=body.body,
        client_id=body.client_id,
        upload_ids=body.uploads,
        by=cast("User", request.user),
    )
    return Answer(shape_message(message), status=201 if is_new else 200)
