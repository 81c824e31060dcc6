"""What search reads is written by a job: what it holds, when it is written anew, and what it costs."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bookings.models import Booking, BookingEvent, Review, SearchRow
from bookings.queries.slots import slots_of
from bookings.services.search_index import STALE_AFTER, let_starts_pass, recount_reviews, refresh_search_index
from marketplace.common.errors import violated_constraint
from mentors.models import Mentor, MentorSubject, Package
from mentors.services import update_profile
from mentors.services.review import refresh_mark
from tests.factories import make_booking, make_mentor, make_subject
from tests.jobs import run_jobs

DAY = timedelta(days=1)
Reindex = Callable[[], int]


def row_of(mentor: Mentor, minutes: int = 45) -> SearchRow:
    return SearchRow.objects.get(mentor=mentor, minutes=minutes)


def indexed_starts(mentor: Mentor, minutes: int = 45) -> list[datetime]:
    """Every start that the row holds."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT generate_series(lower(part), upper(part) - interval '1 second', interval '15 minutes')"
            " FROM bookings_searchrow, unnest(free) AS part WHERE mentor_id = %s AND minutes = %s",
            [mentor.pk, minutes],
        )
        return sorted(start for (start,) in cursor.fetchall())


def test_a_row_holds_the_price_of_its_length_and_all_its_slots(mentor: Mentor, reindex: Reindex) -> None:
    make_booking(mentor=mentor)
    Package.objects.filter(mentor=mentor, minutes=90).update(price_minor=6_000)
    reindex()
    assert {row.minutes: row.price_minor for row in SearchRow.objects.all()} == {15: 1_100, 45: 3_300, 90: 6_000}
    row = row_of(mentor, 90)
    slots = slots_of(mentor, 90, row.refreshed_at, row.refreshed_at + 61 * DAY, at=row.refreshed_at)
    assert indexed_starts(mentor, 90) == [slot.starts_at for slot in slots]
    assert row.next_start_at == slots[0].starts_at


def test_a_new_price_and_what_else_they_say_of_themselves_is_found_at_once(mentor: Mentor, reindex: Reindex) -> None:
    """Texts and price of an approved mentor change at once (product.md): the card and the filters, too."""
    reindex()
    update_profile(mentor=mentor, by=mentor.user, hourly_rate_minor=6_000, languages=["pt"], levels=["career"])
    run_jobs("refresh_mentor_in_search")
    row = row_of(mentor)
    assert (row.price_minor, row.languages, row.levels) == (4_500, ["pt"], ["career"])


def test_a_mark_on_a_subject_is_found_at_once(mentor: Mentor, reindex: Reindex) -> None:
    marked = mentor.mentor_subjects.select_related("subject").get()
    reindex()
    assert row_of(mentor).is_verified
    refresh_mark(mentor, marked.subject)  # there is no certificate
    run_jobs("refresh_mentor_in_search")
    assert not row_of(mentor).is_verified


def test_a_length_of_a_mentor_has_one_row(mentor: Mentor, reindex: Reindex) -> None:
    reindex()
    row = row_of(mentor)
    row.pk = None
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        row.save(force_insert=True)
    assert violated_constraint(refusal.value) == "search_row_unique"
    row.minutes = 60
    row.save(force_insert=True)
    row.pk, row.minutes, row.mentor = None, 45, make_mentor()
    row.save(force_insert=True)


def test_only_listed_mentors_have_rows(mentor: Mentor, reindex: Reindex) -> None:
    make_mentor(status=Mentor.Status.SUBMITTED)
    make_mentor(paused_at=timezone.now())
    reindex()
    assert set(SearchRow.objects.values_list("mentor", flat=True)) == {mentor.pk}


def test_a_mentor_who_is_no_longer_listed_loses_their_rows(mentor: Mentor, reindex: Reindex) -> None:
    reindex()
    Mentor.objects.update(status=Mentor.Status.SUSPENDED)
    SearchRow.objects.update(refreshed_at=timezone.now() - STALE_AFTER - DAY)
    reindex()
    assert not SearchRow.objects.exists()


def test_a_length_that_is_no_longer_offered_loses_its_row(mentor: Mentor, reindex: Reindex) -> None:
    reindex()
    Package.objects.filter(mentor=mentor, minutes=15).delete()
    SearchRow.objects.update(refreshed_at=timezone.now() - STALE_AFTER - DAY)
    reindex()
    assert set(SearchRow.objects.values_list("minutes", flat=True)) == {45, 90}


def test_a_step_of_a_booking_has_its_mentor_written_anew(mentor: Mentor, reindex: Reindex) -> None:
    other = make_mentor()
    SearchRow.objects.all().delete()
    reindex()
    SearchRow.objects.update(refreshed_at=timezone.now() - timedelta(minutes=5))
    before = row_of(other).refreshed_at
    assert reindex() == 0
    booking = make_booking(mentor=mentor)
    BookingEvent.objects.create(booking=booking, name="confirmed", at=timezone.now())
    assert reindex() == 1
    assert booking.starts_at not in indexed_starts(mentor)
    assert row_of(other).refreshed_at == before


def test_a_step_that_was_not_committed_when_the_row_was_written_is_found_again(
    mentor: Mentor, reindex: Reindex
) -> None:
    reindex()
    written = row_of(mentor).refreshed_at
    booking = make_booking(mentor=mentor)
    BookingEvent.objects.create(booking=booking, name="held", at=written - timedelta(seconds=2))
    assert reindex() == 1


def test_rows_are_written_anew_when_they_are_old(mentor: Mentor, reindex: Reindex) -> None:
    reindex()
    SearchRow.objects.update(refreshed_at=timezone.now() - STALE_AFTER + timedelta(minutes=1))
    assert reindex() == 0
    SearchRow.objects.update(refreshed_at=timezone.now() - STALE_AFTER - timedelta(minutes=1))
    assert reindex() == 1
    assert timezone.now() - row_of(mentor).refreshed_at < timedelta(minutes=1)


def test_next_starts_move_on_with_the_clock_and_the_notice(mentor: Mentor) -> None:
    opens = (timezone.now() + 3 * DAY).replace(hour=10, minute=0, second=0, microsecond=0)
    refresh_search_index(at=opens - timedelta(hours=4))  # the default notice
    assert row_of(mentor).next_start_at == opens
    later = opens - timedelta(hours=4) + timedelta(seconds=1)
    assert let_starts_pass(at=later) == 3
    assert row_of(mentor).next_start_at == opens + timedelta(minutes=15)
    assert indexed_starts(mentor)[0] == opens + timedelta(minutes=15)
    assert let_starts_pass(at=later) == 0


def test_a_mentor_without_a_free_start_has_a_row_all_the_same(db: None, reindex: Reindex) -> None:
    mentor = make_mentor()
    mentor.availability_rules.all().delete()
    reindex()
    assert row_of(mentor).next_start_at is None
    assert indexed_starts(mentor) == []


def test_subjects_are_named_the_checked_ones_first(mentor: Mentor, reindex: Reindex) -> None:
    MentorSubject.objects.update(verified_at=None)
    reindex()
    assert not row_of(mentor).is_verified
    MentorSubject.objects.create(mentor=mentor, subject=make_subject("calculus"), verified_at=timezone.now())
    SearchRow.objects.all().delete()
    reindex()
    row = row_of(mentor)
    assert row.is_verified
    assert row.subject_names == ["Calculus", "Linear algebra"]
    MentorSubject.objects.filter(subject__slug="calculus").update(verified_until=date(2026, 1, 1))
    SearchRow.objects.all().delete()
    reindex()
    assert not row_of(mentor).is_verified


@pytest.mark.parametrize(("count", "total", "shown"), [(2, 10, 0), (3, 14, 4_667), (3, 15, 5_000)])
def test_a_rating_counts_from_three_reviews_on(db: None, reindex: Reindex, count: int, total: int, shown: int) -> None:
    mentor = make_mentor(review_count=count, rating_sum=total)
    reindex()
    assert row_of(mentor).rating == shown


def test_reviews_and_taught_sessions_are_counted_onto_the_mentor(mentor: Mentor) -> None:
    start = datetime(2026, 1, 5, 12, tzinfo=UTC)
    for day, rating in enumerate([5, 4, 4]):
        booking = make_booking(mentor=mentor, starts_at=start + day * DAY, status=Booking.Status.COMPLETED)
        Review.objects.create(booking=booking, rating=rating, created_at=start)
    make_booking(mentor=mentor)
    recount_reviews(mentor=mentor)
    mentor.refresh_from_db()
    assert (mentor.rating_sum, mentor.review_count, mentor.session_count) == (13, 3, 3)


def test_a_pass_costs_the_same_queries_for_one_mentor_and_for_many(db: None, reindex: Reindex) -> None:
    def queries_of_a_pass() -> int:
        SearchRow.objects.all().delete()
        with CaptureQueriesContext(connection) as queries:
            reindex()
        return len(queries)

    make_mentor()
    one = queries_of_a_pass()
    for _ in range(5):
        make_booking(mentor=make_mentor())
    assert queries_of_a_pass() == one > 3
    assert SearchRow.objects.count() == 18
