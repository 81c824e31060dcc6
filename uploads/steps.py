"""Sending a file without script, for every page that takes one.

First step: a form asks for the kind of file, which the signed form is bound to. Second: that form posts straight to
storage. Third: storage sends the browser back to the same page, where one button completes; a GET changes nothing.
"""

from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from uploads.models import Upload
from uploads.services import sign_again

EXTENSIONS = {"image/jpeg": "jpg", "application/pdf": "pdf", "image/png": "png"}


class FileTypeForm(forms.Form):
    content_type = forms.ChoiceField(
        label=_("What kind of file is it?"),
        choices=[
            ("application/pdf", _("PDF (.pdf)")),
            ("image/jpeg", _("JPEG (.jpg), as most cameras and phones make")),
            ("image/png", _("PNG (.png)")),
        ],
        widget=forms.RadioSelect,
        initial="application/pdf",
        error_messages={"required": _("Choose the kind of file.")},
    )


def steps_of(request: HttpRequest, upload: Upload) -> dict[str, Any]:  # Any: template data
    """Tell ``components/_send_file.html`` where this upload stands: the form to storage, or the button that completes."""
    is_back = request.method == "POST" or "etag" in request.GET  # storage names what it stored
    is_open = upload.status == Upload.Status.ISSUED and upload.expires_at > timezone.now()
    post = (
        sign_again(upload=upload, return_to=request.build_absolute_uri(request.path))
        if is_open and not is_back
        else None
    )
    return {"upload": upload, "post": post, "is_back": is_back}
