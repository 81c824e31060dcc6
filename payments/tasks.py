"""Jobs of payments: one line each. All are safe to repeat; what fails for good is found by the reconciler."""

from uuid import UUID

from django.conf import settings
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from payments import emails, services
from payments.gateways import payment_gateway
from payments.jobs import QUEUE

# Waits 2 s, 4 s, 8 s … 8 min, a quarter of an hour in all; by then the reconciler has come by.
PATIENT = RetryStrategy(max_attempts=9, exponential_wait=2)
# Cron has no "every 300 seconds": longer periods are a tick each minute that looks at the clock.
TICK_SECONDS = min(settings.RECONCILE_SECONDS, 60)
TICK = "* * * * *" if TICK_SECONDS == 60 else f"* * * * * */{TICK_SECONDS}"


@app.task(name="payments.process_event", queue=QUEUE, retry=PATIENT)
def process_event(*, pk: str) -> None:
    services.process_event(event_id=pk, gateway=payment_gateway())


@app.task(name="payments.settle_payment", queue=QUEUE, retry=PATIENT)
def settle_payment(*, pk: str) -> None:
    services.settle_payment(payment_id=UUID(pk), gateway=payment_gateway())


@app.task(name="payments.stop_payment", queue=QUEUE, retry=PATIENT)
def stop_payment(*, pk: str) -> None:
    services.stop_payment(payment_id=UUID(pk), gateway=payment_gateway())


@app.task(name="payments.send_refund", queue=QUEUE, retry=PATIENT)
def send_refund(*, pk: str) -> None:
    services.send_refund(refund_id=UUID(pk), gateway=payment_gateway())


@app.task(name="payments.mail_slot_gone", queue=QUEUE, retry=PATIENT)
def mail_slot_gone(*, pk: str) -> None:
    emails.send_slot_gone(payment_id=UUID(pk))


@app.task(name="payments.mail_receipt", queue=QUEUE, retry=PATIENT)
def mail_receipt(*, pk: str) -> None:
    emails.send_receipt(number=pk)


@app.task(name="payments.read_fee", queue=QUEUE, retry=PATIENT)
def read_fee(*, pk: str) -> None:
    services.read_fee(payment_id=UUID(pk), gateway=payment_gateway())


@app.task(name="payments.send_transfer", queue=QUEUE, retry=PATIENT)
def send_transfer(*, pk: str) -> None:
    services.send_transfer(transfer_id=UUID(pk), gateway=payment_gateway().connect)


@app.task(name="payments.send_reversal", queue=QUEUE, retry=PATIENT)
def send_reversal(*, pk: str) -> None:
    services.send_reversal(reversal_id=UUID(pk), gateway=payment_gateway().connect)


@app.task(name="payments.read_payout_account", queue=QUEUE, retry=PATIENT)
def read_payout_account(*, pk: str) -> None:
    services.read_payout_account(mentor_id=UUID(pk), gateway=payment_gateway().connect)


@app.periodic(cron="* * * * *")
@app.task(name="payments.release_earnings", queue=QUEUE, queueing_lock="release_earnings")
def release_earnings(timestamp: int) -> None:
    services.release_earnings()


@app.periodic(cron="* * * * * */30")
@app.task(name="payments.expire_holds", queue=QUEUE, queueing_lock="expire_holds")
def expire_holds(timestamp: int) -> None:
    services.expire_holds(gateway=payment_gateway())


@app.periodic(cron=TICK)
@app.task(name="payments.reconcile", queue=QUEUE, queueing_lock="reconcile")
def reconcile(timestamp: int) -> None:
    if TICK_SECONDS < 60 or is_due(timestamp):
        services.reconcile(gateway=payment_gateway())


@app.periodic(cron="20 3 * * *")
@app.task(name="payments.sweep", queue=QUEUE, queueing_lock="sweep")
def sweep(timestamp: int) -> None:
    services.sweep(gateway=payment_gateway())


# After the sweep, so that what it heals is no difference.
@app.periodic(cron="50 3 * * *")
@app.task(name="payments.compare_books", queue=QUEUE, queueing_lock="compare_books")
def compare_books(timestamp: int) -> None:
    services.compare_books(gateway=payment_gateway())


def is_due(timestamp: int) -> bool:
    """Whether a multiple of ``RECONCILE_SECONDS`` fell into the minute that ends with this tick."""
    return timestamp // settings.RECONCILE_SECONDS != (timestamp - TICK_SECONDS) // settings.RECONCILE_SECONDS
