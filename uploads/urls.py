"""Pages of this app."""

from django.urls import path

from uploads import views

app_name = "uploads"

urlpatterns = [
    path("uploads/<uuid:upload_id>/", views.OpenUpload.as_view(), name="open"),
    path("uploads/<uuid:upload_id>/preview/", views.PreviewUpload.as_view(), name="preview"),
]
