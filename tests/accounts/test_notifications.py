"""What people were told: the feed, its counts, the switches of the mails, and the link that needs no sign-in."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
import time_machine
from django.core import mail
from django.core.signing import Signer
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from bookings.models import Booking
from bookings.services.reminders import DAY, Due, remind
from marketplace.common import mailing, notifications
from marketplace.common.events import EVENTS, switches_of
from marketplace.common.models import MailSwitchedOff, Notification, RefusedAddress
from marketplace.common.unsubscribing import SALT, link_for
from tests.factories import make_booking, make_mentor, make_staff, make_student, make_user
from tests.jobs import run_jobs, waiting_jobs

pytestmark = pytest.mark.django_db

FEED = "/notifications/"


def tell(user: User, title: str = "Something happened") -> Notification:
    return notifications.note(event="booking_confirmed", to=user.pk, title=title, path="/sessions/")


def page(client: Client, user: User, url: str = FEED) -> str:
    client.force_login(user)
    response = client.get(url)
    assert response.status_code == 200
    return response.text


def test_a_mail_and_a_line_in_the_feed_come_of_one_event(client: Client, student: User) -> None:
    booking = make_booking(student=student)
    mailing.send("receipt", to=student, context={"booking": booking, "receipt": FAKE_RECEIPT})
    line = Notification.objects.get(user=student)
    [job] = waiting_jobs("deliver_mail")
    assert line.title == job["mail"]["subject"]
    assert (line.event, line.path, line.read_at) == ("receipt", f"/bookings/{booking.pk}/receipt/", None)
    assert line.title in page(client, student)


class FakeReceipt:
    """What the mail's templates read of a receipt."""

    amount_minor, currency, number = 3_300, "usd", "2026-000001"
    seller = {"name": "Lantern"}


FAKE_RECEIPT = FakeReceipt()


def test_a_code_stands_in_no_feed(student: User) -> None:
    mailing.send("code", to=student, context={"code": "418 229", "purpose": "sign_in", "minutes": 15})
    assert waiting_jobs("deliver_mail")
    assert not Notification.objects.exists()


def test_the_feed_is_its_readers_own(client: Client, student: User, other_student: User) -> None:
    tell(student, "Mine alone")
    assert "Mine alone" in page(client, student)
    assert "Mine alone" not in page(client, other_student)
    assert "All caught up" in page(client, other_student)


def test_opening_a_line_marks_it_as_read_and_leads_on(client: Client, student: User) -> None:
    line = tell(student)
    client.force_login(student)
    assert client.get(reverse("notification", args=[line.pk])).status_code == 405  # looking changes nothing
    response = client.post(reverse("notification", args=[line.pk]))
    assert (response.status_code, response["Location"]) == (302, "/sessions/")
    line.refresh_from_db()
    assert line.read_at is not None
    first = line.read_at
    client.post(reverse("notification", args=[line.pk]))
    line.refresh_from_db()
    assert line.read_at == first


def test_nobody_opens_a_line_of_somebody_elses(client: Client, student: User, other_student: User) -> None:
    line = tell(student)
    url = reverse("notification", args=[line.pk])
    client.force_login(other_student)
    assert client.post(url).status_code == 404
    line.refresh_from_db()
    assert line.read_at is None
    client.force_login(student)
    assert client.post(url).status_code == 302


def test_all_are_marked_as_read_at_once_and_only_ones_own(client: Client, student: User, other_student: User) -> None:
    for _ in range(3):
        tell(student)
    theirs = tell(other_student)
    assert "Mark all as read" in page(client, student)
    assert client.post(reverse("notifications-read")).status_code == 302
    assert not Notification.objects.filter(user=student, read_at=None).exists()
    theirs.refresh_from_db()
    assert theirs.read_at is None
    assert "Mark all as read" not in page(client, student)


def test_the_header_counts_what_is_unread(client: Client, student: User) -> None:
    bell = re.compile(r'data-unread="notifications">(\d+)')
    assert bell.search(page(client, student)) is None
    for _ in range(2):
        tell(student)
    found = bell.search(page(client, student, "/sessions/"))
    assert found
    assert found[1] == "2"


def test_the_header_counts_for_staff_too(client: Client) -> None:
    admin = make_staff("reviewer")
    tell(admin)
    assert 'data-unread="notifications">1<' in page(client, admin)


def test_the_feed_is_paged_and_costs_the_same_for_one_line_and_many(
    client: Client, student: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    tell(student)
    page(client, student)
    with CaptureQueriesContext(connection) as one:
        client.get(FEED)
    for number in range(30):
        tell(student, f"Line {number}")
    with django_assert_num_queries(len(one)):
        text = client.get(FEED).text
    assert text.count("feed__open") == notifications.FEED_PAGE
    assert "1–20 of 31" in text
    assert page(client, student, f"{FEED}?page=2").count("feed__open") == 11


def test_a_line_of_an_event_that_is_no_more_is_still_shown(client: Client, student: User) -> None:
    Notification.objects.create(
        user=student, event="smoke_signal", title="Puff", path="/sessions/", created_at=timezone.now()
    )
    assert "Puff" in page(client, student)


def test_old_lines_are_dropped(student: User) -> None:
    old, young = tell(student), tell(student)
    Notification.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=366))
    notifications.forget_old()
    assert list(Notification.objects.all()) == [young]


def test_what_was_told_once_is_remembered_for_90_days(student: User) -> None:
    def is_first() -> bool:
        return notifications.tell_once(event="welcome", to=student.pk, about="x")

    assert is_first()
    for days, is_forgotten in ((89, False), (91, True)):
        with time_machine.travel(timezone.now() + timedelta(days=days), tick=False):
            notifications.forget_old()
            assert is_first() is is_forgotten


# Switches ------------------------------------------------------------------------------------------------------------


def names(user: User) -> list[str]:
    return [event.name for event in switches_of(user.role)]


def test_each_role_gets_the_switches_of_its_mails_all_on(client: Client, student: User) -> None:
    text = page(client, student)
    assert text.count('role="switch"') == len(names(student)) == len(re.findall(r"<input[^>]*switch[^>]*checked", text))
    assert 'name="reminder_day"' in text
    assert 'name="new_review"' not in text
    assert 'name="new_review"' in page(client, make_mentor().user)
    assert 'name="queue_late"' in page(client, make_staff("reviewer"))


def test_one_form_saves_all_switches(client: Client, student: User) -> None:
    client.force_login(student)
    wanted = set(names(student)) - {"reminder_day", "how_was_it"}
    response = client.post(reverse("notifications-mail"), dict.fromkeys(wanted, "on"))
    assert response["Location"] == "/notifications/#mail"
    assert notifications.switched_off(student) == {"reminder_day", "how_was_it"}
    assert not re.search(r'name="reminder_day"[^>]*checked', client.get(FEED).text)
    client.post(reverse("notifications-mail"), dict.fromkeys(names(student), "on"))
    assert notifications.switched_off(student) == set()


def test_what_is_essential_has_no_switch_whatever_the_form_says(client: Client, student: User) -> None:
    client.force_login(student)
    client.post(reverse("notifications-mail"), {"new_review": "", "receipt": ""})
    assert notifications.switched_off(student) == set(names(student))
    assert not {"receipt", "new_review"} & notifications.switched_off(student)


def coming(**fields: object) -> Booking:
    mentor = make_mentor(user=make_user(role="mentor", name="Ngozi Adeyemi"))
    return make_booking(mentor=mentor, student=make_student(name="Amara Okafor"), **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize("is_off", [True, False])
def test_what_is_switched_off_stands_in_the_feed_and_is_not_mailed(is_off: bool) -> None:
    booking = coming(starts_at=timezone.now() + timedelta(hours=24), confirmed_at=timezone.now() - timedelta(days=2))
    if is_off:
        notifications.switch_off(user_id=booking.student.pk, event="reminder_day")
    remind(Due(booking.pk, DAY))
    run_jobs("deliver_mail")
    assert Notification.objects.filter(user=booking.student).count() == 1
    to_student = [m for m in mail.outbox if m.to == [booking.student.email]]
    assert len(to_student) == (0 if is_off else 1)


def test_a_switch_thrown_while_the_mail_waits_still_counts(student: User) -> None:
    mailing.send("welcome", to=student, context={"user": student, "url": "https://example.org/"})
    notifications.switch_off(user_id=student.pk, event="welcome")
    run_jobs("deliver_mail")
    assert mail.outbox == []


def test_an_essential_mail_goes_out_whatever_rows_there_are(student: User) -> None:
    MailSwitchedOff.objects.create(user=student, event="new_sign_in", at=timezone.now())
    mailing.send("new_sign_in", to=student, context={**DEVICE, "user": student})
    run_jobs("deliver_mail")
    assert len(mail.outbox) == 1


DEVICE = {
    "device": "Firefox on Windows",
    "at": datetime(2026, 11, 26, 18, 30, tzinfo=UTC),
    "security_url": "https://example.org/s",
    "reset_url": "https://example.org/r",
}


# The link ------------------------------------------------------------------------------------------------------------


def path_of(user: User, event: str = "reminder_day") -> str:
    return urlsplit(link_for(user.pk, event)).path


def test_a_mail_that_may_be_switched_off_says_how_in_its_headers(student: User) -> None:
    mailing.send("welcome", to=student, context={"user": student, "url": "https://example.org/"})
    mailing.send("new_sign_in", to=student, context={**DEVICE, "user": student})
    run_jobs("deliver_mail")
    optional, essential = (message.message() for message in mail.outbox)
    assert optional["List-Unsubscribe"] == f"<{link_for(student.pk, 'welcome')}>"
    assert optional["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert link_for(student.pk, "welcome") in mail.outbox[0].body
    assert essential["List-Unsubscribe"] is essential["List-Unsubscribe-Post"] is None
    assert "/notifications/off/" not in mail.outbox[1].body


def test_looking_at_the_link_changes_nothing_and_the_button_does(client: Client, student: User) -> None:
    url = path_of(student)
    looked = client.get(url)
    assert looked.status_code == 200
    assert "A reminder the day before a session" in looked.text
    assert notifications.switched_off(student) == set()
    pressed = client.post(url)
    assert pressed.status_code == 200
    assert notifications.switched_off(student) == {"reminder_day"}
    assert client.post(url).status_code == 200  # twice is as good as once


def test_a_mail_program_presses_it_without_cookie_or_token(csrf_client: Client, student: User) -> None:
    response = csrf_client.post(path_of(student), {"List-Unsubscribe": "One-Click"})
    assert response.status_code == 200  # RFC 8058 asks for no redirect
    assert notifications.switched_off(student) == {"reminder_day"}


def test_the_link_still_works_years_later(client: Client, student: User) -> None:
    url = path_of(student)
    with time_machine.travel(timezone.now() + timedelta(days=3 * 365), tick=False):
        assert client.post(url).status_code == 200
    assert notifications.switched_off(student) == {"reminder_day"}


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_link_that_is_not_ours_is_404(client: Client, student: User, other_student: User, method: str) -> None:
    good = path_of(student)
    token = good.rstrip("/").rpartition("/")[2]
    forged = token.replace(student.pk.hex, other_student.pk.hex)
    elsewhere = Signer(salt="another").sign(f"{student.pk.hex}.reminder_day")
    essential = Signer(salt=SALT).sign(f"{student.pk.hex}.receipt")
    gone = Signer(salt=SALT).sign(f"{student.pk.hex}.smoke_signal")
    for bad in (forged, token[:-1], elsewhere, essential, gone, "x"):
        assert getattr(client, method)(reverse("unsubscribe", args=[bad])).status_code == 404
    assert not MailSwitchedOff.objects.exists()
    assert getattr(client, method)(good).status_code == 200


def test_a_locked_account_can_still_switch_its_mail_off(client: Client, student: User) -> None:
    User.objects.filter(pk=student.pk).update(is_active=False)
    assert client.post(path_of(student)).status_code == 200
    assert notifications.switched_off(student) == {"reminder_day"}


# An address that mail comes back from ----------------------------------------------------------------------------------


def test_the_account_says_that_mail_comes_back_until_its_owner_asks_to_try_again(client: Client, student: User) -> None:
    says = "Our mail does not reach you."
    assert says not in page(client, student)
    RefusedAddress.objects.create(address=student.email, at=timezone.now(), code=550, reply="no such user")
    for url in (FEED, reverse("account")):
        text = page(client, student, url)
        assert says in text
        assert reverse("account_email") in text
        assert "no such user" not in text
    assert client.post(reverse("notifications-mail-again")).status_code == 302
    assert says not in page(client, student)
    assert not RefusedAddress.objects.exists()


def test_another_address_is_not_held_up_by_the_one_that_was_left(client: Client, student: User) -> None:
    RefusedAddress.objects.create(address=student.email, at=timezone.now(), code=550)
    User.objects.filter(pk=student.pk).update(email="elsewhere@example.org")
    assert "Our mail does not reach you." not in page(client, User.objects.get(pk=student.pk))


def test_every_switch_has_words_of_its_own() -> None:
    words = [str(event.switch) for event in EVENTS.values() if event.switch]
    assert len(words) == len(set(words))
