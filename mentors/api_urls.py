"""JSON routes of this app."""

from django.urls import path

from mentors import api, review_api

app_name = "mentors-api"

urlpatterns = [
    path("mentors/onboarding", api.onboarding, name="onboarding"),
    path("mentors/onboarding/submit", api.submission, name="submit"),
    path("mentors/availability", api.availability, name="availability"),
    path("admin/applications", review_api.applications, name="applications"),
    path("admin/mentors/<slug:handle>/approve", review_api.mentor_approval, name="approve-mentor"),
    path("admin/mentors/<slug:handle>/reject", review_api.mentor_rejection, name="reject-mentor"),
    path("admin/mentors/<slug:handle>/request-changes", review_api.mentor_changes, name="request-changes"),
    path("admin/documents/<uuid:document_id>/approve", review_api.document_approval, name="approve-document"),
    path("admin/documents/<uuid:document_id>/reject", review_api.document_rejection, name="reject-document"),
]
