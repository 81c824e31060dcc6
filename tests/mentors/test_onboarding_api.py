"""GET/PUT /api/mentors/onboarding and its submission: the application as an outside program drives it."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from marketplace.common.models import AnalyticsEvent
from mentors import services
from mentors.models import Mentor, MentorEvent, Package, Subject
from tests.factories import make_mentor, make_student, make_subject, make_user
from tests.jobs import waiting_jobs
from tests.mentors.review_cast import make_document

URL = "/api/mentors/onboarding"
SUBMIT = "/api/mentors/onboarding/submit"
WHOLE = {
    "headline": "Makes proofs feel like detective work",
    "bio": "Ten years of teaching first-year students.",
    "subjects": ["linear-algebra"],
    "languages": ["en", "yo"],
    "levels": ["university"],
    "time_zone": "Africa/Lagos",
    "hourly_rate_minor": 4_400,
}


@pytest.fixture
def applicant(client: Client, db: None) -> Mentor:
    """An account that has just chosen the role, signed in to ``client``."""
    make_subject()
    user = make_user(role=User.Role.MENTOR, name="Ngozi Adeyemi")
    client.force_login(user)
    return services.start_application(by=user)


def put(client: Client, **body: object) -> Any:  # Any: the test client's response
    return client.put(URL, body, content_type="application/json")


def fields(response: Any) -> set[str]:  # Any: the test client's response
    return {error["field"] for error in response.json()["errors"]}


def test_a_new_application_is_an_empty_draft_with_all_lengths(client: Client, applicant: Mentor) -> None:
    response = client.get(URL)
    assert response.status_code == 200
    assert response.json() == {
        "headline": "", "bio": "", "subjects": [], "languages": [], "levels": [], "time_zone": "",
        "hourly_rate_minor": None,
        "packages": [{"minutes": minutes, "price_minor": None} for minutes in (15, 45, 90)],
        "status": "draft", "version": 1, "documents": [],
    }  # fmt: skip
    assert applicant.handle == "ngozi-adeyemi"


def test_an_account_without_a_row_gets_one_when_it_is_needed(client: Client, db: None) -> None:
    client.force_login(make_user(role=User.Role.MENTOR, name="Ngozi"))
    assert client.get(URL).json()["status"] == "draft"
    assert client.get(URL).json()["status"] == "draft"
    assert Mentor.objects.get().handle == "ngozi"
    assert list(MentorEvent.objects.values_list("name", flat=True)) == ["started"]


def test_what_is_put_is_what_is_read(client: Client, applicant: Mentor) -> None:
    packages = [{"minutes": 15, "price_minor": 900}, {"minutes": 90, "price_minor": None}]
    answer = put(client, **WHOLE, packages=packages).json()
    assert answer == client.get(URL).json()
    assert {name: answer[name] for name in WHOLE} == WHOLE
    assert answer["packages"] == packages


def test_absent_fields_stay(client: Client, applicant: Mentor) -> None:
    put(client, **WHOLE)
    answer = put(client, headline="Another line").json()
    assert {name: answer[name] for name in WHOLE} == WHOLE | {"headline": "Another line"}
    assert len(answer["packages"]) == 3


def test_what_was_read_can_be_put_back(client: Client, applicant: Mentor) -> None:
    answer = client.get(URL).json()
    for name in ("status", "version", "documents"):
        del answer[name]
    assert put(client, **answer).status_code == 200


@pytest.mark.parametrize(
    ("field", "wrong", "right"),
    [
        ("headline", "x" * 91, "x" * 90),
        ("headline", 7, "7"),
        ("bio", "x" * 2_001, "x" * 2_000),
        ("subjects", ["alchemy"], ["linear-algebra"]),
        ("subjects", "linear-algebra", ["linear-algebra"]),
        ("languages", ["english"], ["en"]),
        ("languages", ["xx"], ["de"]),
        ("levels.0", ["kindergarten"], ["school"]),
        ("time_zone", "Mars/Olympus", "Europe/Berlin"),
        ("time_zone", "localtime", "UTC"),
        ("hourly_rate_minor", 1_199, 1_200),
        ("hourly_rate_minor", 100_001, 100_000),
        ("hourly_rate_minor", "4400", 4_400),
        ("hourly_rate_minor", 44.5, 4_450),
        ("hourly_rate_minor", True, 4_400),
        ("hourly_rate_minor", 10**20, 4_400),
        ("packages", [], [{"minutes": 45}]),
        ("packages", [{"minutes": 45}, {"minutes": 45}], [{"minutes": 45}]),
        ("packages", [{"minutes": 45, "price_minor": 299}], [{"minutes": 45, "price_minor": 300}]),
        ("packages", [{"minutes": 45, "price_minor": 150_001}], [{"minutes": 45, "price_minor": 150_000}]),
        ("packages", [{"minutes": 45, "price_minor": -1}], [{"minutes": 45, "price_minor": 300}]),
        ("packages", [{"minutes": 45, "price_minor": 10**20}], [{"minutes": 45, "price_minor": 300}]),
        ("packages.0.minutes", [{"minutes": 30}], [{"minutes": 15}]),
        ("packages.0.price_minor", [{"minutes": 15, "price_minor": "900"}], [{"minutes": 15, "price_minor": 900}]),
    ],
)  # fmt: skip
def test_a_value_that_cannot_be_saved_is_named(
    client: Client, applicant: Mentor, field: str, wrong: object, right: object
) -> None:
    put(client, **WHOLE)
    name = field.partition(".")[0]
    before = client.get(URL).json()
    response = put(client, **{"bio": "This must not be saved either."} | {name: wrong})
    assert response.status_code == 422
    assert response.json()["code"] == "invalid"
    assert fields(response) == {field}
    assert client.get(URL).json() == before
    assert put(client, **{"bio": "This is saved."} | {name: right}).status_code == 200


@pytest.mark.parametrize("name", ["status", "version", "documents", "handle", "role", "user", "verified_at"])
def test_fields_that_are_not_the_mentors_to_set_are_refused(client: Client, applicant: Mentor, name: str) -> None:
    response = put(client, headline="Hello", **{name: "approved"})
    assert response.status_code == 422
    assert response.json()["code"] == "unknown_field"
    applicant.refresh_from_db()
    assert (applicant.headline, applicant.status) == ("", "draft")
    assert put(client, headline="Hello").status_code == 200


def test_a_rate_must_not_make_any_offered_length_too_cheap(client: Client, applicant: Mentor, settings: Any) -> None:
    settings.MIN_PRICE_MINOR = 400  # 15 minutes at 12.00 an hour are 3.00
    response = put(client, hourly_rate_minor=1_200)
    assert response.status_code == 422
    assert fields(response) == {"hourly_rate_minor"}
    assert put(client, hourly_rate_minor=1_600).status_code == 200
    assert put(client, hourly_rate_minor=1_200, packages=[{"minutes": 45}]).status_code == 200


def test_only_mentors_apply(client: Client, applicant: Mentor) -> None:
    for user, status in ((make_student(), 403), (make_user(), 403), (applicant.user, 200)):
        client.force_login(user)
        assert client.get(URL).status_code == status
        assert put(client, headline="Hello").status_code == status
    client.logout()
    assert client.get(URL).status_code == put(client).status_code == client.post(SUBMIT).status_code == 401


def test_a_suspended_mentor_reads_and_does_not_write(client: Client, db: None) -> None:
    mentor = make_mentor(status=Mentor.Status.SUSPENDED)
    client.force_login(mentor.user)
    assert client.get(URL).status_code == 200
    for response in (put(client, headline="Hello"), client.post(SUBMIT)):
        assert response.status_code == 403
        assert response.json()["code"] == "suspended"
    Mentor.objects.filter(pk=mentor.pk).update(status=Mentor.Status.APPROVED)
    assert put(client, headline="Hello").status_code == 200


# --- sending ----------------------------------------------------------------------------------------------------


def test_an_application_is_sent(client: Client, applicant: Mentor) -> None:
    put(client, **WHOLE)
    make_document(applicant)
    version = client.get(URL).json()["version"]
    response = client.post(SUBMIT)
    assert response.status_code == 200
    answer = response.json()
    assert (answer["status"], answer["version"]) == ("submitted", version + 1)
    assert [(each["kind"], each["subject"], each["status"]) for each in answer["documents"]] == [
        ("government_id", None, "waiting")
    ]
    applicant.refresh_from_db()
    assert applicant.submitted_at is not None
    assert applicant.events.filter(name="submitted", by=applicant.user).count() == 1
    assert AnalyticsEvent.objects.filter(name="mentor_submitted", user_id=applicant.pk).count() == 1
    [job] = waiting_jobs("deliver_mail")
    assert (job["mail"]["name"], job["mail"]["to"]) == ("application_received", applicant.user.email)
    assert job["mail"]["subject"] == "We have your documents"


@pytest.mark.parametrize("missing", ["headline", "bio", "subjects", "time_zone", "hourly_rate_minor", "documents"])
def test_an_incomplete_application_is_not_sent(client: Client, applicant: Mentor, missing: str) -> None:
    put(client, **{name: value for name, value in WHOLE.items() if name != missing})
    if missing != "documents":
        make_document(applicant)
    response = client.post(SUBMIT)
    assert response.status_code == 422
    assert fields(response) == {missing}
    applicant.refresh_from_db()
    assert applicant.status == "draft"
    assert not waiting_jobs("deliver_mail")
    if missing == "documents":
        make_document(applicant)
    else:
        put(client, **{missing: WHOLE[missing]})
    assert client.post(SUBMIT).status_code == 200


@pytest.mark.parametrize("status", ["withdrawn", "sending"])
def test_an_id_that_did_not_arrive_or_was_taken_back_does_not_count(
    client: Client, applicant: Mentor, status: str
) -> None:
    put(client, **WHOLE)
    document = make_document(applicant, status=status)
    assert fields(client.post(SUBMIT)) == {"documents"}
    assert client.get(URL).json()["documents"] == []
    document.status = "waiting"
    document.save()
    assert client.post(SUBMIT).status_code == 200


@pytest.mark.parametrize("status", ["submitted", "approved", "rejected"])
def test_only_a_draft_or_one_sent_back_can_be_sent(client: Client, db: None, status: str) -> None:
    mentor = make_mentor(status=status)
    make_document(mentor)
    client.force_login(mentor.user)
    response = client.post(SUBMIT)
    assert response.status_code == 409
    assert response.json()["code"] == "wrong_state"
    Mentor.objects.filter(pk=mentor.pk).update(status="changes_requested")
    assert client.post(SUBMIT).status_code == 200
    assert mentor.events.get(name="submitted").data == {"before": "changes_requested", "version": 2}


def test_sending_is_limited(client: Client, applicant: Mentor, settings: Any) -> None:
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"ONBOARDING_SUBMIT": "2/h"}
    assert [client.post(SUBMIT).status_code for _ in range(3)] == [422, 422, 429]
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"ONBOARDING_SUBMIT": "9/h"}
    assert client.post(SUBMIT).status_code == 422


# --- the version ------------------------------------------------------------------------------------------------


def version_after(client: Client, **body: object) -> int:
    response = put(client, **body)
    assert response.status_code == 200
    return int(response.json()["version"])


@pytest.mark.parametrize(
    "change",
    [
        {"headline": "Another line"},
        {"bio": "Another life."},
        {"subjects": ["linear-algebra", "physics"]},
        {"subjects": ["physics"]},
        {"languages": ["de"]},
        {"levels": []},
        {"hourly_rate_minor": 5_000},
        {"packages": [{"minutes": 45}]},
        {"packages": [{"minutes": 15, "price_minor": 1_000}, {"minutes": 45}, {"minutes": 90}]},
    ],
    ids="-".join,
)
def test_a_change_to_what_is_judged_is_a_new_version(client: Client, db: None, change: dict[str, object]) -> None:
    mentor = make_mentor(status=Mentor.Status.SUBMITTED)
    make_subject("physics")
    client.force_login(mentor.user)
    assert version_after(client, **change) == 2
    assert mentor.events.get(name="changed").data["fields"] == list(change)
    assert version_after(client, **change) == 2, "saving the same again changes nothing"
    assert version_after(client, time_zone="Europe/Paris") == 2, "nobody judges a time zone"
    assert mentor.events.filter(name="changed").count() == 1


def test_texts_and_price_of_an_approved_mentor_change_at_once(client: Client, mentor: Mentor) -> None:
    client.force_login(mentor.user)
    assert version_after(client, headline="Another line", hourly_rate_minor=5_000) == 1
    mentor.refresh_from_db()
    assert (mentor.status, mentor.headline, mentor.hourly_rate_minor) == ("approved", "Another line", 5_000)


def test_a_new_subject_waits_for_its_own_mark(client: Client, mentor: Mentor) -> None:
    make_subject("physics")
    client.force_login(mentor.user)
    assert version_after(client, subjects=["linear-algebra", "physics"]) == 2
    marks = dict(mentor.mentor_subjects.values_list("subject__slug", "verified_at"))
    assert marks["linear-algebra"] is not None, "a subject that stays keeps its mark"
    assert marks["physics"] is None


def test_a_subject_that_comes_back_finds_its_certificate(client: Client, mentor: Mentor, reviewer: User) -> None:
    subject = Subject.objects.get(slug="linear-algebra")
    make_subject("physics")
    client.force_login(mentor.user)
    put(client, subjects=["physics"])
    put(client, subjects=["physics", "linear-algebra"])
    assert mentor.mentor_subjects.get(subject=subject).verified_at is None
    put(client, subjects=["physics"])
    document = make_document(
        mentor,
        kind="certificate",
        subject=subject,
        status="approved",
        decided_by=reviewer,
        decided_at="2026-01-02T00:00Z",
    )
    put(client, subjects=["physics", "linear-algebra"])
    document.refresh_from_db()
    assert mentor.mentor_subjects.get(subject=subject).verified_at == document.decided_at


def test_a_subject_that_comes_back_finds_the_certificate_that_is_good(
    client: Client, mentor: Mentor, reviewer: User
) -> None:
    """As the night's look at the marks would have it: one that has expired hides none that has not."""
    subject = Subject.objects.get(slug="linear-algebra")
    make_subject("physics")
    client.force_login(mentor.user)
    today = timezone.now().date()
    decided: dict[str, Any] = {
        "kind": "certificate", "subject": subject, "status": "approved", "decided_by": reviewer
    }  # fmt: skip  # Any: columns
    put(client, subjects=["physics"])
    make_document(mentor, **decided, decided_at="2026-01-02T00:00Z", expires_on=today - timedelta(days=1))
    put(client, subjects=["physics", "linear-algebra"])
    assert mentor.mentor_subjects.get(subject=subject).verified_at is None
    put(client, subjects=["physics"])
    good = make_document(mentor, **decided, decided_at="2026-01-01T00:00Z", expires_on=today)
    put(client, subjects=["physics", "linear-algebra"])
    assert mentor.mentor_subjects.get(subject=subject).verified_until == good.expires_on


@pytest.mark.parametrize("status", ["submitted", "approved", "rejected"])
@pytest.mark.parametrize(
    ("field", "empty"),
    [
        ("headline", ""),
        ("headline", "  "),
        ("bio", ""),
        ("subjects", []),
        ("time_zone", ""),
        ("hourly_rate_minor", None),
    ],
)
def test_what_was_sent_stays_whole(client: Client, db: None, status: str, field: str, empty: object) -> None:
    mentor = make_mentor(status=status)
    client.force_login(mentor.user)
    response = put(client, **{field: empty})
    assert response.status_code == 422
    assert fields(response) == {field}
    Mentor.objects.filter(pk=mentor.pk).update(status="draft")
    # A zone can be changed, not taken away: hours stand in it.
    assert put(client, **{field: empty}).status_code == (422 if field == "time_zone" else 200)


def test_reading_an_application_takes_the_same_queries_for_one_row_and_many(
    client: Client, mentor: Mentor, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client.force_login(mentor.user)
    with django_assert_num_queries(7):  # session, user, mentor, subjects, packages, documents, hours
        client.get(URL)
    put(client, subjects=[make_subject(f"subject-{number}").slug for number in range(9)])
    for _ in range(5):
        make_document(mentor, kind="certificate", subject=make_subject(f"subject-{_}"))
    with django_assert_num_queries(7):
        answer = client.get(URL).json()
    assert (len(answer["subjects"]), len(answer["documents"])) == (9, 5)


def test_a_fixed_price_survives_a_new_rate(client: Client, mentor: Mentor) -> None:
    client.force_login(mentor.user)
    put(client, packages=[{"minutes": 15, "price_minor": 1_234}, {"minutes": 45}])
    put(client, hourly_rate_minor=9_000)
    assert list(Package.objects.filter(mentor=mentor).order_by("minutes").values_list("minutes", "price_minor")) == [
        (15, 1_234),
        (45, None),
    ]
