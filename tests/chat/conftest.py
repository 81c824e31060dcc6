"""A conversation, and files on their way into it."""

from uuid import UUID

import pytest
from django.db import connection
from django.test import Client

from accounts.models import User
from chat import services
from chat.models import Thread
from marketplace.sandbox.storage import Storage
from mentors.models import Mentor
from tests.uploads.files import pdf, send
from uploads.services import check_upload


@pytest.fixture
def thread(student: User, mentor: Mentor) -> Thread:
    """``student`` has written to ``mentor``."""
    return services.open_thread(handle=mentor.handle, body="Hello!", client_id="first-message", by=student)[0]


@pytest.fixture
def with_storage(storage_server: Storage, db: None) -> None:
    """The S3 server is up, and no job of an earlier test waits."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")


def ready_file(client: Client, name: str = "sheet-4.pdf", **body: str) -> str:
    """Send a file as the one who is signed in, and have it checked. Returns the upload's id."""
    upload_id = send(client, pdf(), **{"name": name, "content_type": "application/pdf"} | body)
    check_upload(upload_id=UUID(upload_id), scanner=None)
    return upload_id
