"""The product's own paths, so that one client can ask both."""

from django.urls import path

from tests.bench.floor import views

urlpatterns = [
    path("mentors/", views.search, name="search"),
    path("mentors/<slug:handle>/", views.mentor, name="mentor"),
    path("bookings/", views.book, name="book"),
    path("bookings/<uuid:booking_id>/pay/", views.pay, name="pay"),
    path("messages/", views.inbox, name="inbox"),
    path("sessions/", views.sessions, name="sessions"),
    path("api/payments/webhook", views.webhook, name="webhook"),
]
