"""Stored files: where the bytes are, what they were found to be, and who may open them."""

import uuid
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from guardian.models import GroupObjectPermissionBase, UserObjectPermissionBase

from accounts.models import User

VIEW = "view_upload"


class UploadQuerySet(models.QuerySet["Upload"]):
    def owned_by(self, user: models.Model) -> "UploadQuerySet":
        return self.filter(owner=user.pk)

    def visible_to(self, user: User) -> "UploadQuerySet":
        """What ``user`` owns or holds a grant on. Asked of the grants themselves: a superuser passes every
        ``has_perm``, and is no reviewer for it."""
        mine = UploadUserObjectPermission.objects.filter(
            content_object=OuterRef("pk"), user=user.pk, permission__codename=VIEW
        )
        groups = UploadGroupObjectPermission.objects.filter(
            content_object=OuterRef("pk"), group__user=user.pk, permission__codename=VIEW
        )
        return self.filter(Q(owner=user.pk) | Exists(mine) | Exists(groups))

    def ready(self) -> "UploadQuerySet":
        return self.filter(status=Upload.Status.READY)

    def claimable(self, *, at: datetime) -> "UploadQuerySet":
        """Those a worker may check: nobody has begun, or who began has been silent for too long."""
        abandoned = at - settings.UPLOAD_CHECK_TIMEOUT
        return self.filter(status=Upload.Status.CHECKING).filter(Q(claimed_at=None) | Q(claimed_at__lte=abandoned))


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

    class Refusal(models.TextChoices):
        EMPTY = "empty", _("This file is empty. Choose another.")
        TOO_BIG = (
            "too_big",
            format_lazy(_("This file is too big. The limit is {size} MB."), size=settings.UPLOAD_MAX_BYTES // 1024**2),
        )
        WRONG_TYPE = "wrong_type", _("What is in this file is not what its name says. Send a PDF, JPEG or PNG.")
        UNREADABLE = "unreadable", _("This file is damaged and can't be opened. Save it again, or take a new photo.")
        ENCRYPTED = "encrypted", _("This file is protected with a password. Save it without one and send it again.")
        ACTIVE = "active", _("This PDF holds scripts or other files. Print it to a new PDF and send that.")
        TOO_DETAILED = "too_detailed", _("This image has too many pixels. Make it smaller and send it again.")
        TOO_LONG = "too_long", _("This document has too many pages. Send the pages that matter.")
        INFECTED = "infected", _("This file did not pass the safety check. Choose another.")

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
    # Where the checked bytes are, or will be: a new one with each claim, so it also tells whose claim is the last.
    private_key = models.CharField(max_length=255, blank=True)
    refusal = models.CharField(max_length=12, choices=Refusal, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    completed_at = models.DateTimeField(null=True, blank=True)
    claimed_at = models.DateTimeField(null=True, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    # When it was given up; from the moment its bytes are gone, when that was (``deleted_at``).
    purged_at = models.DateTimeField(null=True, blank=True)
    # Set once nothing is left under ``quarantine_key`` and the link to write there has lapsed.
    cleared_at = models.DateTimeField(null=True, blank=True)

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
                condition=~Q(status="ready") | (~Q(sha256="") & ~Q(private_key="") & Q(checked_at__isnull=False)),
                name="upload_ready_was_checked",
            ),
            models.CheckConstraint(
                condition=Q(status="refused") & ~Q(refusal="") | ~Q(status="refused"),
                name="upload_refusal_has_a_reason",
            ),
            models.UniqueConstraint(fields=["quarantine_key"], name="upload_quarantine_key_unique"),
            models.UniqueConstraint(
                fields=["private_key"], condition=~Q(private_key=""), name="upload_private_key_unique"
            ),
        ]
        indexes = [
            models.Index(fields=["status", "created_at"], name="upload_by_status"),
            models.Index(fields=["owner", "purpose"], name="upload_by_owner"),
            models.Index(fields=["sha256"], condition=Q(purpose="photo"), name="upload_photo_by_hash"),
            models.Index(fields=["expires_at"], condition=Q(cleared_at=None), name="upload_uncleared"),
        ]

    def __str__(self) -> str:
        return f"Upload {self.pk}"

    @property
    def deleted_at(self) -> datetime | None:
        """When the bytes were deleted; storage was asked whether any are left."""
        return self.purged_at if self.status == self.Status.PURGED and not self.private_key else None

    @property
    def refusal_sentence(self) -> str:
        """Why the file was refused and what to do, for its owner; empty when it was not."""
        return str(self.Refusal(self.refusal).label) if self.refusal else ""


class UploadPage(models.Model):
    """A picture of one page of a checked document: what reviewers look at instead of the file itself."""

    upload = models.ForeignKey(Upload, on_delete=models.CASCADE, related_name="pages")
    number = models.PositiveSmallIntegerField()  # from 1
    private_key = models.CharField(max_length=255, unique=True)
    content_type = models.CharField(max_length=32)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["upload", "number"], name="upload_page_number_unique")]

    def __str__(self) -> str:
        return f"Page {self.number} of upload {self.upload_id}"


class UploadUserObjectPermission(UserObjectPermissionBase):
    """A grant: this person may open this file."""

    content_object = models.ForeignKey(Upload, on_delete=models.CASCADE)


class UploadGroupObjectPermission(GroupObjectPermissionBase):
    """A grant: everyone in this group may open this file."""

    content_object = models.ForeignKey(Upload, on_delete=models.CASCADE)


class DataExportQuerySet(models.QuerySet["DataExport"]):
    def owned_by(self, user: User) -> "DataExportQuerySet":
        return self.filter(user=user.pk)

    def live(self) -> "DataExportQuerySet":
        """Being made, or there to be fetched; one whose time is over counts until the purge has come by."""
        return self.filter(status__in=[DataExport.Status.QUEUED, DataExport.Status.READY])

    def downloadable(self, *, at: datetime) -> "DataExportQuerySet":
        return self.filter(status=DataExport.Status.READY, expires_at__gt=at)

    def over(self, *, at: datetime) -> "DataExportQuerySet":
        """Those whose file nobody may fetch any more and that may still be in storage."""
        lapsed = Q(status=DataExport.Status.READY, expires_at__lte=at)
        return self.filter(lapsed | Q(status=DataExport.Status.EXPIRED) & ~Q(private_key=""))


class DataExport(models.Model):
    """A copy of all that is kept about one person, as one file that only they can fetch, for ``EXPORT_DAYS``."""

    class Status(models.TextChoices):
        QUEUED = "queued", _("Being made")
        READY = "ready", _("Ready")
        EXPIRED = "expired", _("Deleted")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="data_exports")
    status = models.CharField(max_length=7, choices=Status, default=Status.QUEUED)
    requested_at = models.DateTimeField()
    # Where the file is, or is being written: a new one with each try, so it also tells whose try is the last. Empty again
    # once nothing of it is stored.
    private_key = models.CharField(max_length=255, blank=True)
    size = models.PositiveBigIntegerField(default=0)
    ready_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)

    objects = DataExportQuerySet.as_manager()

    class Meta:
        verbose_name = _("data export")
        verbose_name_plural = _("data exports")
        constraints = [
            models.CheckConstraint(condition=Q(status__in=["queued", "ready", "expired"]), name="export_status_known"),
            models.UniqueConstraint(
                fields=["user"], condition=Q(status__in=["queued", "ready"]), name="export_one_live_per_person"
            ),
            models.CheckConstraint(
                condition=~Q(status="ready")
                | (
                    ~Q(private_key="")
                    & Q(size__gt=0, ready_at__isnull=False, expires_at__isnull=False, expires_at__gt=F("ready_at"))
                ),
                name="export_ready_has_a_file_and_an_end",
            ),
            models.UniqueConstraint(
                fields=["private_key"], condition=~Q(private_key=""), name="export_private_key_unique"
            ),
        ]
        indexes = [
            models.Index(fields=["user", "-requested_at"], name="export_by_user"),
            models.Index(fields=["expires_at"], condition=~Q(private_key=""), name="export_stored"),
        ]

    def __str__(self) -> str:
        return f"Data export {self.pk}"

    def status_at(self, now: datetime) -> str:
        """What its owner reads: it is over from its second on, whether or not the purge came by."""
        if self.status == self.Status.READY and self.expires_at is not None and self.expires_at <= now:
            return self.Status.EXPIRED
        return self.status
