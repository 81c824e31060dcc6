"""Jobs of bookings."""

from uuid import UUID

from django.utils import timezone
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from bookings.services import clock_notices, departures, endings, moves, reminders, search_index

# Waits 2 s, 4 s, 8 s … a quarter of an hour in all.
PATIENT = RetryStrategy(max_attempts=9, exponential_wait=2)


@app.periodic(cron="* * * * *")
@app.task(name="refresh_search_index", queueing_lock="refresh_search_index")
def refresh_search_index(timestamp: int) -> None:
    search_index.refresh_search_index(at=timezone.now())


@app.task(name="refresh_mentor_in_search")
def refresh_mentor_in_search(*, mentor_id: str) -> None:
    search_index.refresh_mentors([UUID(mentor_id)], at=timezone.now())


@app.periodic(cron="* * * * *")
@app.task(name="bookings.run_endings", queueing_lock="run_endings")
def run_endings(timestamp: int) -> None:
    endings.run_endings()


@app.periodic(cron="* * * * *")
@app.task(name="bookings.run_strikes", queueing_lock="run_strikes")
def run_strikes(timestamp: int) -> None:
    endings.run_strikes()


@app.task(name="bookings.cancel_sessions", retry=PATIENT)
def cancel_sessions(*, user_id: str, by_id: str, reason: str) -> None:
    departures.cancel_sessions(user_id=UUID(user_id), by_id=UUID(by_id), reason=reason)


@app.periodic(cron="*/5 * * * *")
@app.task(name="bookings.close_lapsed_proposals", queueing_lock="close_lapsed_proposals")
def close_lapsed_proposals(timestamp: int) -> None:
    moves.close_lapsed_proposals(at=timezone.now())


@app.periodic(cron="* * * * *")
@app.task(name="bookings.send_reminders", queueing_lock="send_reminders")
def send_reminders(timestamp: int) -> None:
    reminders.send_reminders()


@app.periodic(cron="20 6 * * *")
@app.task(name="bookings.send_clock_notices", queueing_lock="send_clock_notices")
def send_clock_notices(timestamp: int) -> None:
    clock_notices.send_clock_notices(at=timezone.now())
