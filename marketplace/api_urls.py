"""JSON routes that span apps."""

from django.urls import path

from marketplace import audit_api, health, schema, unread_api, upload_api

app_name = "marketplace-api"

urlpatterns = [
    path("health", health.ready, name="health"),
    path("health/live", health.live, name="health-live"),
    path("schema.json", schema.schema, name="schema"),
    path("unread", unread_api.unread, name="unread"),
    path("uploads", upload_api.uploads, name="uploads"),
    path("admin/audit", audit_api.audit_events, name="audit"),
]
