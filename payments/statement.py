"""Reads shaped for a mentor's earnings page: sums, bars, one line a session with its way to the bank, payouts.

Three queries for all of it, however many earnings there are.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from babel.numbers import get_currency_precision
from django.conf import settings
from django.db.models import Case, Count, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce, TruncMonth
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from bookings.models import Booking
from marketplace.common.charts import bar_chart
from marketplace.common.formatting import day, money, utc_iso
from mentors.models import Mentor
from mentors.overview import Glimpse
from mentors.queries import Payouts
from payments.checklist import missing_in_words
from payments.models import Debt, Earning, Payout, PayoutAccount, Transfer

ROWS, PAYOUTS, MONTHS = 25, 6, 12
Status = Earning.Status


class Setup(Enum):
    """How far a mentor is with their payouts."""

    NONE = "none"  # nothing begun
    BEGUN = "begun"  # the form was left half done
    MISSING = "missing"  # the provider wants to know more
    CHECKING = "checking"  # all was given; the provider looks at it
    READY = "ready"


def setup_of(account: PayoutAccount | None) -> Setup:
    if account is None or not account.provider_id:
        return Setup.NONE
    if account.may_receive and account.may_pay_out:
        return Setup.READY
    if not account.details_submitted:
        return Setup.BEGUN
    return Setup.MISSING if account.missing else Setup.CHECKING


def checklist_of(account: PayoutAccount | None) -> list[Any]:  # Any: lazy words
    return missing_in_words(account.missing) if account else []


def payouts_told(mentor: Mentor) -> Payouts:
    """Tell the pages of the floor below how far a mentor is with being paid. One query."""
    setup = setup_of(PayoutAccount.objects.filter(mentor=mentor).first())
    url = reverse("payments:payouts-setup")
    match setup:
        case Setup.READY:
            return Payouts(url, _("Set up"), is_ready=True)
        case Setup.NONE:
            waits = _(
                "Payouts are not set up. Students can book you all the same; what you earn waits here until then."
            )
            return Payouts(url, _("Not set up yet"), warning=waits)
        case Setup.BEGUN:
            half = _(
                "Payouts are half set up. What you earn waits here until our payment provider knows where it goes."
            )
            return Payouts(url, _("Half set up"), is_begun=True, warning=half)
        case Setup.MISSING:
            more = _("Our payment provider wants to know more. What you earn waits here until then.")
            return Payouts(url, _("Something is missing"), is_begun=True, warning=more)
        case Setup.CHECKING:
            return Payouts(url, _("Being checked"), is_begun=True)


@dataclass
class Sums:
    """Where a mentor's money is, in minor units; each earning counts in one of them."""

    coming: int = 0  # paid sessions that are still to be held
    clearing: int = 0
    frozen: int = 0
    waiting: int = 0  # for payout details
    on_its_way: int = 0
    in_bank: int = 0
    count: int = 0
    by_month: Counter[date] = field(default_factory=Counter)

    @property
    def earned(self) -> int:
        return self.clearing + self.frozen + self.waiting + self.on_its_way + self.in_bank


@dataclass(frozen=True)
class Step:
    """One of the four steps to the bank; ``at`` a moment or a day, ``state`` done, current, stopped or nothing."""

    name: str
    state: str = ""
    at: datetime | date | None = None
    note: str = ""

    @property
    def is_day(self) -> bool:
        return not isinstance(self.at, datetime)


@dataclass(frozen=True)
class Line:
    earning: Earning
    label: str
    variant: str
    steps: Sequence[Step]
    set_off_minor: int = 0


def mentor_with_account(user: User) -> Mentor | None:
    """Read a mentor with their payout account and what they owe (``owed_minor``), in one query."""
    debts = Debt.objects.filter(mentor=OuterRef("pk"), left_minor__gt=0).order_by().values("mentor")
    return (
        Mentor.objects.select_related("payout_account")
        .annotate(owed_minor=Coalesce(Subquery(debts.annotate(sum=Sum("left_minor")).values("sum")), 0))
        .filter(pk=user.pk)
        .first()
    )


def account_of(mentor: Mentor) -> PayoutAccount | None:
    """The account that ``mentor_with_account`` has read."""
    return getattr(mentor, "payout_account", None)


def sums_of(mentor: Mentor, *, at: datetime) -> Sums:
    """Add up a mentor's earnings month by month (of the session, in the reader's zone) and by where they are."""
    paid = Q(transfer__payout__status=Payout.Status.PAID)
    came_back = Q(transfer__payout__status=Payout.Status.FAILED)  # and waits for the right bank details
    is_coming = Q(status=Status.PENDING, booking__status=Booking.Status.CONFIRMED, booking__ends_at__gt=at)
    place = Case(
        When(is_coming, then=Value("coming")),
        When(status__in=[Status.PENDING, Status.RELEASABLE], then=Value("clearing")),
        When(status=Status.FROZEN, then=Value("frozen")),
        When(Q(status=Status.BLOCKED) | came_back & Q(status=Status.TRANSFERRED), then=Value("waiting")),
        When(paid & Q(status=Status.TRANSFERRED), then=Value("in_bank")),
        When(status__in=[Status.TRANSFERRING, Status.TRANSFERRED], then=Value("on_its_way")),
    )
    # What was kept for a debt is earned and spent: it is neither on its way nor in the bank.
    left = F("amount_minor") - Coalesce("transfer__set_off_minor", 0, output_field=IntegerField())
    rows = (
        Earning.objects.filter(mentor=mentor)
        .annotate(place=place, month=TruncMonth("booking__starts_at"))
        .values("place", "month")
        .annotate(count=Count("pk"), earned=Sum("amount_minor"), left=Sum(left))
        .order_by("month")
    )
    sums = Sums()
    for row in rows:
        sums.count += row["count"]
        if row["place"]:
            setattr(sums, row["place"], getattr(sums, row["place"]) + row["left"])
        if row["place"] not in {None, "coming"}:
            sums.by_month[row["month"].date()] += row["earned"]
    return sums


def glimpse_told(mentor: Mentor, *, at: datetime) -> Glimpse | None:
    """Tell the floor below what a mentor has earned and where it is; None where there is nothing. One query."""
    sums = sums_of(mentor, at=at)
    if not sums.count:
        return None
    shown = [
        (_("For coming sessions"), sums.coming),
        (_("Clearing"), sums.clearing + sums.frozen + sums.waiting),
        (_("On its way to your bank"), sums.on_its_way),
        (_("In your bank"), sums.in_bank),
    ]
    told = tuple((name, money(amount, settings.CURRENCY)) for name, amount in shown if amount)
    return Glimpse(reverse("payments:earnings"), told)


def chart_of(sums: Sums, *, currency: str, today: date) -> dict[str, Any] | None:  # Any: template data
    """Lay out the last twelve months as bars; nothing where nothing was earned in them."""
    months = [_month_before(today, back) for back in reversed(range(MONTHS))]
    if not any(sums.by_month[month] for month in months):
        return None
    points = [
        (day(month, style="month"), sums.by_month[month], money(sums.by_month[month], currency)) for month in months
    ]
    return bar_chart(title=_("Earned in the last 12 months"), head=(_("Month"), _("Earned")), points=points)


def _month_before(today: date, back: int) -> date:
    years, month = divmod(today.year * 12 + today.month - 1 - back, 12)
    return date(years, month + 1, 1)


def lines_of(mentor: Mentor, *, page: int, at: datetime) -> tuple[list[Line], bool]:
    """Read one page of a mentor's earnings, the latest session first, and whether there are more."""
    first = (page - 1) * ROWS
    found = list(_rows(mentor)[first : first + ROWS + 1])
    return [_line(earning, at) for earning in found[:ROWS]], len(found) > ROWS


def payouts_of(mentor: Mentor) -> list[Payout]:
    return list(Payout.objects.filter(mentor=mentor).order_by("-created_at", "-pk")[:PAYOUTS])


def _rows(mentor: Mentor) -> QuerySet[Earning]:
    joined = Earning.objects.filter(mentor=mentor).select_related("booking__student", "transfer__payout")
    return joined.order_by("-booking__starts_at", "-pk")


def _line(earning: Earning, at: datetime) -> Line:
    transfer: Transfer | None = getattr(earning, "transfer", None)
    label, variant = _label(earning, transfer, at)
    return Line(
        earning=earning,
        label=label,
        variant=variant,
        steps=() if earning.status in {Status.VOID, Status.REVERSED} else _steps(earning, transfer, at),
        set_off_minor=transfer.set_off_minor if transfer else 0,
    )


def _label(earning: Earning, transfer: Transfer | None, at: datetime) -> tuple[str, str]:
    """Say in two words where an earning is, with the variant of its badge."""
    payout = transfer.payout if transfer else None
    match earning.status:
        case Status.VOID | Status.REVERSED:
            return _("Refunded"), "plain"
        case Status.FROZEN:
            return _("Being looked at"), "glow"
        case Status.BLOCKED:
            return _("Waiting for you"), "glow"
        case Status.TRANSFERRED if payout is not None and payout.status == Payout.Status.PAID:
            return _("In your bank"), ""
        case Status.TRANSFERRED if payout is not None and payout.status == Payout.Status.FAILED:
            return _("Payout failed"), "danger"
        case Status.TRANSFERRED | Status.TRANSFERRING:
            return _("On its way"), "info"
        case _ if earning.booking.status == Booking.Status.CONFIRMED and earning.booking.ends_at > at:
            return _("Coming up"), "plain"
        case _:
            return _("Clearing"), "info"


def _steps(earning: Earning, transfer: Transfer | None, at: datetime) -> list[Step]:
    """Earned → clears on → transferred → in your bank. One step is the current one; what is before it is done."""
    booking = earning.booking
    earned = Step(_("Earned"), "done" if booking.ends_at <= at else "current", booking.ends_at)
    cleared = Step(_("Cleared"), "done", earning.released_at)
    if earning.status == Status.FROZEN:
        cleared = Step(_("Clears"), "stopped", note=_("after a decision about this session"))
    elif earning.status == Status.PENDING:
        unknown = "" if earning.clears_at else _("once the session is confirmed")
        cleared = Step(_("Clears"), "current" if earned.state == "done" else "", earning.clears_at, unknown)
    moved = Step(_("Transferred"))
    if earning.status == Status.BLOCKED:
        moved = Step(_("Transferred"), "stopped", note=_("once payouts are set up"))
    elif earning.status in {Status.RELEASABLE, Status.TRANSFERRING}:
        moved = Step(_("Transferred"), "current")
    elif transfer is not None and earning.status == Status.TRANSFERRED:
        moved = Step(_("Transferred"), "done", transfer.sent_at)
    return [earned, cleared, moved, _bank_step(transfer if moved.state == "done" else None)]


def _bank_step(transfer: Transfer | None) -> Step:
    name = _("In your bank")
    if transfer is None:
        return Step(name)
    if not transfer.amount_minor:
        return Step(name, "done", note=_("kept for what you owed"))
    payout = transfer.payout
    if payout is None:
        return Step(name, "current", note=_("with your next payout"))
    match payout.status:
        case Payout.Status.PAID:
            return Step(name, "done", payout.arrives_on or payout.settled_at)
        case Payout.Status.PENDING:
            return Step(name, "current", payout.arrives_on, "" if payout.arrives_on else _("on its way"))
        case _:
            return Step(name, "stopped", note=_("did not go through"))


def table_of(mentor: Mentor) -> Iterator[list[object]]:
    """Every earning as a row of a table, headings first; amounts as machines read them, times in UTC."""
    yield [
        "session", "session_started_at", "minutes", "student", "status", "currency", "price", "refunded", "platform_fee",
        "earned", "set_off", "clears_at", "transferred_at", "transfer", "payout", "payout_status", "arrives_on",
    ]  # fmt: skip
    for earning in _rows(mentor).iterator(chunk_size=500):
        transfer: Transfer | None = getattr(earning, "transfer", None)
        payout = transfer.payout if transfer else None
        parts = (earning.gross_minor, earning.refund_minor, earning.fee_minor, earning.amount_minor)
        set_off = transfer.set_off_minor if transfer else 0
        yield [
            earning.pk,
            utc_iso(earning.booking.starts_at),
            earning.booking.minutes,
            _harmless(earning.booking.student.name),
            earning.status,
            earning.currency,
            *(_plain(part, earning.currency) for part in (*parts, set_off)),
            utc_iso(earning.clears_at) if earning.clears_at else "",
            utc_iso(transfer.sent_at) if transfer and transfer.sent_at else "",
            transfer.provider_id if transfer else "",
            payout.pk if payout else "",
            payout.status if payout else "",
            payout.arrives_on.isoformat() if payout and payout.arrives_on else "",
        ]


def _plain(amount_minor: int, currency: str) -> str:
    digits = get_currency_precision(currency.upper())
    return f"{Decimal(amount_minor).scaleb(-digits):.{digits}f}"


def _harmless(text: str) -> str:
    """A name that a spreadsheet would take for a formula is quoted: https://owasp.org/www-community/attacks/CSV_Injection."""
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text
