"""A mentor's account at the provider: opened when they ask for it, known as the provider's last word about it was.

A session can be booked long before: what it earns waits (``blocked``) until its mentor can be paid.
"""

from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from bookings.services import lock_people
from marketplace.common.logging import get_logger
from mentors.models import Mentor
from payments import emails
from payments.connect_schemas import ConnectedAccount
from payments.errors import AnswerLost, NotYetApproved, ProviderRefused, ProviderUnavailable
from payments.gateways.connect import ConnectGateway
from payments.models import Earning, PayoutAccount
from payments.services.releases import release_earning

log = get_logger(__name__)


def open_payout_account(*, mentor: Mentor, country: str, gateway: ConnectGateway) -> PayoutAccount:
    """Open a mentor's account at the provider; asked again, return the same one, whose country can't be changed any more.

    The row is committed first, the provider is called outside any transaction, its id is stored after. A crash between any
    two of these is healed by the next call, whose key is the same.
    Raises ``NotYetApproved``, ``ProviderUnavailable``, or ``ProviderRefused`` (the country, most likely).
    """
    if mentor.approved_at is None:
        raise NotYetApproved
    now = timezone.now()
    row, _made = PayoutAccount.objects.get_or_create(mentor=mentor, defaults={"country": country, "created_at": now})
    if row.provider_id:
        return row
    key = f"account-{mentor.pk}-{country}-{row.created_at:%Y%m%d%H%M%S%f}"
    try:
        account = gateway.create_account(
            mentor_id=mentor.pk, email=mentor.user.email, country=country, idempotency_key=key
        )
    except AnswerLost:
        # An account without our knowledge holds nothing and hurts nobody; but if it is there, it is taken.
        found = gateway.find_account(mentor_id=mentor.pk, since=row.created_at)
        if found is None:
            PayoutAccount.objects.filter(pk=mentor.pk, provider_id="").delete()  # so that the next try has its own key
            raise ProviderUnavailable from None
        account = found
    return _record_account(mentor.pk, account)


def read_payout_account(*, mentor_id: UUID, gateway: ConnectGateway) -> PayoutAccount | None:
    """Ask the provider how a mentor's account stands. Where it may receive (again), what waited goes on at once.

    None where there is no account yet. Safe to repeat. Raises ``ProviderUnavailable``.
    """
    row = PayoutAccount.objects.filter(mentor=mentor_id).exclude(provider_id="").first()
    if row is None:
        return None
    try:
        account = gateway.retrieve_account(row.provider_id)
    except (
        ProviderRefused
    ) as refusal:  # closed, or cut off from us: https://docs.stripe.com/connect/handling-api-verification
        log.warning("payout_account_gone", mentor_id=mentor_id, reason=refusal.code)
        account = ConnectedAccount(id=row.provider_id, country=row.country)
    row = _record_account(mentor_id, account)
    if row.may_receive:
        for booking_id in _waiting(mentor_id):
            release_earning(booking_id=booking_id, mentor_id=mentor_id)
    return row


def make_onboarding_link(*, account: PayoutAccount, gateway: ConnectGateway) -> str:
    """Make a fresh link to the provider's form, which leads back to our pages. Raises as the gateway does."""
    return gateway.onboarding_link(
        account.provider_id,
        return_url=settings.SITE_URL + reverse("payments:payouts-return"),
        refresh_url=settings.SITE_URL + reverse("payments:payouts-refresh"),
    )


def _record_account(mentor_id: UUID, account: ConnectedAccount) -> PayoutAccount:
    with transaction.atomic(durable=True):
        now = lock_people(mentor_id)
        row = PayoutAccount.objects.select_for_update(no_key=True).get(mentor=mentor_id)
        if row.provider_id and row.provider_id != account.id:
            return row  # the same person's other tab was first
        could_receive = row.may_receive
        row.provider_id, row.country = account.id, account.country or row.country
        row.details_submitted = account.details_submitted
        row.may_receive, row.may_pay_out = account.may_receive, account.payouts_enabled
        row.missing = account.missing
        row.disabled_reason = (account.requirements.disabled_reason or "")[:64]
        row.read_at = now
        row.save()
        if could_receive and not row.may_receive:
            log.warning("payout_account_stopped", mentor_id=mentor_id, reason=row.disabled_reason)
            if earning := _oldest_waiting(mentor_id):
                emails.send_payouts_needed(earning=earning, has_account=True)
        return row


def _waiting(mentor_id: UUID) -> list[UUID]:
    waiting = Earning.objects.filter(mentor=mentor_id, status=Earning.Status.BLOCKED)
    return list(waiting.order_by("clears_at", "pk").values_list("pk", flat=True))


def _oldest_waiting(mentor_id: UUID) -> Earning | None:
    waiting = Earning.objects.filter(mentor=mentor_id, status=Earning.Status.BLOCKED)
    return waiting.select_related("mentor__user").order_by("clears_at", "pk").first()
