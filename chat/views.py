"""Pages of conversations: inbox, thread, the first message."""

from collections.abc import Sequence
from typing import Any, cast

from django.conf import settings
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from chat import services
from chat.contact_details import Detail
from chat.drafts import drop_draft, read_draft
from chat.errors import TooManyMessages
from chat.forms import DraftForm, MessageForm, NewThreadForm
from chat.models import Thread
from chat.policies import details_to_mention, details_to_mention_in, have_booked_here
from chat.polling import State
from chat.queries import coming_session, excerpt, inbox_rows, own_report, unsent_files, waiting_files
from chat.search import QUERY_LENGTH_MAX, find_messages
from marketplace.common.errors import RateLimited
from marketplace.common.guards import ParticipantRequiredMixin, StudentRequiredMixin
from marketplace.common.limits import check_rate
from marketplace.common.views import OperationView, PageView
from mentors.models import Mentor
from uploads.csp import may_upload_and_show_private_images

# First words for someone before an empty page; each is there to be changed.
STARTERS = (
    gettext_lazy("Hi! I am stuck on … Could we look at it together?"),
    gettext_lazy("Hi! I have an exam on … What would you start with?"),
    gettext_lazy("Hi! Before I book: is … something that you teach?"),
)


def check_pace(request: HttpRequest) -> None:
    """Count one message; raise ``TooManyMessages``, which says when the next one may go."""
    try:
        check_rate(request, "CHAT_POST")
    except RateLimited as limited:
        raise TooManyMessages(retry_after=limited.retry_after) from limited


class Inbox(ParticipantRequiredMixin, PageView):
    """``/messages/``: all conversations, the latest first; with ``?q=`` what was said in them."""

    template_name = "chat/inbox.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # Any: template data
        user = cast("User", self.request.user)
        asked = self.request.GET.get("q", "").replace("\x00", "")[:QUERY_LENGTH_MAX].strip()
        if not asked:
            return super().get_context_data(**kwargs, threads=inbox_rows(user))
        found, more = find_messages(user, asked, cursor=self.request.GET.get("cursor", ""))
        return super().get_context_data(**kwargs, asked=asked, found=found, more=more)


class RemindingMixin(OperationView):
    """Holds a text back once when it seems to hold contact details: says what it saw, and takes "Send anyway" for an answer."""

    def details(self, body: str) -> Sequence[Detail]:
        raise NotImplementedError

    def held_back(self, form: Form) -> HttpResponse | None:
        """The page with the reminder and all that was typed, or None where there is nothing to remind of."""
        if "send_anyway" in self.request.POST:
            return None
        details = self.details(form.cleaned_data["body"])
        return (
            self.render_to_response(self.get_context_data(form=form, details=details), status=422) if details else None
        )


class ThreadMixin(ParticipantRequiredMixin):
    thread: Thread

    def load(self) -> None:
        visible = Thread.objects.visible_to(cast("User", self.request.user))
        self.thread = get_object_or_404(visible.select_related("student", "mentor__user"), pk=self.kwargs["thread_id"])


@method_decorator(may_upload_and_show_private_images, name="dispatch")
class Conversation(ThreadMixin, RemindingMixin):
    """``/messages/<id>/``: read and answer. Reading it marks what was shown as read."""

    form_class: type[DraftForm] = MessageForm
    template_name = "chat/thread.html"

    def get_initial(self) -> dict[str, Any]:  # Any: form data
        draft = read_draft(self.request.session, self.thread)
        return {"body": draft.body, "uploads": draft.uploads}

    def get_form_kwargs(self) -> dict[str, Any]:  # Any: Django's own
        user = cast("User", self.request.user)
        return super().get_form_kwargs() | {
            "files": unsent_files(user).ready(),
            "to": self.thread.other(user).first_name,
        }

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # Any: template data
        user = cast("User", self.request.user)
        before = self.request.GET.get("before", "")
        shown = excerpt(self.thread, user, before=int(before) if before.isdecimal() else None, read_label=_("Read"))
        if shown.lines and not before:
            services.mark_read(thread=self.thread, number=shown.lines[-1].number, by=user)
        other = self.thread.other(user)
        other_zone = other.time_zone or (self.thread.mentor.time_zone if user.is_student else "")
        draft = read_draft(self.request.session, self.thread)
        form: Form = kwargs.pop("form", None) or self.get_form()
        return super().get_context_data(
            **kwargs,
            form=form,
            thread=self.thread,
            other=other,
            other_zone=other_zone,
            now=timezone.now(),
            shown=shown,
            is_latest=not before,
            threads=inbox_rows(user),
            max_files=settings.MESSAGE_UPLOADS_MAX,
            files=waiting_files(user, draft.uploads),
            chosen=[str(pk) for pk in form["uploads"].value() or ()],
            session=coming_session(self.thread, at=timezone.now()),
            is_blocked=self.thread.blocked_by_id is not None,
            may_unblock=self.thread.blocked_by_id == user.pk,
            report=own_report(self.thread, user),
            state=State.of(self.thread, user),
            reminds=not have_booked_here(student=self.thread.student_id, mentor=self.thread.mentor_id),
        )

    def details(self, body: str) -> Sequence[Detail]:
        return details_to_mention_in(self.thread, body)

    def form_valid(self, form: Form) -> HttpResponse:
        check_pace(self.request)
        if held_back := self.held_back(form):
            return held_back
        services.post_message(
            thread=self.thread,
            body=form.cleaned_data["body"],
            client_id=form.cleaned_data["client_id"],
            upload_ids=[upload.pk for upload in form.cleaned_data["uploads"]],
            by=cast("User", self.request.user),
        )
        drop_draft(self.request.session, self.thread)
        return redirect(reverse("chat:thread", args=[self.thread.pk]) + "#latest")  # what was just said, in view


class NewThread(StudentRequiredMixin, RemindingMixin):
    """``/messages/new/?mentor=…``: the first message to a mentor, or on to the conversation that is there."""

    form_class = NewThreadForm
    template_name = "chat/new.html"

    def load(self) -> None:
        handle = self.request.POST.get("mentor") or self.request.GET.get("mentor", "")
        self.mentor = get_object_or_404(Mentor.objects.readable().select_related("user"), handle=handle)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:  # Any: no URL parts
        thread = Thread.objects.visible_to(cast("User", request.user)).filter(mentor=self.mentor).first()
        return redirect("chat:thread", thread.pk) if thread else super().get(request, *args, **kwargs)

    def get_initial(self) -> dict[str, Any]:  # Any: form data
        return {"mentor": self.mentor.handle}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # Any: template data
        return super().get_context_data(**kwargs, mentor=self.mentor, starters=STARTERS)

    def details(self, body: str) -> Sequence[Detail]:
        return details_to_mention(body, student=cast("User", self.request.user).pk, mentor=self.mentor.pk)

    def form_valid(self, form: Form) -> HttpResponse:
        check_pace(self.request)
        if held_back := self.held_back(form):
            return held_back
        thread, _is_new = services.open_thread(
            handle=self.mentor.handle,
            body=form.cleaned_data["body"],
            client_id=form.cleaned_data["client_id"],
            by=cast("User", self.request.user),
        )
        return redirect("chat:thread", thread.pk)
