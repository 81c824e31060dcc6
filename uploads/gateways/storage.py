"""The way to the object storage: what callers see of it, without its library."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from django.utils.functional import SimpleLazyObject
from django.utils.module_loading import import_string

from marketplace.common.errors import Unavailable

if TYPE_CHECKING:
    from uploads.gateways.s3 import PrivateFiles


class StorageUnavailable(Unavailable):
    """The storage does not answer, or not as it should; the same call may work later."""


@dataclass(frozen=True)
class SignedPost:
    """Where a browser posts a file, and the fields that must stand before it in the form."""

    url: str
    fields: Mapping[str, str]


def _private_files() -> "PrivateFiles":
    """S3's library takes 30 MB, which a worker that touches no file can do without.

    Web processes load it before they are forked (marketplace/wsgi.py), and share it.
    """
    files: PrivateFiles = import_string("uploads.gateways.s3.PrivateFiles")()
    return files


private_files = cast("PrivateFiles", SimpleLazyObject(_private_files))
