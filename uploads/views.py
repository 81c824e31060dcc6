"""The link to a stored file."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404

from marketplace.common.guards import GuardMixin
from uploads import services
from uploads.guards import FILE_READERS
from uploads.models import Upload


def redirect_to_file(request: HttpRequest, upload: Upload) -> HttpResponse:
    """Send the reader to storage, by a link that is theirs for a minute and is kept by nobody on the way."""
    assert request.user.is_authenticated
    response = HttpResponseRedirect(services.open_upload(upload=upload, by=request.user))
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
