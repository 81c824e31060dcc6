"""Bookings in admin: to look up, never to change. Each change is an operation with its own page."""

from django.contrib import admin
from django.urls import URLPattern, path

from bookings.admin_views import CancelForPeople
from bookings.models import Booking, BookingEvent
from marketplace.common.admin import ReadOnlyAdmin


@admin.register(Booking)
class BookingAdmin(ReadOnlyAdmin[Booking]):
    list_display = ("id", "status", "mentor", "student", "starts_at", "minutes", "price_minor", "currency")
    list_filter = ("status", "minutes")
    list_select_related = ("mentor", "student")
    search_fields = ("id", "student__email", "mentor__handle")
    date_hierarchy = "starts_at"
    ordering = ("-starts_at", "-pk")
    change_form_template = "admin/bookings/booking/change_form.html"

    def get_urls(self) -> list[URLPattern]:
        cancel = path("<uuid:booking_id>/cancel/", CancelForPeople.as_view(), name="bookings_booking_cancel")
        return [cancel, *super().get_urls()]


@admin.register(BookingEvent)
class BookingEventAdmin(ReadOnlyAdmin[BookingEvent]):
    list_display = ("at", "name", "booking", "by")
    list_filter = ("name",)
    list_select_related = ("booking", "by")
    search_fields = ("booking__id",)
    ordering = ("-at", "-pk")
