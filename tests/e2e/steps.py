"""The steps of the journeys, each a plain function that tells what a person does on one page."""

import re
from pathlib import Path

from PIL import Image, ImageDraw
from playwright.sync_api import FrameLocator, Locator, Page, expect

from tests.e2e.people import Person

GOOD_CARD, DECLINED_CARD, CARD_THAT_ASKS = "4242424242424242", "4000000000000002", "4000002760003184"
NEW_PASSWORD = "a-lighthouse-at-noon"
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
PAY_PAGE = re.compile(r"/bookings/[0-9a-f-]{36}/pay/$")
SESSION_PAGE = re.compile(r"/bookings/[0-9a-f-]{36}/$")
THREAD_PAGE = re.compile(r"/messages/[0-9a-f-]{36}/$")


def heading(person: Person, text: str | re.Pattern[str]) -> None:
    expect(person.page.get_by_role("heading", level=1)).to_have_text(text)


def said(person: Person, words: str) -> None:
    """See what an operation answers."""
    expect(person.page.get_by_text(words).first).to_be_visible()


# Signing up


def sign_up(person: Person, email: str) -> None:
    """Fill in the sign-up page that is open, and the code that comes by mail. Without a password: codes are enough."""
    person.fill("E-mail", email)
    person.press(person.control("sign-up"))
    heading(person, "Enter the code")
    person.fill("Code", person.house.code_to(email))
    person.press(person.control("enter-code"))


def say_who(person: Person, name: str, *, role: str = "") -> None:
    """Fill in the welcome page. The zone is the browser's already; the role is not asked where a slot waits."""
    heading(person, "Welcome. A few words about you")
    if role:
        person.hands.choose(person.page.get_by_role("radio", name=role))
    person.fill("Name", name)
    person.press(person.control("choose-role"))
    expect(person.page.get_by_role("heading", name="Welcome. A few words about you")).to_have_count(0)


# Becoming a mentor


def open_task(person: Person, name: str) -> None:
    person.press(person.page.get_by_role("main").get_by_role("link", name=name, exact=True))


def tell_about_yourself(person: Person, *, headline: str, bio: str) -> None:
    person.fill("Headline", headline)
    person.fill("About you", bio)
    person.hands.choose(person.page.get_by_label("University", exact=True))
    person.hands.choose(person.page.get_by_label("English", exact=True))
    person.press(person.control("save-profile"))
    said(person, "Saved.")


def say_what_you_teach(person: Person, *, subject: str, rate: str) -> None:
    person.hands.choose(person.page.get_by_label(subject, exact=True))
    person.fill("Hourly rate", rate)
    person.press(person.control("save-subjects"))
    said(person, "Saved.")


def send_file(person: Person, section: str, file: Path) -> None:
    """Send a file straight to storage and wait until it has been checked."""
    place = person.page.get_by_role("region", name=section)
    person.hands.attach(place.locator("label", has_text="Choose a file"), file)
    expect(place.get_by_text("Received", exact=True)).to_be_visible(timeout=30_000)
    expect(place.get_by_role("link", name=file.name, exact=True)).to_be_visible()


def open_hours(person: Person, days: tuple[str, ...] = WEEKDAYS) -> None:
    """Switch days on: each gets the hours that are offered, 9 to 17."""
    for day in days:
        switch = person.page.get_by_role("switch", name=day)
        if not switch.is_checked():
            person.hands.choose(switch)
    person.press(person.control("save-availability"))
    said(person, "Saved. Students see these hours from now on.")


# Finding, holding and paying


def search_for(person: Person, words: str) -> None:
    person.goto("/")
    person.hands.fill(person.page.get_by_role("main").get_by_role("searchbox", name="What"), words)
    person.press(person.page.get_by_role("main").get_by_role("button", name="Search"))
    heading(person, f"Mentors for {words}")


def card_of(person: Person, mentor: str) -> Locator:
    return person.page.get_by_role("article", name=mentor)


def pick_a_start(person: Person, number: int = 0) -> str:
    """Choose a start in the picker (the first day that has some is open on phones); return its UTC value."""
    start = person.page.locator(".slot input").filter(visible=True).nth(number)
    value = start.get_attribute("value")
    assert value
    person.hands.choose(person.page.locator(f".slot input[value='{value}']"))
    return value


def card_form(page: Page) -> FrameLocator:
    """The card's fields, in the provider's frame, once they can be used."""
    frame = page.frame_locator("[data-pay-element] iframe").first
    expect(frame.get_by_label("Card number")).to_be_visible()
    expect(pay_button(page)).to_be_enabled()
    return frame


def pay_button(page: Page) -> Locator:
    """Beside the card's fields on a desktop, in the bar at the foot on a phone."""
    return page.get_by_role("button", name=re.compile("^Pay ")).filter(visible=True)


def pay_with(person: Person, card: str) -> None:
    frame = card_form(person.page)
    person.hands.fill(frame.get_by_label("Card number"), card)
    person.hands.fill(frame.get_by_label("Expiration date"), "12/34")
    person.hands.fill(frame.get_by_label("Security code"), "123")
    person.press(pay_button(person.page))


def see_it_booked(person: Person) -> str:
    """Wait for the session's page, which comes when the provider's signed word has been worked on; return its path."""
    person.wait_for(SESSION_PAGE)
    heading(person, re.compile("^Session with "))
    expect(person.page.get_by_role("main").get_by_text("Booked", exact=True)).to_be_visible()
    return person.path


# Papers


def make_passport(folder: Path, name: str) -> Path:
    """A picture as a phone takes it, with metadata that must not survive."""
    image = Image.new("RGB", (1200, 800), "#f3efe4")
    draw = ImageDraw.Draw(image)
    draw.rectangle((60, 180, 400, 620), fill="#c9d6cf")
    for row, line in enumerate(("SPECIMEN PASSPORT", name, "Valid until 2034-05-31")):
        draw.text((450, 200 + 100 * row), line, fill="#13201b", font_size=48)
    exif = Image.Exif()
    exif[271] = "Somebody's camera"
    path = folder / "passport.jpg"
    image.save(path, "JPEG", exif=exif)
    return path


def make_certificate(folder: Path, name: str) -> Path:
    image = Image.new("RGB", (1240, 1754), "white")
    draw = ImageDraw.Draw(image)
    for row, line in enumerate(("TEACHING CERTIFICATE", name, "Statistics")):
        draw.text((160, 300 + 140 * row), line, fill="#13201b", font_size=64)
    path = folder / "certificate.pdf"
    image.save(path, "PDF")
    return path
