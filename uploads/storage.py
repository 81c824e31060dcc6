"""What keeps files on the one way there is (browser → storage → check → private): Django's own ways are closed."""

from typing import Any

from django.core.files.storage import Storage
from django.core.files.uploadhandler import FileUploadHandler, StopUpload


class RefusingStorage(Storage):
    """The default storage: none. Files are written through ``uploads.gateways`` by uploads.services only."""

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
