"""What bookings does when mentors announces a change, and what it answers when asked for sessions."""

from datetime import timedelta

from django.db import transaction
from procrastinate.contrib.django.models import ProcrastinateJob

from bookings.models import SearchRow
from bookings.tasks import refresh_mentor_in_search
from mentors.models import Mentor
from mentors.queries import sessions_between
from mentors.signals import hours_changed, status_changed
from tests.factories import make_booking, make_mentor


def test_a_change_of_hours_or_state_queues_the_mentor_for_search(mentor: Mentor) -> None:
    with transaction.atomic():
        hours_changed.send(Mentor, mentor=mentor)
        status_changed.send(Mentor, mentor=mentor, before="submitted")
    jobs = ProcrastinateJob.objects.filter(task_name="refresh_mentor_in_search")
    assert [job.args for job in jobs] == [{"mentor_id": str(mentor.pk)}] * 2
    assert not SearchRow.objects.exists()
    refresh_mentor_in_search(**jobs[0].args)
    assert SearchRow.objects.filter(mentor=mentor).count() == 3


def test_a_paused_mentor_leaves_search_with_the_job(mentor: Mentor) -> None:
    refresh_mentor_in_search(mentor_id=str(mentor.pk))
    Mentor.objects.filter(pk=mentor.pk).update(status=Mentor.Status.SUSPENDED)
    refresh_mentor_in_search(mentor_id=str(mentor.pk))
    assert not SearchRow.objects.exists()


def test_sessions_are_told_in_order_and_holds_are_not(mentor: Mentor) -> None:
    late = make_booking(mentor=mentor)
    early = make_booking(mentor=mentor, starts_at=late.starts_at - timedelta(hours=2))
    make_booking(mentor=mentor, starts_at=late.starts_at + timedelta(hours=2), status="held")
    make_booking(mentor=make_mentor(), starts_at=late.starts_at)
    day = timedelta(days=1)
    found = sessions_between(mentor, late.starts_at - day, late.starts_at + day)
    assert [(each.starts_at, each.student) for each in found] == [
        (early.starts_at, early.student.name),
        (late.starts_at, late.student.name),
    ]
    assert str(late.pk) in found[1].url
    assert sessions_between(mentor, late.ends_at, late.ends_at + day) == []
