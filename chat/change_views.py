"""Pages that change what stands: a message edited or deleted, a conversation closed, opened again, reported."""

from collections.abc import Sequence
from typing import Any, cast

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from chat import services
from chat.contact_details import Detail
from chat.forms import EditForm, ReportForm
from chat.models import Message
from chat.policies import details_to_mention_in
from chat.views import RemindingMixin, ThreadMixin, check_pace
from marketplace.common.views import OperationView


class MessageMixin(ThreadMixin, OperationView):
    """One of the reader's own messages."""

    message: Message

    def load(self) -> None:
        super().load()
        own = self.thread.messages.filter(author=self.request.user.pk, deleted_at=None)
        self.message = get_object_or_404(own, pk=self.kwargs["message_id"])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # Any: template data
        other = self.thread.other(cast("User", self.request.user))
        return super().get_context_data(**kwargs, thread=self.thread, message=self.message, other=other)

    def back(self) -> HttpResponse:
        return redirect(f"{reverse('chat:thread', args=[self.thread.pk])}#message-{self.message.pk}")


class EditMessage(MessageMixin, RemindingMixin):
    """``/messages/<id>/<message>/edit/``."""

    form_class = EditForm
    template_name = "chat/edit.html"

    def get_initial(self) -> dict[str, Any]:  # Any: form data
        return {"body": self.message.body}

    def details(self, body: str) -> Sequence[Detail]:
        return details_to_mention_in(self.thread, body)

    def form_valid(self, form: Form) -> HttpResponse:
        check_pace(self.request)
        if held_back := self.held_back(form):
            return held_back
        services.edit_message(message=self.message, body=form.cleaned_data["body"], by=cast("User", self.request.user))
        return self.back()


class DeleteMessage(MessageMixin):
    """``/messages/<id>/<message>/delete/``: says what deleting does, then does it."""

    template_name = "chat/delete.html"

    def form_valid(self, form: Form) -> HttpResponse:
        services.delete_message(message=self.message, by=cast("User", self.request.user))
        return self.back()


class BlockThread(ThreadMixin, OperationView):
    """``/messages/<id>/close/``: says what closing does, then does it."""

    template_name = "chat/close.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # Any: template data
        return super().get_context_data(
            **kwargs, thread=self.thread, other=self.thread.other(cast("User", self.request.user))
        )

    def form_valid(self, form: Any) -> HttpResponse:  # Any: an empty form
        services.block_thread(thread=self.thread, by=cast("User", self.request.user))
        messages.success(self.request, _("The conversation is closed."))
        return redirect("chat:thread", self.thread.pk)


class UnblockThread(ThreadMixin, OperationView):
    """``POST /messages/<id>/open/``."""

    http_method_names = ["post"]

    def form_valid(self, form: Any) -> HttpResponse:  # Any: an empty form
        services.unblock_thread(thread=self.thread, by=cast("User", self.request.user))
        return redirect("chat:thread", self.thread.pk)


class ReportThread(ThreadMixin, OperationView):
    """``/messages/<id>/report/``: asks support to read this conversation."""

    form_class = ReportForm
    template_name = "chat/report.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # Any: template data
        return super().get_context_data(
            **kwargs, thread=self.thread, other=self.thread.other(cast("User", self.request.user))
        )

    def form_valid(self, form: ReportForm) -> HttpResponse:  # type: ignore[override]  # our form_class
        report = services.report_thread(
            thread=self.thread,
            kind=form.cleaned_data["kind"],
            reason=form.cleaned_data["reason"],
            by=cast("User", self.request.user),
        )
        messages.success(
            self.request, _("Thank you. We will look at it. Your reference is R-%(number)d.") % {"number": report.pk}
        )
        return redirect("chat:thread", self.thread.pk)
