"""A conversation in a browser: what is written appears at once, files go along, nothing is lost offline."""

import re
import time
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Browser, FilePayload, Page, Route, expect

from accounts.models import User
from chat import services
from chat.models import Message, MessageUpload, Thread
from marketplace.sandbox.storage import Storage
from mentors.models import Mentor
from tests.e2e.late import Late
from tests.e2e.signin import sign_in_browser
from tests.factories import make_mentor
from tests.jobs import run_jobs
from tests.uploads.files import pdf, png
from uploads.models import Upload

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PDF = FilePayload(name="sheet-4.pdf", mimeType="application/pdf", buffer=pdf())


@pytest.fixture
def thread(student: User, mentor: Mentor) -> Thread:
    return services.open_thread(handle=mentor.handle, body="Hello!", client_id="first-message", by=student)[0]


@pytest.fixture
def chatting(page: Page, site: str, student: User, thread: Thread, storage_server: Storage) -> Iterator[Page]:
    """The conversation, open before ``student``. At the end the console is empty, but for what was foreseen."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    sign_in_browser(page.context, site, student)
    page.goto(f"{site}/messages/{thread.pk}/", wait_until="networkidle")  # the script has come
    yield page
    assert [
        line
        for line in said
        if not re.search(r"ERR_INTERNET_DISCONNECTED|ERR_FAILED|status of 4(22|29)|status of 503", line)
    ] == []


@pytest.fixture
def answering(browser: Browser, site: str, thread: Thread, mentor: Mentor) -> Iterator[Page]:
    """The same conversation before ``mentor``, on a phone in a browser of its own."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    sign_in_browser(context, site, mentor.user)
    page = context.new_page()
    page.goto(f"{site}/messages/{thread.pk}/", wait_until="networkidle")
    yield page
    context.close()


def write(page: Page, text: str) -> None:
    page.locator("textarea[name=body]").fill(text)
    page.locator("textarea[name=body]").press("Enter")


def edit(page: Page, text: str) -> None:
    row = page.locator(".message--mine", has_text=text)
    row.locator("summary").click()
    row.get_by_role("link", name="Edit", exact=True).click()
    expect(page.locator("textarea[name=body]")).to_have_value(text)


def run_checks(page: Page, count: int) -> None:
    """Check that many files as they come in, as the worker would."""
    checked, deadline = 0, time.monotonic() + 20
    while checked < count:
        assert time.monotonic() < deadline
        page.wait_for_timeout(100)
        checked += len(run_jobs("uploads.tasks.check_upload"))


def test_what_is_written_appears_once_and_the_answer_comes_by_itself(
    chatting: Page, thread: Thread, mentor: Mentor
) -> None:
    write(chatting, "Are you there?")
    expect(chatting.locator(".message--mine").last).to_contain_text("Are you there?")
    expect(chatting.locator(".message--sending")).to_have_count(0)
    services.post_message(thread=thread, body="I am.", client_id="answer-one", by=mentor.user)
    expect(chatting.locator(".message").last).to_contain_text("I am.", timeout=15_000)
    expect(chatting.locator(".message")).to_have_count(3)
    assert Message.objects.count() == 3


def test_a_file_goes_along_with_what_was_typed(chatting: Page, thread: Thread) -> None:
    chatting.locator("[data-upload-input]").set_input_files([PDF])
    deadline = time.monotonic() + 15
    while not Upload.objects.filter(status="checking").exists() and time.monotonic() < deadline:
        chatting.wait_for_timeout(100)
    chatting.locator("textarea[name=body]").fill("Here is sheet 4.")
    chatting.get_by_role("button", name="Send", exact=True).click()
    assert Message.objects.count() == 1  # the message waits for its file
    assert "uploads.tasks.check_upload" in run_jobs()
    expect(chatting.locator(".message--mine").last).to_contain_text("sheet-4.pdf", timeout=15_000)
    expect(chatting.locator(".message--sending")).to_have_count(0)
    item = MessageUpload.objects.select_related("message").get()
    assert item.message.body == "Here is sheet 4."
    expect(chatting.locator(".message__file").last).to_have_attribute("href", f"/uploads/{item.upload_id}/")
    expect(chatting.locator("[data-upload-list] li")).to_have_count(0)


def test_a_file_that_was_taken_in_is_there_after_a_reload(chatting: Page, thread: Thread) -> None:
    chatting.locator("[data-upload-input]").set_input_files([PDF])
    run_checks(chatting, 1)
    expect(chatting.locator("[name=uploads]")).to_have_count(1, timeout=15_000)
    upload_id = UUID(chatting.locator("[name=uploads]").input_value())
    chatting.locator("textarea[name=body]").fill("Later")
    chatting.reload()
    expect(chatting.locator("[name=uploads]")).to_have_value(str(upload_id))
    expect(chatting.locator("textarea[name=body]")).to_have_value("Later")
    chatting.get_by_role("button", name="Remove").click()
    expect(chatting.locator("[name=uploads]")).to_have_count(0)
    chatting.reload()
    expect(chatting.locator("textarea[name=body]")).to_have_value("Later")
    expect(chatting.locator("[name=uploads]")).to_have_count(0)


def test_a_sixth_file_is_not_taken(chatting: Page) -> None:
    chatting.locator("[data-upload-input]").set_input_files([PDF] * 6)
    expect(chatting.locator("[data-upload-list] li").last).to_contain_text("one file too many")
    refused = chatting.locator("[data-upload-list] li").filter(has_text="one file too many")
    expect(refused).to_have_count(1)
    run_checks(chatting, 5)
    expect(chatting.locator("[name=uploads]")).to_have_count(5, timeout=15_000)


def test_what_is_written_offline_goes_out_with_the_connection(chatting: Page) -> None:
    chatting.context.set_offline(True)
    expect(chatting.locator("[data-offline]")).to_be_visible()
    write(chatting, "From the tunnel")
    expect(chatting.locator(".message__error")).to_contain_text("It goes out when you are back")
    chatting.context.set_offline(False)
    expect(chatting.locator(".message--failed")).to_have_count(0)
    expect(chatting.locator(".message--sending")).to_have_count(0)
    assert [message.body for message in Message.objects.order_by("number")] == ["Hello!", "From the tunnel"]


def test_too_fast_says_when_and_tries_again(chatting: Page, settings: Any) -> None:  # Any: pytest-django's settings
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"CHAT_POST": "1/h"}
    write(chatting, "One")
    expect(chatting.locator(".message--sending")).to_have_count(0)
    write(chatting, "Two")
    expect(chatting.locator(".message__error").last).to_contain_text(re.compile(r"You can send again in \d+ s"))
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"CHAT_POST": "20/m"}
    chatting.get_by_role("button", name="Try again").click()
    expect(chatting.locator(".message--failed")).to_have_count(0)
    expect(chatting.locator(".message--sending")).to_have_count(0)
    assert list(Message.objects.order_by("number").values_list("body", flat=True)) == ["Hello!", "One", "Two"]


def test_earlier_messages_come_above_and_nothing_moves(chatting: Page, thread: Thread, student: User) -> None:
    for number in range(2, 132):
        services.post_message(thread=thread, body=f"No. {number}.", client_id=f"number-{number}", by=student)
    chatting.reload()
    log = chatting.locator("[data-chat-log]")
    expect(chatting.locator(".message__body").get_by_text("No. 131.", exact=True)).to_be_in_viewport()
    assert chatting.locator("[data-message]").count() == 50
    log.evaluate("log => log.scrollTop = 300")
    before = chatting.locator(".message__body").get_by_text("No. 85.", exact=True)
    top = before.bounding_box()
    assert top is not None
    chatting.locator("[data-chat-earlier]").evaluate("link => link.click()")
    expect(chatting.locator("[data-message]")).to_have_count(100)
    now = before.bounding_box()
    assert now is not None
    assert abs(now["y"] - top["y"]) < 2
    assert chatting.locator(".messages__day").count() == 1
    log.evaluate("log => log.scrollTop = 0")  # to the top: the rest comes by itself
    expect(chatting.locator("[data-message]")).to_have_count(131)
    expect(chatting.locator("[data-chat-earlier]")).to_have_count(0)


def test_a_ready_made_beginning_fills_the_box(chatting: Page, site: str) -> None:
    chatting.goto(
        f"{site}/messages/new/?mentor={make_mentor().handle}", wait_until="networkidle"
    )  # the script has come
    starter = chatting.locator("[data-chat-starter]").nth(1)
    starter.press("Enter")
    expect(chatting.get_by_label("Message")).to_have_value(starter.inner_text())
    expect(chatting.get_by_label("Message")).to_be_focused()
    # Another one takes its place, and nothing that somebody typed.
    chatting.get_by_label("Message").fill("Dear Ada\n" + starter.inner_text())
    other = chatting.locator("[data-chat-starter]").first
    other.press("Enter")
    expect(chatting.get_by_label("Message")).to_have_value("Dear Ada\n" + other.inner_text())


def test_two_people_write_to_each_other(chatting: Page, answering: Page, thread: Thread) -> None:
    write(chatting, "Are you there?")
    expect(answering.locator(".message").last).to_contain_text("Are you there?", timeout=15_000)
    answering.get_by_label("Message to").fill("I am.")
    answering.get_by_label("Message to").press("Enter")  # a line end, on a phone
    answering.get_by_role("button", name="Send", exact=True).click()
    expect(chatting.locator(".message").last).to_contain_text("I am.", timeout=15_000)
    expect(chatting.locator(".message--mine").last).to_contain_text("Read", timeout=15_000)
    expect(chatting.locator(".message")).to_have_count(3)
    expect(answering.locator(".message")).to_have_count(3)
    assert list(Message.objects.order_by("number").values_list("body", flat=True)) == [
        "Hello!", "Are you there?", "I am.",
    ]  # fmt: skip


def test_an_edit_and_a_deletion_show_on_both_sides(chatting: Page, answering: Page) -> None:
    write(chatting, "Sheet 5?")
    expect(answering.locator(".message").last).to_contain_text("Sheet 5?", timeout=15_000)
    chatting.locator("textarea[name=body]").fill("Half a thought")
    chatting.locator(".message--mine summary").last.click()
    chatting.get_by_role("link", name="Edit", exact=True).click()
    expect(chatting.locator("textarea[name=body]")).to_have_value("Sheet 5?")
    write(chatting, "Sheet 4?")
    expect(chatting.locator(".message").last).to_contain_text("Sheet 4?")
    expect(chatting.locator("textarea[name=body]")).to_have_value("Half a thought")
    expect(answering.locator(".message").last).to_contain_text("Sheet 4?", timeout=15_000)
    expect(answering.locator(".message").last).to_contain_text("Edited")

    chatting.locator(".message--mine summary").last.click()
    chatting.get_by_role("link", name="Delete", exact=True).click()
    expect(chatting.get_by_role("button", name="Keep it", exact=True)).to_be_focused()
    chatting.get_by_test_id("delete-message").click()
    expect(chatting.locator(".message").last).to_contain_text("This message was deleted")
    expect(answering.locator(".message").last).to_contain_text("This message was deleted", timeout=15_000)
    expect(answering.locator(".message")).to_have_count(2)


def test_what_could_not_be_sent_says_so_and_goes_once(chatting: Page, thread: Thread) -> None:
    def refuse(route: Route) -> None:
        if route.request.method == "POST":
            route.abort()
        else:
            route.fallback()

    chatting.route("**/messages", refuse)
    write(chatting, "Through the wall")
    failed = chatting.locator(".message--failed")
    expect(failed).to_contain_text("Not sent. Try again")
    chatting.get_by_role("button", name="Try again").click()
    expect(failed).to_have_count(1)
    write(chatting, "Never mind this one")
    expect(failed).to_have_count(2)
    failed.last.get_by_role("button", name="Delete").click()
    chatting.reload(wait_until="networkidle")  # it outlives the page
    expect(failed).to_have_count(1)
    chatting.unroute("**/messages")
    chatting.get_by_role("button", name="Try again").click()
    expect(failed).to_have_count(0)
    expect(chatting.locator(".message--sending")).to_have_count(0)
    chatting.reload(wait_until="networkidle")
    expect(chatting.locator(".message")).to_have_count(2)
    assert list(Message.objects.order_by("number").values_list("body", flat=True)) == ["Hello!", "Through the wall"]


def test_contact_details_are_mentioned_before_they_are_sent(chatting: Page) -> None:
    box = chatting.locator("textarea[name=body]")
    write(chatting, "Ring me on 0151 23456789")
    reminder = chatting.get_by_test_id("contact-reminder")
    expect(reminder).to_contain_text("“0151 23456789” looks like a phone number.")
    expect(box).to_have_value("Ring me on 0151 23456789")
    expect(chatting.locator(".message")).to_have_count(1)
    box.fill("Let us take f(x) = 0,15123456789·x²")
    expect(reminder).to_be_hidden()
    box.press("Enter")
    expect(chatting.locator(".message")).to_have_count(2)
    write(chatting, "Ring me on 0151 23456789")
    chatting.get_by_test_id("send-anyway").click()
    expect(chatting.locator(".message")).to_have_count(3)
    expect(chatting.locator(".message--sending")).to_have_count(0)
    expect(reminder).to_be_hidden()
    assert Message.objects.get(number=3).body == "Ring me on 0151 23456789"


def test_what_is_typed_while_a_message_is_under_way_stays_when_it_comes_back(chatting: Page) -> None:
    box = chatting.locator("textarea[name=body]")
    answers = Late(chatting, "**/messages")
    write(chatting, "Ring me on 0151 23456789")
    answers.wait()
    box.fill("Or we meet here.")
    answers.comes()
    expect(chatting.get_by_test_id("contact-reminder")).to_be_visible()
    expect(box).to_have_value("Ring me on 0151 23456789\nOr we meet here.")


def test_a_message_that_comes_back_does_not_get_into_one_that_is_edited(chatting: Page) -> None:
    box = chatting.locator("textarea[name=body]")
    write(chatting, "Sheet 5?")
    expect(chatting.locator(".message--sending")).to_have_count(0)
    answers = Late(chatting, "**/messages")
    write(chatting, "Ring me on 0151 23456789")
    answers.wait()
    edit(chatting, "Sheet 5?")
    answers.comes()
    failed = chatting.locator(".message--failed")
    expect(failed).to_contain_text("0151 23456789")
    expect(box).to_have_value("Sheet 5?")
    box.press("Escape")
    failed.get_by_role("button", name="Try again").click()
    answers.comes()
    expect(chatting.get_by_test_id("contact-reminder")).to_be_visible()
    expect(box).to_have_value("Ring me on 0151 23456789")


def test_an_edit_that_is_saved_late_takes_nothing_that_was_typed_since(chatting: Page) -> None:
    box = chatting.locator("textarea[name=body]")
    write(chatting, "Sheet 5?")
    expect(chatting.locator(".message--sending")).to_have_count(0)
    answers = Late(chatting, "**/messages/*")
    box.fill("Half a thought")
    edit(chatting, "Sheet 5?")
    write(chatting, "Sheet 4?")
    box.press("Enter")  # once more: nothing seems to happen
    answers.wait()
    box.press("Escape")
    expect(box).to_have_value("Half a thought")
    box.fill("Half a thought, and more")
    answers.comes()
    answers.comes()
    expect(chatting.locator(".message").last).to_contain_text("Sheet 4?")
    expect(box).to_have_value("Half a thought, and more")


def test_an_edit_waits_for_no_file(chatting: Page, thread: Thread) -> None:
    """A message that goes by itself once its file is there does not take along what is being edited meanwhile."""
    box = chatting.locator("textarea[name=body]")
    write(chatting, "Sheet 5?")
    expect(chatting.locator(".message--sending")).to_have_count(0)
    chatting.locator("[data-upload-input]").set_input_files([PDF])
    write(chatting, "Here it is.")
    expect(chatting.locator("[data-testid=send-message][aria-busy=true]")).to_be_visible()
    edit(chatting, "Sheet 5?")
    box.fill("Sheet")
    run_checks(chatting, 1)
    expect(chatting.locator("[data-upload-list]").get_by_text("Ready to send")).to_be_visible()
    expect(chatting.locator(".message--mine").last).to_contain_text("Sheet 5?")
    box.press("Escape")
    expect(chatting.locator(".message--mine").last).to_contain_text("Here it is.")
    expect(chatting.locator(".message--sending")).to_have_count(0)
    assert list(Message.objects.order_by("number").values_list("body", flat=True)) == [
        "Hello!",
        "Sheet 5?",
        "Here it is.",
    ]


def test_too_long_a_message_stays_in_the_box(chatting: Page) -> None:
    write(chatting, "x" * 4_001)
    expect(chatting.locator("[data-chat-fault]")).to_have_text("Write at most 4,000 characters. You have written 4001.")
    expect(chatting.locator("textarea[name=body]")).to_have_value("x" * 4_001)
    write(chatting, "x" * 4_000)
    expect(chatting.locator(".message")).to_have_count(2)
    expect(chatting.locator(".message--sending")).to_have_count(0)
    assert Message.objects.count() == 2


def test_what_comes_in_while_one_reads_above_is_counted(chatting: Page, thread: Thread, student: User) -> None:
    mentor = thread.mentor.user
    for number in range(2, 42):
        services.post_message(thread=thread, body=f"No. {number}.", client_id=f"number-{number}", by=student)
    chatting.reload(wait_until="networkidle")
    chatting.locator("[data-chat-log]").evaluate("log => log.scrollTop = 100")
    for word in ("One more", "And another"):
        services.post_message(thread=thread, body=word, client_id=word.replace(" ", "-"), by=mentor)
    more = chatting.get_by_role("button", name="2 new messages")
    expect(more).to_be_visible(timeout=25_000)
    more.click()
    expect(chatting.get_by_text("And another", exact=True).last).to_be_in_viewport()
    expect(more).to_be_hidden()


def test_all_of_it_by_keyboard(chatting: Page, thread: Thread, mentor: Mentor) -> None:
    """From the skip link to the box, a line end, a message, its menu, the question, and the search."""
    chatting.locator("body").press("Tab")
    expect(chatting.get_by_text("Skip to the message box")).to_be_focused()
    chatting.keyboard.press("Enter")
    chatting.keyboard.type("First line")
    chatting.keyboard.press("Shift+Enter")
    chatting.keyboard.type("second line")
    chatting.keyboard.press("Enter")
    expect(chatting.locator(".message--sending")).to_have_count(0)
    assert Message.objects.get(number=2).body == "First line\nsecond line"
    chatting.locator(".message--mine summary").last.focus()
    chatting.keyboard.press("Enter")
    chatting.keyboard.press("Tab")
    expect(chatting.get_by_role("link", name="Edit", exact=True)).to_be_focused()
    chatting.keyboard.press("Enter")
    expect(chatting.locator("textarea[name=body]")).to_be_focused()
    chatting.keyboard.press("Escape")
    expect(chatting.locator("[data-chat-editing]")).to_be_hidden()
    chatting.get_by_label("Search your messages").focus()
    chatting.keyboard.type("second")
    chatting.keyboard.press("Enter")
    hit = chatting.locator(".inbox__link")
    expect(hit.locator("mark")).to_have_text("second")
    hit.focus()
    chatting.keyboard.press("Enter")
    expect(chatting.locator(":target")).to_contain_text("second line")
    expect(chatting.locator(":target")).to_be_in_viewport()


def test_an_image_that_was_sent_is_seen(chatting: Page, answering: Page) -> None:
    picture = FilePayload(name="sketch.png", mimeType="image/png", buffer=png((800, 600)))
    chatting.locator("[data-upload-input]").set_input_files([picture])
    run_checks(chatting, 1)
    expect(chatting.locator("[name=uploads]")).to_have_count(1, timeout=15_000)
    chatting.get_by_role("button", name="Send", exact=True).click()
    for page in (chatting, answering):
        image = page.get_by_role("img", name="sketch.png")
        expect(image).to_be_visible(timeout=15_000)
        page.wait_for_function("image => image.complete && image.naturalWidth === 640", arg=image.element_handle())


def test_a_file_that_is_there_is_not_sent_again(chatting: Page) -> None:
    """Only the word that it was checked did not come."""
    chatting.clock.install()
    chatting.reload(wait_until="networkidle")
    signed: list[str] = []
    chatting.on("request", lambda request: signed.append(request.url) if request.url.endswith("/api/uploads") else None)
    chatting.route("**/api/uploads/*", lambda route: route.abort())
    with chatting.expect_response("**/complete"):
        chatting.locator("[data-upload-input]").set_input_files([PDF])
    stopped = chatting.locator("[data-upload-list]").get_by_text("Upload stopped at 100%.")
    for _ in range(40):
        chatting.clock.run_for(1_000)
        if stopped.is_visible():
            break
    expect(stopped).to_be_visible()
    chatting.unroute("**/api/uploads/*")
    chatting.get_by_role("button", name="Try again").click()
    run_checks(chatting, 1)
    chatting.clock.run_for(10_000)
    expect(chatting.locator("[data-upload-list]").get_by_text("Ready to send")).to_be_visible()
    assert len(signed) == 1
    assert Upload.objects.count() == 1
