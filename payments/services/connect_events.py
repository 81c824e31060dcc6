"""What the provider tells us of mentors' accounts, transfers and payouts. Facts are asked of it again, as everywhere."""

from payments.gateways.connect import ConnectGateway
from payments.models import PayoutAccount, WebhookEvent
from payments.services.payout_accounts import read_payout_account
from payments.services.payouts import read_payout
from payments.services.transfers import read_transfer

PAYOUT_EVENTS = frozenset(f"payout.{step}" for step in ("created", "updated", "paid", "failed", "canceled"))
TRANSFER_EVENTS = frozenset({"transfer.created", "transfer.updated"})
CONNECT_EVENTS = PAYOUT_EVENTS | TRANSFER_EVENTS | {"account.updated"}


def hear_of_mentors_money(event: WebhookEvent, *, gateway: ConnectGateway) -> None:
    """Act on one of ``CONNECT_EVENTS``. Safe to repeat, in any order. Raises ``ProviderUnavailable``."""
    if event.type in TRANSFER_EVENTS:
        read_transfer(provider_id=event.object_id, gateway=gateway)
    elif event.type in PAYOUT_EVENTS and event.account:  # those of our own account are nobody's here
        read_payout(provider_id=event.object_id, account_id=event.account, gateway=gateway)
    elif event.type == "account.updated":
        account = PayoutAccount.objects.exclude(provider_id="").filter(provider_id=event.object_id).first()
        if account is not None:
            read_payout_account(mentor_id=account.pk, gateway=gateway)
