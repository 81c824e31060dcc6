"""JSON routes of this app. Bookings stand here too: their answers name payment and refund."""

from django.urls import URLPattern, URLResolver, path

from marketplace.common.api import methods
from payments import booking_api

urlpatterns: list[URLPattern | URLResolver] = [
    path("bookings", methods(GET=booking_api.list_bookings, POST=booking_api.create_booking), name="api-bookings"),
    path("bookings/<uuid:booking_id>", methods(GET=booking_api.get_booking), name="api-booking"),
    path("bookings/<uuid:booking_id>/extend", methods(POST=booking_api.extend_booking), name="api-booking-extend"),
    path("bookings/<uuid:booking_id>/cancel", methods(POST=booking_api.cancel_booking), name="api-booking-cancel"),
]
