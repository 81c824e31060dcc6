"""Everything but card entry, with JavaScript switched off."""

from __future__ import annotations

import re
import uuid
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e import steps
from tests.e2e.house import wait_until
from tests.e2e.people import Door, Person

pytestmark = pytest.mark.browser

NO_SCRIPT: dict[str, Any] = {"java_script_enabled": False}  # Any: Playwright's options


@pytest.fixture
def applicant(come: Door) -> Person:
    """A new mentor without script, who has named a subject."""
    mentor = come(**NO_SCRIPT)
    mentor.goto("/accounts/signup/?next=/mentor/start/")
    steps.sign_up(mentor, f"plain.{uuid.uuid4().hex[:8]}@e2e.test")
    mentor.hands.select(mentor.page.get_by_label("Time zone"), "Lisbon (GMT+0)")
    steps.say_who(mentor, "Vera Plain", role="I want to teach")
    mentor.goto("/mentor/profile/subjects/")
    steps.say_what_you_teach(mentor, subject="Physics", rate="30")
    return mentor


def test_a_mentor_is_found_and_held_and_the_pay_page_says_what_it_needs(come: Door) -> None:
    student = come("student2@demo.test", **NO_SCRIPT)
    student.goto("/mentors/")
    student.hands.select(student.page.get_by_label("Subject", exact=True), "Statistics")
    student.press("Show mentors")
    expect(student.page).to_have_url(re.compile("subject=statistics"))
    student.press(steps.card_of(student, "Katrin Vogel").get_by_role("link", name="Katrin Vogel"))
    student.press(student.page.get_by_role("link", name="90 min"))
    student.press("Next week")
    expect(student.page).to_have_url(re.compile("minutes=90"))
    steps.pick_a_start(student, 3)
    student.press(student.control("hold-slot"))
    student.wait_for(steps.PAY_PAGE)
    expect(student.page.get_by_text("90 minutes, online video")).to_be_visible()
    assert "Card entry needs JavaScript." in student.page.content()  # in a noscript, which the tools overlook
    student.press(student.control("extend-hold"))
    steps.said(student, "You have 10 minutes more.")
    student.press(student.control("let-go"))
    steps.said(student, "The time is free again. Nothing was charged.")


def test_a_document_goes_to_storage_by_a_plain_form(applicant: Person, tmp_path: Path) -> None:
    applicant.goto("/mentor/documents/")
    applicant.press(applicant.page.get_by_role("link", name="Choose a file Photo ID"))
    applicant.press(applicant.control("send-document"))
    applicant.page.get_by_label("Your file").set_input_files(steps.make_passport(tmp_path, "Vera Plain"))
    applicant.press("Send the file")  # straight to storage, which sends the browser back
    applicant.press(applicant.control("complete-upload"))
    photo_id = applicant.page.get_by_role("region", name="Photo ID")

    def is_received() -> bool | None:
        applicant.goto("/mentor/documents/")
        return photo_id.get_by_text("Received", exact=True).is_visible() or None

    wait_until(is_received, what="the check of the file")


def test_weekly_hours_are_set_with_the_buttons_of_the_form(applicant: Person) -> None:
    page = applicant.page
    applicant.goto("/mentor/availability/")
    applicant.press("Add a block on Tuesday")
    expect(page.get_by_text("Not saved yet. Choose the times, then save.")).to_be_visible()
    applicant.hands.select(page.get_by_label("Tuesday, block 1 from"), "18:00")
    applicant.hands.select(page.get_by_label("Tuesday, block 1 until"), "21:30")
    applicant.press(applicant.control("save-availability"))
    steps.said(applicant, "Saved. Students see these hours from now on.")
    expect(page.get_by_label("Tuesday, block 1 until")).to_have_value("21:30")
    applicant.press("Remove Tuesday, block 1")
    applicant.press(applicant.control("save-availability"))
    expect(page.get_by_label("Tuesday, block 1 until")).to_have_count(0)


def test_a_conversation_goes_on_by_reloading(come: Door) -> None:
    student, mentor = come("student3@demo.test", **NO_SCRIPT), come("mentor1@demo.test", **NO_SCRIPT)
    question, answer = f"Is {uuid.uuid4().hex[:6]} prime?", f"No, {uuid.uuid4().hex[:6]} is not a number."
    student.goto("/mentors/mentor1/")
    student.press("Ask Katrin a question first")
    student.hands.fill(student.page.get_by_role("textbox", name=re.compile("essage")), question)
    student.press(student.control("send-message"))
    mentor.goto("/messages/")
    mentor.press(mentor.page.get_by_role("link", name=re.compile(re.escape(question))).first)
    mentor.hands.fill(mentor.page.get_by_role("textbox", name=re.compile("Message to")), answer)
    mentor.press(mentor.control("send-message"))
    student.page.reload()
    expect(student.page.get_by_role("log").get_by_text(answer)).to_be_visible()
