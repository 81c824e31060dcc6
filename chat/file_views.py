"""A file for a message, sent without script: what was typed is kept, the file goes to storage, both are there again."""

from typing import Any, cast
from uuid import UUID

from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect

from accounts.models import User
from chat import services
from chat.drafts import Draft, keep_draft, read_draft
from chat.forms import DraftForm, FileForm
from chat.queries import unsent_files, waiting_files
from chat.views import Conversation, ThreadMixin
from marketplace.common.limits import check_rate
from marketplace.common.views import OperationView
from uploads.models import Upload
from uploads.steps import FileSteps


class KeepDraft(Conversation):
    """``POST /messages/<id>/draft/``: keeps what stands in the message box and goes on to adding a file."""

    form_class = DraftForm
    http_method_names = ["post"]

    def form_valid(self, form: Form) -> HttpResponse:
        chosen = {str(upload.pk) for upload in form.cleaned_data["uploads"]}
        earlier = read_draft(self.request.session, self.thread)
        waiting = waiting_files(cast("User", self.request.user), earlier.uploads)
        # Those still being checked have no box to tick; they stay.
        kept = [UUID(file.id) for file in waiting if file.id in chosen or file.status == Upload.Status.CHECKING]
        keep_draft(self.request.session, self.thread, Draft(form.cleaned_data["body"], kept))
        return redirect("chat:attach", self.thread.pk)


class SendFile(ThreadMixin, OperationView):
    """``/messages/<id>/attach/``: first step without script: the type of the file, which the signed form is bound to."""

    form_class = FileForm
    template_name = "chat/file_type.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # Any: template data
        return super().get_context_data(
            **kwargs, thread=self.thread, other=self.thread.other(cast("User", self.request.user))
        )

    def form_valid(self, form: FileForm) -> HttpResponse:  # type: ignore[override]  # our form_class
        check_rate(self.request, "UPLOAD_SIGN")
        ticket = services.issue_file(
            thread=self.thread,
            name=form.file_name,
            content_type=form.cleaned_data["content_type"],
            by=cast("User", self.request.user),
        )
        return redirect("chat:attach-file", self.thread.pk, ticket.upload.pk)


class SentFile(ThreadMixin, FileSteps):
    """``/messages/<id>/attach/<upload>/``: the form that posts to storage, and its way back."""

    template_name = "chat/file.html"

    def load(self) -> None:
        super().load()
        self.upload = get_object_or_404(unsent_files(cast("User", self.request.user)), pk=self.kwargs["upload_id"])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # Any: template data
        return super().get_context_data(**kwargs, thread=self.thread)

    def handed_in(self) -> HttpResponse:
        draft = read_draft(self.request.session, self.thread)
        if self.upload.pk not in draft.uploads:
            keep_draft(self.request.session, self.thread, Draft(draft.body, [*draft.uploads, self.upload.pk]))
        return redirect("chat:thread", self.thread.pk)
