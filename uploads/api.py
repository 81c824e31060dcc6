"""JSON: the owner's word that a file was sent, what became of it, and the way to its bytes.

``POST /api/uploads`` stands on the top floor (``marketplace.upload_api``): what a file is for is known there.
"""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from marketplace.common.api import json_route, methods
from uploads import services
from uploads.guards import FILE_READERS
from uploads.models import Upload
from uploads.schemas import UploadOut
from uploads.views import redirect_to_file


def own_upload(request: HttpRequest, upload_id: UUID) -> Upload:
    assert request.user.is_authenticated
    return get_object_or_404(Upload.objects.owned_by(request.user), pk=upload_id)


def visible_upload(request: HttpRequest, upload_id: UUID) -> Upload:
    assert request.user.is_authenticated
    return get_object_or_404(Upload.objects.visible_to(request.user), pk=upload_id)


@json_route(who=FILE_READERS, answers={200: UploadOut}, load=own_upload)
def complete(request: HttpRequest, obj: Upload) -> UploadOut:
    return UploadOut.of(services.complete_upload(upload=obj))


@json_route(who=FILE_READERS, answers={200: UploadOut}, load=own_upload)
def show(request: HttpRequest, obj: Upload) -> UploadOut:
    return UploadOut.of(obj)


@json_route(who=FILE_READERS, answers={302: None}, load=visible_upload)
def content(request: HttpRequest, obj: Upload) -> HttpResponse:
    return redirect_to_file(request, obj)


complete_view = methods(POST=complete)
upload_view = methods(GET=show)
content_view = methods(GET=content)
