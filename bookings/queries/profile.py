"""A mentor's public profile: who they are, what they offer, what students said."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Q, QuerySet
from django.db.models.functions import JSONObject

from accounts.models import User
from bookings.models import Review
from mentors.models import Mentor, MentorSubject, Package

REVIEWS_SHOWN = 4
REVIEWS_MAX = 200


@dataclass(frozen=True)
class Taught:
    slug: str
    name: str
    symbol: str
    is_verified: bool


class Said(NamedTuple):
    """A review as it is shown; of its student, id and name only."""

    rating: int
    text: str
    created_at: datetime
    student: User


@dataclass(frozen=True)
class Profile:
    mentor: Mentor
    subjects: Sequence[Taught]
    packages: Sequence[Package]

    @property
    def is_verified(self) -> bool:
        return any(subject.is_verified for subject in self.subjects)

    @property
    def symbol(self) -> str:
        return next((subject.symbol for subject in self.subjects), "")

    @property
    def rating(self) -> float | None:
        """The mean of the reviews, once there are enough of them."""
        if self.mentor.review_count < settings.RATING_SHOWN_FROM:
            return None
        return round(self.mentor.rating_sum / self.mentor.review_count, 2)

    def package(self, minutes: int | None) -> Package | None:
        """The offered length that was asked for; else 45 minutes, else the first there is."""
        offered = {package.minutes: package for package in self.packages}
        return offered.get(minutes or 0) or offered.get(45) or next(iter(self.packages), None)


def readable_by(user: User | None) -> QuerySet[Mentor]:
    """Whose profile someone may read: approved mentors', paused ones' too, and always one's own."""
    approved = Mentor.objects.readable()
    if user is None or not user.is_mentor:
        return approved
    return Mentor.objects.filter(Q(pk__in=approved.values("pk")) | Q(pk=user.pk))


def profiles(mentors: QuerySet[Mentor]) -> QuerySet[Mentor]:
    """Read mentors with all that a profile shows of them in the same query."""
    taught = MentorSubject.objects.filter(mentor=OuterRef("pk")).order_by("pk")
    offered = Package.objects.filter(mentor=OuterRef("pk")).order_by("minutes")
    return mentors.select_related("user", "photo").annotate(
        taught_rows=ArraySubquery(
            taught.values(
                row=JSONObject(
                    slug="subject__slug",
                    name="subject__name",
                    symbol="subject__symbol",
                    verified_at="verified_at",
                    verified_until="verified_until",
                )
            )
        ),
        package_rows=ArraySubquery(
            offered.values(row=JSONObject(pk="pk", minutes="minutes", price_minor="price_minor"))
        ),
    )


def profile_of(mentor: Mentor, *, at: datetime) -> Profile:
    """Unpack a mentor that ``profiles`` read."""
    taught = [
        Taught(
            row["slug"], row["name"], row["symbol"], _is_verified(row["verified_at"], row["verified_until"], at.date())
        )
        for row in mentor.taught_rows  # type: ignore[attr-defined]  # annotated by profiles
    ]
    packages = [Package(mentor=mentor, **row) for row in mentor.package_rows]  # type: ignore[attr-defined]  # same
    return Profile(mentor, sorted(taught, key=lambda each: not each.is_verified), packages)


def reviews_of(mentor: Mentor, *, limit: int = REVIEWS_SHOWN) -> list[Said]:
    """Read the latest reviews that say something, with their students' names. One query."""
    said = Review.objects.filter(booking__mentor=mentor).exclude(text="").order_by("-created_at", "-pk")
    shown = said.values_list("rating", "text", "created_at", "booking__student_id", "booking__student__name")
    return [Said(rating, text, at, User(pk=pk, name=name)) for rating, text, at, pk, name in shown[:limit]]


def _is_verified(verified_at: str | None, verified_until: str | None, on: date) -> bool:
    return verified_at is not None and (verified_until is None or date.fromisoformat(verified_until) >= on)
