"""Every page of the workspace opens in every state of its mentor."""

import pytest
from django.test import Client
from django.urls import reverse

from mentors.models import Mentor
from tests.factories import make_mentor

PAGES = ("overview", "start", "check", "profile", "subjects", "availability", "dates", "rules", "photo-upload")


@pytest.mark.parametrize("status", Mentor.Status.values)
@pytest.mark.parametrize("page", PAGES)
def test_a_page_opens_in_every_state(client: Client, db: None, page: str, status: str) -> None:
    mentor = make_mentor(status=status)
    client.force_login(mentor.user)
    response = client.get(reverse(f"mentors:{page}"))
    assert response.status_code == 200
    assert "<h1>" in response.text
