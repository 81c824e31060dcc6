"""The room of a session in two browsers: who is there, what both write down, and whether the camera works."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, BrowserType, Page, expect
from pytest_django import Settings

from accounts.models import User
from bookings.models import Booking
from bookings.rooms import room_name
from tests.e2e.signin import sign_in_browser
from tests.factories import make_booking, make_mentor, make_student

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def booking() -> Booking:
    """It began a minute ago."""
    ngozi = User.objects.create_user("ngozi@example.org", role="mentor", name="Ngozi Adeyemi")
    starts_at = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=1)
    return make_booking(mentor=make_mentor(user=ngozi), student=make_student(name="Amara Diallo"), starts_at=starts_at)


@pytest.fixture
def two(browser: Browser, site: str, booking: Booking) -> Iterator[tuple[Page, Page]]:
    """The join page in two browsers, the student's first."""
    contexts = [browser.new_context(), browser.new_context()]
    people = (booking.student, booking.mentor.user)
    yield tuple(  # type: ignore[misc]  # two of them
        come(context, site, person, booking) for context, person in zip(contexts, people, strict=True)
    )
    for context in contexts:
        leave(context)


def leave(context: BrowserContext) -> None:
    """Close a window. It would say once more that somebody is there, to a database that is being emptied."""
    for page in context.pages:
        page.wait_for_load_state("networkidle")
    context.route("**/join/", lambda route: route.abort())
    context.close()


def come(context: BrowserContext, site: str, user: User, booking: Booking) -> Page:
    sign_in_browser(context, site, user)
    page = context.new_page()
    page.goto(f"{site}/bookings/{booking.pk}/join/")
    return page


def wait_until(page: Page, is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < deadline
        page.wait_for_timeout(50)


def beat(page: Page) -> None:
    """Come back to the page: it beats at once then, as every half a minute."""
    with page.expect_response(lambda response: response.url.endswith("/join/")):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def test_each_sees_the_other_come_and_finds_the_same_room(two: tuple[Page, Page], booking: Booking) -> None:
    student, mentor = two
    expect(mentor.get_by_text("Amara has been on this page since")).to_be_visible()
    wait_until(mentor, booking.attendance.filter(user=booking.mentor.user).exists)  # her own first beat
    beat(student)
    expect(student.get_by_text("Ngozi has been on this page since")).to_be_visible()
    links = {page.get_by_test_id("join").get_attribute("href") or "" for page in two}
    [link] = links
    assert link.endswith(room_name(booking.pk))
    assert set(booking.attendance.values_list("user", flat=True)) == {booking.student.pk, booking.mentor.pk}


def test_a_page_that_was_offline_beats_again_once_it_is_back(two: tuple[Page, Page], booking: Booking) -> None:
    student, _mentor = two
    student.context.set_offline(True)
    student.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    student.context.set_offline(False)
    with student.expect_response(lambda response: response.url.endswith("/join/") and response.ok):
        student.evaluate("window.dispatchEvent(new Event('online'))")
    expect(student.locator("[data-beat-stopped]")).to_be_hidden()


def test_a_page_beats_as_it_is_frozen_and_as_it_runs_again(
    page: Page, site: str, booking: Booking, settings: Settings
) -> None:
    """The browser's own word for it: no tool freezes a page that is in front."""
    settings.BEAT_SECONDS = 3_600  # by the clock it would not in this test
    page = come(page.context, site, booking.student, booking)
    wait_until(page, booking.attendance.exists)
    page.wait_for_load_state("networkidle")
    for moment in ("freeze", "resume"):
        with page.expect_response(lambda response: response.url.endswith("/join/") and response.ok):
            page.evaluate("moment => document.dispatchEvent(new Event(moment))", moment)
    leave(page.context)


def test_a_page_that_is_left_says_so_once_more(two: tuple[Page, Page], booking: Booking) -> None:
    student, _mentor = two
    mine = booking.attendance.filter(user=booking.student)
    wait_until(student, mine.exists)
    came = mine.get().until_at
    student.goto("about:blank")
    wait_until(student, mine.filter(until_at__gt=came).exists)


def test_what_is_counted_is_said_as_it_grows(page: Page, site: str, booking: Booking) -> None:
    began = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=15, seconds=30)
    Booking.objects.filter(pk=booking.pk).update(
        starts_at=began, ends_at=began + timedelta(minutes=45), blocked_until=began + timedelta(minutes=45)
    )
    page = come(page.context, site, booking.student, booking)
    expect(page.get_by_text("0 minutes are counted for you so far. 15 are enough.")).to_be_visible()
    wait_until(page, booking.attendance.exists)
    booking.attendance.update(from_at=began)  # as if it had been open from the start on
    beat(page)
    expect(page.get_by_text("You are counted as present.", exact=True)).to_be_visible()
    leave(page.context)


def test_a_room_that_has_closed_says_that_it_no_longer_counts(two: tuple[Page, Page], booking: Booking) -> None:
    student, _mentor = two
    Booking.objects.filter(pk=booking.pk).update(status="cancelled")
    beat(student)
    expect(student.get_by_text("This page no longer tells that you are here.")).to_be_visible()


def test_what_one_writes_is_saved_by_itself_and_comes_to_the_other(two: tuple[Page, Page], booking: Booking) -> None:
    student, mentor = two
    student.get_by_label("What you both want to remember").press_sequentially("Bring sheet 4.")
    expect(student.get_by_text("Not saved yet.")).to_be_visible()
    expect(student.get_by_text("Saved.", exact=True)).to_be_visible(timeout=10_000)
    beat(mentor)
    expect(mentor.get_by_label("What you both want to remember")).to_have_value("Bring sheet 4.")
    assert booking.notes.get().text == "Bring sheet 4."


def test_two_who_write_at_once_lose_nothing(two: tuple[Page, Page], booking: Booking) -> None:
    student, mentor = two
    mentor.get_by_label("What you both want to remember").fill("Theirs.")
    expect(mentor.get_by_text("Saved.", exact=True)).to_be_visible(timeout=10_000)
    student.get_by_label("What you both want to remember").press_sequentially("Mine.")
    expect(student.get_by_text("Somebody has changed the notes since you began.")).to_be_visible(timeout=10_000)
    expect(student.locator("[data-notes-theirs]")).to_have_text("Theirs.")
    expect(student.get_by_label("What you both want to remember")).to_have_value("Mine.")
    expect(student.get_by_label("What you both want to remember")).to_be_focused()
    student.get_by_label("What you both want to remember").fill("Theirs. Mine.")
    expect(student.get_by_text("Saved.", exact=True)).to_be_visible(timeout=10_000)
    assert list(booking.notes.order_by("version").values_list("text", flat=True)) == ["Theirs.", "Theirs. Mine."]


# The device check


@pytest.fixture
def studio(
    browser_type: BrowserType, browser_type_launch_args: dict[str, Any]
) -> Iterator[Browser]:  # Any: its options
    """A whole browser that has a camera and a microphone, as far as pages can tell."""
    options = browser_type_launch_args | {"executable_path": os.environ["CHROMIUM"]}
    options["args"] = [*options["args"], "--use-fake-device-for-media-stream"]
    browser = browser_type.launch(**options)
    yield browser
    browser.close()


def test_camera_and_microphone_are_tried_and_let_go(studio: Browser, site: str, booking: Booking) -> None:
    context = studio.new_context(permissions=["camera", "microphone"])
    page = come(context, site, booking.student, booking)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.post_data_buffer else None)
    page.get_by_test_id("check-devices").click()
    expect(page.get_by_text("Camera and microphone work.")).to_be_visible()
    video = page.locator("video")
    expect(video).to_be_visible()
    assert video.evaluate("video => video.srcObject.getTracks().length") == 2
    expect(page.locator("meter")).not_to_have_js_property("value", 0)
    tracks = video.evaluate_handle("video => video.srcObject.getTracks()")
    page.get_by_role("button", name="Stop").click()
    expect(video).to_be_hidden()
    assert tracks.evaluate("tracks => tracks.every(track => track.readyState === 'ended')")
    assert [url for url in sent if not url.endswith("/join/") and "/events/" not in url] == [], (
        "nothing leaves the browser"
    )
    context.close()


def test_who_says_no_reads_what_to_do(studio: Browser, site: str, booking: Booking) -> None:
    context = studio.new_context()
    page = come(context, site, booking.student, booking)
    page.get_by_test_id("check-devices").click()
    expect(page.get_by_text("Your browser does not let this page use camera and microphone.")).to_be_visible()
    leave(context)


def test_a_computer_without_either_says_so_and_plays_a_sound(page: Page, site: str, booking: Booking) -> None:
    page.context.grant_permissions(["camera", "microphone"])
    page = come(page.context, site, booking.student, booking)
    page.get_by_test_id("check-devices").click()
    expect(page.get_by_text("We found neither a camera nor a microphone.")).to_be_visible()
    page.get_by_test_id("play-sound").click()
    expect(page.get_by_text("A sound was played.")).to_be_visible()
    leave(page.context)


def test_a_page_that_came_too_early_opens_by_itself(page: Page, site: str, booking: Booking) -> None:
    soon = datetime.now(UTC) + timedelta(minutes=10, seconds=3)
    Booking.objects.filter(pk=booking.pk).update(
        starts_at=soon, ends_at=soon + timedelta(minutes=45), blocked_until=soon + timedelta(minutes=45)
    )
    page = come(page.context, site, booking.student, booking)
    expect(page.get_by_text("Not open yet.")).to_be_visible()
    expect(page.get_by_role("heading", name="Your room is open")).to_be_visible(timeout=15_000)
    leave(page.context)
