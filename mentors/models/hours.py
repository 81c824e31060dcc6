"""Weekly hours and dated changes to them."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from mentors.models.profiles import Mentor

# The minutes of an hour at which weekly hours may start and end.
QUARTERS = (0, 15, 30, 45)


class AvailabilityRule(models.Model):
    """A weekly window on the wall clock of ``Mentor.time_zone``; an end at or before its start is on the next day."""

    mentor = models.ForeignKey(Mentor, on_delete=models.CASCADE, related_name="availability_rules")
    weekday = models.PositiveSmallIntegerField()  # Monday is 0
    start = models.TimeField()
    end = models.TimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(weekday__lte=6), name="availability_rule_weekday"),
            models.CheckConstraint(
                condition=Q(start__minute__in=QUARTERS, start__second=0, end__minute__in=QUARTERS, end__second=0),
                name="availability_rule_quarters",
            ),
            models.UniqueConstraint(fields=["mentor", "weekday", "start"], name="availability_rule_unique"),
        ]

    def __str__(self) -> str:
        return f"Weekday {self.weekday} of mentor {self.mentor_id}"


class AvailabilityException(models.Model):
    """A dated change: ``add`` or ``replace`` with windows, ``remove`` with windows or (none) the whole day."""

    class Kind(models.TextChoices):
        ADD = "add", _("Extra hours")
        REMOVE = "remove", _("Time off")
        REPLACE = "replace", _("Other hours")

    mentor = models.ForeignKey(Mentor, on_delete=models.CASCADE, related_name="availability_exceptions")
    date = models.DateField()
    kind = models.CharField(max_length=7, choices=Kind)
    yearly = models.BooleanField(default=False)
    # [["09:00", "12:30"], …], wall clock as in the rules.
    windows = models.JSONField(default=list, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["mentor", "date", "kind"], name="availability_exception_unique"),
            models.CheckConstraint(
                condition=Q(kind__in=["add", "remove", "replace"]), name="availability_exception_kind"
            ),
            models.CheckConstraint(
                condition=Q(kind="remove") | ~Q(windows=[]), name="availability_exception_opens_something"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.date} of mentor {self.mentor_id}"
