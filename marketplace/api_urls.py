"""JSON routes that span apps."""

from django.urls import path

from marketplace import audit_api, health, schema, upload_api

app_name = "marketplace-api"

urlpatterns = [
    path("health", health.ready, name="health"),
    path("health/live", health.live, name="health-live"),
    path("schema.json", schema.schema, name="schema"),
    path("uploads", upload_api.uploads, name="uploads"),
    path("admin/audit", audit_api.audit_events, name="audit"),
]
