"""Jobs of this floor."""

from typing import Any

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from marketplace.common import live, mailing, notifications
from marketplace.common.stalled import put_back_stalled_jobs

FAILED_MAIL_HOURS = 7 * 24


# Waits 3 s, 9 s, 27 s … 5.5 h: about eight hours in all.
@app.task(name="deliver_mail", queue=mailing.QUEUE, retry=RetryStrategy(max_attempts=9, exponential_wait=3))
def deliver_mail(*, mail: dict[str, Any]) -> None:  # Any: as mailing.send wrote it
    mailing.deliver(mail)


@app.periodic(cron="41 3 * * *")
@app.task(name="remove_old_mail_jobs", queue=mailing.QUEUE, queueing_lock="remove_old_mail_jobs", pass_context=True)
async def remove_old_mail_jobs(context: Any, timestamp: int) -> None:
    await context.app.job_manager.delete_old_jobs(FAILED_MAIL_HOURS, queue=mailing.QUEUE, include_failed=True)


@app.periodic(cron="44 3 * * *")
@app.task(name="forget_old_notifications", queue=mailing.QUEUE, queueing_lock="forget_old_notifications")
def forget_old_notifications(timestamp: int) -> None:
    notifications.forget_old()


@app.periodic(cron="* * * * *")
@app.task(name="put_back_stalled_jobs", queueing_lock="put_back_stalled_jobs", pass_context=True)
async def put_back_stalled(context: Any, timestamp: int) -> None:
    await put_back_stalled_jobs(context.app.job_manager)


@app.periodic(cron="*/10 * * * *")
@app.task(name="forget_old_events", queueing_lock="forget_old_events")
def forget_old_events(timestamp: int) -> None:
    live.forget_old_events()
