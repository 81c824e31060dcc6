"""Pages that follow what happens elsewhere, without a reload and without asking again and again."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Request, expect

from tests.e2e import steps
from tests.e2e.hands import Touch
from tests.e2e.house import House
from tests.e2e.late import Late
from tests.e2e.people import Door, Person
from tests.e2e.test_contention import choose_and_hold, slots

pytestmark = pytest.mark.browser

# Whoever takes a mentor's times in one test meets nobody else's.
TO_WRITE_TO, WATCHED, WATCHED_BY_STRANGERS, TO_MOVE = "mentor2", "olivia-chen", "mentor1", "mentor2"


def is_told(person: Person) -> None:
    """Wait until the stream of this page, or of the tab that shares its own, is open."""
    expect(person.page.locator("body[data-live-is=open]")).to_have_count(1)


def write(person: Person, text: str) -> None:
    person.page.locator("textarea[name=body]").fill(text)
    person.press(person.control("send-message"))
    expect(person.page.locator(".message--mine").last).to_contain_text(text)
    expect(person.page.locator(".message--sending")).to_have_count(0)


def test_two_people_write_to_each_other_and_neither_page_asks_for_it(come: Door) -> None:
    student, mentor = come("student4@demo.test", hands=Touch), come("mentor2@demo.test")
    student.goto(f"/messages/new/?mentor={TO_WRITE_TO}")
    student.page.locator("textarea[name=body]").fill("Hello!")
    student.press(student.control("send-message"))
    student.wait_for(re.compile(r"/messages/[0-9a-f-]{36}/"))
    mentor.goto(student.path)
    for person in (student, mentor):
        is_told(person)
    asked: list[str] = []

    def note(request: Request) -> None:
        if request.method == "GET" and "after=" in request.url:
            asked.append(request.url)

    # Longer than an active page would wait before it asks, had it no stream.
    mentor.page.wait_for_timeout(1_500)
    mentor.page.on("request", note)
    mentor.page.wait_for_timeout(6_000)
    assert asked == []
    write(student, "Are you there?")
    expect(mentor.page.locator(".message").last).to_contain_text("Are you there?")
    expect(student.page.locator(".message--mine").last).to_contain_text("Read")
    write(mentor, "I am.")
    expect(student.page.locator(".message").last).to_contain_text("I am.")


def test_what_is_told_while_a_page_asks_is_asked_for_again(come: Door) -> None:
    """The answer under way may be older than what was told meanwhile."""
    student = come("student2@demo.test")
    student.goto(f"/messages/new/?mentor={TO_WRITE_TO}")
    student.page.locator("textarea[name=body]").fill("Hello!")
    student.press(student.control("send-message"))
    student.wait_for(re.compile(r"/messages/[0-9a-f-]{36}/"))
    is_told(student)
    answers = Late(student.page, "**/messages?after=*")
    for _ in range(2):
        student.page.evaluate(TELL, student.path.split("/")[2])
        answers.wait()
    with student.page.expect_request("**/messages?after=*"):
        answers.comes()


TELL = "thread => document.dispatchEvent(new CustomEvent('live', {detail: {kind: 'message', data: {thread}}}))"


def test_who_is_on_their_way_elsewhere_is_not_called_back(come: Door) -> None:
    """A page that shows itself anew would take the place of the one that was asked for."""
    student = come("amara@demo.test")
    student.goto(student.house.path("/bookings/{coming}/"))
    page = student.page
    is_told(student)
    messages = Late(page, "**/messages/")
    page.evaluate(CHANGE_SOON, student.path.split("/")[2])
    page.get_by_role("link", name="Messages").first.click(no_wait_after=True)
    messages.wait()
    page.wait_for_timeout(1_500)
    messages.comes()
    steps.heading(student, "Messages")


def test_what_is_typed_while_a_page_waits_to_be_shown_anew_stays(come: Door) -> None:
    """Who only fetched a file is still here, and may have begun to write."""
    student = come("amara@demo.test")
    student.page.clock.install()
    student.goto(student.house.path("/bookings/{coming}/"))
    page = student.page
    page.evaluate("() => document.querySelector('[data-live-booking]').append(document.createElement('textarea'))")
    is_told(student)
    page.evaluate("() => dispatchEvent(new Event('beforeunload'))")
    with page.expect_response("**/api/bookings/*"):
        page.evaluate(CHANGE_SOON, student.path.split("/")[2])
        page.clock.run_for(2_000)
    page.locator("main textarea").last.fill("I had begun.")
    page.clock.run_for(12_000)
    expect(page.locator("[data-live-changed]")).to_be_visible()
    expect(page.locator("main textarea").last).to_have_value("I had begun.")


# By a clock of the page's own: one that is being left runs no script for us.
CHANGE_SOON = """booking => setTimeout(
    () => {
        document.querySelector('[data-live-booking]').dataset.liveStatus = 'as it was';
        document.dispatchEvent(new CustomEvent('live', {detail: {kind: 'booking', data: {booking}}}));
    }, 1000)"""


def test_what_is_unread_is_counted_on_every_open_page(come: Door) -> None:
    student, mentor = come("student3@demo.test"), come("mentor1@demo.test")
    mentor.goto("/mentor/availability/")
    is_told(mentor)
    badge = mentor.page.locator("[data-unread=messages]").first
    before = int(badge.inner_text().split()[0] or 0) if badge.is_visible() else 0
    student.goto("/messages/new/?mentor=mentor1")
    student.page.locator("textarea[name=body]").fill("May I ask something?")
    student.press(student.control("send-message"))
    expect(badge).to_contain_text(str(before + 1))
    expect(mentor.page).to_have_title(re.compile(rf"^\({before + 1}\) "))


def test_tabs_of_one_browser_share_a_stream(come: Door) -> None:
    first = come("student2@demo.test")
    first.goto("/sessions/")
    is_told(first)
    second = first.page.context.new_page()
    opened: list[str] = []
    second.on("request", lambda request: opened.append(request.url) if "/events/" in request.url else None)
    second.goto(f"{first.house.site}/account/")
    expect(second.locator("body[data-live-is=open]")).to_have_count(1)
    assert opened == []
    first.page.close()
    # Its turn comes, and it goes on by itself.
    second.wait_for_event("request", lambda request: "/events/" in request.url)
    expect(second.locator("body[data-live-is=open]")).to_have_count(1)


@pytest.mark.parametrize("who", ["student2@demo.test", ""], ids=["told", "asks"])
def test_a_start_that_is_taken_is_struck_through_while_it_is_on_screen(come: Door, who: str) -> None:
    handle = WATCHED if who else WATCHED_BY_STRANGERS
    first, second = come("student1@demo.test"), come(who)
    if not who:
        second.page.clock.install()
    for person in (first, second):
        person.goto(f"/mentors/{handle}/")
    wanted = slots(first).nth(3).get_attribute("value") or ""
    start = second.page.locator(f".slot input[value='{wanted}']")
    second.hands.choose(start)
    if who:
        is_told(second)
    choose_and_hold(first, wanted)
    first.wait_for(steps.PAY_PAGE)
    if not who:
        second.page.clock.run_for(31_000)
    expect(start).to_be_disabled()
    expect(start).not_to_be_checked()
    expect(second.page.locator("[data-picker-status]")).to_contain_text("was just taken")
    steps.card_form(first.page)
    first.press(first.control("let-go"))
    steps.said(first, "Nothing was charged")  # on the page it leads to, or on that page shown anew


def test_the_pay_page_of_another_tab_goes_on_with_the_hold(come: Door, house: House) -> None:
    person = come("student4@demo.test")
    person.goto("/mentors/clara-steiner/")
    choose_and_hold(person, slots(person).nth(2).get_attribute("value") or "")
    person.wait_for(steps.PAY_PAGE)
    steps.card_form(person.page)
    is_told(person)
    other = person.page.context.new_page()
    other.goto(person.page.url)
    expect(other.locator("body[data-live-is=open]")).to_have_count(1)
    person.press(person.control("let-go"))
    steps.said(person, "The time is free again. Nothing was charged.")
    expect(other.get_by_role("heading", name="Confirm and pay")).to_have_count(0)


def test_what_was_told_before_a_stream_opened_is_asked_for(come: Door) -> None:
    first, second = come("student4@demo.test"), come("student4@demo.test")  # two browsers of one person
    first.goto("/mentors/clara-steiner/")
    choose_and_hold(first, slots(first).nth(6).get_attribute("value") or "")
    first.wait_for(steps.PAY_PAGE)
    steps.card_form(first.page)
    stream = Late(second.page, "**/events/")
    second.goto(first.path)
    steps.card_form(second.page)
    stream.wait()
    first.press(first.control("let-go"))
    steps.said(first, "The time is free again. Nothing was charged.")
    steps.heading(second, "Confirm and pay")
    stream.comes()
    expect(second.page.get_by_role("heading", name="Confirm and pay")).to_have_count(0)


def test_a_time_that_is_suggested_and_taken_shows_on_both_pages(come: Door) -> None:
    student, mentor = come("student4@demo.test"), come(f"{TO_MOVE}@demo.test")
    student.goto(f"/mentors/{TO_MOVE}/")
    steps.pick_a_start(student, 12)
    student.press(student.control("hold-slot"))
    steps.pay_with(student, steps.GOOD_CARD)
    session = steps.see_it_booked(student)
    is_told(student)
    mentor.goto(f"{session}move/")
    steps.pick_a_start(mentor, 3)
    mentor.press(mentor.control("move-booking"))
    steps.said(mentor, "Nothing moves until it is accepted.")
    is_told(mentor)
    waits = mentor.page.get_by_text("It waits for")
    expect(waits).to_have_count(1)
    student.press(student.page.get_by_role("link", name="Answer"))  # nobody has loaded this page anew
    student.press(student.control("accept-proposal"))
    steps.said(student, "The session is moved.")
    expect(waits).to_have_count(0)
