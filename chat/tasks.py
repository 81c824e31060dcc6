"""Jobs of this app: one line each, calling a service."""

from procrastinate.contrib.django import app

from chat import services
from chat.services import digests


@app.periodic(cron="23 3 * * *")
@app.task(queueing_lock="release_unsent_files")
def release_unsent_files(timestamp: int) -> None:
    services.release_unsent_files()


@app.periodic(cron="* * * * *")
@app.task(name="chat.send_digests", queueing_lock="send_digests")
def send_digests(timestamp: int) -> None:
    digests.send_digests()
