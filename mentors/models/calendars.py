"""Times at which a mentor is taken elsewhere."""

from datetime import datetime

from django.db import models
from django.db.models import F, Q

from mentors.models.profiles import Mentor


class BusyTime(models.Model):
    """A time that the mentor is taken elsewhere (imported from a calendar); nothing can be booked in it."""

    mentor = models.ForeignKey(Mentor, on_delete=models.CASCADE, related_name="busy_times")
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
