"""The profile photo: served to everyone, taken off, and sent without script in three steps."""

from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from marketplace.common.guards import PublicMixin
from marketplace.common.limits import check_rate
from mentors import services
from mentors.forms.photo import PhotoTypeForm
from mentors.queries import public_photo
from mentors.views.base import MentorOperation
from uploads.models import Upload
from uploads.services import issue_upload, photo_bytes
from uploads.steps import EXTENSIONS, FileSteps


class Photo(PublicMixin):
    """A profile photo: the one kind of file that everyone may see. Its address names its content, so it is kept for ever."""

    http_method_names = ("get", "head")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:  # Any: the URL's parts
        upload = public_photo(self.kwargs["sha256"])
        if upload is None:
            raise Http404
        response = HttpResponse(photo_bytes(upload=upload), content_type=upload.content_type)
        response["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


class RemovePhoto(MentorOperation):
    """Take the photo off the profile; the coloured tile stands in for it."""

    http_method_names = ("post",)

    def form_valid(self, form: Form) -> HttpResponse:
        services.set_photo(mentor=self.mentor, upload=None, by=self.mentor.user)
        messages.success(self.request, _("The photo is off your profile."))
        return redirect("mentors:profile")


class SendPhoto(MentorOperation):
    """First step without script: the type of the file, which the signed form is bound to."""

    form_class = PhotoTypeForm
    template_name = "mentors/photo_type.html"

    def form_valid(self, form: Form) -> HttpResponse:
        check_rate(self.request, "UPLOAD_SIGN")
        content_type = form.cleaned_data["content_type"]
        ticket = issue_upload(
            purpose=Upload.Purpose.PHOTO,
            name=f"photo.{EXTENSIONS[content_type]}",
            content_type=content_type,
            size=0,
            by=self.mentor.user,
        )
        return redirect("mentors:photo-file", ticket.upload.pk)


class PhotoFile(MentorOperation, FileSteps):
    """``/mentor/profile/photo/<upload>/``: the form that posts to storage, and its way back."""

    template_name = "mentors/photo_file.html"

    def load(self) -> None:
        super().load()
        own = Upload.objects.owned_by(self.mentor.user).filter(purpose=Upload.Purpose.PHOTO)
        self.upload = get_object_or_404(own, pk=self.kwargs["upload_id"])

    def handed_in(self) -> HttpResponse:
        messages.success(self.request, _("We check your photo. It appears on your profile in a moment."))
        return redirect("mentors:profile")
