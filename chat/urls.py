"""Pages of conversations."""

from django.urls import path

from chat import change_views, file_views, views

app_name = "chat"

urlpatterns = [
    path("messages/", views.Inbox.as_view(), name="inbox"),
    path("messages/new/", views.NewThread.as_view(), name="new"),
    path("messages/<uuid:thread_id>/", views.Conversation.as_view(), name="thread"),
    path("messages/<uuid:thread_id>/draft/", file_views.KeepDraft.as_view(), name="draft"),
    path("messages/<uuid:thread_id>/attach/", file_views.SendFile.as_view(), name="attach"),
    path("messages/<uuid:thread_id>/attach/<uuid:upload_id>/", file_views.SentFile.as_view(), name="attach-file"),
    path("messages/<uuid:thread_id>/<uuid:message_id>/edit/", change_views.EditMessage.as_view(), name="edit"),
    path("messages/<uuid:thread_id>/<uuid:message_id>/delete/", change_views.DeleteMessage.as_view(), name="delete"),
    path("messages/<uuid:thread_id>/close/", change_views.BlockThread.as_view(), name="close"),
    path("messages/<uuid:thread_id>/open/", change_views.UnblockThread.as_view(), name="open"),
    path("messages/<uuid:thread_id>/report/", change_views.ReportThread.as_view(), name="report"),
]
