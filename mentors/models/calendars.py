"""Times at which a mentor is taken elsewhere, and the calendars that tell of them."""

import uuid
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from mentors.models.profiles import Mentor


class CalendarImport(models.Model):
    """A calendar elsewhere whose busy times count as taken. Its last good copy is kept, whatever happens to its server."""

    class Failure(models.TextChoices):
        """Why it could not be read, in words for its mentor."""

        ADDRESS = "address", _("Enter the calendar's address as its program gives it: it begins with https://.")
        HOST = "host", _("This address leads nowhere on the public internet. Check it for typing mistakes.")
        CONNECTION = "connection", _("The server could not be reached, or hung up.")
        CERTIFICATE = "certificate", _("The server could not prove who it is: its certificate is not valid.")
        SLOW = "slow", _("The server took too long to answer.")
        TOO_BIG = "too_big", _("The calendar is larger than we read. Share one with fewer entries.")
        REDIRECTS = "redirects", _("The address sends us on too often. Enter the one where it ends.")
        GONE = "gone", _("There is no calendar at this address any more. Its program can give you a new one.")
        LOCKED = "locked", _("The server asks for a password. Use the calendar's secret or public address.")
        SERVER = "server", _("The server answered with an error.")
        NOT_CALENDAR = (
            "not_calendar",
            _("What is there is no calendar file. Use the address that ends in .ics or says iCal."),
        )
        TOO_MANY = "too_many", _("The calendar holds more entries or repetitions than we read.")

    # So often in a row it can't be read before its mentor is told: servers have bad moments.
    TELL_AT = 2

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    mentor = models.ForeignKey(Mentor, on_delete=models.CASCADE, related_name="calendars")
    # 1 to 5: with its unique index the database itself refuses a sixth.
    place = models.PositiveSmallIntegerField()
    # Whoever knows the address reads the calendar, so it is sealed; its hash finds it again, its host is shown.
    sealed_address = models.TextField()
    address_hash = models.CharField(max_length=64)
    host = models.CharField(max_length=253)
    added_at = models.DateTimeField()
    # When its server was last asked, and when it is asked next by the clock.
    asked_at = models.DateTimeField()
    due_at = models.DateTimeField()
    # When it last answered as it should, and when its content was last read whole, with days in which zone.
    read_at = models.DateTimeField()
    parsed_at = models.DateTimeField()
    time_zone = models.CharField(max_length=64)
    etag = models.CharField(max_length=200, blank=True)
    last_modified = models.CharField(max_length=200, blank=True)
    unreadable = models.PositiveIntegerField(default=0)
    # How often in a row it could not be read, why the last time, and when its mentor was told.
    failures = models.PositiveIntegerField(default=0)
    failure = models.CharField(max_length=12, blank=True)  # a Failure
    told_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("imported calendar")
        verbose_name_plural = _("imported calendars")
        constraints = [
            models.UniqueConstraint(fields=["mentor", "place"], name="calendar_import_one_in_a_place"),
            models.CheckConstraint(
                condition=Q(place__gte=1, place__lte=settings.CALENDARS_MAX), name="calendar_import_place_in_bounds"
            ),
            models.UniqueConstraint(fields=["mentor", "address_hash"], name="calendar_import_address_unique"),
            models.CheckConstraint(
                condition=Q(
                    failure__in=[
                        "",
                        "address",
                        "host",
                        "connection",
                        "certificate",
                        "slow",
                        "too_big",
                        "redirects",
                        "gone",
                        "locked",
                        "server",
                        "not_calendar",
                        "too_many",
                    ]
                ),
                name="calendar_import_failure_known",
            ),
            models.CheckConstraint(
                condition=Q(failures=0, failure="") | (Q(failures__gt=0) & ~Q(failure="")),
                name="calendar_import_failures_have_a_reason",
            ),
        ]
        indexes = [models.Index(fields=["due_at"], name="calendar_import_by_due")]

    def __str__(self) -> str:
        return f"Calendar {self.pk} of mentor {self.mentor_id}"

    @property
    def trouble(self) -> str:
        """Why it could not be read the last time, in words; empty where it could."""
        return str(self.Failure(self.failure).label) if self.failure else ""


class BusyTime(models.Model):
    """A time that the mentor is taken elsewhere (imported from a calendar); nothing can be booked in it."""

    mentor = models.ForeignKey(Mentor, on_delete=models.CASCADE, related_name="busy_times")
    calendar = models.ForeignKey(
        CalendarImport, on_delete=models.CASCADE, null=True, blank=True, related_name="busy_times"
    )
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    source = models.CharField(max_length=40, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="busy_time_has_a_length"),
        ]
        indexes = [models.Index(fields=["mentor", "starts_at"], name="busy_time_by_mentor")]

    def __str__(self) -> str:
        return f"Busy {self.pk} of mentor {self.mentor_id}"

    @property
    def interval(self) -> tuple[datetime, datetime]:
        return self.starts_at, self.ends_at
