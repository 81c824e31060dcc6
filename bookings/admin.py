"""Bookings in admin: to look up, never to change. Each change is an operation with its own page."""

from django.contrib import admin
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from bookings.admin_views import CancelForPeople
from bookings.models import Booking, BookingEvent, ProblemReport, Review, Strike
from marketplace.common.admin import ReadOnlyAdmin


@admin.register(Booking)
class BookingAdmin(ReadOnlyAdmin[Booking]):
    list_display = ("id", "status", "mentor_name", "student_name", "starts_at", "minutes", "price_minor", "currency")
    list_filter = ("status", "minutes")
    list_select_related = ("mentor__user", "student")
    search_fields = ("id", "student__email", "mentor__handle")
    date_hierarchy = "starts_at"
    ordering = ("-starts_at", "-pk")
    change_form_template = "admin/bookings/booking/change_form.html"

    def get_urls(self) -> list[URLPattern]:
        cancel = path("<uuid:booking_id>/cancel/", CancelForPeople.as_view(), name="bookings_booking_cancel")
        return [cancel, *super().get_urls()]

    @admin.display(description=_("mentor"), ordering="mentor__user__name")
    def mentor_name(self, booking: Booking) -> str:
        return booking.mentor.user.name

    @admin.display(description=_("student"), ordering="student__name")
    def student_name(self, booking: Booking) -> str:
        return booking.student.name


@admin.register(BookingEvent)
class BookingEventAdmin(ReadOnlyAdmin[BookingEvent]):
    list_display = ("at", "name", "booking", "by")
    list_filter = ("name",)
    list_select_related = ("booking", "by")
    search_fields = ("booking__id",)
    ordering = ("-at", "-pk")


@admin.register(ProblemReport)
class ProblemReportAdmin(ReadOnlyAdmin[ProblemReport]):
    list_display = ("opened_at", "booking", "side", "answered_at", "decided_at", "percent", "at_the_desk")
    list_filter = ("side", ("decided_at", admin.EmptyFieldListFilter), "finding")
    list_select_related = ("booking",)
    search_fields = ("booking__id",)
    ordering = ("-opened_at", "-pk")

    @admin.display(description=_("desk"))
    def at_the_desk(self, report: ProblemReport) -> SafeString:
        return link(reverse("bookings:desk-report", args=[report.pk]))


@admin.register(Strike)
class StrikeAdmin(ReadOnlyAdmin[Strike]):
    list_display = (
        "at",
        "mentor",
        "kind",
        "points",
        "expires_at",
        "hides_days",
        "appealed_at",
        "waived_at",
        "at_the_desk",
    )
    list_filter = ("kind", ("waived_at", admin.EmptyFieldListFilter))
    list_select_related = ("mentor",)
    search_fields = ("mentor__handle", "booking__id")
    ordering = ("-at", "-pk")

    @admin.display(description=_("desk"))
    def at_the_desk(self, strike: Strike) -> SafeString:
        return link(reverse("bookings:desk-strike", args=[strike.pk]))


@admin.register(Review)
class ReviewAdmin(ReadOnlyAdmin[Review]):
    list_display = ("created_at", "booking", "rating", "edited_at", "answered_at")
    list_filter = ("rating",)
    list_select_related = ("booking",)
    search_fields = ("booking__id", "booking__mentor__handle")
    ordering = ("-created_at", "-pk")


def link(address: str) -> SafeString:
    return format_html('<a href="{}">{}</a>', address, _("Open"))
