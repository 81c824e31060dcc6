"""The people of the benchmark: 10,000 listed mentors, one of them with a full page, and signed-in students.

A hundred mentors are made one by one and indexed by the product; the others are copies of their rows made in SQL, since
what is measured is the reading.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from importlib import import_module
from itertools import cycle, islice

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.models import Session
from django.db import connection
from django.db.models import Model
from django.utils import timezone

from accounts.models import User
from bookings.models import Booking, Review, SearchRow
from bookings.services.search_index import recount_reviews, refresh_mentors
from mentors.models import AvailabilityRule, Mentor, MentorSubject, Package, Subject

MENTORS = 10_000
MODELS = 100
MINUTES = 45
STARTS = 50  # on the page of the mentor that is looked at
HANDLE = "full-page"
ZONE = "Europe/Lisbon"
WORDS = (
    "Patient with beginners and exact with everyone else. I teach with drawings, small proofs and questions of yours. "
)


@dataclass(frozen=True)
class Student:
    """Somebody signed in: the account and the session that its cookie names."""

    user: User
    session_key: str


@dataclass(frozen=True)
class Opening:
    """A start that nobody has booked."""

    handle: str
    starts_at: datetime


def make_mentors() -> Mentor:
    """Make all the mentors; return the one whose page is looked at. Effects: analyzes the tables."""
    subjects = list(Subject.objects.order_by("pk"))  # the migrations brought them
    models = [make_mentor(number, subjects) for number in range(MODELS)]
    full = models[0]
    Mentor.objects.filter(pk=full.pk).update(handle=HANDLE)
    full.refresh_from_db()
    add_reviews(full)
    refresh_mentors([each.pk for each in models], at=timezone.now())
    copy_mentors()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")  # the borrowed server does not do so by itself
    return full


def make_mentor(number: int, subjects: list[Subject]) -> Mentor:
    """A mentor open from Monday to Friday from 16:00 to 19:00: ten starts of 45 minutes a day."""
    now = timezone.now()
    user = User.objects.create(
        email=f"mentor{number}@example.org", name=f"Ngozi Adeyemi {number}", role="mentor", password="!"
    )
    mentor = Mentor.objects.create(
        user=user,
        handle=f"mentor-{number}",
        status="approved",
        headline="Makes proofs feel like detective work",
        bio=WORDS * 4,
        languages=["en", "es"][: 1 + number % 2],
        levels=["university"],
        hourly_rate_minor=4_400 + 100 * (number % 40),
        time_zone=ZONE,
        submitted_at=now,
        approved_at=now,
        rating_sum=4 * number,
        review_count=number,
        session_count=3 * number,
    )
    taught = islice(cycle(subjects), number, number + 3)
    MentorSubject.objects.bulk_create(MentorSubject(mentor=mentor, subject=each, verified_at=now) for each in taught)
    Package.objects.bulk_create(Package(mentor=mentor, minutes=minutes) for minutes in settings.SESSION_MINUTES)
    AvailabilityRule.objects.bulk_create(
        AvailabilityRule(mentor=mentor, weekday=day, start=time(16), end=time(19)) for day in range(5)
    )
    return mentor


def add_reviews(mentor: Mentor) -> None:
    """Give a mentor twelve students who came and said something."""
    for number in range(12):
        student = User.objects.create(email=f"former{number}@example.org", name=f"Aoife {number}", role="student")
        at = timezone.now() - timedelta(days=10 + number)
        booking = add_booking(mentor, student, at, status="completed")
        Review.objects.create(booking=booking, rating=5, text=WORDS, created_at=at + timedelta(days=1))
    recount_reviews(mentor=mentor)


def add_booking(mentor: Mentor, student: User, starts_at: datetime, *, status: str) -> Booking:
    ends_at = starts_at + timedelta(minutes=MINUTES)
    return Booking.objects.create(
        mentor=mentor, student=student, status=status, starts_at=starts_at, ends_at=ends_at, blocked_until=ends_at,
        minutes=MINUTES, price_minor=3_300, currency=settings.CURRENCY, fee_bps=1_500, policy=mentor.policy,
        hold_expires_at=starts_at, created_at=starts_at, confirmed_at=starts_at,
    )  # fmt: skip


def copy_mentors() -> None:
    """Copy the models' rows until there are ``MENTORS``, each copy under a name of its own and a bit apart in order."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMPORARY TABLE copies AS SELECT user_id AS model, gen_random_uuid() AS copy, number"
            " FROM mentors_mentor, generate_series(1, %s) AS number",
            [MENTORS // MODELS - 1],
        )
    person = "left(copies.copy::text, 8)"
    copy_rows(User, "id", email=f"{person} || '@example.org'", name=f"original.name || ' ' || {person}")
    copy_rows(Mentor, "user_id", handle=f"original.handle || '-' || {person}")
    for model in (MentorSubject, Package, AvailabilityRule):
        copy_rows(model, "mentor_id")
    copy_rows(SearchRow, "mentor_id", quality="original.quality + copies.number % 97")


def copy_rows(model: type[Model], owner: str, **changed: str) -> None:
    """Insert each row of a table again for each copy of its mentor; ``changed`` names columns and their SQL."""
    meta = model._meta
    columns = [str(field.column) for field in meta.concrete_fields if field.column == owner or not field.primary_key]
    values = [changed.get(name, "copies.copy" if name == owner else f'original."{name}"') for name in columns]
    names = ", ".join(f'"{name}"' for name in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {meta.db_table} ({names}) SELECT {', '.join(values)}"
            f" FROM {meta.db_table} AS original JOIN copies ON copies.model = original.{owner}"
        )


def make_students(count: int, *, name: str = "student") -> list[Student]:
    """Make students who are signed in, in three statements."""
    session_store = import_module(settings.SESSION_ENGINE).SessionStore
    users = User.objects.bulk_create(
        User(email=f"{name}{number}@example.org", name=f"Iris {number}", role="student", password="!", time_zone=ZONE)
        for number in range(count)
    )
    expires = timezone.now() + timedelta(days=1)
    sessions, students = [], []
    for user in users:
        store = session_store(f"{user.pk.hex}")
        content = {
            SESSION_KEY: str(user.pk),
            BACKEND_SESSION_KEY: settings.AUTHENTICATION_BACKENDS[0],
            HASH_SESSION_KEY: user.get_session_auth_hash(),
        }
        sessions.append(Session(session_key=user.pk.hex, session_data=store.encode(content), expire_date=expires))
        students.append(Student(user, user.pk.hex))
    Session.objects.bulk_create(sessions)
    return students


def openings(monday: datetime) -> Iterator[Opening]:
    """One start of each mentor but the one with the full page, in a week where all are free."""
    handles = Mentor.objects.exclude(handle=HANDLE).order_by("handle").values_list("handle", flat=True)
    for number, handle in enumerate(handles):
        yield Opening(handle, monday + timedelta(days=number % 5, hours=17))


def free_monday() -> datetime:
    """Midnight (UTC) of a Monday at least a week ahead."""
    today = datetime.combine(timezone.now().date(), time(0), UTC)
    return today + timedelta(days=14 - today.weekday())
