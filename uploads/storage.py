"""Storage backends and handlers that keep files on the one way there is: browser → storage → check → private."""

from typing import Any

from botocore.config import Config
from django.core.files.storage import Storage
from django.core.files.uploadhandler import FileUploadHandler, StopUpload
from storages.backends.s3 import S3Storage


class PrivateStorage(S3Storage):  # type: ignore[misc]  # django-storages has no types
    """S3 with a limit on every wait, signing for the bucket's own region."""

    def __init__(self, **options: Any) -> None:  # Any: the OPTIONS of STORAGES
        options["client_config"] = Config(
            signature_version="s3v4",
            # Without it links of us-east-1 are signed for the global endpoint, which redirects to the region's.
            s3={"addressing_style": options["addressing_style"], "us_east_1_regional_endpoint": "regional"},
            connect_timeout=3,
            read_timeout=10,
            retries={"mode": "standard", "total_max_attempts": 2},
        )
        super().__init__(**options)


class RefusingStorage(Storage):
    """The default storage: none. Files are written through ``STORAGES["private"]`` by uploads.services only."""

    def _refuse(self, *_args: Any, **_kwargs: Any) -> Any:  # Any: stands in for every method of the base class
        raise NotImplementedError("files go to storage through uploads.services")

    _open = _save = delete = exists = url = _refuse


class RefusingUploadHandler(FileUploadHandler):
    """No form of ours takes a file; one sent all the same is not read."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:  # Any: the base class's own
        raise StopUpload(connection_reset=True)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        return None

    def file_complete(self, file_size: int) -> None:
        return None
