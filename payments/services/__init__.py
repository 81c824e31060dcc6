"""Everything that changes a payment."""

from payments.services.checkout import StartedPayment, create_intent, request_reading
from payments.services.earnings import follow_booking, request_refund
from payments.services.inbox import process_event, receive_event
from payments.services.passes import expire_holds, reconcile
from payments.services.refunds import send_refund, settle_refund
from payments.services.settlement import request_stop, settle_payment, stop_payment

__all__ = [
    "StartedPayment",
    "create_intent",
    "expire_holds",
    "follow_booking",
    "process_event",
    "receive_event",
    "reconcile",
    "request_reading",
    "request_refund",
    "request_stop",
    "send_refund",
    "settle_payment",
    "settle_refund",
    "stop_payment",
]
