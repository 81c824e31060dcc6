"""The profile photo against the storage server: sent without script, checked, shown to everyone, taken off."""

import html
import re
from urllib.parse import urlsplit

import pytest
from django.test import Client

from marketplace.sandbox.storage import Storage
from mentors import services
from mentors.errors import ManyFaults
from mentors.models import Mentor
from tests.factories import make_mentor
from tests.jobs import run_jobs
from tests.uploads.files import jpeg, post_to_storage, send
from uploads.models import Upload

TYPE = "/mentor/profile/photo/"
CHECK = "uploads.tasks.check_upload"


@pytest.fixture(autouse=True)
def _storage(storage_server: Storage) -> None:
    """The S3 server is up."""


@pytest.fixture
def signed_in(client: Client, mentor: Mentor) -> Mentor:
    client.force_login(mentor.user)
    return mentor


def form_of(page: str) -> dict[str, object]:
    """The signed form of the page, as a browser would post it."""
    action = re.search(r'<form method="post" action="([^"]+)" enctype', page)
    assert action is not None
    fields = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page.split(action[0])[1])
    return {"url": html.unescape(action[1]), "fields": {name: html.unescape(value) for name, value in fields}}


def send_photo(client: Client, colour: str = "teal") -> Upload:
    """Send and check a photo as script does: it is then on the profile."""
    upload_id = send(client, jpeg(colour=colour), purpose="photo", content_type="image/jpeg")
    run_jobs(CHECK)
    return Upload.objects.get(pk=upload_id)


def test_a_photo_is_sent_without_script(client: Client, signed_in: Mentor) -> None:
    [chosen] = re.findall(r'value="([^"]+)"[^>]* checked', client.get(TYPE).text)
    assert chosen == "image/jpeg", "going on as the page stands works"
    response = client.post(TYPE, {"content_type": "image/jpeg"})
    assert response.status_code == 302
    here = response["Location"]
    form = form_of(client.get(here).text)
    stored = post_to_storage(form, jpeg())
    assert stored.status == 303
    back = urlsplit(stored.headers["Location"])
    assert back.path == here

    page = client.get(f"{here}?{back.query}")
    assert 'data-testid="complete-upload"' in page.text
    assert Upload.objects.get().status == "issued", "coming back changes nothing"
    assert client.post(here).status_code == 302
    upload = Upload.objects.get()
    assert upload.status == "checking"
    assert "We check your photo." in client.get(here).text
    run_jobs(CHECK)
    signed_in.refresh_from_db()
    assert signed_in.photo == upload


def test_a_photo_that_never_arrived_is_not_taken(client: Client, signed_in: Mentor) -> None:
    here = client.post(TYPE, {"content_type": "image/jpeg"})["Location"]
    response = client.post(here)
    assert response.status_code == 409
    assert "The file has not arrived." in response.text
    post_to_storage(form_of(client.get(here).text), jpeg())
    assert client.post(here).status_code == 302


def test_what_is_no_photo_is_refused_with_its_reason(client: Client, signed_in: Mentor) -> None:
    here = client.post(TYPE, {"content_type": "image/jpeg"})["Location"]
    post_to_storage(form_of(client.get(here).text), b"<html>not a photo</html>")
    assert client.post(here).status_code == 422
    page = client.get(here).text
    assert "Choose another" in page
    assert signed_in.photo is None


@pytest.mark.parametrize("content_type", ["", "application/pdf", "text/html"])
def test_only_photos_are_asked_for(client: Client, signed_in: Mentor, content_type: str) -> None:
    assert client.post(TYPE, {"content_type": content_type}).status_code == 422
    assert not Upload.objects.exists()
    assert client.post(TYPE, {"content_type": "image/png"}).status_code == 302


def test_someone_elses_photo_on_its_way_is_not_found(client: Client, signed_in: Mentor) -> None:
    here = client.post(TYPE, {"content_type": "image/jpeg"})["Location"]
    client.force_login(make_mentor().user)
    assert client.get(here).status_code == client.post(here).status_code == 404
    client.force_login(signed_in.user)
    assert client.get(here).status_code == 200


def test_a_checked_photo_is_shown_to_everyone_under_its_hash(client: Client, signed_in: Mentor) -> None:
    upload = send_photo(client)
    url = f"/photos/{upload.sha256}/"
    assert f'src="{url}"' in client.get("/mentor/profile/").text
    response = Client().get(url)
    assert response.status_code == 200
    assert response["Content-Type"] == "image/jpeg"
    assert response["Cache-Control"] == "public, max-age=31536000, immutable"
    assert response.content.startswith(b"\xff\xd8")
    assert Client().get(f"/photos/{'0' * 64}/").status_code == 404


def test_a_photo_that_no_mentor_shows_is_not_served(client: Client, signed_in: Mentor) -> None:
    upload = send_photo(client)
    assert client.post("/mentor/profile/photo/remove/").status_code == 302
    signed_in.refresh_from_db()
    upload.refresh_from_db()
    assert (signed_in.photo, upload.status) == (None, "purged")
    assert Client().get(f"/photos/{upload.sha256}/").status_code == 404


def test_a_new_photo_takes_the_place_of_the_old_one(client: Client, signed_in: Mentor) -> None:
    old, new = send_photo(client), send_photo(client, colour="red")
    old.refresh_from_db()
    signed_in.refresh_from_db()
    assert (signed_in.photo, old.status, new.status) == (new, "purged", "ready")


def test_a_photo_is_judged_while_an_application_is_in_review(client: Client, signed_in: Mentor) -> None:
    Mentor.objects.filter(pk=signed_in.pk).update(status=Mentor.Status.SUBMITTED)
    send_photo(client)
    signed_in.refresh_from_db()
    assert signed_in.version == 2
    assert signed_in.events.get(name="changed").data["fields"] == ["photo"]


def test_a_photo_checked_after_a_suspension_is_given_up(client: Client, signed_in: Mentor) -> None:
    send(client, jpeg(), purpose="photo", content_type="image/jpeg")
    Mentor.objects.filter(pk=signed_in.pk).update(status=Mentor.Status.SUSPENDED)
    run_jobs(CHECK)
    signed_in.refresh_from_db()
    assert (signed_in.photo, Upload.objects.get().status) == (None, "purged")


def test_only_ones_own_checked_photo_is_shown(client: Client, signed_in: Mentor) -> None:
    photo = send_photo(client)
    other = make_mentor()
    with pytest.raises(ManyFaults):
        services.set_photo(mentor=other, upload=photo, by=other.user)
    services.set_photo(mentor=signed_in, upload=photo, by=signed_in.user)
    assert other.photo is None
