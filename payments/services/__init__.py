"""Everything that changes a payment."""

from payments.services.books import read_fee, sweep
from payments.services.checkout import StartedPayment, create_intent, request_reading
from payments.services.comparison import compare_books
from payments.services.disputes import read_dispute
from payments.services.earnings import follow_booking, request_refund
from payments.services.finance import approve_refund, decide_refund, decline_refund, send_refund_again
from payments.services.given_back import left_to_refund
from payments.services.inbox import catch_up, process_event, receive_event
from payments.services.passes import expire_holds, reconcile
from payments.services.payout_accounts import make_onboarding_link, open_payout_account, read_payout_account
from payments.services.payouts import read_payout, read_payouts_of
from payments.services.provider_refunds import read_refund, read_refunds_of
from payments.services.refunds import send_refund, settle_refund
from payments.services.releases import release_earning, release_earnings
from payments.services.settlement import request_stop, settle_payment, stop_payment
from payments.services.transfers import read_transfer, send_reversal, send_transfer

__all__ = [
    "StartedPayment",
    "approve_refund",
    "catch_up",
    "compare_books",
    "create_intent",
    "decide_refund",
    "decline_refund",
    "expire_holds",
    "follow_booking",
    "left_to_refund",
    "make_onboarding_link",
    "open_payout_account",
    "process_event",
    "read_dispute",
    "read_fee",
    "read_payout",
    "read_payout_account",
    "read_payouts_of",
    "read_refund",
    "read_refunds_of",
    "read_transfer",
    "receive_event",
    "reconcile",
    "release_earning",
    "release_earnings",
    "request_reading",
    "request_refund",
    "request_stop",
    "send_refund",
    "send_refund_again",
    "send_reversal",
    "send_transfer",
    "settle_payment",
    "settle_refund",
    "stop_payment",
    "sweep",
]
