"""JSON routes of this app."""

from django.urls import path

from bookings import mentor_api

app_name = "bookings-api"

urlpatterns = [
    path("mentors", mentor_api.mentors, name="mentors"),
    path("mentors/<slug:handle>", mentor_api.mentor, name="mentor"),
    path("mentors/<slug:handle>/slots", mentor_api.slots, name="slots"),
]
