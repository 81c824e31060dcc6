"""How many queries each operation makes, session and user among them, with little and with much to read."""

from datetime import timedelta

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from bookings.services.search_index import refresh_mentors
from mentors.models import Mentor
from tests.bench import operations
from tests.bench.client import Ask, UnexpectedAnswer
from tests.bench.data import MODELS, add_booking
from tests.bench.operations import Asks
from tests.bench.report import Row

# Statements that ask no table for anything.
BRACKETS = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE SAVEPOINT")


def query_rows(asks: Asks) -> list[Row]:
    signed_in = operations.signed_in(asks.reader)
    last = f"mentor-{MODELS - 1}"
    User.objects.filter(mentor__handle=last).update(name="Zephyrine")  # nobody else is called so
    refresh_mentors(Mentor.objects.filter(handle=last).values_list("pk", flat=True), at=timezone.now())
    alone = Ask(reverse("bookings:mentor", args=[last]), headers=signed_in)
    found_alone = Ask("/mentors/?q=zephyrine", headers=signed_in)
    return [
        _row("Queries: search", 8, found_alone, asks.search()),
        _row("Queries: mentor page", 8, alone, asks.mentor_page()),
        _row("Queries: booking", 12, asks.booking(), _busy_booking(asks)),
        _row("Queries: webhook", 6, asks.event(), asks.event()),
    ]


def _busy_booking(asks: Asks) -> Ask:
    """A booking of somebody with other sessions, with a mentor who has others."""
    opening, student = next(asks.openings), next(asks.students)
    mentor = Mentor.objects.get(handle=opening.handle)
    for number in range(1, 6):
        starts_at = opening.starts_at + timedelta(hours=number)
        add_booking(mentor, next(asks.students).user, starts_at, status="confirmed")
        other = Mentor.objects.get(handle=next(asks.openings).handle)
        add_booking(other, student.user, starts_at, status="confirmed")
    return operations.book(opening, student)


def _row(name: str, limit: int, little: Ask, much: Ask) -> Row:
    """Ask each twice where that can be done: what is remembered from then on is not counted."""
    if little.method == "GET":
        _count(little)
    counts = _count(little), _count(much)
    return Row(name, max(counts), limit, f"{counts[0]} with little to read, {counts[1]} with much")


def _count(ask: Ask) -> int:
    client = Client(headers={name: value for name, value in ask.headers.items() if name != "Content-Type"})
    kind = ask.headers.get("Content-Type", "")
    with CaptureQueriesContext(connection) as queries:
        response = client.generic(ask.method, ask.path, ask.body or b"", content_type=kind, SERVER_NAME="127.0.0.1")
    if response.status_code != ask.status:
        raise UnexpectedAnswer(f"{ask.method} {ask.path}: {response.status_code}")
    return sum(not query["sql"].startswith(BRACKETS) for query in queries)
