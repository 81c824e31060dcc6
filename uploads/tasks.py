"""Jobs of this app: one line each, calling a service."""

from uuid import UUID

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from marketplace.common.errors import Unavailable
from uploads import services
from uploads.gateways.scanner import configured_scanner

# For as long as it takes: while scanner or storage are silent the file waits.
WAITS = RetryStrategy(wait=30, retry_exceptions={Unavailable})


@app.task(retry=WAITS)
def check_upload(upload_id: str) -> None:
    services.check_upload(upload_id=UUID(upload_id), scanner=configured_scanner())


@app.periodic(cron="*/5 * * * *")
@app.task(queueing_lock="requeue_lost_checks")
def requeue_lost_checks(timestamp: int) -> None:
    services.requeue_lost_checks()


@app.task(retry=WAITS)
def make_export(export_id: str) -> None:
    services.make_export(export_id=UUID(export_id))
