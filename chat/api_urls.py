"""JSON routes of this app."""

from django.urls import path

from chat import api
from marketplace.common.api import methods

app_name = "chat-api"

urlpatterns = [
    path("chat/threads", methods(GET=api.list_threads, POST=api.open_thread), name="threads"),
    path(
        "chat/threads/<uuid:thread_id>/messages",
        methods(GET=api.list_messages, POST=api.post_message),
        name="messages",
    ),
    path(
        "chat/threads/<uuid:thread_id>/messages/<uuid:message_id>",
        methods(PUT=api.edit_message, DELETE=api.delete_message),
        name="message",
    ),
]
