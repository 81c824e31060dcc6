"""Jobs of this app: one line each, calling a service."""

from procrastinate.contrib.django import app

from mentors.services import documents


@app.task
def purge() -> None:
    documents.purge()


@app.periodic(cron="*/15 * * * *")
@app.task(queueing_lock="purge_now_and_then")
def purge_now_and_then(timestamp: int) -> None:
    documents.purge()
