"""The chapters about somebody's money: what they paid and got back, what they earned and were paid out."""

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from marketplace.common.personal_data import Chapter, Row, amount, each
from payments.models import Debt, Dispute, Earning, Payment, Payout, PayoutAccount


def chapters_of(user: User) -> list[Chapter]:
    chapters = []
    if user.is_student:
        paid = Payment.objects.filter(booking__student=user).prefetch_related("refunds", "receipts", "disputes")
        chapters.append(
            Chapter("payments", _("What you paid, and what went back."), each(paid.order_by("created_at", "pk"), _paid))
        )
    if user.is_mentor:
        earned = Earning.objects.filter(mentor=user.pk).select_related("transfer__payout")
        payouts = Payout.objects.filter(mentor=user.pk).order_by("created_at", "pk")
        accounts = PayoutAccount.objects.filter(mentor=user.pk)
        debts = Debt.objects.filter(mentor=user.pk).order_by("created_at", "pk")
        chapters += [
            Chapter(
                "earnings",
                _("What each session brought you, and where it is."),
                each(earned.order_by("created_at", "pk"), _earned),
            ),
            Chapter("payouts", _("What was sent to your bank."), each(payouts, _payout)),
            Chapter("payout-account", _("Your account at our payment provider."), each(accounts, _account)),
            Chapter("owed", _("What you owed us, and what is left of it."), each(debts, _debt)),
        ]
    return chapters


def _paid(payment: Payment) -> Row:
    return {
        "session": payment.booking_id,
        "at": payment.created_at,
        "amount": amount(payment.amount_minor, payment.currency),
        "status": payment.get_status_display(),
        "number_at_provider": payment.provider_id,
        "receipts": [receipt.pk for receipt in payment.receipts.all()],
        "refunds": [
            {
                "at": refund.created_at,
                "amount": amount(refund.amount_minor, payment.received_currency or payment.currency),
                "why": refund.get_reason_display(),
                "status": refund.get_status_display(),
                "settled_at": refund.settled_at,
            }
            for refund in payment.refunds.all()
        ],
        "disputes": [_dispute(dispute, payment.currency) for dispute in payment.disputes.all()],
    }


def _dispute(dispute: Dispute, currency: str) -> Row:
    return {
        "at": dispute.opened_at,
        "amount": amount(dispute.amount_minor, currency),
        "status": dispute.get_status_display(),
        "closed_at": dispute.closed_at,
    }


def _earned(earning: Earning) -> Row:
    transfer = getattr(earning, "transfer", None)
    return {
        "session": earning.booking_id,
        "price": amount(earning.gross_minor, earning.currency),
        "went_back": amount(earning.refund_minor, earning.currency),
        "platform_fee": amount(earning.fee_minor, earning.currency),
        "yours": amount(earning.amount_minor, earning.currency),
        "status": earning.get_status_display(),
        "clears_at": earning.clears_at,
        "sent_to_your_account_at": transfer.sent_at if transfer else None,
        "kept_for_what_you_owed": amount(transfer.set_off_minor, transfer.currency) if transfer else None,
        "payout": transfer.payout_id if transfer else None,
    }


def _payout(payout: Payout) -> Row:
    return {
        "number": payout.pk,
        "at": payout.created_at,
        "amount": amount(payout.amount_minor, payout.currency),
        "status": payout.get_status_display(),
        "arrives_on": payout.arrives_on,
    }


def _account(account: PayoutAccount) -> Row:
    return {
        "number_at_provider": account.provider_id,
        "country": account.country,
        "may_be_paid": account.may_receive and account.may_pay_out,
        "still_missing": account.missing,
        "set_up_at": account.created_at,
    }


def _debt(debt: Debt) -> Row:
    return {
        "session": debt.booking_id,
        "at": debt.created_at,
        "amount": amount(debt.amount_minor, debt.currency),
        "left": amount(debt.left_minor, debt.currency),
    }
