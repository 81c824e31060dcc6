"""The main job from end to end, in a browser, with nothing faked inside the product."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e import steps
from tests.e2e.hands import Keyboard, Mouse, Touch
from tests.e2e.people import Door, Person

pytestmark = pytest.mark.browser


def new_address(who: str) -> str:
    return f"{who}.{uuid.uuid4().hex[:8]}@e2e.test"


@pytest.mark.parametrize("hands", [Mouse, Keyboard, Touch])
def test_a_mentor_is_approved_booked_paid_and_written_to(come: Door, tmp_path: Path, hands: type[Mouse]) -> None:
    name = f"Ines Duarte {uuid.uuid4().hex[:4]}"
    mentor = apply_as_mentor(come(hands=hands), name, tmp_path)
    approve(come("reviewer@demo.test", hands=hands), name)
    student = book_as_new_student(come(hands=hands), name)
    write_and_answer(student, mentor, name)


def apply_as_mentor(mentor: Person, name: str, papers: Path) -> Person:
    """Sign up, do every task of the application, and send it. Budget: 18 fields."""
    mentor.goto("/")
    mentor.press(mentor.page.get_by_role("contentinfo").get_by_role("link", name="Become a mentor"))
    mentor.press("Create an account")
    steps.sign_up(mentor, new_address("ines"))
    steps.say_who(mentor, name, role="I want to teach")
    steps.heading(mentor, "Become a mentor")
    steps.open_task(mentor, "About you")
    steps.tell_about_yourself(mentor, headline="Statistics without fear", bio="We begin with your own data.")
    steps.open_task(mentor, "Subjects and rate")
    steps.say_what_you_teach(mentor, subject="Statistics", rate="40")
    steps.open_task(mentor, "Documents")
    steps.send_file(mentor, "Photo ID", steps.make_passport(papers, name))
    steps.send_file(mentor, "Certificate for Statistics", steps.make_certificate(papers, name))
    mentor.press("Continue")
    steps.open_task(mentor, "Availability")
    steps.open_hours(mentor)
    mentor.press("All tasks")
    steps.open_task(mentor, "Check and send")
    mentor.press(mentor.control("submit-application"))
    expect(mentor.page.get_by_text("Your application is with our reviewers.")).to_be_visible()
    assert mentor.hands.fields <= 18
    return mentor


def approve(reviewer: Person, name: str) -> None:
    """Look at both documents and approve them, then the mentor. Budget: a document in 3 clicks, the queue's included."""
    reviewer.goto("/admin/")
    reviewer.press("Documents waiting")
    rows = reviewer.page.get_by_role("row", name=name)
    expect(rows).to_have_count(2)
    reviewer.press(rows.first.get_by_role("link", name=name))
    for _document in range(2):
        page_image = reviewer.page.get_by_alt_text("Page 1 of 1")
        expect(page_image).to_be_visible()
        assert page_image.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
        decided = reviewer.page.url
        reviewer.press(reviewer.control("approve-document"))
        expect(reviewer.page).not_to_have_url(decided)
    steps.heading(reviewer, name)
    reviewer.press(reviewer.control("approve-mentor"))
    expect(reviewer.page.get_by_text(f"{name} is approved.")).to_be_visible()


def book_as_new_student(student: Person, mentor: str) -> Person:
    """From a slot on a result card, without an account, to the confirmed session. Budget: 5 clicks, 7 fields."""
    steps.search_for(student, mentor)
    begun = student.hands.clicks, student.hands.fields
    student.press(steps.card_of(student, mentor).get_by_test_id("hold-slot").first)
    expect(student.page.get_by_text("with Ines")).to_be_visible()  # the picked slot is not forgotten
    steps.sign_up(student, new_address("nia"))
    steps.say_who(student, "Nia Bell")
    student.wait_for(steps.PAY_PAGE)
    steps.pay_with(student, steps.GOOD_CARD)
    steps.see_it_booked(student)
    assert student.hands.clicks - begun[0] <= 5
    assert student.hands.fields - begun[1] <= 7
    return student


def write_and_answer(student: Person, mentor: Person, name: str) -> None:
    """The student writes from the session's page; the mentor answers; each sees the other's words without a reload."""
    student.press("Message")
    student.page.get_by_role("textbox").wait_for()
    student.hands.fill(student.page.get_by_role("textbox"), "Hello Ines, shall I bring my data?")
    student.press(student.control("send-message"))
    student.wait_for(steps.THREAD_PAGE)
    mentor.goto("/mentor/")
    mentor.press("Messages 1 unread")
    mentor.press(mentor.page.get_by_role("link", name="Nia Bell"))
    expect(mentor.page.get_by_role("log").get_by_text("Hello Ines, shall I bring my data?")).to_be_visible()
    mentor.hands.fill(mentor.page.get_by_role("textbox"), "Yes, and the question you have about it.")
    mentor.press(mentor.control("send-message"))
    for reader in (mentor, student):
        answer = reader.page.get_by_role("log").get_by_text("Yes, and the question you have about it.")
        expect(answer).to_be_visible(timeout=15_000)
