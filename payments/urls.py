"""Pages of this app."""

from django.urls import path

from payments import views

app_name = "payments"

urlpatterns = [
    path("bookings/<uuid:booking_id>/pay/", views.Pay.as_view(), name="pay"),
    path("bookings/<uuid:booking_id>/pay/note/", views.SaveNote.as_view(), name="note"),
    path("bookings/<uuid:booking_id>/pay/return/", views.PayReturn.as_view(), name="return"),
]
