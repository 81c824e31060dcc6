"""Finance's desk in a browser: a refund that needs a second person; and a student's receipt, printed on one page."""

import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pypdf import PdfReader

from accounts.models import User
from bookings.models import Booking
from mentors.models import Mentor
from payments.models import Refund, RefundRequest
from payments.services.receipts import issue_receipt
from tests.e2e.hands import Keyboard, Mouse
from tests.e2e.signin import sign_in_browser
from tests.factories import make_paid_booking, make_staff

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

HANDS = [Mouse, Keyboard]


@pytest.fixture
def session(mentor: Mentor, student: User) -> Booking:
    """At noon in four days, for 660.00."""
    starts_at = (datetime.now(UTC) + timedelta(days=4)).replace(hour=12, minute=0, second=0, microsecond=0)
    booking = make_paid_booking(mentor=mentor, student=student, starts_at=starts_at, price_minor=66_000)
    issue_receipt(payment=booking.payments.get(), at=timezone.now())
    return booking


@pytest.fixture
def second(browser: Browser) -> Iterator[Page]:
    """The window of a colleague."""
    context = browser.new_context()
    yield context.new_page()
    context.close()


def come(page: Page, site: str, user: User, path: str) -> None:
    """Open a page as somebody who has just signed in, staff with their second factor."""
    sign_in_browser(page.context, site, user)
    page.goto(f"{site}{path}")


@pytest.mark.parametrize("hands", HANDS)
def test_a_big_refund_is_asked_for_by_one_and_agreed_to_by_another(
    page: Page, second: Page, site: str, session: Booking, hands: type[Mouse]
) -> None:
    come(page, site, make_staff("finance", name="Ada First"), f"/admin/finance/bookings/{session.pk}/refund/")
    one = hands(page)
    expect(page.get_by_text("$660.00 is left.")).to_be_visible()
    page.get_by_label("Amount").fill("700")
    page.get_by_label("Reason").fill("The room was down.")
    one.press(page.get_by_test_id("decide-refund"))
    expect(page.get_by_role("heading", name="There is a problem")).to_be_visible()
    expect(page.get_by_label("Reason")).to_have_value("The room was down.")
    page.get_by_label("Amount").fill("600")
    one.press(page.get_by_test_id("decide-refund"))
    expect(page.get_by_text("The refund waits for a second person of finance.").first).to_be_visible()
    waiting = page.get_by_role("region", name="Waiting for a second person")
    one.press(waiting.get_by_role("link", name=session.student.name))
    expect(page.get_by_text("You asked for this refund yourself.")).to_be_visible()
    expect(page.get_by_test_id("approve-refund")).to_have_count(0)

    come(second, site, make_staff("finance", name="Ben Second"), "/admin/finance/")
    other = hands(second)
    other.press(second.get_by_role("link", name=session.student.name))
    expect(second.get_by_role("heading", level=1)).to_have_text("Agree to send $600.00 back?")
    expect(second.get_by_text("The room was down.")).to_be_visible()
    other.press(second.get_by_test_id("approve-refund"))
    expect(second.get_by_text("The refund is on its way.").first).to_be_visible()
    expect(second.get_by_text("No refund waits.")).to_be_visible()
    assert Refund.objects.get().amount_minor == 60_000
    assert RefundRequest.objects.get().status == "approved"


def test_a_failed_refund_leaves_the_desk_when_it_is_sent_again(page: Page, site: str, session: Booking) -> None:
    now = timezone.now()
    Refund.objects.create(
        payment=session.payments.get(), amount_minor=500, reason="finance", status="failed", created_at=now,
        settled_at=now,
    )  # fmt: skip
    come(page, site, make_staff("finance"), "/admin/finance/")
    page.get_by_role("region", name="Refunds that failed").get_by_role("link").click()
    page.get_by_test_id("send-again").click()
    expect(page.get_by_text("No refund failed.")).to_be_visible()
    assert Refund.objects.get().attempt == 2


def test_the_receipt_prints_on_one_page_without_controls(page: Page, site: str, session: Booking) -> None:
    come(page, site, session.student, f"/bookings/{session.pk}/")
    page.get_by_role("link", name="Receipt").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Receipt")
    expect(page.get_by_test_id("receipt-total")).to_have_text("$660.00")
    page.emulate_media(media="print", color_scheme="dark")
    for control in (page.get_by_role("banner"), page.get_by_role("contentinfo"), page.locator(".no-print")):
        for element in control.all():
            expect(element).to_be_hidden()
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(19, 32, 27)"  # ink on white in the dark too
    for paper in ("A4", "Letter"):
        pages = PdfReader(io.BytesIO(page.pdf(format=paper))).pages
        assert len(pages) == 1
        text = pages[0].extract_text()
        for part in ("Receipt", "-000001", "$660.00", session.student.name, str(session.pk)):
            assert part in text
