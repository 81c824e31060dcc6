"""Two connections at once: a save against a submission, two beginnings. Each with the guard off as its control."""

import threading
from datetime import time
from functools import partial

import pytest

from mentors import services
from mentors.errors import Fault
from mentors.models import Mentor
from mentors.queries import hours_of, missing_from_profile
from mentors.services import applications, rows
from mentors.windows import Rule
from tests.factories import make_mentor, make_user
from tests.mentors.review_cast import make_document
from tests.races import outcomes, race

pytestmark = pytest.mark.django_db(transaction=True)


def ready_to_send() -> Mentor:
    mentor = make_mentor(status=Mentor.Status.DRAFT, approved_at=None, submitted_at=None)
    make_document(mentor)
    return mentor


def submit_while_the_subjects_go(mentor: Mentor, monkeypatch: pytest.MonkeyPatch, *, locked: bool) -> list[str]:
    """The submission reads a whole application; before it commits, a save takes the subjects away."""
    read, saved = threading.Event(), threading.Event()
    original = rows.lock_for_writing

    def read_then_wait(each: Mentor) -> Mentor:
        row = original(each) if locked else Mentor.objects.select_related("user").get(pk=each.pk)
        read.set()
        saved.wait(timeout=1.5)  # with the lock the save can't come in, and this runs out
        return row

    def save() -> None:
        read.wait(timeout=10)
        try:
            services.update_profile(mentor=mentor, by=mentor.user, subjects=[])
        finally:
            saved.set()

    monkeypatch.setattr(applications, "lock_for_writing", read_then_wait)
    return outcomes([lambda: services.submit_application(mentor=mentor, by=mentor.user), save])


def test_a_save_cannot_slip_under_a_submission(monkeypatch: pytest.MonkeyPatch) -> None:
    mentor = ready_to_send()
    results = submit_while_the_subjects_go(mentor, monkeypatch, locked=True)
    mentor.refresh_from_db()
    assert results == ["won", "invalid"], "the save came after, and met the rule of what was sent"
    assert (mentor.status, mentor.mentor_subjects.count()) == ("submitted", 1)


def test_without_the_lock_an_application_is_sent_without_a_subject(monkeypatch: pytest.MonkeyPatch) -> None:
    mentor = ready_to_send()

    def judged_before_the_save(row: Mentor) -> list[Fault]:
        return missing_from_profile(row, teaches=True)

    monkeypatch.setattr(applications, "missing_parts", judged_before_the_save)
    results = submit_while_the_subjects_go(mentor, monkeypatch, locked=False)
    mentor.refresh_from_db()
    assert results == ["won", "won"]
    assert (mentor.status, mentor.mentor_subjects.count()) == ("submitted", 0)


def test_an_application_is_sent_once() -> None:
    mentor = ready_to_send()
    results = outcomes([lambda: services.submit_application(mentor=mentor, by=mentor.user)] * 4)
    assert sorted(results) == ["won", "wrong_state", "wrong_state", "wrong_state"]
    mentor.refresh_from_db()
    assert mentor.version == 2
    assert mentor.events.filter(name="submitted").count() == 1


def test_every_save_is_a_version_of_its_own() -> None:
    mentor = make_mentor(status=Mentor.Status.SUBMITTED)
    texts = [f"Line {number}" for number in range(6)]
    saving = partial(services.update_profile, mentor=mentor, by=mentor.user)
    results = outcomes([partial(saving, headline=text) for text in texts])
    assert results == ["won"] * 6
    mentor.refresh_from_db()
    assert mentor.version == 7
    assert sorted(mentor.events.values_list("data__version", flat=True)) == [2, 3, 4, 5, 6, 7]


def test_two_requests_begin_one_application() -> None:
    user = make_user(role="mentor", name="Ngozi Adeyemi")
    assert race([lambda: services.start_application(by=user)] * 5) == {"won": 5}
    assert Mentor.objects.get().events.filter(name="started").count() == 1


def test_people_of_one_name_get_handles_of_their_own() -> None:
    users = [make_user(role="mentor", name="Ngozi Adeyemi") for _ in range(5)]
    assert race([partial(services.start_application, by=user) for user in users]) == {"won": 5}
    handles = set(Mentor.objects.values_list("handle", flat=True))
    assert handles == {"ngozi-adeyemi", *(f"ngozi-adeyemi-{number}" for number in range(2, 6))}


def test_the_last_of_two_saves_of_hours_stands_whole() -> None:
    mentor = make_mentor()
    weeks = [[Rule(day, time(hour), time(hour + 1)) for day in range(7)] for hour in (8, 12, 16)]
    saving = partial(services.save_availability, mentor=mentor, by=mentor.user)
    results = outcomes([partial(saving, weekly=week) for week in weeks])
    assert results == ["won"] * 3
    assert list(hours_of(mentor).rules) in weeks
