"""The profile photo: served to everyone, taken off, and sent without script in three steps."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _

from marketplace.common.guards import PublicMixin
from marketplace.common.limits import check_rate
from mentors import services
from mentors.forms.photo import PhotoTypeForm
from mentors.queries import public_photo
from mentors.views.base import MentorOperation
from uploads.csp import may_upload
from uploads.models import Upload
from uploads.services import complete_upload, issue_upload, photo_bytes, sign_again


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
            name="photo.png" if content_type == "image/png" else "photo.jpg",
            content_type=content_type,
            size=0,
            by=self.mentor.user,
        )
        return redirect("mentors:photo-file", ticket.upload.pk)


@method_decorator(may_upload, name="dispatch")
class PhotoFile(MentorOperation):
    """Second step: the form that posts to storage. Third: its way back, with the one button that completes."""

    template_name = "mentors/photo_file.html"

    def load(self) -> None:
        super().load()
        own = Upload.objects.owned_by(self.mentor.user).filter(purpose=Upload.Purpose.PHOTO)
        self.upload = get_object_or_404(own, pk=self.kwargs["upload_id"])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # Any: template data
        is_back = "etag" in self.request.GET  # storage names what it stored
        post = None
        if self.upload.status == Upload.Status.ISSUED and not is_back and self.request.method == "GET":
            here = reverse("mentors:photo-file", args=[self.upload.pk])
            post = sign_again(upload=self.upload, return_to=f"{settings.SITE_URL}{here}")
        return super().get_context_data(upload=self.upload, post=post, **kwargs)

    def form_valid(self, form: Form) -> HttpResponse:
        complete_upload(upload=self.upload)
        messages.success(self.request, _("We check your photo. It appears on your profile in a moment."))
        return redirect("mentors:profile")
