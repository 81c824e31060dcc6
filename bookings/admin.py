"""Bookings in admin: to look up, never to change. Each change is an operation with its own page."""

from django.contrib import admin

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


@admin.register(BookingEvent)
class BookingEventAdmin(ReadOnlyAdmin[BookingEvent]):
    list_display = ("at", "name", "booking", "by")
    list_filter = ("name",)
    list_select_related = ("booking", "by")
    search_fields = ("booking__id",)
    ordering = ("-at", "-pk")
