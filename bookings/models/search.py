"""What search reads, written ahead; nothing is sold from it."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import F

from bookings.spans import SpansField
from mentors.models import Mentor


class SearchRow(models.Model):
    """What search knows of one listed mentor and one length they offer; nothing is sold from it.

    Written by ``services.search_index`` from the mentor's rows and bookings, and again when they change. Whether the
    mentor is listed is asked of the mentor, not of this row.
    """

    mentor = models.ForeignKey(Mentor, on_delete=models.CASCADE, related_name="search_rows")
    minutes = models.PositiveSmallIntegerField()
    price_minor = models.PositiveIntegerField()
    # The mean of the reviews × 1,000; 0 until there are enough of them to be shown.
    rating = models.PositiveSmallIntegerField()
    # How good a match the mentor is when nothing was asked for: a number without a unit.
    quality = models.PositiveIntegerField()
    # The bookable starts as far as the horizon (bookings.spans), and the first of them.
    free = SpansField()
    next_start_at = models.DateTimeField(null=True)

    subjects = ArrayField(models.CharField(max_length=40))
    languages = ArrayField(models.CharField(max_length=3))
    levels = ArrayField(models.CharField(max_length=10))
    text = SearchVectorField()
    # Shown on the card beside the mentor's own columns.
    subject_names = ArrayField(models.CharField(max_length=60))
    symbol = models.CharField(max_length=2, blank=True)
    is_verified = models.BooleanField()

    refreshed_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["mentor", "minutes"], name="search_row_unique")]
        indexes = [
            # One per order of results, each ending in the mentor so that pages stay apart where rows are equal.
            models.Index("minutes", F("quality").desc(), "mentor", name="search_row_by_quality"),
            models.Index("minutes", F("rating").desc(), "mentor", name="search_row_by_rating"),
            models.Index(fields=["minutes", "price_minor", "mentor"], name="search_row_by_price"),
            models.Index(fields=["minutes", "next_start_at", "mentor"], name="search_row_by_next_start"),
            GinIndex(fields=["text"], name="search_row_text"),
            GinIndex(fields=["subjects"], name="search_row_subjects"),
            models.Index(fields=["refreshed_at"], name="search_row_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.minutes} minutes of mentor {self.mentor_id} in search"
