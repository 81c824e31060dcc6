"""The review desk: the queue, a document beside its decision, the application as a whole, and undoing.

Pages of the staff, under ``/admin/`` and in the product's own look; the strict policy holds, private images apart.
"""

import json
from datetime import datetime, timedelta
from typing import Any, cast

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from marketplace.common.guards import REVIEWER, ReviewerRequiredMixin, freshly
from marketplace.common.views import OperationView, PageView
from mentors import desk, emails, services
from mentors.forms.review import (
    APPROVE,
    ASK,
    REFUSE,
    ApplicationDecisionForm,
    DecisionForm,
    DocumentDecisionForm,
    QueueForm,
)
from mentors.languages import language_name
from mentors.models import Mentor, MentorEvent, VerificationDocument
from mentors.queries import application_of, own_photo_url
from mentors.services.decisions import is_undone
from uploads.csp import may_show_private_images
from uploads.services import page_link

PER_PAGE = 50
UNDO_KEY = "review_undo"
PREVIEW = "preview"


class DeskMixin(ReviewerRequiredMixin):
    """What every page of the desk shows: how many wait, and the decision that can still be undone."""

    @property
    def reviewer(self) -> User:
        return cast("User", self.request.user)

    def desk_context(self, now: datetime) -> dict[str, Any]:  # Any: template data
        return {"now": now, "waiting_count": desk.waiting().count(), "undo": self._undo(now)}

    def _undo(self, now: datetime) -> dict[str, Any] | None:  # Any: template data
        event_id = self.request.session.get(UNDO_KEY)
        event = desk.decisions().filter(pk=event_id).first() if event_id else None
        if event is None or not (seconds := desk.undo_seconds(event, at=now)) or is_undone(event):
            return None
        words = [undo_left(number) for number in range(1, seconds + 1)]
        return {
            "event": event,
            "seconds": seconds,
            "done": decision_sentence(event),
            "left": words[-1],
            "countdown": json.dumps(words),
        }


class Queue(DeskMixin, PageView):
    template_name = "admin/mentors/review/queue.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # Any: template data
        now = timezone.now()
        filters = QueueForm(self.request.GET)
        filters.is_valid()
        wanted = filters.cleaned_data
        documents = desk.queue(
            kind=wanted.get("kind", ""),
            older_than=timedelta(hours=wanted.get("waited") or 0),
            only_of=self.reviewer if wanted.get("mine") else None,
            at=now,
        )
        page = Paginator(documents, PER_PAGE).get_page(self.request.GET.get("page"))
        return super().get_context_data(
            **self.desk_context(now),
            filters=filters,
            page=page,
            rows=[queue_row(document, by=self.reviewer, at=now) for document in page],
            applications=list(desk.ready_applications()[:PER_PAGE]),
            appeals=list(desk.appeals()[:PER_PAGE]),
            **kwargs,
        )


class Decide(DeskMixin, OperationView):
    """A page with a decision beside what it is about. Reading needs a sign-in, deciding a fresh one."""

    confirm_template = "admin/mentors/review/confirm.html"
    mentor: Mentor

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:  # Any: the URL's parts
        decides = request.method == "POST" and PREVIEW not in request.POST
        self.who = freshly(REVIEWER) if decides else REVIEWER  # type: ignore[misc]  # of this request
        return super().dispatch(request, *args, **kwargs)

    def get_initial(self) -> dict[str, Any]:  # Any: form data
        return {"version": self.mentor.version, "decision": APPROVE}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:  # Any: the URL's parts
        if PREVIEW in request.POST:
            return self.show_mail(self.get_form())
        if "edit" in request.POST:  # back from the mail, with all that was typed
            return self.render_to_response(self.get_context_data(form=self.get_form()))
        return super().post(request, *args, **kwargs)

    def form_valid(self, form: Form) -> HttpResponse:
        assert isinstance(form, DecisionForm)
        if form.cleaned_data["decision"] != APPROVE and not form.mail_was_read:
            return self.confirm(form)
        event = self.decide(form.cleaned_data)
        self.request.session[UNDO_KEY] = event.pk
        return self.go_on()

    def confirm(self, form: DecisionForm) -> HttpResponse:
        """Show what the decision does and the very mail that will be sent."""
        data = form.cleaned_data
        context = {
            **self.desk_context(timezone.now()),
            "form": form,
            "mentor": self.mentor,
            "decision": data["decision"],
            "about": self.about(),
            "ends_application": data["decision"] == REFUSE,
            "mail": self.mail(data).preview(),
            "wait": settings.REVIEW_UNDO_SECONDS,
        }
        return render(self.request, self.confirm_template, context)

    def show_mail(self, form: Form) -> HttpResponse:
        """The very mail, for beneath the reasons while they are chosen. Refusing has a page of its own (``confirm``)."""
        assert isinstance(form, DecisionForm)
        if not form.is_valid() or form.cleaned_data["decision"] != ASK:
            return HttpResponse()
        context = {
            "mail": self.mail(form.cleaned_data).preview(),
            "address": self.mentor.user.email,
            "words": form.words,
        }
        return render(self.request, "admin/mentors/review/_mail.html", context)

    def about(self) -> str:
        raise NotImplementedError

    def mail(self, data: dict[str, Any]) -> emails.Mail:  # Any: form data
        raise NotImplementedError

    def decide(self, data: dict[str, Any]) -> MentorEvent:  # Any: form data
        raise NotImplementedError

    def go_on(self) -> HttpResponse:
        raise NotImplementedError

    def reason(self, data: dict[str, Any]) -> dict[str, Any]:  # Any: form data
        """What every decision but an approval carries."""
        return {"version": data["version"], "code": data["code"], "note": data["note"], "by": self.reviewer}


@method_decorator(may_show_private_images, name="dispatch")
class ReviewDocument(Decide):
    """One document: its pages at the left, at the right what was stated, what came before, and the decision."""

    form_class = DocumentDecisionForm
    template_name = "admin/mentors/review/document.html"

    def load(self) -> None:
        self.document = get_object_or_404(desk.reviewable(), pk=self.kwargs["document_id"])
        self.mentor = self.document.mentor

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:  # Any: the URL's parts
        services.take_document(document=self.document, by=self.reviewer)
        self.document.refresh_from_db(fields=["taken_by", "taken_until"])
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # Any: template data
        now = timezone.now()
        document = self.document
        return super().get_context_data(
            **self.desk_context(now),
            document=document,
            mentor=self.mentor,
            photo=own_photo_url(self.mentor),
            pages=list(document.upload.pages.order_by("number")),
            place=desk.place_of(document, by=self.reviewer, at=now),
            tries=desk.tries_of(document),
            waited=int((now - document.sent_at).total_seconds()),
            taken_by_another=desk.taken_by_another(document, by=self.reviewer, at=now),
            taken_minutes=minutes_left(document, at=now),
            may_decide=desk.may_be_decided(document),
            is_in=self.mentor.status == Mentor.Status.APPROVED,  # there is no application left to refuse
            others=desk.other_documents(document),
            history=desk.history(self.mentor),
            reasons=VerificationDocument.Reason.choices,
            **kwargs,
        )

    def about(self) -> str:
        return document_name(self.document)

    def mail(self, data: dict[str, Any]) -> emails.Mail:  # Any: form data
        if data["decision"] == ASK:
            return emails.better_copy_needed(self.document, code=data["code"], note=data["note"])
        return emails.application_refused(self.mentor, code=data["code"], note=data["note"])

    def decide(self, data: dict[str, Any]) -> MentorEvent:  # Any: form data
        if data["decision"] == ASK:
            return services.refuse_document(document=self.document, **self.reason(data))
        if data["decision"] == REFUSE:
            return services.reject_mentor(mentor=self.mentor, **self.reason(data))
        return services.approve_document(
            document=self.document, version=data["version"], expires_on=data["expires_on"], by=self.reviewer
        )

    def go_on(self) -> HttpResponse:
        """Open the next one: the rest of this application, its final decision, then whoever waits longest."""
        following = desk.next_document(after=self.document, by=self.reviewer, at=timezone.now())
        if following is not None and following.mentor_id == self.mentor.pk:
            return redirect("mentors:review-document", following.pk)
        if desk.is_ready_to_approve(self.mentor):
            return redirect("mentors:review-application", self.mentor.handle)
        return redirect("mentors:review-document", following.pk) if following else redirect("mentors:review")


class LetGo(DeskMixin):
    """Give a document back to the queue, undecided."""

    http_method_names = ("post",)

    def load(self) -> None:
        self.document = get_object_or_404(desk.reviewable(), pk=self.kwargs["document_id"])

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:  # Any: the URL's parts
        services.let_go_document(document=self.document, by=self.reviewer)
        messages.success(request, _("Let go. It waits for whoever opens it next."))
        return redirect("mentors:review")


class PageImage(DeskMixin):
    """The picture of one page, from storage, by a link of a minute. Each look is written down."""

    http_method_names = ("get",)

    def load(self) -> None:
        document = get_object_or_404(desk.reviewable(), pk=self.kwargs["document_id"])
        pages = document.upload.pages.select_related("upload")
        self.page = get_object_or_404(pages, number=self.kwargs["number"])

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:  # Any: the URL's parts
        response = HttpResponseRedirect(page_link(page=self.page, by=self.reviewer))
        response["Cache-Control"] = "no-store"
        response["Referrer-Policy"] = "no-referrer"
        return response


class ReviewApplication(Decide):
    """The application as a whole, once its documents are decided."""

    form_class = ApplicationDecisionForm
    template_name = "admin/mentors/review/application.html"

    def load(self) -> None:
        self.mentor = get_object_or_404(desk.applications(), handle=self.kwargs["handle"])

    def get_initial(self) -> dict[str, Any]:  # Any: form data
        may_approve = self.mentor.status == Mentor.Status.SUBMITTED
        return {"version": self.mentor.version, "decision": APPROVE if may_approve else ASK}

    def get_form_kwargs(self) -> dict[str, Any]:  # Any: Django's own
        return {**super().get_form_kwargs(), "waiting": desk.waiting_of(self.mentor)}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # Any: template data
        application = application_of(self.mentor)
        return super().get_context_data(
            **self.desk_context(timezone.now()),
            application=application,
            mentor=self.mentor,
            languages=", ".join(map(language_name, self.mentor.languages)),
            photo=own_photo_url(self.mentor),
            appeal=desk.open_appeal(self.mentor),
            has_id=desk.has_approved_id(application.documents),
            may_approve_all=services.may_approve_all(self.mentor, by=self.reviewer),
            history=desk.history(self.mentor),
            may_decide=self.mentor.status in {Mentor.Status.SUBMITTED, Mentor.Status.REJECTED},
            is_refused=self.mentor.status == Mentor.Status.REJECTED,
            reasons=VerificationDocument.Reason.choices,
            **kwargs,
        )

    def about(self) -> str:
        return _("the application")

    def mail(self, data: dict[str, Any]) -> emails.Mail:  # Any: form data
        write = emails.application_changes_requested if data["decision"] == ASK else emails.application_refused
        return write(self.mentor, code=data["code"], note=data["note"])

    def decide(self, data: dict[str, Any]) -> MentorEvent:  # Any: form data
        if data["decision"] == APPROVE and data["everything"]:
            return services.approve_all(
                mentor=self.mentor, version=data["version"], expires_on=data["expires_on"], by=self.reviewer
            )
        if data["decision"] == APPROVE:
            return services.approve_mentor(mentor=self.mentor, version=data["version"], by=self.reviewer)
        decide = services.request_changes if data["decision"] == ASK else services.reject_mentor
        return decide(mentor=self.mentor, **self.reason(data))

    def go_on(self) -> HttpResponse:
        return redirect("mentors:review")


class UndoDecision(DeskMixin):
    """Take back one's own decision while nobody has been told."""

    who = freshly(REVIEWER)
    http_method_names = ("post",)

    def load(self) -> None:
        self.event = get_object_or_404(desk.decisions(), pk=self.kwargs["event_id"])

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:  # Any: the URL's parts
        services.undo_decision(event=self.event, by=self.reviewer)
        messages.success(request, _("Undone. Nobody was told."))
        document = self.event.data.get("document")
        if document:
            return redirect("mentors:review-document", document)
        return redirect("mentors:review-application", self.event.mentor.handle)


def queue_row(document: VerificationDocument, *, by: User, at: datetime) -> dict[str, Any]:  # Any: template data
    waited = at - document.sent_at
    late = "danger" if waited > desk.OVERDUE else "glow" if waited > desk.LATE else "plain"
    return {
        "document": document,
        "name": document_name(document),
        "waited": int(waited.total_seconds()),
        "variant": late,
        "taken_by": document.taken_by if document.taken_until and document.taken_until > at else None,
        "is_mine": document.taken_by_id == by.pk,
    }


def document_name(document: VerificationDocument) -> str:
    if document.subject is None:
        return _("Photo ID")
    return _("Certificate for %(subject)s") % {"subject": document.subject.name}


def minutes_left(document: VerificationDocument, *, at: datetime) -> int:
    left = (document.taken_until - at).total_seconds() if document.taken_until else 0
    return max(0, round(left / 60))


def undo_left(seconds: int) -> str:
    return ngettext("for %(count)d more second", "for %(count)d more seconds", seconds) % {"count": seconds}


def decision_sentence(event: MentorEvent) -> str:
    name = event.mentor.user.name
    sentences = {
        "document_approved": _("%(name)s: document approved."),
        "document_refused": _("%(name)s: asked for a better copy."),
        "application_approved": _("%(name)s is approved."),
        "application_rejected": _("%(name)s: application refused."),
        "application_changes_requested": _("%(name)s: asked for changes."),
    }
    return sentences[event.name] % {"name": name}
