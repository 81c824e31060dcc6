"""JSON routes of this app. Bookings stand here too: their answers name payment and refund."""

from django.urls import path

from marketplace.common.api import methods
from payments import api, booking_api

app_name = "payments-api"

urlpatterns = [
    path("bookings", methods(GET=booking_api.list_bookings, POST=booking_api.create_booking), name="bookings"),
    path("bookings/<uuid:booking_id>", methods(GET=booking_api.get_booking), name="booking"),
    path("bookings/<uuid:booking_id>/extend", methods(POST=booking_api.extend_booking), name="extend-booking"),
    path("bookings/<uuid:booking_id>/cancel", methods(POST=booking_api.cancel_booking), name="cancel-booking"),
    path("payments/create-intent", api.create_intent, name="create-intent"),
    path("payments/webhook", api.webhook, name="webhook"),
]
