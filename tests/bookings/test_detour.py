"""A slot picked by a stranger: kept while they sign in or up, held by the POST that ends the sign-in."""

import pytest
from django.test import Client

from accounts.models import User
from bookings.models import Booking
from mentors.models import Mentor
from tests.accounts.mailbox import code_to
from tests.bookings.test_holds import noon
from tests.factories import PASSWORD, make_booking, make_mentor, make_student, make_user

pytestmark = pytest.mark.django_db(transaction=True)

LOGIN = "/accounts/login/?next=/bookings/resume/"


def pick(client: Client, mentor: Mentor) -> None:
    client.post("/bookings/", {"mentor": mentor.handle, "minutes": "45", "starts_at": noon().isoformat()})


def log_in(client: Client, user: User) -> str:
    response = client.post(LOGIN, {"login": user.email, "password": PASSWORD, "next": "/bookings/resume/"})
    assert response.status_code == 302
    return response["Location"]


def test_signing_in_holds_the_picked_slot_and_goes_on_to_pay(client: Client, mentor: Mentor) -> None:
    student = make_student(password=PASSWORD)
    pick(client, mentor)
    assert Booking.objects.count() == 0
    assert f"with {mentor.user.first_name}" in client.get("/accounts/login/").text
    location = log_in(client, student)
    booking = Booking.objects.get()
    assert location == f"/bookings/{booking.pk}/pay/"
    assert (booking.student_id, booking.status, booking.starts_at) == (student.pk, "held", noon())
    assert "picked_slot" not in client.session


def test_signing_up_holds_it_with_the_welcome_page(client: Client, mentor: Mentor) -> None:
    pick(client, mentor)
    client.post("/accounts/signup/?next=/bookings/resume/", {"email": "new@example.org", "next": "/bookings/resume/"})
    answer = client.post("/accounts/confirm-email/", {"code": code_to("new@example.org")}, follow=True)
    assert "What brings you here?" not in answer.text  # who books is a student, unasked
    assert Booking.objects.count() == 0
    response = client.post(answer.request["PATH_INFO"], {"name": "Nia Bell", "time_zone": "Europe/Lisbon"})
    booking = Booking.objects.get()
    assert response["Location"] == f"/bookings/{booking.pk}/pay/"
    assert booking.student.email == "new@example.org"


def test_a_slot_that_was_taken_meanwhile_leads_to_the_page_that_says_so(client: Client, mentor: Mentor) -> None:
    student = make_student(password=PASSWORD)
    pick(client, mentor)
    taken = make_booking(mentor=mentor, starts_at=noon())
    assert log_in(client, student) == "/bookings/resume/"
    assert not Booking.objects.filter(student=student).exists()
    Booking.objects.filter(pk=taken.pk).update(status="cancelled")
    client.logout()
    pick(client, mentor)
    assert log_in(client, student) == f"/bookings/{Booking.objects.get(student=student).pk}/pay/"


def test_a_mentor_who_picked_one_holds_nothing(client: Client, mentor: Mentor) -> None:
    other = make_mentor(user=make_user(role="mentor", password=PASSWORD)).user
    pick(client, mentor)
    log_in(client, other)
    assert Booking.objects.count() == 0
