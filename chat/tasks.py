"""Jobs of this app: one line each, calling a service."""

from procrastinate.contrib.django import app

from chat import services


@app.periodic(cron="23 3 * * *")
@app.task(queueing_lock="release_unsent_files")
def release_unsent_files(timestamp: int) -> None:
    services.release_unsent_files()
