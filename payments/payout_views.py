"""A mentor's money: the earnings page with its table to download, and setting up payouts at the provider."""

import csv
from collections.abc import Iterator
from typing import Any, cast
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from marketplace.common.errors import DomainError
from marketplace.common.formatting import number
from marketplace.common.guards import MentorRequiredMixin
from marketplace.common.views import OperationView, PageView
from mentors.models import Mentor
from mentors.services import start_application
from payments import services
from payments.countries import country_of_zone
from payments.errors import CountryRefused, ProviderRefused, ProviderUnavailable
from payments.forms import PayoutForm
from payments.gateways import payment_gateway
from payments.headers import may_leave_for_onboarding
from payments.models import Payout, PayoutAccount
from payments.statement import (
    ROWS,
    Setup,
    account_of,
    chart_of,
    checklist_of,
    lines_of,
    mentor_with_account,
    payouts_of,
    setup_of,
    sums_of,
    table_of,
)
from payments.words import payout_failure

# Nobody pays here, so nothing is said of charges.
UNANSWERED = gettext_lazy("Our payment provider does not answer right now. Try again in a moment.")


class OwnMoneyMixin(MentorRequiredMixin):
    """Pages about the signed-in mentor's own money; there is nobody else's to look up."""

    mentor: Mentor

    def load(self) -> None:
        user = cast("User", self.request.user)
        mentor = mentor_with_account(user)
        self.mentor = mentor if mentor is not None else start_application(by=user)
        self.mentor.user = user  # read already
        self.now = timezone.now()

    @property
    def account(self) -> PayoutAccount | None:
        return account_of(self.mentor)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:  # Any: the URL's parts
        response = super().dispatch(request, *args, **kwargs)
        response["Cache-Control"] = "no-store"
        return response


@method_decorator(may_leave_for_onboarding, name="dispatch")
class Earnings(OwnMoneyMixin, PageView):
    """``/mentor/earnings/``: what was earned, where it is, and when it will be in the bank."""

    template_name = "payments/earnings.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # Any: template data
        today = self.now.astimezone(ZoneInfo(timezone.get_current_timezone_name())).date()
        page = _page(self.request.GET.get("page"))
        sums = sums_of(self.mentor, at=self.now)
        lines, has_more = lines_of(self.mentor, page=page, at=self.now)
        payouts = payouts_of(self.mentor)
        # The latest is what counts: an older one that failed went out again with it.
        failed = payouts[0] if payouts and payouts[0].status == Payout.Status.FAILED else None
        first = (page - 1) * ROWS
        return super().get_context_data(
            mentor=self.mentor,
            now=self.now,
            currency=settings.CURRENCY,
            setup=setup_of(self.account).value,
            sums=sums,
            owed=getattr(self.mentor, "owed_minor", 0),
            chart=chart_of(sums, currency=settings.CURRENCY, today=today),
            lines=lines,
            range=_("%(first)s–%(last)s of %(count)s")
            % {"first": number(first + 1), "last": number(first + len(lines)), "count": number(sums.count)},
            next_url=f"?page={page + 1}" if has_more else "",
            previous_url=f"?page={page - 1}" if page > 1 else "",
            payouts=payouts,
            failed=failed,
            failure=payout_failure(failed.failure) if failed else "",
            clear_hours=settings.TRANSFER_AFTER_HOURS,
            **kwargs,
        )


class EarningsTable(OwnMoneyMixin, PageView):
    """``/mentor/earnings/table/``: all of it, as a file for a spreadsheet."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:  # Any: the URL's parts
        writer = csv.writer(_Echo())
        rows: Iterator[str] = (writer.writerow(row) for row in table_of(self.mentor))
        name = f"earnings-{self.now:%Y-%m-%d}.csv"
        return StreamingHttpResponse(  # type: ignore[return-value]  # a response like any other
            rows,
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )


class _Echo:
    """Hands each line back as it is written, so that none is kept."""

    def write(self, line: str) -> str:
        return line


@method_decorator(may_leave_for_onboarding, name="dispatch")
class SetUpPayouts(OwnMoneyMixin, OperationView):
    """``/mentor/payouts/setup/``: what is missing, and the way to the provider's form, which asks for it."""

    form_class = PayoutForm
    template_name = "payments/payouts.html"

    def get_form_kwargs(self) -> dict[str, Any]:  # Any: the form's own
        opened = self.account is not None and bool(self.account.provider_id)
        return {**super().get_form_kwargs(), "opened": opened}

    def get_initial(self) -> dict[str, Any]:  # Any: form values
        known = self.account.country if self.account else ""
        return {"country": known or country_of_zone(self.mentor.user.time_zone or self.mentor.time_zone)}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # Any: template data
        return super().get_context_data(
            mentor=self.mentor,
            account=self.account,
            setup=setup_of(self.account).value,
            missing=[{"icon": "circle-alert", "text": line} for line in checklist_of(self.account)],
            is_approved=self.mentor.approved_at is not None,
            **kwargs,
        )

    def form_valid(self, form: Form) -> HttpResponse:
        gateway = payment_gateway().connect
        country = form.cleaned_data.get("country") or (self.account.country if self.account else "")
        try:
            account = services.open_payout_account(mentor=self.mentor, country=country, gateway=gateway)
        except ProviderRefused as refusal:
            raise CountryRefused from refusal
        return redirect(services.make_onboarding_link(account=account, gateway=gateway))

    def refused(self, form: Form, error: DomainError) -> HttpResponse:
        if isinstance(error, ProviderUnavailable):
            error.user_message = UNANSWERED
        return super().refused(form, error)


class PayoutsReturn(OwnMoneyMixin, PageView):
    """``/mentor/payouts/return/``: where the provider sends its form's reader back to. Whether the form was finished only the
    provider knows, so it is asked."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:  # Any: the URL's parts
        try:
            account = services.read_payout_account(mentor_id=self.mentor.pk, gateway=payment_gateway().connect)
        except ProviderUnavailable:
            account = self.account  # as it was: the provider's own word and the reconciler come after
        if setup_of(account) is not Setup.READY:
            return redirect("payments:payouts-setup")
        messages.success(request, _("Payouts are set up. What you earn goes to your bank by itself."))
        return redirect("payments:earnings")


class PayoutsRefresh(OwnMoneyMixin, PageView):
    """``/mentor/payouts/refresh/``: where the provider sends who comes with a link that is used up. They get a fresh one."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:  # Any: the URL's parts
        account = self.account
        if account is None or not account.provider_id:
            return redirect("payments:payouts-setup")
        try:
            return redirect(services.make_onboarding_link(account=account, gateway=payment_gateway().connect))
        except (ProviderUnavailable, ProviderRefused):
            messages.error(request, UNANSWERED)
            return redirect("payments:payouts-setup")


@method_decorator(may_leave_for_onboarding, name="dispatch")
class PayoutsDashboard(OwnMoneyMixin, OperationView):
    """``POST /mentor/payouts/dashboard/``: to the provider's own pages about this account, where bank details can be changed."""

    http_method_names = ["post"]

    def form_valid(self, form: Form) -> HttpResponse:
        account = self.account
        if account is None or not account.details_submitted:
            return redirect("payments:payouts-setup")
        try:
            return redirect(payment_gateway().connect.dashboard_link(account.provider_id))
        except ProviderRefused:
            return redirect("payments:payouts-setup")

    def refused(self, form: Form, error: DomainError) -> HttpResponse:
        messages.error(self.request, UNANSWERED if isinstance(error, ProviderUnavailable) else str(error.user_message))
        return redirect("payments:earnings")


def _page(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and 0 < len(text) < 6 and int(text) else 1
