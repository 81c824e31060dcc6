"""The link to a stored file."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404

from marketplace.common.guards import GuardMixin
from uploads import services
from uploads.guards import FILE_READERS
from uploads.models import Upload


def redirect_to_file(request: HttpRequest, upload: Upload) -> HttpResponse:
    """Send the reader to storage, by a link that is theirs for a minute and is kept by nobody on the way."""
    assert request.user.is_authenticated
    return private_redirect(services.open_upload(upload=upload, by=request.user))


def private_redirect(url: str) -> HttpResponse:
    response = HttpResponseRedirect(url)
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "no-referrer"
    return response


class OpenUpload(GuardMixin):
    """Download a file that the reader owns or was given leave to open."""

    who = FILE_READERS
    http_method_names = ("get",)

    def load(self) -> None:
        assert self.request.user.is_authenticated
        self.upload = get_object_or_404(Upload.objects.visible_to(self.request.user), pk=self.kwargs["upload_id"])

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:  # Any: the URL's parts
        return redirect_to_file(request, self.upload)


class PreviewUpload(GuardMixin):
    """The picture of an image that was sent with a message. Documents have theirs at the review desk alone."""

    who = FILE_READERS
    http_method_names = ("get",)

    def load(self) -> None:
        assert self.request.user.is_authenticated
        visible = Upload.objects.visible_to(self.request.user).ready().filter(purpose=Upload.Purpose.MESSAGE)
        self.upload = get_object_or_404(visible.prefetch_related("pages"), pk=self.kwargs["upload_id"])
        if not self.upload.pages.all():
            raise Http404

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:  # Any: the URL's parts
        assert request.user.is_authenticated
        [page, *_others] = self.upload.pages.all()
        return private_redirect(services.preview_link(page=page, by=request.user))
