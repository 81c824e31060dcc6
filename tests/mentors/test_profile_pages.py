"""Profile, subjects and rate, the task list and "Check and send", as a browser without script uses them."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from mentors import services
from mentors.models import Mentor, Package
from tests.factories import make_mentor, make_subject, make_user
from tests.mentors.review_cast import make_document

PROFILE, SUBJECTS, START, CHECK = (
    "/mentor/profile/",
    "/mentor/profile/subjects/",
    "/mentor/start/",
    "/mentor/start/check/",
)
ABOUT = {
    "headline": "Makes proofs feel easy",
    "bio": "Ten years.\n\nAnd more.",
    "languages": ["en", "yo"],
    "levels": ["school"],
}
RATE = {"subjects": ["linear-algebra"], "hourly_rate_minor": "44", "packages": ["15", "45"], "price_minor_15": "12.50"}


@pytest.fixture
def applicant(client: Client, db: None) -> Mentor:
    """An account that has just chosen the role, signed in to ``client``."""
    make_subject()
    user = make_user(role=User.Role.MENTOR, name="Ngozi Adeyemi", time_zone="Africa/Lagos")
    client.force_login(user)
    return services.start_application(by=user)


def refreshed(mentor: Mentor) -> Mentor:
    return Mentor.objects.get(pk=mentor.pk)


def test_a_profile_is_saved_and_leads_back_to_the_tasks(client: Client, applicant: Mentor) -> None:
    response = client.post(PROFILE, ABOUT)
    assert (response.status_code, response["Location"]) == (302, START)
    mentor = refreshed(applicant)
    assert (mentor.headline, mentor.languages, mentor.levels) == ("Makes proofs feel easy", ["en", "yo"], ["school"])
    page = client.get(PROFILE).text
    assert 'value="Makes proofs feel easy"' in page
    assert "English, Yoruba" in page


def test_a_draft_may_be_incomplete(client: Client, applicant: Mentor) -> None:
    assert client.post(PROFILE, {"headline": "", "bio": ""}).status_code == 302
    assert client.post(SUBJECTS, {"packages": ["45"]}).status_code == 302


def test_what_was_sent_stays_whole_and_the_page_says_where(client: Client, db: None) -> None:
    mentor = make_mentor(status=Mentor.Status.SUBMITTED)
    client.force_login(mentor.user)
    response = client.post(PROFILE, ABOUT | {"headline": "  "})
    assert response.status_code == 422
    assert '<a href="#id_headline">Write a headline' in response.text
    assert "Ten years." in response.text
    assert refreshed(mentor).bio == "Ten years of teaching first-year students."
    assert client.post(PROFILE, ABOUT).status_code == 302
    assert refreshed(mentor).version == 2


def test_too_long_a_text_is_kept_as_it_was_typed(client: Client, applicant: Mentor) -> None:
    long = "x" * 2_001
    response = client.post(PROFILE, ABOUT | {"bio": long})
    assert response.status_code == 422
    assert "Keep this to 2000 characters." in response.text
    assert long in response.text
    assert client.post(PROFILE, ABOUT | {"bio": long[:2_000]}).status_code == 302


def test_fields_that_are_not_on_the_form_are_ignored(client: Client, applicant: Mentor) -> None:
    client.post(PROFILE, ABOUT | {"status": "approved", "version": "9", "role": "admin", "handle": "boss"})
    mentor = refreshed(applicant)
    assert (mentor.status, mentor.handle, mentor.user.role) == ("draft", "ngozi-adeyemi", "mentor")


def test_the_preview_shows_what_is_typed_and_saves_nothing(client: Client, applicant: Mentor) -> None:
    data = ABOUT | {"preview": "1"}
    page = client.post(PROFILE, data)
    assert page.status_code == 200
    assert "<h1>" in page.text
    partial = client.post(PROFILE, data, headers={"HX-Request": "true"})
    assert "<h1>" not in partial.text
    assert "HX-Request" in partial["Vary"]
    for response in (page, partial):
        assert '<p class="small muted">Makes proofs feel easy</p>' in response.text
    assert refreshed(applicant).headline == ""


def test_what_is_typed_is_escaped(client: Client, applicant: Mentor) -> None:
    client.post(PROFILE, ABOUT | {"bio": "<script>alert(1)</script>"})
    for url in (PROFILE, CHECK):
        page = client.get(url).text
        assert "<script>alert(1)" not in page
        assert "&lt;script&gt;alert(1)" in page


def test_subjects_and_prices_are_saved(client: Client, applicant: Mentor) -> None:
    assert client.post(SUBJECTS, RATE).status_code == 302
    assert refreshed(applicant).hourly_rate_minor == 4_400
    packages = dict(Package.objects.filter(mentor=applicant).values_list("minutes", "price_minor"))
    assert packages == {15: 1_250, 45: None}
    assert list(applicant.mentor_subjects.values_list("subject__slug", flat=True)) == ["linear-algebra"]


def test_prices_say_what_students_pay_and_what_arrives(client: Client, applicant: Mentor) -> None:
    client.post(SUBJECTS, RATE)
    page = client.get(SUBJECTS).text
    for amount in ("$12.50", "$10.62", "$33.00", "$28.05", "$66.00", "$56.10", "15%"):
        assert amount in page
    preview = client.post(SUBJECTS, RATE | {"hourly_rate_minor": "60", "preview": "1"}, headers={"HX-Request": "true"})
    assert "$45.00" in preview.text
    assert "$38.25" in preview.text
    assert refreshed(applicant).hourly_rate_minor == 4_400


@pytest.mark.parametrize(
    ("wrong", "message", "right"),
    [
        ({"hourly_rate_minor": "11.99"}, "Enter an hourly rate of $12 or more.", {"hourly_rate_minor": "12"}),
        (
            {"hourly_rate_minor": "1000.01"},
            "Enter an hourly rate of $1,000 or less.",
            {"hourly_rate_minor": "1,000.00"},
        ),
        ({"hourly_rate_minor": "a lot"}, "Enter an amount such as 44 or 44.50", {"hourly_rate_minor": "44.50"}),
        ({"price_minor_15": "2.99"}, "Enter $3 or more", {"price_minor_15": "3"}),
        ({"price_minor_45": "1500.01"}, "Enter $1,500 or less", {"price_minor_45": "1500"}),
        ({"packages": []}, "Offer at least one length.", {"packages": ["90"]}),
        ({"packages": ["30"]}, "Select a valid choice", {"packages": ["45"]}),
        ({"subjects": ["alchemy"]}, "Select a valid choice", {"subjects": ["linear-algebra"]}),
    ],
)
def test_a_wrong_price_is_explained_and_kept(
    client: Client, applicant: Mentor, wrong: dict[str, Any], message: str, right: dict[str, Any]
) -> None:
    response = client.post(SUBJECTS, RATE | wrong)
    assert response.status_code == 422
    assert message in response.text
    assert 'value="12.50"' in response.text or "price_minor_15" in wrong
    assert refreshed(applicant).hourly_rate_minor is None
    assert client.post(SUBJECTS, RATE | right).status_code == 302


def test_the_task_list_tells_how_far_it_is(client: Client, applicant: Mentor) -> None:
    page = client.get(START).text
    assert "0 of 4 tasks are done." in page
    assert page.count("Not started") == 4
    assert "6 things are still missing" in page
    client.post(PROFILE, {"headline": "Only a headline"})
    assert "Part done" in client.get(START).text
    client.post(PROFILE, ABOUT)
    client.post(SUBJECTS, RATE)
    client.post("/mentor/availability/", {"time_zone": "Africa/Lagos", "monday-open": "on", "monday-0-start": "09:00", "monday-0-end": "10:00"})  # fmt: skip
    make_document(applicant)
    page = client.get(START).text
    assert "4 of 4 tasks are done." in page
    assert "Linear algebra, $44 an hour" in page
    assert "Ready to send" in page


def test_a_refused_document_is_called_for_again_until_another_is_sent(
    client: Client, applicant: Mentor, reviewer: User
) -> None:
    make_document(applicant, status="refused", reason="unreadable", decided_by=reviewer, decided_at="2026-01-01T00:00Z")
    assert "1 document needs another try" in client.get(START).text
    make_document(applicant)
    assert "needs another try" not in client.get(START).text


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        ("submitted", "Your application is with our reviewers."),
        ("changes_requested", "Something needs another try."),
        ("rejected", "Your application was refused."),
        ("approved", "You are live."),
        ("suspended", "Students can’t book you for now."),
    ],
)
def test_the_task_list_says_where_the_application_stands(client: Client, db: None, status: str, sentence: str) -> None:
    mentor = make_mentor(status=status)
    client.force_login(mentor.user)
    assert sentence in client.get(START).text


def test_an_application_is_checked_and_sent(client: Client, applicant: Mentor) -> None:
    page = client.get(CHECK).text
    assert "Still missing" in page
    assert "submit-application" not in page
    response = client.post(CHECK)
    assert response.status_code == 422
    assert "There is a problem" in response.text
    assert refreshed(applicant).status == "draft"

    client.post(PROFILE, ABOUT)
    client.post(SUBJECTS, RATE)
    services.update_profile(mentor=applicant, by=applicant.user, time_zone="Africa/Lagos")
    make_document(applicant)
    page = client.get(CHECK).text
    assert 'data-testid="submit-application"' in page
    assert "Photo ID: Waiting" in page
    response = client.post(CHECK, follow=True)
    assert response.redirect_chain == [(START, 302)]
    assert "Sent. We write to you as soon as it is decided." in response.text
    assert refreshed(applicant).status == "submitted"
    assert client.post(CHECK).status_code == 409
    assert "submit-application" not in client.get(CHECK).text


def test_sending_from_the_page_counts_towards_the_same_limit(client: Client, applicant: Mentor, settings: Any) -> None:
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"ONBOARDING_SUBMIT": "2/h"}
    client.post("/api/mentors/onboarding/submit")
    assert client.post(CHECK).status_code == 422
    limited = client.post(CHECK)
    assert limited.status_code == 429
    assert int(limited["Retry-After"]) > 0
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"ONBOARDING_SUBMIT": "9/h"}
    assert client.post(CHECK).status_code == 422


@pytest.mark.parametrize("url", ["/mentor/", START, CHECK, PROFILE, SUBJECTS])
def test_the_pages_are_for_mentors(client: Client, student: User, url: str) -> None:
    response = client.get(url)
    assert (response.status_code, response["Location"]) == (302, f"/accounts/login/?next={url}")
    client.force_login(student)
    assert client.get(url).status_code == 403


@pytest.mark.parametrize("url", [PROFILE, SUBJECTS, CHECK])
def test_a_suspended_account_looks_and_does_not_save(client: Client, db: None, url: str) -> None:
    mentor = make_mentor(status=Mentor.Status.CHANGES_REQUESTED)
    make_document(mentor)
    client.force_login(mentor.user)
    User.objects.filter(pk=mentor.pk).update(suspended_at="2026-01-01T00:00Z")
    assert client.get(url).status_code == 200
    assert client.post(url, ABOUT | RATE).status_code == 403
    User.objects.filter(pk=mentor.pk).update(suspended_at=None)
    assert client.post(url, ABOUT | RATE).status_code == 302


@pytest.mark.parametrize("url", ["/mentor/", START, CHECK, PROFILE, SUBJECTS])
def test_a_page_takes_the_same_queries_for_one_row_and_many(client: Client, applicant: Mentor, url: str) -> None:
    client.get(url)
    with CaptureQueriesContext(connection) as one:
        client.get(url)
    slugs = [make_subject(f"subject-{number}").slug for number in range(9)]
    services.update_profile(mentor=applicant, by=applicant.user, subjects=slugs)
    for slug in slugs[:5]:
        make_document(applicant, kind="certificate", subject=make_subject(slug))
    with CaptureQueriesContext(connection) as many:
        client.get(url)
    assert len(many) == len(one) <= 12
