"""Sending a file without script, for every page that takes one.

First step: a form asks for the kind of file, which the signed form is bound to. Second: that form posts straight to
storage. Third: storage sends the browser back to the same page, where one button completes; a GET changes nothing.
"""

from typing import Any

from django import forms
from django.http import HttpResponse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _

from marketplace.common.errors import DomainError
from marketplace.common.views import OperationView
from uploads.csp import may_upload
from uploads.models import Upload
from uploads.services import complete_upload, sign_again

EXTENSIONS = {"image/jpeg": "jpg", "application/pdf": "pdf", "image/png": "png"}
NAMES = {
    "image/jpeg": _("JPEG (.jpg), as most cameras and phones make"),
    "application/pdf": _("PDF (.pdf)"),
    "image/png": _("PNG (.png)"),
}


class FileTypeForm(forms.Form):
    """First step. ``types`` leaves some out; ``usual``, which most people send there, is chosen already."""

    types = tuple(NAMES)
    usual = "application/pdf"
    content_type = forms.ChoiceField(
        label=_("What kind of file is it?"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose the kind of file.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # Any: Django's own
        super().__init__(*args, **kwargs)
        field = self.fields["content_type"]
        field.choices = [(name, NAMES[name]) for name in self.types]  # type: ignore[attr-defined]  # the field above
        field.initial = self.usual


@method_decorator(may_upload, name="dispatch")
class FileSteps(OperationView):
    """Second and third step, over ``components/_send_file.html``. Subclasses load ``upload`` and go on in ``handed_in``."""

    upload: Upload

    def handed_in(self) -> HttpResponse:
        raise NotImplementedError

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # Any: template data
        upload = self.upload
        is_back = self.request.method == "POST" or "etag" in self.request.GET  # storage names what it stored
        is_open = upload.status == Upload.Status.ISSUED and upload.expires_at > timezone.now()
        here = self.request.build_absolute_uri(self.request.path)
        post = sign_again(upload=upload, return_to=here) if is_open and not is_back else None
        return super().get_context_data(**kwargs, upload=upload, post=post, is_back=is_back)

    def refused(self, form: forms.Form, error: DomainError) -> HttpResponse:
        self.upload.refresh_from_db()  # the look at the file may have ended it
        return super().refused(form, error)

    def form_valid(self, form: forms.Form) -> HttpResponse:
        complete_upload(upload=self.upload)
        return self.handed_in()
