"""A person's sessions in their own calendar: a secret address, and what stands behind it."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from icalendar import Calendar

from accounts.models import User
from accounts.services import lock_account, unlock_account
from bookings import services
from bookings.models import Booking, BookingEvent, CalendarFeed
from bookings.queries.feeds import feed_secret, hash_of
from marketplace.common.errors import violated_constraint
from marketplace.common.logging import mask
from mentors.models import Mentor
from tests.factories import make_booking, make_mentor

NOW = timezone.now().replace(microsecond=0)
DAY = timedelta(days=1)


def address_of(user: User) -> str:
    services.renew_feed(by=user)
    return f"/calendar/{feed_secret(user)}.ics"


def booked(student: User, mentor: Mentor, starts_at: datetime, **fields: object) -> Booking:
    booking = make_booking(student=student, mentor=mentor, starts_at=starts_at, **fields)  # type: ignore[arg-type]
    BookingEvent.objects.create(booking=booking, name="confirmed", at=NOW - 2 * DAY)
    return booking


def uids(client: Client, address: str) -> list[str]:
    answer = client.get(address)
    assert answer.status_code == 200
    return [str(event["uid"]).split("@")[0] for event in Calendar.from_ical(answer.content).events]


def test_a_feed_holds_what_is_to_come_and_the_last_thirty_days(
    client: Client, student: User, other_student: User, mentor: Mentor
) -> None:
    coming = booked(student, mentor, NOW + 3 * DAY)
    over = booked(student, mentor, NOW - 29 * DAY, status="completed")
    booked(student, mentor, NOW - 31 * DAY, status="completed")
    booked(student, mentor, NOW + 4 * DAY, status="cancelled")
    booked(student, mentor, NOW + 5 * DAY, status="held")
    theirs = booked(other_student, mentor, NOW + 6 * DAY)
    assert uids(client, address_of(student)) == [str(over.pk), str(coming.pk)]
    assert uids(client, address_of(mentor.user)) == [str(over.pk), str(coming.pk), str(theirs.pk)]


def test_each_sees_the_other_in_it_and_nobodys_mail_address(client: Client, student: User, mentor: Mentor) -> None:
    booked(student, mentor, NOW + DAY)
    for reader, other in ((student, mentor.user), (mentor.user, student)):
        text = client.get(address_of(reader)).text.replace("\r\n ", "")
        assert f"SUMMARY:Session with {other.name}" in text
        assert student.email not in text
        assert mentor.user.email not in text
        assert "METHOD" not in text  # it is a calendar, not a message about one


def test_the_answer_is_for_one_program_and_sets_no_cookie(client: Client, student: User) -> None:
    answer = client.get(address_of(student))
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    assert answer["Cache-Control"] == "private, no-cache"
    assert answer["Referrer-Policy"] == "no-referrer"
    assert not answer.cookies
    assert client.head(address_of(student)).content == b""
    assert client.post(address_of(student)).status_code == 405


def test_what_has_not_changed_is_not_sent_again(client: Client, student: User, mentor: Mentor) -> None:
    booking = booked(student, mentor, NOW + DAY)
    address = address_of(student)
    first = client.get(address)
    assert client.get(address).content == first.content
    for header, value in (("If-None-Match", first["ETag"]), ("If-Modified-Since", first["Last-Modified"])):
        again = client.get(address, headers={header: value})
        assert (again.status_code, again.content) == (304, b"")
        assert again["ETag"] == first["ETag"]
        assert again["Cache-Control"] == "private, no-cache"
    BookingEvent.objects.create(booking=booking, name="moved", at=timezone.now() + timedelta(seconds=2))
    Booking.objects.filter(pk=booking.pk).update(sequence=1)
    for header, value in (("If-None-Match", first["ETag"]), ("If-Modified-Since", first["Last-Modified"])):
        assert client.get(address, headers={header: value}).status_code == 200


def test_a_cancelling_is_a_change_too(client: Client, student: User, mentor: Mentor) -> None:
    booking = booked(student, mentor, NOW + DAY)
    address = address_of(student)
    first = client.get(address)
    Booking.objects.filter(pk=booking.pk).update(status="cancelled")
    BookingEvent.objects.create(booking=booking, name="cancelled", at=timezone.now() + timedelta(seconds=2))
    answer = client.get(address, headers={"If-Modified-Since": first["Last-Modified"]})
    assert answer.status_code == 200
    assert str(booking.pk) not in answer.text


def test_a_wrong_secret_is_nothing_and_always_the_same_nothing(client: Client, student: User) -> None:
    right = address_of(student)
    secret = right.removeprefix("/calendar/").removesuffix(".ics")
    wrong = [secret[:-1], secret + "a", secret.swapcase(), "a" * 43, "x", hash_of(secret), "ü", "a" * 3_000]
    answers = [client.get(f"/calendar/{each}.ics") for each in wrong]
    assert {(each.status_code, each.content, each["Content-Type"], each["Cache-Control"]) for each in answers} == {
        (404, b"There is no calendar here.", "text/plain", "private, no-cache")
    }
    assert client.get(right).status_code == 200


def test_a_new_address_ends_the_old_one_and_switching_off_ends_both(client: Client, student: User) -> None:
    client.force_login(student)
    assert "feed-address" not in client.get("/account/calendar/").text
    assert client.post("/account/calendar/").status_code == 302
    first = f"/calendar/{feed_secret(student)}.ics"
    assert first in client.get("/account/calendar/").text
    assert client.get(first).status_code == 200
    client.post("/account/calendar/")
    second = f"/calendar/{feed_secret(student)}.ics"
    assert [client.get(each).status_code for each in (first, second)] == [404, 200]
    client.post("/account/calendar/close/")
    assert [client.get(each).status_code for each in (first, second)] == [404, 404]
    assert client.post("/account/calendar/close/").status_code == 302  # once more does no harm
    assert "feed-address" not in client.get("/account/calendar/").text


def test_a_locked_account_has_no_feed(client: Client, student: User, support: User) -> None:
    address = address_of(student)
    lock_account(account=student, by=support, reason="For the test.")
    assert client.get(address).status_code == 404
    unlock_account(account=student, by=support, reason="For the test.")
    assert client.get(address).status_code == 200


def test_the_database_knows_no_secret(student: User) -> None:
    services.renew_feed(by=student)
    secret = feed_secret(student)
    feed = CalendarFeed.objects.get(user=student)
    assert secret
    assert len(secret) * 6 >= 256
    assert secret not in feed.secret_hash + feed.sealed_secret
    assert feed.secret_hash == hash_of(secret)


def test_the_database_keeps_hashes_only(student: User) -> None:
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        CalendarFeed.objects.create(user=student, secret_hash="a-secret", sealed_secret="-", created_at=NOW)
    assert violated_constraint(refusal.value) == "calendar_feed_keeps_a_hash"
    CalendarFeed.objects.create(user=student, secret_hash="a" * 64, sealed_secret="-", created_at=NOW)


def test_an_address_that_cannot_be_shown_any_more_still_works(client: Client, student: User, settings: Any) -> None:
    address = address_of(student)
    settings.SECRET_KEY = "another key, as after a change"
    assert feed_secret(student) == ""
    assert client.get(address).status_code == 200
    client.force_login(student)
    page = client.get("/account/calendar/").text
    assert "cannot show it any more" in page
    assert "Switch off" in page


def test_a_secret_address_is_masked_in_logs(student: User) -> None:
    services.renew_feed(by=student)
    address = f"/calendar/{feed_secret(student)}.ics"
    masked = mask({"request": f"GET {address}", "path": f"https://lantern.example{address}"})
    assert str(feed_secret(student)) not in str(masked)
    assert "/calendar/" in masked["request"]


def test_a_feed_costs_two_queries_for_few_and_for_many(client: Client, student: User) -> None:
    address = address_of(student)

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address).status_code == 200
        return len(queries)

    booked(student, make_mentor(), NOW + DAY)
    one = cost()
    for days in range(2, 12):
        booked(student, make_mentor(), NOW + days * DAY)
    assert cost() == one == 2
