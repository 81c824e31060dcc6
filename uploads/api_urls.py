"""JSON routes of this app."""

from django.urls import path

from uploads import api

app_name = "uploads-api"

urlpatterns = [
    path("uploads/<uuid:upload_id>", api.upload_view, name="upload"),
    path("uploads/<uuid:upload_id>/complete", api.complete_view, name="complete"),
    path("uploads/<uuid:upload_id>/content", api.content_view, name="content"),
]
