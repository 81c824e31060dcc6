"""Pages of conversations."""

from django.urls import path

from chat import views

app_name = "chat"

urlpatterns = [
    path("messages/", views.Inbox.as_view(), name="inbox"),
    path("messages/new/", views.NewThread.as_view(), name="new"),
    path("messages/<uuid:thread_id>/", views.Conversation.as_view(), name="thread"),
    path("messages/<uuid:thread_id>/close/", views.BlockThread.as_view(), name="close"),
    path("messages/<uuid:thread_id>/open/", views.UnblockThread.as_view(), name="open"),
    path("messages/<uuid:thread_id>/report/", views.ReportThread.as_view(), name="report"),
]
