"""Two people and one time: who is late is told so kindly, with times to choose from; cards that need more than one try."""

from __future__ import annotations

import re

import psycopg
import pytest
from playwright.sync_api import Locator, expect

from tests.e2e import steps
from tests.e2e.house import House
from tests.e2e.people import Door, Person

pytestmark = pytest.mark.browser

# Each test has a mentor to itself, so that none takes another's times.
FOR_SLOT_TAKEN, FOR_EXPIRY, FOR_CARDS = "mentor1", "mentor2", "olivia-chen"


def slots(person: Person) -> Locator:
    return person.page.locator(".slot input:not([disabled])").filter(visible=True)


def choose_and_hold(person: Person, value: str) -> None:
    person.hands.choose(person.page.locator(f".slot input[value='{value}']"))
    person.press(person.control("hold-slot"))


def arrive_to_pay(person: Person) -> None:
    """Wait for the pay page with all that its script asks for, so that what follows does not meet a request under way."""
    person.wait_for(steps.PAY_PAGE)
    steps.card_form(person.page)


def let_the_hold_lapse(house: House, person: Person) -> None:
    """Let the time of a hold pass: the clock is everybody's, so the row is moved instead."""
    (booking,) = re.findall(r"[0-9a-f-]{36}", person.path)
    with psycopg.connect(house.database_url) as connection:
        connection.execute(
            "UPDATE bookings_booking SET hold_expires_at = now() - interval '1 second' WHERE id = %s", [booking]
        )


def test_who_is_late_gets_three_other_times_and_holds_one(come: Door) -> None:
    first, second = come("student1@demo.test"), come("student2@demo.test")
    second.complaints.foresee("status of 409", "ERR_FAILED")
    second.page.route("**/events/*", lambda route: route.abort())  # told of it, their page would not offer the time
    for person in (first, second):
        person.goto(f"/mentors/{FOR_SLOT_TAKEN}/")
    wanted = slots(first).nth(4).get_attribute("value") or ""
    choose_and_hold(first, wanted)
    arrive_to_pay(first)
    choose_and_hold(second, wanted)
    expect(second.page.get_by_test_id("hold-slot")).to_have_count(3)
    second.press(second.page.get_by_test_id("hold-slot").first)
    arrive_to_pay(second)
    assert first.page.url != second.page.url
    for person in (first, second):
        person.press(person.control("let-go"))
        steps.said(person, "The time is free again. Nothing was charged.")


def test_a_lapsed_hold_is_free_for_the_next_at_once_and_can_be_held_again(come: Door, house: House) -> None:
    first, second = come("student3@demo.test"), come("student4@demo.test")
    first.goto(f"/mentors/{FOR_EXPIRY}/")
    wanted = slots(first).nth(6).get_attribute("value") or ""
    choose_and_hold(first, wanted)
    arrive_to_pay(first)
    second.goto(f"/mentors/{FOR_EXPIRY}/")
    expect(second.page.locator(f".slot input[value='{wanted}']:not([disabled])")).to_have_count(0)

    let_the_hold_lapse(house, first)
    first.page.reload()
    steps.heading(first, "Your hold has run out")
    first.press(first.page.get_by_role("button", name=re.compile(r"^Hold \d\d:\d\d again$")))
    arrive_to_pay(first)

    let_the_hold_lapse(house, first)
    second.page.reload()
    choose_and_hold(second, wanted)
    arrive_to_pay(second)
    first.page.reload()
    expect(first.page.get_by_text("The time is no longer free, but these are close to it.")).to_be_visible()
    expect(first.page.get_by_test_id("hold-slot")).to_have_count(3)
    second.press(second.control("let-go"))


def test_a_declined_card_then_one_that_the_bank_asks_about(come: Door) -> None:
    student = come("student1@demo.test")
    student.complaints.foresee("status of 402")  # the provider's own frame, asking the provider
    student.goto(f"/mentors/{FOR_CARDS}/")
    choose_and_hold(student, slots(student).nth(2).get_attribute("value") or "")
    student.wait_for(steps.PAY_PAGE)
    steps.pay_with(student, steps.DECLINED_CARD)
    summary = student.page.get_by_role("alert")
    expect(summary).to_contain_text("Your card was declined.")
    expect(summary).to_be_focused()
    steps.pay_with(student, steps.CARD_THAT_ASKS)
    bank = student.page.frame_locator("dialog iframe, iframe[src*='/v3/authenticate/']").last
    bank.get_by_test_id("authenticate-succeed").click()
    path = steps.see_it_booked(student)
    student.house.wait_for_mail("booking_confirmed", to="student1@demo.test")
    student.goto("/sessions/")
    expect(student.page.locator(f"main a[href='{path}']").first).to_be_visible()
