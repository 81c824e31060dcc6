"""Pages of this app."""

from django.urls import path

from uploads import privacy_views, views

app_name = "uploads"

urlpatterns = [
    path("uploads/<uuid:upload_id>/", views.OpenUpload.as_view(), name="open"),
    path("uploads/<uuid:upload_id>/preview/", views.PreviewUpload.as_view(), name="preview"),
    path("account/privacy/", privacy_views.Privacy.as_view(), name="privacy"),
    path("account/privacy/export/<uuid:export_id>/", privacy_views.OpenExport.as_view(), name="open-export"),
]
