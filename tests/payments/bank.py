"""The provider's other half in memory, for a thousand lives in seconds: keys kept, balances kept, trouble at random.

What the real protocol looks like is tested against the sandbox; here only its promises matter.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from django.utils import timezone

from payments.connect_schemas import ConnectedAccount, Marks, SentReversal, SentTransfer
from payments.errors import AnswerLost, ProviderRefused, ProviderUnavailable
from payments.gateways.connect import ConnectGateway

DAY = timedelta(days=1)


@dataclass
class Movement:
    """A transfer as it was made, and when."""

    sent: SentTransfer
    at: datetime
    reversals: list[SentReversal] = field(default_factory=list)


class Bank(ConnectGateway):
    def __init__(self, random: Random) -> None:
        self.random = random
        # By key, with the moment until which the answer is kept.
        self.answers: dict[str, tuple[SentTransfer | SentReversal | Exception, datetime]] = {}
        self.groups: dict[str, list[Movement]] = defaultdict(list)
        self.transfers: dict[str, Movement] = {}
        self.balances: dict[str, int] = defaultdict(int)
        self.restricted: set[str] = set()

    def create_account(self, *, mentor_id: UUID, email: str, country: str, idempotency_key: str) -> ConnectedAccount:
        return self.retrieve_account(f"acct_{mentor_id.hex}")

    def retrieve_account(self, account_id: str) -> ConnectedAccount:
        works = account_id not in self.restricted
        state = {"transfers": "active" if works else "inactive"}
        return ConnectedAccount(id=account_id, capabilities=state, payouts_enabled=works, details_submitted=True)

    def charge_of(self, intent_id: str) -> str:
        return f"ch_{intent_id}"

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
        def act() -> SentTransfer:
            if account_id in self.restricted:
                raise ProviderRefused("insufficient_capabilities_for_transfer")
            sent = SentTransfer(
                id=f"tr_{len(self.transfers)}",
                amount=amount_minor,
                currency=currency,
                destination=account_id,
                destination_payment=f"py_{len(self.transfers)}",
                metadata=Marks(transfer=str(transfer_id)),
            )
            self.transfers[sent.id] = Movement(sent, timezone.now())
            self.groups[group].append(self.transfers[sent.id])
            self.balances[account_id] += amount_minor
            return sent

        answer = self._answer(idempotency_key, act)
        assert isinstance(answer, SentTransfer)
        assert answer.amount == amount_minor, "a key belongs to one sum"
        return answer

    def find_transfer(self, group: str, *, transfer_id: UUID) -> SentTransfer | None:
        made = (movement.sent for movement in self.groups[group])
        return next((sent for sent in made if sent.metadata.transfer == str(transfer_id)), None)

    def reverse(self, provider_id: str, *, reversal_id: UUID, amount_minor: int, idempotency_key: str) -> SentReversal:
        def act() -> SentReversal:
            movement = self.transfers[provider_id]
            if self.balances[movement.sent.destination] < amount_minor:
                raise ProviderRefused("balance_insufficient")
            back = SentReversal(
                id=f"trr_{reversal_id.hex}",
                amount=amount_minor,
                transfer=provider_id,
                metadata=Marks(reversal=str(reversal_id)),
            )
            movement.reversals.append(back)
            self.balances[movement.sent.destination] -= amount_minor
            return back

        answer = self._answer(idempotency_key, act)
        assert isinstance(answer, SentReversal)
        return answer

    def reversals_of(self, provider_id: str) -> list[SentReversal]:
        return list(self.transfers[provider_id].reversals)

    def pay_out(self, account_id: str) -> None:
        self.balances[account_id] = 0

    def _answer(self, key: str, act: Callable[[], SentTransfer | SentReversal]) -> SentTransfer | SentReversal:
        """Do it once under a key, and repeat the answer for a day; now and then be down, before or after, or keep an error."""
        if self.random.random() < 0.04:
            raise ProviderUnavailable
        now = timezone.now()
        if key not in self.answers or self.answers[key][1] <= now:
            answer: SentTransfer | SentReversal | Exception
            try:
                answer = act()
            except ProviderRefused as refusal:
                answer = refusal
            trouble = self.random.random()
            self.answers[key] = (AnswerLost() if trouble < 0.02 else answer, now + DAY)
            if 0.02 <= trouble < 0.06:
                raise ProviderUnavailable
        answer, _until = self.answers[key]
        if isinstance(answer, Exception):
            raise answer
        return answer
