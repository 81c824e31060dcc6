"""Money to mentors' accounts and back: claim, call, record. An answer that was lost is looked up, never guessed.

One transfer has one idempotency key until the provider refuses, which says that nothing was sent. Whoever comes after a try
whose outcome is not known looks at the provider for our id first, and only then calls again, under the same key. A server error
that the provider keeps under the key leaves the transfer where it is: it is looked for in every pass of the reconciler, and
once the provider has forgotten the key (after a day) the call goes through.
"""

from contextlib import suppress
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from marketplace.common.logging import get_logger
from payments.connect_schemas import SentReversal, SentTransfer
from payments.errors import AnswerLost, ProviderRefused, ProviderUnavailable, UnknownObject
from payments.gateways.connect import ConnectGateway
from payments.jobs import defer
from payments.models import Earning, Reversal, Transfer
from payments.services.debts import owe
from payments.services.earnings import freeze, is_contested, pull_back
from payments.services.ledger import Account, Line, post

log = get_logger(__name__)

Status = Transfer.Status
OWN_FIELDS = [field.name for field in Earning._meta.concrete_fields]


def send_transfer(*, transfer_id: UUID, gateway: ConnectGateway) -> None:
    """Send a requested transfer to the mentor's account. Safe to repeat.

    What the provider refuses blocks the earning; it is tried again when the account may receive, and stands on finance's list
    until then. Raises ``ProviderUnavailable``; the claim is given back first, so that the job's next try finds it.
    """
    claimed = _claim_transfer(transfer_id)
    if claimed is None:
        return  # another worker has it, or it is done
    transfer, was_tried = claimed
    if transfer.amount_minor == 0:
        _record_transfer(transfer.pk, None)
        return
    try:
        sent = _transfer(transfer, gateway, was_tried=was_tried)
    except AnswerLost:
        log.error("transfer_outcome_unknown", transfer_id=transfer.pk)  # noqa: TRY400  # an alert; the claim lapses
    except ProviderUnavailable:
        ours = Transfer.objects.filter(pk=transfer.pk, status=Status.SENDING, claimed_at=transfer.claimed_at)
        ours.update(status=Status.REQUESTED)
        raise
    except ProviderRefused as refusal:
        _refuse(transfer, reason=refusal.code)
    else:
        _record_transfer(transfer.pk, sent)


def read_transfer(*, provider_id: str, gateway: ConnectGateway) -> None:
    """Take up a transfer whose answer was lost, by the id that we wrote on it. Safe to repeat.

    Raises ``ProviderUnavailable``.
    """
    if Transfer.objects.filter(provider_id=provider_id).exists():
        return
    try:
        sent = gateway.retrieve_transfer(provider_id)
    except UnknownObject:
        log.warning("event_of_unknown_transfer", transfer_id=provider_id)
        return
    transfer = None
    with suppress(ValueError):  # of the id alone
        transfer = Transfer.objects.filter(pk=UUID(sent.metadata.transfer)).first()
    if transfer is None:
        log.warning("event_of_foreign_transfer", transfer_id=provider_id)
        return
    _record_transfer(transfer.pk, sent)


def send_reversal(*, reversal_id: UUID, gateway: ConnectGateway) -> None:
    """Pull back what a transfer sent too much. What can't be pulled back is owed. Safe to repeat.

    Raises ``ProviderUnavailable``; the claim is given back first, so that the job's next try finds it.
    """
    claimed = _claim_reversal(reversal_id)
    if claimed is None:
        return  # another worker has it, or it is done
    reversal, was_tried = claimed
    try:
        back = _reverse(reversal, gateway, was_tried=was_tried)
    except AnswerLost:
        log.error("reversal_outcome_unknown", reversal_id=reversal.pk)  # noqa: TRY400  # an alert; the claim lapses
    except ProviderUnavailable:
        ours = Reversal.objects.filter(pk=reversal.pk, status=Reversal.Status.SENDING, claimed_at=reversal.claimed_at)
        ours.update(status=Reversal.Status.REQUESTED)
        raise
    except ProviderRefused as refusal:
        _record_reversal(reversal.pk, None, failure=refusal.code)
    else:
        _record_reversal(reversal.pk, back)


def _claim_transfer(transfer_id: UUID) -> tuple[Transfer, bool] | None:
    """Claim a transfer for this worker; tell with it whether the provider may have been asked before.

    A report or a dispute that came before the first claim keeps the money here (``earnings.freeze``), and a refund lowers what
    goes (``debts.lower_unsent``): both hold the earning's lock, as this does.
    """
    with transaction.atomic(durable=True):
        earning = _lock_earning_of(transfer_id)
        now = timezone.now()
        transfer = Transfer.objects.claimable(at=now).select_for_update(no_key=True).filter(pk=transfer_id).first()
        if transfer is None or earning.status != Earning.Status.TRANSFERRING:
            return None
        was_tried = transfer.claimed_at is not None
        transfer.status, transfer.claimed_at = Status.SENDING, now
        transfer.save(update_fields=["status", "claimed_at"])
        transfer.earning = earning
        return transfer, was_tried


def _transfer(transfer: Transfer, gateway: ConnectGateway, *, was_tried: bool) -> SentTransfer:
    earning = transfer.earning
    group = f"booking-{earning.pk}"
    if was_tried and (sent := gateway.find_transfer(group, transfer_id=transfer.pk)):
        return sent
    key = f"transfer-{transfer.pk}" if transfer.attempt == 1 else f"transfer-{transfer.pk}-{transfer.attempt}"
    try:
        return gateway.transfer(
            transfer_id=transfer.pk,
            amount_minor=transfer.amount_minor,
            currency=transfer.currency,
            account_id=earning.mentor.payout_account.provider_id,
            charge_id=gateway.charge_of(earning.payment.provider_id),
            group=group,
            idempotency_key=key,
        )
    except (AnswerLost, ProviderRefused):
        # An earlier try may have done it, and its answer was lost on the way: that is for us to find out.
        if sent := gateway.find_transfer(group, transfer_id=transfer.pk):
            return sent
        raise


def _record_transfer(transfer_id: UUID, sent: SentTransfer | None) -> None:
    """Write down that a transfer was sent (``None``: there was nothing to send), whatever had become of it here.

    Where the student got money back while it was on its way, what is too much is pulled back at once.
    """
    with transaction.atomic(durable=True):
        earning = _lock_earning_of(transfer_id)
        now = timezone.now()
        transfer = Transfer.objects.select_for_update(no_key=True).get(pk=transfer_id)
        if transfer.status == Status.SENT:
            return
        transfer.status, transfer.sent_at, transfer.failure = Status.SENT, now, ""
        if sent is not None:
            transfer.provider_id, transfer.provider_payment_id = sent.id, sent.destination_payment or ""
            if sent.amount != transfer.amount_minor:  # an alert: the nightly comparison will show it too
                log.error("transfer_amount_mismatch", transfer_id=transfer.pk, sent_minor=sent.amount)
        transfer.save(update_fields=["status", "sent_at", "failure", "provider_id", "provider_payment_id"])
        post(
            f"transfer:{transfer.pk}:sent",
            Line(Account.MENTOR_PAYABLE, transfer.amount_minor, earning.mentor),
            Line(Account.PROVIDER_BALANCE, -transfer.amount_minor),
            currency=transfer.currency,
            at=now,
            booking=earning.booking,
        )
        earning.status, earning.found = Earning.Status.TRANSFERRED, ""
        earning.save(update_fields=["status", "found"])
        if transfer.amount_minor + transfer.set_off_minor > earning.amount_minor or not earning.amount_minor:
            earning.transfer = transfer
            pull_back(earning, at=now)
        log.info("transfer_sent", transfer_id=transfer.pk, booking_id=earning.pk)


def _refuse(transfer: Transfer, *, reason: str) -> None:
    """Leave a refused transfer to finance and to the next passes, and ask how its mentor's account stands."""
    with transaction.atomic(durable=True):
        earning = _lock_earning_of(transfer.pk)
        refused = Transfer.objects.filter(pk=transfer.pk, status=Status.SENDING, claimed_at=transfer.claimed_at)
        now = timezone.now()
        if not refused.update(status=Status.FAILED, failure=reason[:64], again_at=now + _wait(transfer.attempt)):
            return  # an event of the provider was faster, or another worker has it
        earning.status, earning.found = Earning.Status.BLOCKED, Earning.Status.RELEASABLE
        earning.save(update_fields=["status", "found"])
        owe(earning, at=now)
        if is_contested(earning):  # since somebody began to send it, which nobody could stop then
            freeze(earning, at=now)
        defer("read_payout_account", str(earning.mentor_id))
    log.error("transfer_refused", transfer_id=transfer.pk, reason=reason)


def _wait(attempt: int) -> timedelta:
    """How long a refusal is believed: longer with each, up to a day."""
    doubled = settings.RECONCILE_AFTER_SECONDS << min(attempt - 1, 16)
    return min(timedelta(days=1), timedelta(seconds=doubled))


def _lock_earning_of(transfer_id: UUID) -> Earning:
    """Lock an earning before its transfer, as everyone does. Of mentor, booking and payment only what is sent or booked."""
    return (
        Earning.objects.select_for_update(no_key=True, of=("self",))
        .select_related("mentor__payout_account", "payment", "booking")
        .only(*OWN_FIELDS, "mentor__user", "mentor__payout_account__provider_id", "payment__provider_id", "booking__id")
        .get(transfer=transfer_id)
    )


def _claim_reversal(reversal_id: UUID) -> tuple[Reversal, bool] | None:
    with transaction.atomic(durable=True):
        now = timezone.now()
        reversal = (
            Reversal.objects.claimable(at=now)
            .select_for_update(no_key=True, of=("self",))
            .select_related("transfer")
            .filter(pk=reversal_id)
            .first()
        )
        if reversal is None:
            return None
        was_tried = reversal.claimed_at is not None
        reversal.status, reversal.claimed_at = Reversal.Status.SENDING, now
        reversal.save(update_fields=["status", "claimed_at"])
        return reversal, was_tried


def _reverse(reversal: Reversal, gateway: ConnectGateway, *, was_tried: bool) -> SentReversal:
    if was_tried and (back := _find_reversal(reversal, gateway)):
        return back
    try:
        return gateway.reverse(
            reversal.transfer.provider_id,
            reversal_id=reversal.pk,
            amount_minor=reversal.amount_minor,
            idempotency_key=f"reversal-{reversal.pk}",
        )
    except (AnswerLost, ProviderRefused):
        if back := _find_reversal(reversal, gateway):
            return back
        raise


def _find_reversal(reversal: Reversal, gateway: ConnectGateway) -> SentReversal | None:
    """Look for a reversal that carries our id; or for one of the same sum that somebody made in the provider's dashboard."""
    made = gateway.reversals_of(reversal.transfer.provider_id)
    known = set(reversal.transfer.reversals.exclude(provider_id="").values_list("provider_id", flat=True))
    by_hand = [back for back in made if back.id not in known and not back.metadata.reversal]
    ours = [back for back in made if back.metadata.reversal == str(reversal.pk)]
    return next((back for back in ours + by_hand if back.amount == reversal.amount_minor), None)


def _record_reversal(reversal_id: UUID, back: SentReversal | None, *, failure: str = "") -> None:
    """Write down what became of a reversal: the money is back with us, or its mentor owes it."""
    with transaction.atomic(durable=True):
        transfer_id = Reversal.objects.values_list("transfer", flat=True).get(pk=reversal_id)
        earning = _lock_earning_of(transfer_id)
        now = timezone.now()
        reversal = Reversal.objects.select_for_update(no_key=True).get(pk=reversal_id)
        if reversal.status != Reversal.Status.SENDING:
            return
        reversal.settled_at, reversal.failure = now, failure[:64]
        reversal.status = Reversal.Status.FAILED if back is None else Reversal.Status.SENT
        reversal.provider_id = "" if back is None else back.id
        reversal.save(update_fields=["status", "provider_id", "failure", "settled_at"])
        if back is None:
            owe(earning, at=now)
            log.error("reversal_refused", reversal_id=reversal.pk, reason=failure)
            return
        Transfer.objects.filter(pk=transfer_id).update(reversed_minor=F("reversed_minor") + reversal.amount_minor)
        post(
            f"reversal:{reversal.pk}:sent",
            Line(Account.PROVIDER_BALANCE, reversal.amount_minor),
            Line(Account.MENTOR_PAYABLE, -reversal.amount_minor, earning.mentor),
            currency=earning.currency,
            at=now,
            booking=earning.booking,
        )
        log.info("reversal_sent", reversal_id=reversal.pk, booking_id=earning.pk)
