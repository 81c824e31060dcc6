"""Money that has to arrive before one of its people can close the account. What is owed to us keeps nobody here."""

from collections.abc import Iterator
from datetime import datetime

from django.conf import settings
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.closing import LISTED, Hindrance
from accounts.models import User
from marketplace.common.formatting import money
from mentors.models import Mentor
from payments.models import Dispute, Payment, Refund, RefundRequest, Reversal
from payments.statement import sums_of


def unsettled(user: User, *, at: datetime) -> list[Hindrance]:
    """List the payments, refunds, disputes and earnings of somebody that are still on their way. Six queries at most."""
    found = list(_as_student(user)) if user.is_student else []
    if user.is_mentor and (mentor := Mentor.objects.filter(pk=user.pk).first()) is not None:
        found += _as_mentor(mentor, at=at)
    return [*found, *_disputes(user)]


def _as_student(user: User) -> Iterator[Hindrance]:
    if Payment.objects.open().filter(booking__student=user).exists():
        yield Hindrance(
            _("A payment is not settled"),
            _("It takes some minutes until our payment provider says what became of it."),
            reverse("payments:history"),
            _("See your payments"),
        )
    refunds = Refund.objects.exclude(status=Refund.Status.SUCCEEDED).filter(payment__booking__student=user)
    for refund in refunds.select_related("payment").order_by("created_at", "pk")[:LISTED]:
        yield Hindrance(
            _("%(amount)s is on its way back to you") % {"amount": money(refund.amount_minor, refund.currency)},
            _("You can close your account once your bank has it.")
            if refund.status != Refund.Status.FAILED
            else _("Your bank returned it. Our finance team sends it again."),
            reverse("bookings:session", args=[refund.payment.booking_id]),
            _("Open the session"),
        )
    waiting = RefundRequest.objects.filter(status=RefundRequest.Status.WAITING, payment__booking__student=user)
    if waiting.exists():
        yield Hindrance(
            _("A refund waits for a decision"),
            _("Our finance team decides about it."),
            reverse("payments:history"),
            _("See your payments"),
        )


def _as_mentor(mentor: Mentor, *, at: datetime) -> Iterator[Hindrance]:
    sums = sums_of(mentor, at=at)
    pulled_back = Reversal.objects.filter(transfer__earning__mentor=mentor).filter(
        status__in=[Reversal.Status.REQUESTED, Reversal.Status.SENDING]
    )
    url = reverse("payments:earnings")
    if left := sums.coming + sums.earned - sums.in_bank:
        yield Hindrance(
            _("%(amount)s has not reached your bank yet") % {"amount": money(left, settings.CURRENCY)},
            _("It waits for your payout details.")
            if sums.waiting
            else _("Each session is paid out some days after it. Your earnings page says when."),
            url,
            _("See your earnings"),
        )
    elif pulled_back.exists():
        yield Hindrance(
            _("A refund is being taken from your account"), _("That takes some minutes."), url, _("See your earnings")
        )


def _disputes(user: User) -> Iterator[Hindrance]:
    """Disputes that a bank has not decided, of either side."""
    own = Q(payment__booking__student=user) | Q(payment__booking__mentor=user.pk)
    undecided = Dispute.objects.filter(own, status__in=[Dispute.Status.INQUIRY, Dispute.Status.OPEN])
    for booking_id in undecided.order_by("opened_at", "pk").values_list(F("payment__booking"), flat=True)[:LISTED]:
        yield Hindrance(
            _("A bank is looking at a payment"),
            _("It was disputed, and we wait for the bank’s decision."),
            reverse("bookings:session", args=[booking_id]),
            _("Open the session"),
        )
