"""Deferring this app's jobs. By name, because ``tasks`` calls the services and these can't import it back."""

from typing import Literal
from uuid import UUID

from procrastinate.contrib.django import app

QUEUE = "payments"

type Task = Literal[
    "process_event",
    "settle_payment",
    "stop_payment",
    "send_refund",
    "mail_slot_gone",
    "mail_receipt",
    "send_transfer",
    "send_reversal",
    "read_payout_account",
    "read_payout",
    "read_dispute",
    "read_fee",
]


def defer(task: Task, pk: UUID | str) -> None:
    """Write one job, in the caller's transaction if there is one: it commits or vanishes with the row it is about."""
    app.configure_task(f"payments.{task}", queue=QUEUE, allow_unknown=True).defer(pk=str(pk))
