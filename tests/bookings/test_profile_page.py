"""``/mentors/<handle>/``: the picker's week in the reader's zone, and every state the page can be in."""

import json
import re
from datetime import UTC, date, datetime, time, timedelta
from html import unescape
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from bookings.models import Booking, Review
from bookings.queries.slots import slots_of
from mentors.models import AvailabilityException, AvailabilityRule, Mentor, MentorSubject, Package
from tests.bookings.test_search_api import named
from tests.factories import make_booking, make_mentor, make_student, make_subject

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
Json = dict[str, Any]  # Any: query parameters


@pytest.fixture
def ngozi() -> Mentor:
    return named("ngozi", "Ngozi Adeyemi", open_from=time(9), open_until=time(11), time_zone="UTC")


def page(client: Client, status: int = 200, **query: Any) -> str:  # Any: parameters
    response = client.get("/mentors/ngozi/", {name.rstrip("_"): value for name, value in query.items()})
    assert response.status_code == status
    return response.text


def starts(html: str) -> list[str]:
    return re.findall(r'name="starts_at" id="[^"]*" value="([^"]*)"', html)


def checked(html: str) -> list[str]:
    return re.findall(r'name="starts_at" id="[^"]*" value="([^"]*)"[^>]* checked', html)


def links(html: str) -> list[str]:
    return [unescape(href) for href in re.findall(r'href="([^"]*)"', html)]


def local_dates(html: str, zone: str = "UTC") -> list[date]:
    return sorted({datetime.fromisoformat(value).astimezone(ZoneInfo(zone)).date() for value in starts(html)})


def following(html: str) -> str:
    [link] = re.findall(r'id="picker-next" href="([^"]*)"', html)
    return unescape(link)


def today() -> date:
    return timezone.now().date()


def test_the_week_begins_with_the_first_day_that_has_openings(client: Client, ngozi: Mentor) -> None:
    for n in range(3):
        AvailabilityException.objects.create(mentor=ngozi, date=today() + n * DAY, kind="remove")
    html = page(client)
    assert local_dates(html) == [today() + n * DAY for n in range(3, 10)]
    assert starts(html) == [
        slot.starts_at.isoformat().replace("+00:00", "Z")
        for slot in slots_of(ngozi, 45, timezone.now(), timezone.now().replace(hour=0, minute=0) + 10 * DAY)
    ]
    assert html.count('<fieldset class="picker__day ') == 7


def test_one_form_posts_mentor_length_and_start(client: Client, ngozi: Mentor) -> None:
    html = page(client)
    assert re.search(r'<form class="with-aside" method="post" action="/bookings/"', html)
    assert 'name="mentor" value="ngozi"' in html
    assert re.findall(r'name="minutes" id="minutes-\d+" value="(\d+)"', html) == ["15", "45", "90"]
    assert re.search(r'value="45" data-price="\$33" checked', html)
    assert 'data-testid="hold-slot"' in html


def test_weeks_are_links_as_far_as_the_horizon(client: Client, ngozi: Mentor) -> None:
    Mentor.objects.update(horizon_days=10)
    first = page(client)
    assert "picker-previous" in first
    assert not re.search(r'id="picker-previous" href', first)
    second = client.get(following(first)).text
    assert local_dates(second)
    assert local_dates(second)[0] == local_dates(first)[0] + 7 * DAY
    assert not re.search(r'id="picker-next" href', second)
    [back] = re.findall(r'id="picker-previous" href="([^"]*)"', second)
    assert local_dates(client.get(unescape(back)).text) == local_dates(first)


def test_a_length_changes_the_starts(client: Client, ngozi: Mentor) -> None:
    assert len(starts(page(client, minutes=90))) < len(starts(page(client, minutes=15)))
    assert re.search(r'value="90" data-price="\$66" checked', page(client, minutes=90))
    Package.objects.filter(minutes=45).delete()
    assert re.search(r'value="15" data-price="\$11" checked', page(client))


def test_a_choice_is_kept_where_it_fits_and_cleared_with_a_word_where_not(client: Client, ngozi: Mentor) -> None:
    last = starts(page(client))[-1]
    day = last[:10]
    assert checked(page(client, starts_at=last, from_=day)) == [last]
    html = page(client, starts_at=last, minutes=90, from_=day)
    assert checked(html) == []
    assert "10:15 has no room for 90 minutes" in html
    assert "has no room" not in page(client, starts_at=last, minutes=15, from_=day)


def test_an_empty_week_names_the_next_opening(client: Client, ngozi: Mentor) -> None:
    AvailabilityRule.objects.all().delete()
    far = today() + 30 * DAY
    AvailabilityException.objects.create(mentor=ngozi, date=far, kind="add", windows=[["09:00", "10:00"]])
    html = page(client, from_=str(today() + DAY))
    assert starts(html) == []
    assert "No openings this week" in html
    assert f"/mentors/ngozi/?minutes=45&from={far}" in links(html)
    assert local_dates(page(client)) == [far]


def test_without_any_opening_the_mentor_can_be_asked(client: Client, ngozi: Mentor) -> None:
    AvailabilityRule.objects.all().delete()
    html = page(client)
    assert "Ngozi has no openings for now" in html
    assert "/messages/new/?mentor=ngozi" in links(html)
    assert "hold-slot" not in html
    AvailabilityRule.objects.create(mentor=ngozi, weekday=0, start=time(9), end=time(10))
    assert "hold-slot" in page(client)


def test_a_paused_mentor_can_be_read_and_not_booked(client: Client, ngozi: Mentor) -> None:
    Mentor.objects.update(paused_at=timezone.now())
    html = page(client)
    assert "Ngozi takes no new bookings right now" in html
    assert "hold-slot" not in html
    assert starts(html) == []
    assert "/messages/new/?mentor=ngozi" not in links(html)
    assert "noindex" in html
    Mentor.objects.update(paused_at=None)
    assert starts(page(client))


@pytest.mark.parametrize("status", ["draft", "submitted", "changes_requested", "rejected", "suspended"])
def test_a_mentor_who_is_not_approved_is_seen_by_nobody_else(client: Client, ngozi: Mentor, status: str) -> None:
    Mentor.objects.update(status=status)
    page(client, status=404)
    client.force_login(make_mentor().user)
    page(client, status=404)
    client.force_login(ngozi.user)
    assert "Students can’t book you yet" in page(client)
    Mentor.objects.update(status="approved")
    client.logout()
    page(client)


def test_ones_own_page_offers_to_edit(client: Client, ngozi: Mentor) -> None:
    client.force_login(ngozi.user)
    html = page(client)
    assert "/mentor/profile/" in links(html)
    assert "hold-slot" not in html
    client.force_login(make_student())
    assert "hold-slot" in page(client)


def test_a_mentor_books_nobody(client: Client, ngozi: Mentor) -> None:
    client.force_login(make_mentor().user)
    html = page(client)
    assert "hold-slot" not in html
    assert "Students book here" in html


def test_days_and_times_are_the_readers(client: Client, ngozi: Mentor) -> None:
    client.cookies["tz"] = "Pacific/Auckland"
    html = page(client)
    assert "Auckland, GMT+" in html
    local = datetime.fromisoformat(starts(html)[0]).astimezone(ZoneInfo("Pacific/Auckland"))
    assert f"{local:%H:%M}" in html
    first = min(local_dates(html, "Pacific/Auckland"))
    assert re.search(rf'data-day="[A-Z][a-z]+ {first.day} [A-Z][a-z]+"', html)


def test_a_student_is_not_shown_times_of_their_own_sessions(client: Client, student: User, ngozi: Mentor) -> None:
    taken = starts(page(client))[8]
    make_booking(student=student, starts_at=datetime.fromisoformat(taken).astimezone(UTC), minutes=15)
    assert taken in starts(page(client))
    client.force_login(student)
    assert taken not in starts(page(client))


def test_a_lapsed_hold_frees_its_time_on_the_page(client: Client, ngozi: Mentor) -> None:
    start = datetime.fromisoformat(starts(page(client))[8])
    hold = make_booking(mentor=ngozi, starts_at=start, minutes=15, status="held")
    before = starts(page(client))
    Booking.objects.filter(pk=hold.pk).update(hold_expires_at=timezone.now())
    assert len(starts(page(client))) > len(before)


def test_htmx_is_answered_with_the_picker_only(client: Client, ngozi: Mentor) -> None:
    part = client.get("/mentors/ngozi/?minutes=15", headers={"HX-Request": "true"})
    assert part.text.lstrip().startswith('<div class="picker')
    assert starts(part.text) == starts(page(client, minutes=15))
    assert "HX-Request" in part["Vary"]
    assert "HX-Request" in client.get("/mentors/ngozi/")["Vary"]


@pytest.mark.parametrize(
    "query",
    [
        {"from": "9999-12-31"},
        {"from": "0001-01-01"},
        {"from": "soon"},
        {"minutes": "30"},
        {"minutes": "९"},
        {"minutes": "x" * 50},
        {"starts_at": "9999-12-31T23:59:59-12:00"},
        {"starts_at": "0001-01-01T00:00:00+12:00"},
        {"starts_at": "2026-12-01T10:00:00"},
        {"starts_at": "\x00"},
    ],
)
def test_odd_addresses_show_the_page_all_the_same(client: Client, ngozi: Mentor, query: Json) -> None:
    client.cookies["tz"] = "Pacific/Kiritimati"
    assert checked(page(client, **query)) == []
    assert starts(page(client))


def test_what_mentors_and_students_wrote_is_escaped(client: Client, ngozi: Mentor) -> None:
    evil = "</script><script>alert(1)</script>"
    User.objects.filter(pk=ngozi.pk).update(name=evil)
    Mentor.objects.update(headline=evil, bio=f"First.\n\n{evil}")
    booking = make_booking(mentor=ngozi, status="completed", student=make_student(name=evil))
    Review.objects.create(booking=booking, rating=5, text=evil, created_at=timezone.now())
    html = page(client)
    assert "<script>alert" not in html
    assert html.count("&lt;script&gt;alert") >= 4
    [block] = re.findall(r'<script type="application/ld\+json"[^>]*>(.*?)</script>', html)
    assert json.loads(block)["name"] == evil


def test_search_engines_are_told_public_facts_only(client: Client, ngozi: Mentor) -> None:
    html = page(client, minutes=90)
    [block] = re.findall(r'<script type="application/ld\+json"[^>]*>(.*?)</script>', html)
    facts = json.loads(block)
    assert facts["name"] == "Ngozi Adeyemi"
    assert [offer["price"] for offer in facts["makesOffer"]] == ["11.00", "33.00", "66.00"]
    assert ngozi.user.email not in html
    assert '<link rel="canonical" href="http' in html
    assert 'mentors/ngozi/">' in html[html.index("canonical") :]
    assert "noindex" not in html


def review(mentor: Mentor, number: int) -> None:
    start = datetime(2026, 1, 5, 12, tzinfo=UTC) + number * DAY
    booking = make_booking(
        mentor=mentor, starts_at=start, status="completed", student=make_student(name=f"Ada {number}")
    )
    Review.objects.create(booking=booking, rating=4, text=f"Said {number}.", created_at=start)


def test_a_rating_is_shown_from_three_reviews_on(client: Client, ngozi: Mentor) -> None:
    assert "No reviews yet" in page(client)
    review(ngozi, 1)
    Mentor.objects.update(review_count=2, rating_sum=9)
    assert "4.50" not in page(client)
    assert "Said 1." in page(client)
    Mentor.objects.update(review_count=3, rating_sum=14)
    assert "4.67" in page(client)


def test_the_latest_reviews_come_first_and_all_can_be_read(client: Client, ngozi: Mentor) -> None:
    for number in range(7):
        review(ngozi, number)
    Mentor.objects.update(review_count=7, rating_sum=28)
    html = page(client)
    assert re.findall(r"Said (\d)\.", html) == ["6", "5", "4", "3"]
    assert "Read all 7 reviews" in html
    assert re.findall(r"Said (\d)\.", page(client, reviews="all")) == list("6543210")
    assert "Ada" in html


@pytest.mark.parametrize("query", [{}, {"from": "far"}])
def test_the_page_costs_the_same_queries_for_little_and_for_much(
    client: Client, student: User, ngozi: Mentor, query: Json
) -> None:
    def queries_of_the_page() -> int:
        with CaptureQueriesContext(connection) as queries:
            page(client, **query)
        return len(queries)

    client.force_login(student)
    little = queries_of_the_page()
    for number in range(6):
        review(ngozi, number)
        make_booking(mentor=ngozi, starts_at=datetime.combine(today() + (3 + number) * DAY, time(9), UTC))
        AvailabilityException.objects.create(mentor=ngozi, date=today() + (20 + number) * DAY, kind="remove")
        MentorSubject.objects.create(mentor=ngozi, subject=make_subject(f"subject-{number}"))
    assert queries_of_the_page() == little
    assert 3 < little <= 8


def test_who_changes_their_zone_comes_back_to_the_times(client: Client, student: User, ngozi: Mentor) -> None:
    client.force_login(student)
    [change] = [link for link in links(page(client)) if link.startswith("/account/?")]
    form = client.get(change)
    [back] = re.findall(r'name="next" value="([^"]*)"', form.text)
    saved = {"name": "Ada", "time_zone": "Asia/Tokyo", "language": "en", "theme": ""}
    assert client.post("/account/", saved | {"next": unescape(back)})["Location"] == "/mentors/ngozi/"
    assert "Times in Tokyo, GMT+9" in page(client)
    assert client.post("/account/", saved | {"next": "//evil.example/"})["Location"] == "/account/"


def test_the_hour_that_comes_twice_is_told_apart(client: Client, ngozi: Mentor) -> None:
    """Clocks in London go back at 01:00 UTC on 25 October 2026."""
    AvailabilityRule.objects.filter(mentor=ngozi).update(start=time(0, 15), end=time(2, 15))
    client.force_login(make_student(time_zone="Europe/London"))
    with time_machine.travel(datetime(2026, 10, 22, 12, tzinfo=UTC), tick=False):
        html = page(client, minutes=15, from_="2026-10-25")
    shown = re.findall(r'value="2026-10-25T([^"]*)" data-range="([^"]*)"[^>]*>([^<]*)</label>', html)
    assert [row for row in shown if row[0] in {"00:15:00Z", "01:15:00Z", "02:00:00Z"}] == [
        ("00:15:00Z", "01:15–01:30 GMT+1", "01:15 GMT+1"),
        ("01:15:00Z", "01:15–01:30 GMT+0", "01:15 GMT+0"),
        ("02:00:00Z", "02:00–02:15", "02:00"),
    ]
    assert len(shown) == len({time for *_rest, time in shown}) == 8
