"""Files of a session: sent by one of its people, opened by the other, seen by nobody else."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from bookings.models import Booking, SessionFile
from marketplace.sandbox.storage import Storage
from mentors.models import Mentor
from tests.factories import make_booking, make_mentor
from tests.uploads.files import png, post_to_storage
from uploads.models import Upload
from uploads.services import check_upload

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _storage(storage_server: Storage) -> None:
    """The S3 server is up."""


@pytest.fixture
def booking(student: User, mentor: Mentor) -> Booking:
    return make_booking(student=student, mentor=mentor)


def ask(client: Client, booking: Booking) -> Any:
    body = {"purpose": "booking", "booking_id": str(booking.pk), "name": "sheet-4.png", "content_type": "image/png"}
    return client.post("/api/uploads", body | {"size": len(png())}, content_type="application/json")


def send(client: Client, booking: Booking) -> str:
    ticket = ask(client, booking).json()
    assert post_to_storage(ticket["upload"], png()).status in {200, 201, 204}
    assert client.post(f"/api/uploads/{ticket['id']}/complete").status_code == 200
    check_upload(upload_id=ticket["id"], scanner=None)
    return str(ticket["id"])


def test_a_file_reaches_the_other_person_and_nobody_else(
    client: Client, booking: Booking, student: User, mentor: Mentor, other_student: User, support: User
) -> None:
    client.force_login(student)
    upload = send(client, booking)
    client.force_login(mentor.user)
    assert "sheet-4.png" in client.get(f"/bookings/{booking.pk}/").text
    assert client.get(f"/uploads/{upload}/").status_code == 302
    for stranger in (other_student, make_mentor().user):
        client.force_login(stranger)
        assert client.get(f"/uploads/{upload}/").status_code == 404


def test_a_stranger_cannot_send_to_a_session(
    client: Client, booking: Booking, student: User, other_student: User
) -> None:
    client.force_login(other_student)
    assert ask(client, booking).status_code == 404
    assert client.get(f"/bookings/{booking.pk}/files/").status_code == 404
    assert SessionFile.objects.count() == 0
    client.force_login(student)
    assert ask(client, booking).status_code == 201


@pytest.mark.parametrize("change", [{"status": "cancelled"}, {"status": "held", "hold_place": 1}, "long over"])
def test_only_a_booked_session_takes_files(client: Client, booking: Booking, student: User, change: Any) -> None:
    client.force_login(student)
    kept = Booking.objects.values("status", "hold_place", "starts_at", "ends_at", "blocked_until").get()
    if change == "long over":
        moved = timedelta(days=booking.starts_at.toordinal() - timezone.now().toordinal() + 3)
        change = {name: kept[name] - moved for name in ("starts_at", "ends_at", "blocked_until")}
    Booking.objects.update(**change)
    refused = ask(client, booking)
    assert (refused.status_code, refused.json()["code"]) == (409, "wrong_state")
    assert Upload.objects.count() == 0
    Booking.objects.update(**kept)
    assert ask(client, booking).status_code == 201


def test_a_file_can_be_sent_without_script(client: Client, booking: Booking, student: User, mentor: Mentor) -> None:
    client.force_login(student)
    assert client.post(f"/bookings/{booking.pk}/files/", {"content_type": "text/html"}).status_code == 422
    step = client.post(f"/bookings/{booking.pk}/files/", {"content_type": "image/png"})
    page = client.get(step["Location"])
    assert 'enctype="multipart/form-data"' in page.text
    post = page.context["post"]
    answer = post_to_storage({"url": post.url, "fields": post.fields}, png())
    assert answer.status == 303
    back = client.get(step["Location"] + "?etag=x")
    assert "One step is left" in back.text
    assert Upload.objects.get().status == "issued"
    assert client.post(step["Location"]).status_code == 302
    assert Upload.objects.get().status == "checking"


def test_a_file_on_its_way_is_shown_to_its_sender_only(
    client: Client, booking: Booking, student: User, mentor: Mentor
) -> None:
    client.force_login(student)
    ticket = ask(client, booking).json()
    post_to_storage(ticket["upload"], png())
    client.post(f"/api/uploads/{ticket['id']}/complete")
    assert "sheet-4.png" in client.get(f"/bookings/{booking.pk}/").text
    client.force_login(mentor.user)
    assert "sheet-4.png" not in client.get(f"/bookings/{booking.pk}/").text
