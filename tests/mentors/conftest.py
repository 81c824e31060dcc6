"""What several tests of this app need."""

import pytest
from django.db import connection


@pytest.fixture
def no_old_jobs(db: None) -> None:
    """Tests that commit leave their jobs behind: the queue's tables are not Django's to empty."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")
