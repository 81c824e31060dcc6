"""Pages after a session: how it was, problems, reviews, a mentor's strikes."""

from typing import Any, cast

from django.conf import settings
from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from bookings import services
from bookings.after_forms import AnswerForm, AppealForm, OutcomeForm, ProblemForm, ReviewAnswerForm, ReviewForm
from bookings.after_policies import (
    appeal_until,
    may_answer,
    may_answer_review,
    may_appeal,
    may_edit_review,
    may_review,
    report_until,
)
from bookings.models import Booking
from bookings.queries.after import open_report_of, other_of, own_strikes, review_of, strikes_of
from marketplace.common.guards import MentorRequiredMixin, ParticipantRequiredMixin, StudentRequiredMixin
from marketplace.common.views import OperationView, PageView


class OwnBookingMixin(ParticipantRequiredMixin):
    """A page about one of the reader's own bookings."""

    booking: Booking

    @property
    def user(self) -> User:
        return cast("User", self.request.user)

    def load(self) -> None:
        mine = Booking.objects.visible_to(self.user).exclude(confirmed_at=None)
        self.booking = get_object_or_404(mine.select_related("mentor__user", "student"), pk=self.kwargs["booking_id"])

    def about(self) -> dict[str, Any]:  # Any: template data
        return {"booking": self.booking, "other": other_of(self.booking, self.user)}


class SayOutcome(OwnBookingMixin, OperationView):
    """``POST /bookings/<id>/outcome/``: one press under "How was it?" on the session's page."""

    http_method_names = ["post"]
    form_class = OutcomeForm
    template_name = "bookings/problem.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # Any: template data
        return super().get_context_data(**self.about(), **kwargs)

    def form_valid(self, form: Form) -> HttpResponse:
        booking = services.say_outcome(
            booking_id=self.booking.pk,
            by=self.user,
            word=form.cleaned_data["outcome"],
            note=form.cleaned_data["note"],
        )
        messages.success(self.request, _("Thank you. We have noted it."))
        return redirect("bookings:session", booking.pk)


class ReportProblem(OwnBookingMixin, OperationView):
    """``/bookings/<id>/problem/``: say what was wrong. A student's first word may decide at once."""

    form_class = ProblemForm
    template_name = "bookings/problem.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # Any: template data
        return super().get_context_data(**self.about(), until=report_until(self.booking), **kwargs)

    def form_valid(self, form: Form) -> HttpResponse:
        note = form.cleaned_data["note"]
        if self.user.is_student:
            services.say_outcome(booking_id=self.booking.pk, by=self.user, word="problem", note=note)
        else:
            services.report_problem(booking_id=self.booking.pk, by=self.user, note=note)
        messages.success(self.request, _("We have your report."))
        return redirect("bookings:session", self.booking.pk)


class AnswerProblem(OwnBookingMixin, OperationView):
    """``/bookings/<id>/answer/``: tell one's side about the other's report."""

    form_class = AnswerForm
    template_name = "bookings/answer.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # Any: template data
        report = open_report_of(self.booking)
        may = report is not None and may_answer(self.user, report, at=timezone.now())
        return super().get_context_data(**self.about(), report=report, may_answer=may, **kwargs)

    def form_valid(self, form: Form) -> HttpResponse:
        services.answer_report(booking_id=self.booking.pk, by=self.user, text=form.cleaned_data["answer"])
        messages.success(self.request, _("We have your answer. Our support reads both sides and decides."))
        return redirect("bookings:session", self.booking.pk)


class WriteReview(StudentRequiredMixin, OwnBookingMixin, OperationView):
    """``/bookings/<id>/review/``: stars and words, as long as the rules let it be written or changed."""

    who = StudentRequiredMixin.who
    form_class = ReviewForm
    template_name = "bookings/review.html"

    def load(self) -> None:
        super().load()
        self.review = review_of(self.booking)

    def get_initial(self) -> dict[str, Any]:  # Any: form data
        return {"rating": self.review.rating, "text": self.review.text} if self.review else {}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # Any: template data
        now = timezone.now()
        if self.review is None:
            may_write = may_review(self.user, self.booking, at=now)
        else:
            may_write = may_edit_review(self.user, self.review, at=now)
        return super().get_context_data(
            **self.about(), review=self.review, may_write=may_write, review_days=settings.REVIEW_DAYS, **kwargs
        )

    def form_valid(self, form: Form) -> HttpResponse:
        services.write_review(
            booking_id=self.booking.pk,
            by=self.user,
            rating=form.cleaned_data["rating"],
            text=form.cleaned_data["text"],
        )
        messages.success(self.request, _("Your review is on the mentor’s page."))
        return redirect("bookings:session", self.booking.pk)


class AnswerReview(MentorRequiredMixin, OwnBookingMixin, OperationView):
    """``/bookings/<id>/review/answer/``: the mentor's one answer."""

    who = MentorRequiredMixin.who
    form_class = ReviewAnswerForm
    template_name = "bookings/review_answer.html"

    def load(self) -> None:
        super().load()
        review = review_of(self.booking)
        if review is None:
            raise Http404
        self.review = review

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # Any: template data
        return super().get_context_data(
            **self.about(), review=self.review, may_write=may_answer_review(self.user, self.review), **kwargs
        )

    def form_valid(self, form: Form) -> HttpResponse:
        services.answer_review(booking_id=self.booking.pk, by=self.user, text=form.cleaned_data["answer"])
        messages.success(self.request, _("Your answer stands beneath the review."))
        return redirect("bookings:session", self.booking.pk)


class AppealStrike(MentorRequiredMixin, OperationView):
    """``/mentor/strikes/<id>/appeal/``: say in time why a strike should not count."""

    form_class = AppealForm
    template_name = "bookings/appeal.html"

    def load(self) -> None:
        self.strike = get_object_or_404(strikes_of(cast("User", self.request.user)), pk=self.kwargs["strike_id"])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # Any: template data
        user = cast("User", self.request.user)
        return super().get_context_data(
            strike=self.strike,
            may_appeal=may_appeal(user, self.strike, at=timezone.now()),
            appeal_until=appeal_until(self.strike),
            **kwargs,
        )

    def form_valid(self, form: Form) -> HttpResponse:
        services.appeal_strike(strike=self.strike, by=cast("User", self.request.user), text=form.cleaned_data["appeal"])
        messages.success(self.request, _("We have your appeal, and write to you once it is decided."))
        return redirect("bookings:strikes")


class Strikes(MentorRequiredMixin, PageView):
    """``/mentor/strikes/``: what counts against a mentor, until when, and what followed."""

    template_name = "bookings/strikes.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # Any: template data
        return super().get_context_data(**own_strikes(cast("User", self.request.user), at=timezone.now()), **kwargs)
