"""A file for a message, sent without script: what was typed is kept, the file goes to storage, both are there again."""

from typing import Any, cast
from uuid import UUID

from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.decorators import method_decorator

from accounts.models import User
from chat import services
from chat.drafts import Draft, keep_draft, read_draft
from chat.forms import DraftForm, FileForm
from chat.queries import unsent_files, waiting_files
from chat.views import Conversation, ThreadMixin
from marketplace.common.errors import DomainError
from marketplace.common.limits import check_rate
from marketplace.common.views import OperationView
from uploads.csp import may_upload
from uploads.models import Upload
from uploads.services import complete_upload
from uploads.steps import steps_of


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


@method_decorator(may_upload, name="dispatch")
class SentFile(ThreadMixin, OperationView):
    """Second step: the form that posts to storage. Third: its way back, with the one button that completes."""

    template_name = "chat/file.html"

    def load(self) -> None:
        super().load()
        self.upload = get_object_or_404(unsent_files(cast("User", self.request.user)), pk=self.kwargs["upload_id"])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # Any: template data
        return super().get_context_data(**kwargs, **steps_of(self.request, self.upload), thread=self.thread)

    def refused(self, form: Form, error: DomainError) -> HttpResponse:
        self.upload.refresh_from_db()  # the look at the file may have ended it
        return super().refused(form, error)

    def form_valid(self, form: Form) -> HttpResponse:
        complete_upload(upload=self.upload)
        draft = read_draft(self.request.session, self.thread)
        if self.upload.pk not in draft.uploads:
            keep_draft(self.request.session, self.thread, Draft(draft.body, [*draft.uploads, self.upload.pk]))
        return redirect("chat:thread", self.thread.pk)
