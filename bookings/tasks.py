"""Jobs of bookings."""

from uuid import UUID

from django.utils import timezone
from procrastinate.contrib.django import app

from bookings.services import search_index


@app.periodic(cron="* * * * *")
@app.task(name="refresh_search_index", queueing_lock="refresh_search_index")
def refresh_search_index(timestamp: int) -> None:
    search_index.refresh_search_index(at=timezone.now())


@app.task(name="refresh_mentor_in_search")
def refresh_mentor_in_search(*, mentor_id: str) -> None:
    search_index.refresh_mentors([UUID(mentor_id)], at=timezone.now())
