"""In Django admin a mentor, a document and a file are looked up, and nothing about them can be changed."""

import pytest
from django.test import Client

from mentors.models import Mentor, VerificationDocument
from tests.factories import make_staff
from tests.mentors.review_cast import document_of, make_application
from tests.signin import sign_in

LOOKED_UP = ["mentors/mentor", "mentors/verificationdocument", "mentors/mentorevent", "uploads/upload"]


@pytest.fixture
def application(db: None) -> Mentor:
    return make_application()


@pytest.mark.parametrize("path", LOOKED_UP)
def test_what_is_judged_is_only_looked_up(client: Client, application: Mentor, path: str) -> None:
    sign_in(client, make_staff("reviewer", superuser=True))
    document = document_of(application)
    pk = {"mentors/mentor": application.pk, "mentors/verificationdocument": document.pk}.get(path, document.upload_id)
    assert client.get(f"/admin/{path}/").status_code == 200
    assert client.get(f"/admin/{path}/add/").status_code == 403
    assert "delete_selected" not in client.get(f"/admin/{path}/").text
    client.post(f"/admin/{path}/", {"action": "delete_selected", "_selected_action": [str(pk)], "post": "yes"})
    if path != "mentors/mentorevent":
        assert client.get(f"/admin/{path}/{pk}/change/").status_code == 200
        assert client.post(f"/admin/{path}/{pk}/change/", {"status": "approved"}).status_code == 403
        assert client.post(f"/admin/{path}/{pk}/delete/", {"post": "yes"}).status_code == 403
    application.refresh_from_db()
    assert application.status == "submitted"
    assert VerificationDocument.objects.get().status == "waiting"


def test_a_documents_row_shows_neither_its_file_nor_its_name(client: Client, application: Mentor) -> None:
    sign_in(client, make_staff(superuser=True))
    document = document_of(application)
    for path in (f"mentors/verificationdocument/{document.pk}", f"uploads/upload/{document.upload_id}"):
        page = client.get(f"/admin/{path}/change/")
        assert page.status_code == 200
        assert document.upload.name not in page.text
        assert document.upload.private_key not in page.text


def test_reviewers_find_the_desk_from_the_list(client: Client, application: Mentor) -> None:
    sign_in(client, make_staff("reviewer"))
    page = client.get("/admin/mentors/verificationdocument/")
    assert "/admin/mentors/review/" in page.text
    assert f"/admin/mentors/review/{document_of(application).pk}/" in page.text
