"""JSON routes of this app. Bookings stand here too: their answers name payment and refund."""

from django.urls import path

from marketplace.common.api import methods
from payments import api, booking_api, change_api, finance_api, outcome_api

app_name = "payments-api"

urlpatterns = [
    path("bookings", methods(GET=booking_api.list_bookings, POST=booking_api.create_booking), name="bookings"),
    path("bookings/<uuid:booking_id>", methods(GET=booking_api.get_booking), name="booking"),
    path("bookings/<uuid:booking_id>/extend", methods(POST=booking_api.extend_booking), name="extend-booking"),
    path("bookings/<uuid:booking_id>/cancel", methods(POST=change_api.cancel_booking), name="cancel-booking"),
    path("bookings/<uuid:booking_id>/refund-preview", methods(GET=change_api.preview_refund), name="refund-preview"),
    path("bookings/<uuid:booking_id>/move", methods(POST=change_api.move_booking), name="move-booking"),
    path(
        "bookings/<uuid:booking_id>/proposal/accept", methods(POST=change_api.accept_proposal), name="accept-proposal"
    ),
    path(
        "bookings/<uuid:booking_id>/proposal/decline",
        methods(POST=change_api.decline_proposal),
        name="decline-proposal",
    ),
    path("bookings/<uuid:booking_id>/outcome", methods(POST=outcome_api.say_outcome), name="say-outcome"),
    path("admin/refunds", methods(POST=finance_api.create_refund), name="create-refund"),
    path("payments/create-intent", api.create_intent, name="create-intent"),
    path("payments/webhook", api.webhook, name="webhook"),
]
