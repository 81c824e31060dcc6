"""Cancelling and moving a session in a browser: what it costs is read first, and few clicks do it."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from bookings import services
from bookings.models import Booking
from mentors.models import Mentor
from payments.models import Refund
from tests.e2e.hands import Keyboard, Mouse
from tests.e2e.late import Late
from tests.e2e.signin import forget_sign_in, sign_in_browser
from tests.factories import make_paid_booking

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

HANDS = [Mouse, Keyboard]


@pytest.fixture
def booking(mentor: Mentor, student: User) -> Booking:
    """A session at noon in four days: free to cancel and to move."""
    starts_at = (datetime.now(UTC) + timedelta(days=4)).replace(hour=12, minute=0, second=0, microsecond=0)
    return make_paid_booking(mentor=mentor, student=student, starts_at=starts_at)


@pytest.fixture
def faults(page: Page) -> Iterator[list[str]]:
    """Nothing may be said in the console, but for refusals that a test causes on purpose."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    yield said
    assert [line for line in said if "409" not in line] == []


def come(page: Page, site: str, user: User, booking: Booking, path: str = "") -> None:
    """Open a page of the session as somebody who is signed in."""
    sign_in_browser(page.context, site, user)
    page.goto(f"{site}/bookings/{booking.pk}/{path}")


def said(page: Page, words: str) -> None:
    """See what an operation answers; it is read out too."""
    expect(page.get_by_text(words).first).to_be_visible()


def heading(page: Page, text: str | re.Pattern[str]) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(text)


@pytest.mark.parametrize("hands", HANDS)
def test_a_student_cancels_in_two_clicks_and_reads_the_sum_before(
    page: Page, site: str, booking: Booking, faults: list[str], hands: type[Mouse]
) -> None:
    come(page, site, booking.student, booking)
    student = hands(page)
    student.press(page.get_by_role("link", name="Cancel", exact=True))
    expect(page.get_by_role("heading", name="You get $33.00 back")).to_be_visible()
    expect(page.get_by_role("link", name="Keep the session")).to_be_focused()
    student.press(page.get_by_test_id("cancel-booking"))
    said(page, "The session is cancelled. $33.00 is on its way back.")
    assert student.clicks <= 2
    booking.refresh_from_db()
    assert (booking.status, Refund.objects.get().amount_minor) == ("cancelled", 3_300)


def test_a_sum_that_has_changed_is_shown_and_asked_about_again(
    page: Page, site: str, booking: Booking, faults: list[str]
) -> None:
    come(page, site, booking.student, booking, "cancel/")
    expect(page.get_by_role("heading", name="You get $33.00 back")).to_be_visible()
    Booking.objects.filter(pk=booking.pk).update(
        starts_at=(soon := datetime.now(UTC).replace(microsecond=0) + timedelta(hours=3)),
        ends_at=soon + timedelta(minutes=45),
        blocked_until=soon + timedelta(minutes=45),
        confirmed_at=soon - timedelta(days=9),
    )
    page.get_by_test_id("cancel-booking").click()
    expect(page.get_by_role("heading", name="You get $16.50 back")).to_be_visible()
    said(page, "What comes back has changed")
    page.get_by_test_id("cancel-booking").click()
    said(page, "$16.50 is on its way back.")


@pytest.mark.parametrize("hands", HANDS)
def test_a_student_moves_in_three_clicks(
    page: Page, site: str, booking: Booking, faults: list[str], hands: type[Mouse]
) -> None:
    come(page, site, booking.student, booking)
    student = hands(page)
    student.press(page.get_by_role("link", name="Move", exact=True))
    heading(page, re.compile("^Move the session with "))
    start = page.locator(".slot input").filter(visible=True).nth(3)
    value = start.get_attribute("value")
    student.choose(page.locator(f".slot input[value='{value}']"))
    student.press(page.get_by_test_id("move-booking").filter(visible=True))
    said(page, "The session is moved.")
    assert student.clicks <= 3
    booking.refresh_from_db()
    assert f"{booking.starts_at:%Y-%m-%dT%H:%M:%SZ}" == value
    assert (booking.status, booking.moves_by_student) == ("confirmed", 1)


def test_on_a_phone_the_bar_at_the_foot_moves_it(page: Page, site: str, booking: Booking, faults: list[str]) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    come(page, site, booking.student, booking, "move/")
    bar = page.locator(".dock")
    expect(bar.get_by_role("button")).to_have_text("Pick a time")
    page.locator(".slot").filter(visible=True).first.click()  # of the first day, which late in the day has few
    bar.get_by_role("button", name="Move the session").click()
    said(page, "The session is moved.")


def test_a_mentor_suggests_and_the_student_takes_it(page: Page, site: str, booking: Booking, faults: list[str]) -> None:
    come(page, site, booking.mentor.user, booking)
    page.get_by_role("link", name="Suggest another time").click()
    page.locator(".slot").filter(visible=True).nth(3).click()
    page.get_by_label("Why?").fill("I am at the dentist’s.")
    page.get_by_test_id("move-booking").filter(visible=True).click()
    said(page, "Nothing moves until it is accepted.")
    said(page, "It waits for")
    wanted = booking.proposals.get().starts_at
    forget_sign_in(page.context)
    come(page, site, booking.student, booking)
    page.get_by_role("link", name="Answer").click()
    heading(page, re.compile("suggests another time$"))
    said(page, "I am at the dentist’s.")
    page.get_by_test_id("accept-proposal").click()
    said(page, "The session is moved.")
    booking.refresh_from_db()
    assert booking.starts_at == wanted


def test_a_suggested_time_that_is_gone_leaves_the_choice(
    page: Page, site: str, booking: Booking, other_student: User, faults: list[str]
) -> None:
    wanted = booking.starts_at + timedelta(hours=2)
    services.propose_move(booking_id=booking.pk, starts_at=wanted, by=booking.mentor.user)
    make_paid_booking(mentor=booking.mentor, student=other_student, starts_at=wanted)
    come(page, site, booking.student, booking, "move/")
    page.get_by_test_id("accept-proposal").click()
    said(page, "Somebody has taken that time since.")
    page.get_by_role("link", name="Cancel, everything back").click()
    expect(page.get_by_role("heading", name="You get $33.00 back")).to_be_visible()


def test_a_session_moved_before_the_page_listens_is_shown_where_it_is(
    page: Page, site: str, student: User, booking: Booking, faults: list[str]
) -> None:
    stream = Late(page, "**/events/")
    come(page, site, student, booking)
    stream.wait()
    shown = page.get_by_role("main").locator("time[datetime]").first
    expect(shown).to_have_attribute("datetime", re.compile("T12:00"))
    services.move_booking(booking_id=booking.pk, starts_at=booking.starts_at + timedelta(hours=2), by=student)
    stream.comes()
    expect(shown).to_have_attribute("datetime", re.compile("T14:00"))
    # Once: what is shown is what is so. This server's streams end at once, so the first may have come before the page listened.
    stream.comes()
    with page.expect_response(re.compile(f"/api/bookings/{booking.pk}")):
        stream.comes()
    page.evaluate("window.stayed = true")
    page.wait_for_timeout(500)
    assert page.evaluate("window.stayed")
