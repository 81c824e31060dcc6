"""What a mentor's absence or late cancelling counts against them, for a while."""

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from bookings.models.booking import Booking
from mentors.models import Mentor


class StrikeQuerySet(models.QuerySet["Strike"]):
    def counting(self, *, at: datetime) -> "StrikeQuerySet":
        """Neither expired nor taken back."""
        return self.filter(expires_at__gt=at, waived_at=None)

    def due(self, *, at: datetime) -> "StrikeQuerySet":
        """Those whose effect has waited its time, and is not held up by an appeal."""
        waiting = self.filter(applied_at=None, waived_at=None, takes_effect_at__lte=at)
        return waiting.exclude(appealed_at__isnull=False, decided_at=None)


class Strike(models.Model):
    """One incident, at most one a booking. ``points`` count until ``expires_at``.

    ``hides_days`` is what it brought about together with those before it: 0 nothing or a warning, else for how long nobody
    finds the mentor. That waits until ``takes_effect_at``, and for an appeal that was made before.
    """

    class Kind(models.TextChoices):
        LATE_CANCELLATION = "late_cancellation", _("Cancelled late")
        ABSENCE = "absence", _("Absent")

    mentor = models.ForeignKey(Mentor, on_delete=models.PROTECT, related_name="strikes")
    booking = models.OneToOneField(Booking, on_delete=models.PROTECT, related_name="strike")
    kind = models.CharField(max_length=17, choices=Kind)
    points = models.PositiveSmallIntegerField()
    at = models.DateTimeField()
    expires_at = models.DateTimeField()
    hides_days = models.PositiveSmallIntegerField(default=0)
    takes_effect_at = models.DateTimeField(null=True, blank=True)
    applied_at = models.DateTimeField(null=True, blank=True)
    appeal = models.TextField(max_length=2_000, blank=True)
    appealed_at = models.DateTimeField(null=True, blank=True)
    # Support's word on the appeal: taken back (``waived_at``), or it stands.
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    decision = models.TextField(max_length=2_000, blank=True)
    waived_at = models.DateTimeField(null=True, blank=True)

    objects = StrikeQuerySet.as_manager()

    class Meta:
        verbose_name = _("strike")
        verbose_name_plural = _("strikes")
        constraints = [
            models.CheckConstraint(condition=Q(points__gte=1), name="strike_points_positive"),
            models.CheckConstraint(
                condition=Q(hides_days=0, takes_effect_at=None) | Q(hides_days__gt=0, takes_effect_at__isnull=False),
                name="strike_effect_waits",
            ),
            models.CheckConstraint(
                condition=Q(waived_at=None) | Q(decided_at__isnull=False, decided_by__isnull=False),
                name="strike_waived_by_somebody",
            ),
        ]
        indexes = [models.Index(fields=["mentor", "expires_at"], name="strike_by_mentor")]

    def __str__(self) -> str:
        return f"Strike for booking {self.booking_id}"
