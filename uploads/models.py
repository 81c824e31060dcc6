"""Stored files: where the bytes are, what they were found to be, and who may open them."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from guardian.models import GroupObjectPermissionBase, UserObjectPermissionBase


class UploadQuerySet(models.QuerySet["Upload"]):
    def owned_by(self, user: models.Model) -> "UploadQuerySet":
        return self.filter(owner=user.pk)

    def ready(self) -> "UploadQuerySet":
        return self.filter(status=Upload.Status.READY)


class Upload(models.Model):
    class Purpose(models.TextChoices):
        VERIFICATION = "verification", _("Verification document")
        BOOKING = "booking", _("Session file")
        MESSAGE = "message", _("Message attachment")
        PHOTO = "photo", _("Profile photo")

    class Status(models.TextChoices):
        ISSUED = "issued", _("Waiting for the file")
        CHECKING = "checking", _("Checking")
        READY = "ready", _("Ready")
        REFUSED = "refused", _("Refused")
        PURGED = "purged", _("Deleted")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="uploads")
    purpose = models.CharField(max_length=12, choices=Purpose)
    status = models.CharField(max_length=8, choices=Status, default=Status.ISSUED)
    name = models.CharField(max_length=255)
    # What the client declared until the check, what the stored bytes were found to be after it.
    content_type = models.CharField(max_length=32)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64, blank=True)
    quarantine_key = models.CharField(max_length=255)
    private_key = models.CharField(max_length=255, blank=True)
    refusal = models.CharField(max_length=32, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    completed_at = models.DateTimeField(null=True, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    purged_at = models.DateTimeField(null=True, blank=True)

    objects = UploadQuerySet.as_manager()

    class Meta:
        verbose_name = _("upload")
        verbose_name_plural = _("uploads")
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["issued", "checking", "ready", "refused", "purged"]), name="upload_status_known"
            ),
            models.CheckConstraint(
                condition=Q(purpose__in=["verification", "booking", "message", "photo"]), name="upload_purpose_known"
            ),
            models.CheckConstraint(
                condition=~Q(status="ready") | (~Q(sha256="") & ~Q(private_key="")), name="upload_ready_was_checked"
            ),
            models.UniqueConstraint(fields=["quarantine_key"], name="upload_quarantine_key_unique"),
            models.UniqueConstraint(
                fields=["private_key"], condition=~Q(private_key=""), name="upload_private_key_unique"
            ),
        ]
        indexes = [
            models.Index(fields=["status", "created_at"], name="upload_by_status"),
            models.Index(fields=["owner", "purpose"], name="upload_by_owner"),
        ]

    def __str__(self) -> str:
        return f"Upload {self.pk}"


class UploadUserObjectPermission(UserObjectPermissionBase):
    """A grant: this person may open this file."""

    content_object = models.ForeignKey(Upload, on_delete=models.CASCADE)


class UploadGroupObjectPermission(GroupObjectPermissionBase):
    """A grant: everyone in this group may open this file."""

    content_object = models.ForeignKey(Upload, on_delete=models.CASCADE)
