"""A mentor's public profile: who they are, what they offer, what students said."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from django.conf import settings
from django.db.models import Q, QuerySet
from django.db.models.expressions import RawSQL

from accounts.models import User
from bookings.models import Review
from mentors.models import Mentor, Package

REVIEWS_SHOWN = 4
REVIEWS_MAX = 200


@dataclass(frozen=True)
class Taught:
    slug: str
    name: str
    symbol: str
    is_verified: bool


class Said(NamedTuple):
    """A review as it is shown, with the mentor's answer; of its student, id and name only."""

    rating: int
    text: str
    created_at: datetime
    answer: str
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


# By hand: as subqueries of the ORM's they took Django longer than all the rest of reading a profile. Aggregated, they leave the profile one query however much a mentor teaches and offers.
TAUGHT = """(
    SELECT coalesce(json_agg(json_build_array(slug, name, symbol, verified_at IS NOT NULL, verified_until) ORDER BY taught.id), '[]')
    FROM mentors_mentorsubject AS taught JOIN mentors_subject ON mentors_subject.id = subject_id
    WHERE mentor_id = mentors_mentor.user_id
)"""
OFFERED = """(
    SELECT coalesce(json_agg(json_build_array(id, minutes, price_minor) ORDER BY minutes), '[]')
    FROM mentors_package WHERE mentor_id = mentors_mentor.user_id
)"""


def profiles(mentors: QuerySet[Mentor]) -> QuerySet[Mentor]:
    """Read mentors with all that a profile shows of them in the same query."""
    return mentors.select_related("user", "photo").annotate(
        taught_rows=RawSQL(TAUGHT, ()),  # noqa: S611  # a constant
        package_rows=RawSQL(OFFERED, ()),  # noqa: S611  # a constant
    )


def profile_of(mentor: Mentor, *, at: datetime) -> Profile:
    """Unpack a mentor that ``profiles`` read."""
    taught = [
        Taught(slug, name, symbol, is_verified and (until is None or date.fromisoformat(until) >= at.date()))
        for slug, name, symbol, is_verified, until in mentor.taught_rows  # type: ignore[attr-defined]  # by profiles
    ]
    packages = [
        Package(id=pk, mentor=mentor, minutes=minutes, price_minor=price_minor)
        for pk, minutes, price_minor in mentor.package_rows  # type: ignore[attr-defined]  # by profiles
    ]
    return Profile(mentor, sorted(taught, key=lambda each: not each.is_verified), packages)


def reviews_of(mentor: Mentor, *, limit: int = REVIEWS_SHOWN) -> list[Said]:
    """Read the latest reviews that say something, with their students' names. One query."""
    said = Review.objects.filter(booking__mentor=mentor).exclude(text="").order_by("-created_at", "-pk")
    shown = said.values_list("rating", "text", "created_at", "answer", "booking__student_id", "booking__student__name")
    return [
        Said(rating, text, at, answer, User(pk=pk, name=name)) for rating, text, at, answer, pk, name in shown[:limit]
    ]
