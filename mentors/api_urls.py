"""JSON routes of this app."""

from django.urls import path

from mentors import api

app_name = "mentors-api"

urlpatterns = [
    path("mentors/onboarding", api.onboarding, name="onboarding"),
    path("mentors/onboarding/submit", api.submission, name="submit"),
    path("mentors/availability", api.availability, name="availability"),
]
