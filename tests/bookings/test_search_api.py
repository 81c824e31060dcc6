"""``GET /api/mentors``, a mentor and their slots, as an outside program meets them."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from bookings.models import Booking, SearchRow
from bookings.queries.search import Wanted, search
from marketplace.common.models import AnalyticsEvent
from mentors.models import AvailabilityRule, Mentor, MentorSubject, Package
from tests.factories import make_booking, make_mentor, make_subject, make_user

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
Reindex = Callable[[], int]
Json = dict[str, Any]  # Any: JSON, and query parameters of any kind


def find(client: Client, **query: Any) -> list[str]:
    """The handles that a search finds, in order."""
    return [item["handle"] for item in ask(client, **query)["items"]]


def ask(client: Client, **query: Any) -> Json:
    response = client.get("/api/mentors", query)
    assert response.status_code == 200, response.text
    answer: Json = response.json()
    return answer


def refused(client: Client, path: str = "/api/mentors", **query: Any) -> Json:
    response = client.get(path, query)
    assert response.status_code == 422, response.text
    assert response["Content-Type"] == "application/problem+json"
    problem: Json = response.json()
    return problem


def noon(days: int = 3) -> datetime:
    return (timezone.now() + days * DAY).replace(hour=12, minute=0, second=0, microsecond=0)


def iso(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def named(handle: str, name: str = "", **fields: object) -> Mentor:
    user = make_user(role=User.Role.MENTOR, name=name or handle.title())
    return make_mentor(user=user, handle=handle, **fields)  # type: ignore[arg-type]


def test_a_listed_mentor_is_found_with_price_and_next_starts(client: Client, reindex: Reindex) -> None:
    mentor = named("ngozi", "Ngozi Adeyemi", review_count=4, rating_sum=19, session_count=40)
    reindex()
    answer = ask(client)
    [item] = answer["items"]
    slots = client.get("/api/mentors/ngozi/slots").json()["items"]
    assert item == {
        "handle": "ngozi",
        "name": "Ngozi Adeyemi",
        "headline": mentor.headline,
        "subjects": ["linear-algebra"],
        "languages": ["en"],
        "levels": ["university"],
        "minutes": 45,
        "price": {"amount_minor": 3_300, "currency": "usd"},
        "rating": 4.75,
        "review_count": 4,
        "session_count": 40,
        "next_starts": slots[:3],
    }
    assert answer["next_cursor"] is None


@pytest.mark.parametrize(
    "hidden",
    [
        {"status": Mentor.Status.SUBMITTED},
        {"status": Mentor.Status.SUSPENDED},
        {"paused_at": datetime(2026, 1, 1, tzinfo=UTC)},
        {"hidden_until": datetime(2036, 1, 1, tzinfo=UTC)},
    ],
)
def test_an_unlisted_mentor_is_not_found_even_before_the_index_knows(
    client: Client, reindex: Reindex, hidden: dict[str, object]
) -> None:
    mentor = named("ngozi")
    reindex()
    assert find(client) == ["ngozi"]
    Mentor.objects.filter(pk=mentor.pk).update(**hidden)
    assert find(client) == []
    reindex()
    assert find(client) == []


@pytest.mark.parametrize(
    "q", ["ngozi", "NGOZI", "adeyemi", "Adéyẽmi", "linear alg", "proof", "detective", "first-year"]
)
def test_words_are_found_in_name_subjects_headline_and_bio(client: Client, reindex: Reindex, q: str) -> None:
    named("ngozi", "Ngozi Adeyémi")
    other = named("bob", "Bo", headline="Cooking", bio="Soups.")
    MentorSubject.objects.filter(mentor=other).update(subject=make_subject("french"))
    reindex()
    assert find(client, q=q) == ["ngozi"]


@pytest.mark.parametrize("q", ["' | !", "a & b", "%", "\\", "zzz:*", "'); DROP TABLE x; --", "\x00", "the", "🙂"])
def test_odd_words_break_nothing(client: Client, reindex: Reindex, q: str) -> None:
    named("ngozi")
    reindex()
    assert isinstance(find(client, q=q), list)
    assert find(client, q="ngozi") == ["ngozi"]


def test_a_name_or_subject_weighs_more_than_a_bio(client: Client, reindex: Reindex) -> None:
    mentioned = named("mentions", headline="Essays", bio="I also like statistics.", review_count=50, rating_sum=250)
    MentorSubject.objects.filter(mentor=mentioned).update(subject=make_subject("french"))
    taught = named("teaches", headline="Numbers", bio="Numbers.")
    MentorSubject.objects.filter(mentor=taught).update(subject=make_subject("statistics"))
    reindex()
    assert find(client, q="statistics") == ["teaches", "mentions"]
    assert find(client) == ["mentions", "teaches"]


def test_filters_narrow_the_list(client: Client, reindex: Reindex) -> None:
    named("ana", languages=["es", "en"], levels=["school"], hourly_rate_minor=2_000)
    bo = named("bob", languages=["en"], levels=["university", "career"], hourly_rate_minor=6_000)
    MentorSubject.objects.filter(mentor=bo).update(subject=make_subject("french"))
    reindex()
    assert find(client, subject="french") == ["bob"]
    assert find(client, subject="linear-algebra") == ["ana"]
    assert find(client, subject="nothing") == []
    assert find(client, language="es") == ["ana"]
    assert set(find(client, language="en")) == {"ana", "bob"}
    assert find(client, level="school") == ["ana"]
    assert find(client, level=["school", "career"], sort="price") == ["ana", "bob"]
    assert find(client, max_price_minor=1_500) == ["ana"]
    assert find(client, min_price_minor=1_501) == ["bob"]
    assert find(client, min_price_minor=1_500, max_price_minor=4_500, sort="price") == ["ana", "bob"]


def test_prices_are_those_of_the_length_asked_for(client: Client, reindex: Reindex) -> None:
    named("ana", hourly_rate_minor=4_000)
    short = named("bob", hourly_rate_minor=4_000)
    Package.objects.filter(mentor=short, minutes=90).delete()
    Package.objects.filter(mentor=short, minutes=15).update(price_minor=500)
    reindex()
    assert find(client, minutes=15, max_price_minor=500) == ["bob"]
    assert find(client, minutes=90, max_price_minor=6_000) == ["ana"]
    assert set(find(client, max_price_minor=3_000)) == {"ana", "bob"}
    assert ask(client, minutes=90)["items"][0]["price"]["amount_minor"] == 6_000


def test_orders(client: Client, reindex: Reindex) -> None:
    named("cheap", hourly_rate_minor=2_000, review_count=9, rating_sum=36, open_from=time(18))
    named("early", hourly_rate_minor=5_000, review_count=2, rating_sum=10, open_from=time(6), notice_hours=1)
    named("loved", hourly_rate_minor=9_000, review_count=40, rating_sum=200, notice_hours=72)
    reindex()
    assert find(client, sort="price") == ["cheap", "early", "loved"]
    assert find(client, sort="rating") == ["loved", "cheap", "early"]
    assert find(client, sort="soonest")[-1] == "loved"
    soonest = [item["next_starts"][0]["starts_at"] for item in ask(client, sort="soonest")["items"]]
    assert soonest == sorted(soonest)
    assert find(client, sort="best")[0] == "loved"


def test_mentors_without_openings_come_last_by_soonest(client: Client, reindex: Reindex) -> None:
    empty = named("aaa")
    AvailabilityRule.objects.filter(mentor=empty).delete()
    named("zzz")
    reindex()
    assert find(client, sort="soonest") == ["zzz", "aaa"]
    assert ask(client, sort="soonest")["items"][1]["next_starts"] == []


def test_times_are_asked_for_in_the_readers_zone(client: Client, reindex: Reindex) -> None:
    named("days", open_from=time(9), open_until=time(13), time_zone="UTC")
    named("nights", open_from=time(19), open_until=time(23), time_zone="UTC")
    reindex()
    assert find(client, part_of_day="morning") == ["days"]
    assert find(client, part_of_day="evening") == ["nights"]
    client.cookies["tz"] = "Australia/Brisbane"  # UTC+10: their evening is from 8 to 14 UTC
    assert find(client, part_of_day="evening") == ["days"]
    assert find(client, part_of_day="morning") == ["nights"]
    assert set(find(client, part_of_day=["morning", "evening"])) == {"days", "nights"}
    del client.cookies["tz"]
    client.force_login(make_user(role=User.Role.STUDENT, time_zone="Australia/Brisbane"))
    assert find(client, part_of_day="evening") == ["days"]


def test_cards_show_openings_of_the_times_asked_for(client: Client, reindex: Reindex) -> None:
    named("all-day", time_zone="UTC")
    reindex()
    [item] = ask(client, part_of_day="afternoon")["items"]
    assert len(item["next_starts"]) == 3
    assert all("12:00" <= slot["starts_at"][11:16] < "18:00" for slot in item["next_starts"])


def test_a_weekend_is_the_readers(client: Client, reindex: Reindex) -> None:
    saturday = named("saturday", time_zone="UTC", open_from=time(9), open_until=time(12))
    AvailabilityRule.objects.filter(mentor=saturday).exclude(weekday=5).delete()
    friday = named("friday", time_zone="UTC", open_from=time(20), open_until=time(23))
    AvailabilityRule.objects.filter(mentor=friday).exclude(weekday=4).delete()
    reindex()
    assert find(client, part_of_day="weekend") == ["saturday"]
    client.cookies["tz"] = "Pacific/Auckland"  # their Saturday has begun by Friday evening, UTC
    assert set(find(client, part_of_day="weekend")) == {"saturday", "friday"}


def test_a_range_of_time_narrows_the_list(client: Client, reindex: Reindex) -> None:
    named("days", open_from=time(9), open_until=time(13), time_zone="UTC")
    reindex()
    day = noon().replace(hour=0)
    ten = day + timedelta(hours=10)
    assert find(client, available_from=iso(ten), available_to=iso(ten + timedelta(hours=1))) == ["days"]
    [item] = ask(client, available_from=iso(ten), available_to=iso(ten + timedelta(minutes=30)))["items"]
    assert [slot["starts_at"] for slot in item["next_starts"]] == [iso(ten), iso(ten + timedelta(minutes=15))]
    late = day + timedelta(hours=12, minutes=30)
    assert find(client, available_from=iso(late), available_to=iso(late + timedelta(hours=3))) == []
    assert find(client, available_from=iso(late)) == ["days"]
    assert find(client, available_from=str(day.date()), available_to=str(day.date())) == ["days"]
    assert find(client, available_from=iso(day + 70 * DAY)) == []


def test_an_opening_booked_since_the_index_was_written_is_not_shown(
    client: Client, student: User, reindex: Reindex
) -> None:
    mentor = named("ngozi")
    reindex()
    before = [slot["starts_at"] for slot in ask(client)["items"][0]["next_starts"]]
    first = datetime.fromisoformat(before[0])
    booking = make_booking(mentor=mentor, starts_at=first, minutes=15, status="held")
    after = [slot["starts_at"] for slot in ask(client)["items"][0]["next_starts"]]
    assert after[0] == before[1]
    assert len(after) == 3
    Booking.objects.filter(pk=booking.pk).update(hold_expires_at=timezone.now())
    assert [slot["starts_at"] for slot in ask(client)["items"][0]["next_starts"]] == before
    own = make_booking(student=student, starts_at=first, minutes=15)
    client.force_login(student)
    assert ask(client, q="ngozi")["items"][0]["next_starts"][0]["starts_at"] == before[1]
    assert own.mentor != mentor


def test_what_is_free_after_a_long_session_of_the_students_own_is_shown(
    client: Client, student: User, reindex: Reindex
) -> None:
    named("ngozi")
    reindex()
    wanted = {"minutes": 90, "available_from": iso(noon())}

    def first_start() -> str:
        [item] = ask(client, **wanted)["items"]
        return next((str(slot["starts_at"]) for slot in item["next_starts"]), "")

    own = noon() + timedelta(minutes=75)  # nothing of 90 minutes can begin before its end
    make_booking(student=student, starts_at=own, minutes=90)
    assert first_start() == iso(noon())
    client.force_login(student)
    assert first_start() == iso(own + timedelta(minutes=90))


def test_a_search_is_counted_without_its_words(client: Client, student: User, reindex: Reindex) -> None:
    named("ngozi")
    reindex()
    client.force_login(student)
    find(client, q="ngozi")
    event = AnalyticsEvent.objects.get(name="search_run")
    assert event.user_id == student.pk
    assert "ngozi" not in str(event.data)
    assert event.data["results"] == 1


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"level": "phd"}, "invalid"),
        ({"part_of_day": "noon"}, "invalid"),
        ({"sort": "name"}, "invalid"),
        ({"minutes": "30"}, "invalid"),
        ({"minutes": "x"}, "invalid"),
        ({"min_price_minor": "-1"}, "invalid"),
        ({"max_price_minor": "9999999999"}, "invalid"),
        ({"max_price_minor": "12.5"}, "invalid"),
        ({"available_from": "tomorrow"}, "invalid"),
        ({"available_from": "2026-12-01T10:00:00"}, "invalid"),
        ({"available_from": "2026-12-02", "available_to": "2026-11-01"}, "invalid"),
        ({"q": "x" * 101}, "invalid"),
        ({"subject": "a\x00b"}, "invalid"),
        ({"language": "e\x00"}, "invalid"),
        ({"cursor": "nonsense"}, "invalid"),
        ({"cursor": "WyJiZXN0IiwxXQ"}, "invalid"),
        ({"colour": "red"}, "unknown_field"),
    ],
)
def test_a_search_that_cannot_be_right_is_refused(client: Client, query: Json, code: str) -> None:
    assert refused(client, **query)["code"] == code
    assert find(client) == []


def test_other_methods_are_not_taken(client: Client) -> None:
    assert client.post("/api/mentors").status_code == 405
    assert client.get("/api/mentors").status_code == 200


# One profile -----------------------------------------------------------------------------------------------------


def test_a_profile_tells_public_facts_only(client: Client) -> None:
    mentor = named("ngozi", "Ngozi Adeyemi", review_count=2, rating_sum=10)
    MentorSubject.objects.create(mentor=mentor, subject=make_subject("calculus"))
    answer = client.get("/api/mentors/ngozi").json()
    assert answer == {
        "handle": "ngozi",
        "name": "Ngozi Adeyemi",
        "headline": mentor.headline,
        "bio": mentor.bio,
        "subjects": ["linear-algebra", "calculus"],
        "verified_subjects": ["linear-algebra"],
        "languages": ["en"],
        "levels": ["university"],
        "time_zone": "Europe/Berlin",
        "hourly_rate": {"amount_minor": 4_400, "currency": "usd"},
        "packages": [
            {"minutes": minutes, "price": {"amount_minor": price, "currency": "usd"}}
            for minutes, price in ((15, 1_100), (45, 3_300), (90, 6_600))
        ],
        "policy": "standard",
        "notice_hours": 4,
        "rating": None,
        "review_count": 2,
        "session_count": 0,
        "paused": False,
    }
    assert mentor.user.email not in str(answer)


def test_a_paused_mentors_profile_is_read_without_slots(client: Client) -> None:
    mentor = named("ngozi", paused_at=timezone.now())
    assert client.get("/api/mentors/ngozi").json()["paused"] is True
    assert client.get("/api/mentors/ngozi/slots").json() == {"items": []}
    Mentor.objects.filter(pk=mentor.pk).update(paused_at=None)
    assert client.get("/api/mentors/ngozi").json()["paused"] is False
    assert client.get("/api/mentors/ngozi/slots").json()["items"]


@pytest.mark.parametrize("status", ["draft", "submitted", "changes_requested", "rejected", "suspended"])
@pytest.mark.parametrize("path", ["/api/mentors/ngozi", "/api/mentors/ngozi/slots"])
def test_a_mentor_who_is_not_approved_is_not_there(client: Client, path: str, status: str) -> None:
    mentor = named("ngozi", status=status)
    assert client.get(path).status_code == 404
    assert client.get(path).json()["code"] == "not_found"
    Mentor.objects.filter(pk=mentor.pk).update(status="approved")
    assert client.get(path).status_code == 200


def test_an_unknown_mentor_is_not_there(client: Client) -> None:
    for path in ("/api/mentors/nobody", "/api/mentors/nobody/slots"):
        assert client.get(path).status_code == 404


# Slots -----------------------------------------------------------------------------------------------------------


def test_slots_are_those_of_seven_days_when_nothing_is_asked(client: Client) -> None:
    named("ngozi", notice_hours=1)
    items = client.get("/api/mentors/ngozi/slots").json()["items"]
    starts = [datetime.fromisoformat(item["starts_at"]) for item in items]
    assert items[0].keys() == {"starts_at", "ends_at", "price"}
    assert items[0]["starts_at"].endswith("Z")
    assert items[0]["price"] == {"amount_minor": 3_300, "currency": "usd"}
    assert starts == sorted(starts)
    assert timezone.now() < starts[0]
    assert timezone.now() + 6 * DAY < starts[-1] < timezone.now() + 7 * DAY


def test_slots_of_a_range_and_length(client: Client) -> None:
    named("ngozi")
    path = "/api/mentors/ngozi/slots"
    query: Json = {"minutes": 90, "from": iso(noon()), "to": iso(noon() + timedelta(minutes=31))}
    items = client.get(path, query).json()["items"]
    assert [item["starts_at"] for item in items] == [iso(noon() + timedelta(minutes=m)) for m in (0, 15, 30)]
    assert items[0]["ends_at"] == iso(noon() + timedelta(minutes=90))
    assert items[0]["price"]["amount_minor"] == 6_600


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"minutes": "60"}, "invalid"),
        ({"from": "soon"}, "invalid"),
        ({"from": "2026-12-02T00:00:00Z", "to": "2026-12-01T00:00:00Z"}, "invalid"),
        ({"to": "2020-01-01T00:00:00Z"}, "invalid"),
        ({"from": "2026-12-01T00:00:00Z", "to": "2027-01-01T00:00:01Z"}, "invalid"),
        ({"from_": "2026-12-01T00:00:00Z"}, "unknown_field"),
        ({"day": "monday"}, "unknown_field"),
    ],
)
def test_a_range_that_cannot_be_right_is_refused(client: Client, mentor: Mentor, query: Json, code: str) -> None:
    path = f"/api/mentors/{mentor.handle}/slots"
    assert refused(client, path, **query)["code"] == code
    right = {"from": "2026-12-01T00:00:00Z", "to": "2027-01-01T00:00:00Z", "minutes": "90"}
    assert client.get(path, right).status_code == 200


# Pages and cost --------------------------------------------------------------------------------------------------


def make_many(count: int) -> None:
    """Listed mentors with index rows and no more, quickly; many alike, so that equal keys meet at page ends."""
    now = timezone.now()
    users = [
        User(email=f"many{i}@example.org", name=f"Many {i}", role="mentor", password=UNUSABLE_PASSWORD_PREFIX)
        for i in range(count)
    ]
    User.objects.bulk_create(users)
    common = {"headline": "h", "bio": "b", "time_zone": "UTC", "approved_at": now, "status": "approved"}
    mentors = [
        Mentor(user=user, handle=f"many-{i}", hourly_rate_minor=1_200 + 400 * (i % 7), **common)
        for i, user in enumerate(users)
    ]
    Mentor.objects.bulk_create(mentors)
    SearchRow.objects.bulk_create(
        SearchRow(
            mentor=mentor,
            minutes=45,
            price_minor=900 + 300 * (i % 7),
            rating=0 if i % 3 else 4_000 + i % 5,
            quality=800 + i % 11,
            free="{}",
            next_start_at=None if i % 4 == 0 else now + timedelta(hours=i % 13),
            subjects=["calculus"] if i % 2 else [],
            languages=["en"],
            levels=[],
            text="calculus:1A" if i % 2 else "",
            subject_names=[],
            is_verified=False,
            refreshed_at=now,
        )
        for i, mentor in enumerate(mentors)
    )


ORDERS: dict[str, Callable[[SearchRow], Any]] = {  # Any: whatever compares
    "best": lambda row: -row.quality,
    "soonest": lambda row: (row.next_start_at is None, row.next_start_at or 0),
    "price": lambda row: row.price_minor,
    "rating": lambda row: -row.rating,
}


def test_pages_hold_every_mentor_once_and_in_order() -> None:
    make_many(2_000)
    rows = {row.mentor_id: row for row in SearchRow.objects.all()}
    now = timezone.now()
    for sort, key in ORDERS.items():
        for q, count in (("", 2_000), ("calculus", 1_000)):
            seen: list[uuid.UUID] = []
            cursor = ""
            while not seen or cursor:
                page = search(Wanted(q=q, sort=sort), at=now, cursor=cursor, size=130)
                assert page.first == len(seen) + 1
                seen += [hit.mentor_id for hit in page.hits]
                cursor = page.next_cursor or ""
            assert len(seen) == len(set(seen)) == count
            found = [(key(rows[pk]), pk) for pk in seen]
            assert found == sorted(found)


def test_pages_follow_each_other_by_their_cursors(client: Client) -> None:
    make_many(45)
    first = ask(client, sort="price")
    second = ask(client, sort="price", cursor=first["next_cursor"])
    third = ask(client, sort="price", cursor=second["next_cursor"])
    handles = [item["handle"] for page in (first, second, third) for item in page["items"]]
    assert [len(page["items"]) for page in (first, second, third)] == [20, 20, 5]
    assert len(set(handles)) == 45
    assert third["next_cursor"] is None


def test_a_cursor_belongs_to_its_order(client: Client) -> None:
    make_many(30)
    cursor = ask(client, sort="price")["next_cursor"]
    assert refused(client, sort="rating", cursor=cursor)["errors"][0]["field"] == "cursor"
    assert len(find(client, sort="price", cursor=cursor)) == 10


@pytest.mark.parametrize("query", [{}, {"q": "linear", "part_of_day": "morning", "sort": "soonest"}])
def test_a_search_costs_the_same_queries_for_one_and_for_many(
    client: Client, student: User, reindex: Reindex, query: Json
) -> None:
    def queries_of_a_search() -> int:
        reindex()
        with CaptureQueriesContext(connection) as queries:
            find(client, **query)
        return len(queries)

    client.force_login(student)
    make_booking(mentor=named("first"))
    one = queries_of_a_search()
    for number in range(8):
        make_booking(mentor=named(f"more-{number}"))
    assert queries_of_a_search() == one
    assert 3 < one <= 6


@pytest.mark.parametrize("path", ["/api/mentors/ngozi", "/api/mentors/ngozi/slots"])
def test_a_profile_and_its_slots_cost_a_handful_of_queries(
    client: Client, student: User, path: str, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    mentor = named("ngozi")
    client.force_login(student)
    for day in range(6):
        make_booking(mentor=mentor, starts_at=noon(2 + day))
        MentorSubject.objects.create(mentor=mentor, subject=make_subject(f"s{uuid.uuid4().hex[:8]}"))
    with django_assert_max_num_queries(7):
        client.get(path)


def test_the_soonest_in_the_times_asked_for_comes_first(client: Client, reindex: Reindex) -> None:
    named("late-mornings", open_from=time(11), open_until=time(19), time_zone="UTC")
    named("evenings", open_from=time(18), open_until=time(23), time_zone="UTC")
    never = named("nights", open_from=time(1), open_until=time(5), time_zone="UTC")
    reindex()
    # By day it is the other way round: whoever opens at eleven is free first.
    day = noon().replace(hour=0)
    evening = {"part_of_day": "evening", "available_from": iso(day), "available_to": iso(day + DAY)}
    found = ask(client, sort="soonest", **evening)["items"]
    firsts = [item["next_starts"][0]["starts_at"] for item in found]
    assert firsts == [iso(day + timedelta(hours=18))] * 2
    assert never.handle not in [item["handle"] for item in found]
    whole_day = {"available_from": iso(day + timedelta(hours=10)), "available_to": iso(day + DAY)}
    assert find(client, sort="soonest", **whole_day) == ["late-mornings", "evenings"]
