"""Money: in, back, to mentors, and the books about it."""

from payments.models.disputes import Dispute
from payments.models.earnings import Debt, Earning, Payout, PayoutAccount, Reversal, Transfer
from payments.models.inbox import WebhookEvent
from payments.models.ledger import BalanceDifference, LedgerEntry, LedgerTransaction
from payments.models.payments import ACCEPTED_STATUSES, OPEN_STATUSES, Payment, PaymentEvent
from payments.models.receipts import Receipt, ReceiptCounter
from payments.models.refunds import Refund, RefundRequest

__all__ = [
    "ACCEPTED_STATUSES",
    "OPEN_STATUSES",
    "BalanceDifference",
    "Debt",
    "Dispute",
    "Earning",
    "LedgerEntry",
    "LedgerTransaction",
    "Payment",
    "PaymentEvent",
    "Payout",
    "PayoutAccount",
    "Receipt",
    "ReceiptCounter",
    "Refund",
    "RefundRequest",
    "Reversal",
    "Transfer",
    "WebhookEvent",
]
