"""What the provider told us, kept before anything is done about it."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class WebhookEvent(models.Model):
    """The inbox: an event of the provider, kept under its own id before anything is done about it."""

    id = models.CharField(primary_key=True, max_length=64)
    type = models.CharField(max_length=128)
    object_id = models.CharField(max_length=64, blank=True)
    # The connected account that it happened on; empty: our own.
    account = models.CharField(max_length=64, blank=True, db_default="")
    provider_created_at = models.DateTimeField(null=True, blank=True)
    received_at = models.DateTimeField()
    processed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("webhook event")
        verbose_name_plural = _("webhook events")
        indexes = [
            models.Index(fields=["received_at"], condition=Q(processed_at=None), name="webhook_event_unprocessed"),
        ]

    def __str__(self) -> str:
        return f"Event {self.pk}"
