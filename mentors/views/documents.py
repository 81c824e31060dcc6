"""The documents page, taking a document back, and sending one without script in three steps."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _

from marketplace.common.limits import check_rate
from mentors import services
from mentors.document_list import sections_of
from mentors.forms.documents import DocumentForm
from mentors.looks import looks_at
from mentors.models import Mentor
from mentors.queries import documents_of
from mentors.views.base import MentorOperation, MentorPage
from uploads.csp import may_upload
from uploads.steps import EXTENSIONS, FileSteps


@method_decorator(may_upload, name="dispatch")
class Documents(MentorPage):
    """What was sent, where it stands, and the drop area for what is missing."""

    template_name = "mentors/documents.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # Any: template data
        documents = documents_of(self.mentor)
        return super().get_context_data(
            sections=sections_of(self.mentor, documents, today=timezone.now().date()),
            looks=looks_at(documents),
            may_send=self.mentor.status not in {Mentor.Status.REJECTED, Mentor.Status.SUSPENDED},
            retention_days=settings.ID_RETENTION_DAYS,
            **kwargs,
        )


class SendDocument(MentorOperation):
    """First step without script: the type of the file, which the signed form is bound to."""

    form_class = DocumentForm
    template_name = "mentors/document_type.html"

    def get_initial(self) -> dict[str, Any]:  # Any: whatever the address says
        return {name: self.request.GET.get(name, "") for name in ("kind", "subject")} | {"content_type": "image/jpeg"}

    def form_valid(self, form: Form) -> HttpResponse:
        check_rate(self.request, "UPLOAD_SIGN")
        data = form.cleaned_data
        document, _ticket = services.issue_document(
            mentor=self.mentor,
            kind=data["kind"],
            subject=data["subject"],
            name=f"{data['kind'].replace('_', '-')}.{EXTENSIONS[data['content_type']]}",
            content_type=data["content_type"],
            size=0,
            by=self.mentor.user,
        )
        return redirect("mentors:document-file", document.pk)


class DocumentMixin(MentorOperation):
    def load(self) -> None:
        super().load()
        own = self.mentor.documents.select_related("upload", "subject", "mentor")
        self.document = get_object_or_404(own, pk=self.kwargs["document_id"])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # Any: template data
        return super().get_context_data(document=self.document, **kwargs)


class DocumentFile(DocumentMixin, FileSteps):
    """``/mentor/documents/<id>/``: the form that posts to storage, and its way back."""

    template_name = "mentors/document_file.html"

    def load(self) -> None:
        super().load()
        self.upload = self.document.upload

    def handed_in(self) -> HttpResponse:
        messages.success(self.request, _("Checking the file. You can leave this page."))
        return redirect("mentors:documents")


class WithdrawDocument(DocumentMixin):
    """Take a document back that waits, after saying what that does."""

    template_name = "mentors/document_withdraw.html"

    def form_valid(self, form: Form) -> HttpResponse:
        services.withdraw_document(document=self.document, by=self.mentor.user)
        messages.success(self.request, _("Removed. Its file is deleted."))
        return redirect("mentors:documents")
