"""A mentor's proposal to move a session. It claims no time until its student accepts it."""

import uuid
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from bookings.models.booking import Booking


class MoveProposalQuerySet(models.QuerySet["MoveProposal"]):
    def open(self, *, at: datetime) -> "MoveProposalQuerySet":
        return self.filter(status=MoveProposal.Status.OPEN, lapses_at__gt=at)


class MoveProposal(models.Model):
    class Status(models.TextChoices):
        OPEN = "open", _("Waiting for the student")
        ACCEPTED = "accepted", _("Accepted")
        DECLINED = "declined", _("Declined")
        LAPSED = "lapsed", _("Lapsed")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    booking = models.ForeignKey(Booking, on_delete=models.PROTECT, related_name="proposals")
    status = models.CharField(max_length=9, choices=Status, default=Status.OPEN)
    starts_at = models.DateTimeField()
    old_starts_at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField(max_length=500, blank=True)
    created_at = models.DateTimeField()
    lapses_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    objects = MoveProposalQuerySet.as_manager()

    class Meta:
        verbose_name = _("move proposal")
        verbose_name_plural = _("move proposals")
        constraints = [
            models.UniqueConstraint(
                fields=["booking"], condition=Q(status="open"), name="move_proposal_one_open_per_booking"
            ),
            models.CheckConstraint(
                condition=Q(status__in=["open", "accepted", "declined", "lapsed", "withdrawn"]),
                name="move_proposal_status_known",
            ),
            models.CheckConstraint(condition=~Q(starts_at=F("old_starts_at")), name="move_proposal_moves"),
            models.CheckConstraint(
                condition=Q(status="open", closed_at=None) | (~Q(status="open") & Q(closed_at__isnull=False)),
                name="move_proposal_closed_at_its_end",
            ),
        ]

    def __str__(self) -> str:
        return f"Proposal to move booking {self.booking_id}"

    def status_at(self, now: datetime) -> str:
        """What everyone reads: it is ``lapsed`` from its second on, whether or not a worker came by."""
        if self.status == self.Status.OPEN and self.lapses_at <= now:
            return self.Status.LAPSED
        return self.status
