"""Stripe Connect, as far as we use it: mentors' accounts, money to them and back, and their payouts.

Accounts follow https://docs.stripe.com/connect/marketplace: the platform pays the fees and answers for losses, Stripe
collects what it must know on its hosted pages, mentors see an Express dashboard. Money goes by separate charges and
transfers (https://docs.stripe.com/connect/separate-charges-and-transfers).
"""

from datetime import datetime
from uuid import UUID

import stripe

from payments.connect_schemas import BankPayout, ConnectedAccount, PaidOut, SentReversal, SentTransfer
from payments.errors import ProviderRefused
from payments.gateways.calls import ours

PAGE = 100


class ConnectGateway:
    def __init__(self, client: stripe.StripeClient) -> None:
        self._client = client

    def create_account(self, *, mentor_id: UUID, email: str, country: str, idempotency_key: str) -> ConnectedAccount:
        """Open an account that can receive transfers and nothing else. ``country`` (ISO 3166) can't be changed later.

        Safe to repeat under the same key. Raises ``ProviderUnavailable``, ``AnswerLost`` or ``ProviderRefused``.
        """
        with ours():
            account = self._client.v1.accounts.create(
                {
                    "country": country,
                    "email": email,
                    "controller": {
                        "fees": {"payer": "application"},
                        "losses": {"payments": "application"},
                        "requirement_collection": "stripe",
                        "stripe_dashboard": {"type": "express"},
                    },
                    "capabilities": {"transfers": {"requested": True}},
                    "metadata": {"mentor": str(mentor_id)},
                },
                {"idempotency_key": idempotency_key},
            )
        return ConnectedAccount.model_validate(account.to_dict())

    def find_account(self, *, mentor_id: UUID, since: datetime) -> ConnectedAccount | None:
        """Look for the account that carries our id, where the answer to opening it was lost."""
        with ours():
            page = self._client.v1.accounts.list({"created": {"gte": int(since.timestamp()) - 60}, "limit": PAGE})
            accounts = [ConnectedAccount.model_validate(each.to_dict()) for each in page.auto_paging_iter()]
        return next((account for account in accounts if account.metadata.mentor == str(mentor_id)), None)

    def retrieve_account(self, account_id: str) -> ConnectedAccount:
        """Read an account. Raises ``ProviderUnavailable`` or ``ProviderRefused`` (it is not ours any more)."""
        with ours():
            return ConnectedAccount.model_validate(self._client.v1.accounts.retrieve(account_id).to_dict())

    def onboarding_link(self, account_id: str, *, return_url: str, refresh_url: str) -> str:
        """Make a link to the hosted form: for one visit, for some minutes; never sent by mail, always made anew.

        https://docs.stripe.com/connect/hosted-onboarding. Raises ``ProviderUnavailable`` or ``ProviderRefused``.
        """
        with ours():
            link = self._client.v1.account_links.create(
                {
                    "account": account_id,
                    "type": "account_onboarding",
                    "return_url": return_url,
                    "refresh_url": refresh_url,
                    "collection_options": {"fields": "eventually_due"},
                }
            )
        return link.url

    def dashboard_link(self, account_id: str) -> str:
        """Make a link that signs the mentor in to their Express dashboard. Raises as ``onboarding_link`` does."""
        with ours():
            return self._client.v1.accounts.login_links.create(account_id).url

    def charge_of(self, intent_id: str) -> str:
        """Name the charge that a paid intent was paid by. Raises ``ProviderUnavailable`` or ``ProviderRefused``."""
        with ours():
            intent = self._client.v1.payment_intents.retrieve(intent_id).to_dict()
        charge = intent.get("latest_charge")
        if not charge:
            raise ProviderRefused("no_charge")
        return str(charge)

    def transfer(
        self,
        *,
        transfer_id: UUID,
        amount_minor: int,
        currency: str,
        account_id: str,
        charge_id: str,
        group: str,
        idempotency_key: str,
    ) -> SentTransfer:
        """Move money to a mentor's account, out of the charge it was paid by. Amount in minor units.

        Drawing on the charge (``source_transaction``) works before its money is available, and never takes more than the
        charge brought. Safe to repeat under the same key.
        Raises ``ProviderUnavailable``, ``AnswerLost`` or ``ProviderRefused``.
        """
        with ours():
            transfer = self._client.v1.transfers.create(
                {
                    "amount": amount_minor,
                    "currency": currency,
                    "destination": account_id,
                    "source_transaction": charge_id,
                    "transfer_group": group,
                    "metadata": {"transfer": str(transfer_id)},
                },
                {"idempotency_key": idempotency_key},
            )
        return SentTransfer.model_validate(transfer.to_dict())

    def find_transfer(self, group: str, *, transfer_id: UUID) -> SentTransfer | None:
        """Look for the transfer that carries our id, where the answer to sending it was lost."""
        with ours():
            page = self._client.v1.transfers.list({"transfer_group": group, "limit": PAGE})
            transfers = [SentTransfer.model_validate(each.to_dict()) for each in page.auto_paging_iter()]
        return next((each for each in transfers if each.metadata.transfer == str(transfer_id)), None)

    def retrieve_transfer(self, provider_id: str) -> SentTransfer:
        """Read a transfer. Raises ``ProviderUnavailable`` or ``UnknownObject``."""
        with ours():
            return SentTransfer.model_validate(self._client.v1.transfers.retrieve(provider_id).to_dict())

    def reverse(self, provider_id: str, *, reversal_id: UUID, amount_minor: int, idempotency_key: str) -> SentReversal:
        """Pull money of a transfer back. Amount in minor units.

        Refused (``balance_insufficient``) when the mentor's account no longer has it:
        https://docs.stripe.com/connect/separate-charges-and-transfers#reverse-transfers. Safe to repeat under the same key.
        Raises ``ProviderUnavailable``, ``AnswerLost`` or ``ProviderRefused``.
        """
        with ours():
            reversal = self._client.v1.transfers.reversals.create(
                provider_id,
                {"amount": amount_minor, "metadata": {"reversal": str(reversal_id)}},
                {"idempotency_key": idempotency_key},
            )
        return SentReversal.model_validate(reversal.to_dict())

    def reversals_of(self, provider_id: str) -> list[SentReversal]:
        """List what was pulled back of a transfer, newest first, whoever did it. Raises ``ProviderUnavailable``."""
        with ours():
            page = self._client.v1.transfers.reversals.list(provider_id, {"limit": PAGE})
            return [SentReversal.model_validate(each.to_dict()) for each in page.auto_paging_iter()]

    def retrieve_payout(self, provider_id: str, *, account_id: str) -> BankPayout:
        """Read a payout of a mentor's account. Raises ``ProviderUnavailable`` or ``UnknownObject``."""
        with ours():
            payout = self._client.v1.payouts.retrieve(provider_id, None, {"stripe_account": account_id})
        return BankPayout.model_validate(payout.to_dict())

    def payouts_since(self, since: datetime, *, account_id: str) -> list[BankPayout]:
        """List the payouts of a mentor's account, newest first. Raises ``ProviderUnavailable``."""
        with ours():
            page = self._client.v1.payouts.list(
                {"created": {"gte": int(since.timestamp())}, "limit": PAGE}, {"stripe_account": account_id}
            )
            return [BankPayout.model_validate(each.to_dict()) for each in page.auto_paging_iter()]

    def made_of(self, payout_id: str, *, account_id: str) -> list[PaidOut]:
        """List what a payout of the provider's own schedule consists of; one made by hand has no such list.

        https://docs.stripe.com/payouts/reconciliation. Raises ``ProviderUnavailable``.
        """
        with ours():
            page = self._client.v1.balance_transactions.list(
                {"payout": payout_id, "limit": PAGE}, {"stripe_account": account_id}
            )
            return [PaidOut.model_validate(each.to_dict()) for each in page.auto_paging_iter()]
