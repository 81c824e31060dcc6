"""A person's sessions as a calendar that their own calendar program reads."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class CalendarFeed(models.Model):
    """The secret in the address of a person's feed. No row: they have none.

    Its hash finds the row; sealed it can be shown to its owner again. From a stolen database neither can be asked for.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="calendar_feed"
    )
    secret_hash = models.CharField(max_length=64, unique=True)
    sealed_secret = models.TextField()
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("calendar feed")
        verbose_name_plural = _("calendar feeds")
        constraints = [
            models.CheckConstraint(
                condition=Q(secret_hash__regex=r"^[0-9a-f]{64}$"),  # noqa: S106  # a pattern, not a password
                name="calendar_feed_keeps_a_hash",
            ),
        ]

    def __str__(self) -> str:
        return f"Calendar feed of {self.user_id}"
