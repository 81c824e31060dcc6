"""Jobs of this app: one line each, calling a service."""

from uuid import UUID

from django.utils import timezone
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from mentors.models import MentorEvent
from mentors.services import calendars, documents, notices, purging, review

# Waits 2 s, 4 s, 8 s … a quarter of an hour in all.
PATIENT = RetryStrategy(max_attempts=9, exponential_wait=2)


@app.task
def purge() -> None:
    documents.purge()


@app.periodic(cron="*/15 * * * *")
@app.task(queueing_lock="purge_now_and_then")
def purge_now_and_then(timestamp: int) -> None:
    purging.purge_all()


@app.periodic(cron="5 0 * * *")
@app.task(queueing_lock="drop_expired_marks")
def drop_expired_marks(timestamp: int) -> None:
    review.drop_expired_marks()


@app.task(retry=PATIENT)
def tell_decision(event_id: int) -> None:
    review.tell_decision(event=MentorEvent.objects.select_related("mentor__user").get(pk=event_id))


@app.periodic(cron="10 * * * *")
@app.task(queueing_lock="send_notices")
def send_notices(timestamp: int) -> None:
    notices.send_notices()


# More days than one, in case no worker runs at that minute; a mentor is told once a week.
@app.periodic(cron="10 8 * * 4-6")
@app.task(queueing_lock="tell_of_weeks_without_hours")
def tell_of_weeks_without_hours(timestamp: int) -> None:
    notices.tell_of_weeks_without_hours()


@app.periodic(cron="* * * * *")
@app.task(name="queue_due_calendars", queueing_lock="queue_due_calendars")
def queue_due_calendars(timestamp: int) -> None:
    calendars.queue_due(at=timezone.now())


@app.task(name="read_calendars")
def read_calendars(*, mentor_id: str) -> None:
    calendars.read_mentor(mentor_id=UUID(mentor_id))
