"""A session from its join page to its review, in a browser: who was there, how it was, a problem, support's decision."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from accounts.models import User
from bookings.models import Attendance, Booking, Review
from mentors.models import Mentor
from payments.models import Refund
from tests.bookings.after import was_there
from tests.e2e.hands import Keyboard, Mouse
from tests.e2e.house import wait_until
from tests.e2e.signin import sign_in_browser
from tests.factories import make_paid_booking

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

MINUTE = timedelta(minutes=1)
HANDS = [Mouse, Keyboard]


@pytest.fixture
def session(mentor: Mentor, student: User) -> Booking:
    """In progress for five minutes."""
    now = datetime.now(UTC).replace(microsecond=0)
    starts_at = now - 5 * MINUTE
    return make_paid_booking(mentor=mentor, student=student, starts_at=starts_at, confirmed_at=now - timedelta(days=2))


@pytest.fixture
def faults(page: Page) -> Iterator[list[str]]:
    """Nothing may be said in the console."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    yield said
    assert said == []


def end(session: Booking, *, ago: timedelta = MINUTE) -> None:
    """Let the session be over: move its times, and what the join page wrote with them."""
    session.refresh_from_db()
    ends_at = datetime.now(UTC).replace(microsecond=0) - ago
    moved = ends_at - session.ends_at
    for each in session.attendance.all():
        Attendance.objects.filter(pk=each.pk).update(from_at=each.from_at + moved, until_at=each.until_at + moved)
    Booking.objects.filter(pk=session.pk).update(
        starts_at=session.starts_at + moved, ends_at=ends_at, blocked_until=ends_at
    )
    session.refresh_from_db()


def come(page: Page, site: str, user: User, path: str) -> None:
    page.goto("about:blank")  # what the last page still asks for is not asked with these cookies
    sign_in_browser(page.context, site, user)
    page.goto(f"{site}{path}")


def said(page: Page, words: str) -> None:
    expect(page.get_by_text(words).first).to_be_visible()


@pytest.mark.parametrize("hands", HANDS)
def test_the_join_page_beats_by_itself_and_an_absence_decides_at_once(
    page: Page, site: str, session: Booking, student: User, faults: list[str], hands: type[Mouse]
) -> None:
    come(page, site, student, f"/bookings/{session.pk}/")
    student_hands = hands(page)
    student_hands.press(page.get_by_test_id("join"))
    expect(page.get_by_role("heading", name="Your room is open")).to_be_visible()
    room = page.get_by_test_id("join")
    assert room.get_attribute("target") == "_blank"
    expect(page.get_by_role("button", name="I am here")).to_be_hidden()
    wait_until(lambda: session.attendance.filter(user=student).first(), what="a beat")

    was_there(session, student)
    end(session)
    page.goto(f"{site}/bookings/{session.pk}/")
    said(page, "Who was there")
    student_hands.press(page.get_by_test_id("report-problem"))
    student_hands.fill(page.get_by_label("What was wrong?"), "Nobody came.")
    student_hands.press(page.get_by_test_id("send-report"))
    said(page, "Mentor absent")
    session.refresh_from_db()
    assert (session.status, Refund.objects.get().amount_minor) == ("no_show_mentor", 3_300)


def test_without_script_a_button_says_that_one_is_here(
    browser: Browser, site: str, session: Booking, student: User
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    come(page, site, student, f"/bookings/{session.pk}/join/")
    page.get_by_role("button", name="I am here").click()
    said(page, "Seen at this moment.")
    assert session.attendance.get().user == student
    context.close()


@pytest.mark.parametrize("hands", HANDS)
def test_all_went_well_then_a_review_then_its_answer(
    page: Page, site: str, session: Booking, student: User, mentor: Mentor, faults: list[str], hands: type[Mouse]
) -> None:
    end(session)
    come(page, site, student, f"/bookings/{session.pk}/")
    person = hands(page)
    person.press(page.get_by_test_id("outcome-fine"))
    said(page, "Thank you. We have noted it.")
    person.press(page.get_by_test_id("write-review"))
    person.choose(page.get_by_role("radio", name="4: good"))
    person.fill(page.get_by_label("In words (optional)"), "Patient, and to the point.")
    person.press(page.get_by_test_id("publish-review"))
    said(page, "Your review is on the mentor’s page.")
    assert person.clicks <= 4
    assert Review.objects.get().rating == 4

    come(page, site, mentor.user, f"/bookings/{session.pk}/review/answer/")
    said(page, "Patient, and to the point.")
    person.fill(page.get_by_label("Your answer"), "Thank you.")
    person.press(page.get_by_test_id("publish-answer"))
    page.wait_for_url(lambda url: "/answer/" not in url)
    page.goto(f"{site}/mentors/{mentor.handle}/")
    said(page, "1 of 1 session reviewed")
    said(page, "Thank you.")


def test_a_report_is_answered_and_support_reads_the_sums_before_deciding(
    page: Page, site: str, session: Booking, student: User, mentor: Mentor, support: User, faults: list[str]
) -> None:
    was_there(session, student)
    was_there(session, mentor.user, minutes=20)
    end(session)
    come(page, site, student, f"/bookings/{session.pk}/problem/")
    page.get_by_label("What was wrong?").fill("He left after twenty minutes.")
    page.get_by_test_id("send-report").click()
    said(page, "A problem was reported")

    come(page, site, mentor.user, f"/bookings/{session.pk}/")
    page.get_by_test_id("answer-report").click()
    said(page, "He left after twenty minutes.")
    page.get_by_label("Your side").fill("My line went down.")
    page.get_by_test_id("send-answer").click()
    said(page, "We have your answer.")

    come(page, site, support, "/admin/bookings/desk/")
    page.get_by_test_id("desk-report").click()
    said(page, "My line went down.")
    page.get_by_label("Goes back to the student, in per cent of the price").fill("50")
    page.get_by_label("Why").fill("Half of it was lost.")
    page.get_by_test_id("see-sums").click()
    for amount in ("$16.50", "$2.48", "$14.02"):
        said(page, amount)
    session.refresh_from_db()
    assert session.status == "problem"
    page.get_by_test_id("decide-report").click()
    said(page, "Decided. Both sides are told.")
    session.refresh_from_db()
    assert (session.status, session.refund_percent, Refund.objects.get().amount_minor) == ("refunded", 50, 1_650)
