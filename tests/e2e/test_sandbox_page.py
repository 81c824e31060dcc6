"""What goes wrong with money, as somebody brings it about who has only the sandbox's control page, and what people then see."""

from __future__ import annotations

import re
from collections.abc import Iterator

import psycopg
import pytest
from playwright.sync_api import Locator, expect

from tests.e2e import steps
from tests.e2e.house import House, wait_until
from tests.e2e.people import Door, Person

pytestmark = pytest.mark.browser

MENTOR = "mentor2"


@pytest.fixture
def control(come: Door, house: House) -> Iterator[Person]:
    """Somebody at the control page. What they broke is mended afterwards."""
    person = come()
    person.page.goto(f"{house.stripe_api}/_sandbox/")
    yield person
    house.ask_sandbox("faults/clear", {})


def row(control: Person, word: str) -> Locator:
    """The latest payment (or what else has a word in it) on the page as it is now."""
    control.page.goto(f"{control.house.stripe_api}/_sandbox/")
    return control.page.get_by_role("row").filter(has_text=word).first


def press(control: Person, label: str, *, beside: str = "") -> None:
    place = row(control, beside) if beside else control.page
    place.get_by_role("button", name=label, exact=True).first.click()


def says(control: Person, words: str) -> None:
    expect(control.page.get_by_role("status").filter(has_text=words)).to_be_visible()


def hold(student: Person, start: str = "") -> tuple[str, str]:
    """Hold a start (``start``, else one in the middle of those shown); return the booking's id and the start in UTC."""
    student.goto(f"/mentors/{MENTOR}/")
    if start:
        student.hands.choose(student.page.locator(f".slot input[value='{start}']"))
    else:
        start = steps.pick_a_start(student, 9)
    student.press(student.control("hold-slot"))
    student.wait_for(steps.PAY_PAGE)
    steps.card_form(student.page)
    return student.path.split("/")[2], start


def let_time_pass(house: House, booking: str) -> None:
    """Let a hold run out, and its page notice."""
    with psycopg.connect(house.database_url) as connection:
        connection.execute("UPDATE bookings_booking SET hold_expires_at = now() WHERE id = %s", [booking])


def see_it_come(person: Person, path: str, words: str) -> None:
    """Wait on a page until it says so by itself."""
    person.goto(path)
    expect(person.page.get_by_role("main").get_by_text(words).first).to_be_visible()


def see(person: Person, path: str, words: str | re.Pattern[str], *, no_more: bool = False) -> None:
    """Come back to a page until it says so, or says so ``no_more``: what is behind it is done by jobs, and it does not follow."""

    def look() -> bool:
        person.goto(path)
        return person.page.get_by_role("main").get_by_text(words).first.is_visible() is not no_more

    wait_until(look, what=f"{words} at {path}")


def test_late_money_books_a_time_that_is_still_free(come: Door, house: House, control: Person) -> None:
    student = come("student1@demo.test")
    press(control, "Refuse cancellations")
    says(control, "requests to /v1/payment_intents/*/cancel are answered 503")
    booking, _ = hold(student)
    let_time_pass(house, booking)
    student.page.reload()
    steps.heading(student, "Your hold has run out")
    press(control, "Pay", beside=booking)
    says(control, "succeeded")
    see_it_come(student, f"/bookings/{booking}/", "Meet here")


def test_late_money_for_a_time_that_is_gone_comes_back_with_an_apology(
    come: Door, house: House, control: Person
) -> None:
    late, quick = come("student1@demo.test"), come("student2@demo.test")
    press(control, "Refuse cancellations")
    booking, start = hold(late)
    let_time_pass(house, booking)
    hold(quick, start)
    press(control, "Pay", beside=booking)
    see_it_come(late, f"/bookings/{booking}/pay/return/", "We are sorry: that time was taken")
    expect(late.page.get_by_test_id("hold-slot")).to_have_count(3)
    see(late, "/account/payments/", re.compile(r"^Sent back: \$"))
    sorry = house.wait_for_mail("slot_gone_refunded", to="student1@demo.test")
    assert sorry["Subject"] == "That time was taken. You have been refunded"
    quick.press(quick.control("let-go"))


def test_with_its_events_lost_a_payment_settles_while_its_student_waits(come: Door, control: Person) -> None:
    student = come("student3@demo.test")
    press(control, "Lose them")
    booking, _ = hold(student)
    steps.pay_with(student, steps.GOOD_CARD)
    steps.heading(student, "Payment received, confirming…")
    steps.see_it_booked(student)
    press(control, "All well again")
    event = control.page.get_by_role("row").filter(has_text="payment_intent.succeeded").first
    expect(event).to_contain_text("dropped")
    event.get_by_role("button", name="Deliver again").click()
    says(control, "was delivered and answered 200.")
    see_it_come(student, f"/bookings/{booking}/", "Meet here")


def test_a_dispute_is_seen_by_finance_and_the_mentor_until_it_is_won(come: Door, house: House, control: Person) -> None:
    student, mentor, finance = (come(f"{who}@demo.test") for who in ("student4", MENTOR, "finance"))
    booking, _ = hold(student)
    steps.pay_with(student, steps.GOOD_CARD)
    steps.see_it_booked(student)
    press(control, "Inquiry", beside=booking)
    see(mentor, "/mentor/earnings/", "Being looked at")
    assert house.wait_for_mail("dispute_opened", to="finance@demo.test")["Subject"] == "A bank asks about a payment"
    press(control, "Escalate")
    see(finance, "/admin/finance/disputes/", re.compile("^Open$"))
    press(control, "Win", beside="needs response")
    see(finance, "/admin/finance/disputes/", "Won")
    see(mentor, "/mentor/earnings/", "Being looked at", no_more=True)
    expect(mentor.page.get_by_text("Coming up").first).to_be_visible()


def test_a_payout_that_came_back_is_said_and_goes_out_again(come: Door, control: Person) -> None:
    mentor = come("ngozi@demo.test")
    mentor.goto("/mentor/payouts/setup/")
    mentor.hands.select(mentor.page.get_by_label("Country of your bank account"), "United States")
    mentor.press(mentor.control("set-up-payouts"))
    mentor.press("Complete with a working bank account")
    mentor.wait_for("/mentor/earnings/")
    see(mentor, "/mentor/earnings/", "with your next payout")
    press(control, "Pay out", beside="ngozi@demo.test")
    see(mentor, "/mentor/earnings/", "In your bank")
    press(control, "Let it fail", beside="po_")
    see(mentor, "/mentor/earnings/", "The bank account is closed.")
    mentor.press(mentor.control("payouts-dashboard"))
    mentor.page.wait_for_url(re.compile("/_sandbox/#acct_"))
    mentor.press("Change to a working bank")
    mentor.press("Pay out")
    see(mentor, "/mentor/earnings/", "Your last payout did not go through.", no_more=True)
    expect(mentor.page.get_by_role("table").filter(has_text="Sent on")).to_contain_text("Did not go through")
