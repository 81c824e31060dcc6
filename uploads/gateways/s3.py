"""The object storage, S3's protocol everywhere, through the one client that ``STORAGES["private"]`` configures.

Imported by ``storage.py`` when first a file is touched.
"""

from typing import IO, TYPE_CHECKING, Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.core.files.storage import storages
from django.utils.http import content_disposition_header
from storages.backends.s3 import S3Storage

from uploads.gateways.storage import SignedPost, StorageUnavailable

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CONNECT_SECONDS, READ_SECONDS, TRIES = 3, 10, 2
NOT_THERE = {"404", "NoSuchKey", "NotFound"}


class PrivateStorage(S3Storage):  # type: ignore[misc]  # django-storages has no types
    """S3 with a limit on every wait, signing for the bucket's own region."""

    def __init__(self, **options: Any) -> None:  # Any: the OPTIONS of STORAGES
        options["client_config"] = Config(
            signature_version="s3v4",
            # Without it links of us-east-1 are signed for the global endpoint, which redirects to the region's.
            s3={"addressing_style": options["addressing_style"], "us_east_1_regional_endpoint": "regional"},
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            retries={"mode": "standard", "total_max_attempts": TRIES},
        )
        super().__init__(**options)


class PrivateFiles:
    """Reads, writes, deletes and signs, through one client for all threads; every call that goes out has a timeout.

    Raises ``StorageUnavailable``; what is not there is told as ``None``.
    """

    def __init__(self) -> None:
        storage = storages["private"]
        assert isinstance(storage, PrivateStorage)
        self._bucket = storage.bucket_name
        # Clients, unlike what boto3 builds on them, may be shared by threads; django-storages makes one for each, of 17 MB.
        self._client: S3Client = storage.connection.meta.client

    def sign_post(
        self, key: str, *, content_type: str, max_bytes: int, seconds: int, return_to: str = ""
    ) -> SignedPost:
        """Sign leave to write one file: this key, this type, 1 to ``max_bytes`` bytes, for so many seconds.

        With ``return_to`` (absolute) the storage sends the browser there afterwards. Goes nowhere itself.
        Source: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
        """
        fields = {"Content-Type": content_type}
        if return_to:
            fields["success_action_redirect"] = return_to
        signed = self._client.generate_presigned_post(
            self._bucket,
            key,
            Fields=dict(fields),
            Conditions=[["content-length-range", 1, max_bytes], *({name: value} for name, value in fields.items())],
            ExpiresIn=seconds,
        )
        return SignedPost(url=signed["url"], fields=signed["fields"])

    def sign_get(self, key: str, *, content_type: str, seconds: int, name: str = "") -> str:
        """Sign a link that reads one file for so many seconds; with ``name`` as a download. Goes nowhere itself."""
        params = {"Bucket": self._bucket, "Key": key, "ResponseContentType": content_type}
        params["ResponseCacheControl"] = "private, no-store"
        if name:
            params["ResponseContentDisposition"] = content_disposition_header(True, name) or "attachment"
        return self._client.generate_presigned_url("get_object", Params=params, ExpiresIn=seconds)

    def size(self, key: str) -> int | None:
        try:
            return self._client.head_object(Bucket=self._bucket, Key=key)["ContentLength"]
        except (ClientError, BotoCoreError) as exc:
            _raise_unless_missing(exc)
            return None

    def read(self, key: str, *, max_bytes: int) -> bytes | None:
        """Read a file, at most ``max_bytes`` of it, however long it is by now."""
        try:
            return self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read(max_bytes)
        except (ClientError, BotoCoreError) as exc:
            _raise_unless_missing(exc)
            return None

    def write(self, key: str, data: bytes | IO[bytes], *, content_type: str) -> None:
        """Write a file; one that is open for reading is sent from where it stands, piece by piece."""
        try:
            self._client.put_object(Bucket=self._bucket, Key=key, Body=data, ContentType=content_type)
        except (ClientError, BotoCoreError) as exc:
            raise StorageUnavailable from exc

    def delete(self, key: str) -> None:
        """Delete a file. Safe to repeat."""
        try:
            self._client.delete_object(Bucket=self._bucket, Key=key)
        except (ClientError, BotoCoreError) as exc:
            _raise_unless_missing(exc)

    def delete_all(self, prefix: str) -> None:
        """Delete every file whose key begins so: a checked file and the pictures of its pages. Safe to repeat."""
        for key in self.keys(prefix):
            self.delete(key)

    def keys(self, prefix: str) -> list[str]:
        """The keys that begin so, the first thousand of them."""
        try:
            found = self._client.list_objects_v2(Bucket=self._bucket, Prefix=prefix).get("Contents", [])
        except (ClientError, BotoCoreError) as exc:
            raise StorageUnavailable from exc
        return [item["Key"] for item in found]


def _raise_unless_missing(error: ClientError | BotoCoreError) -> None:
    if isinstance(error, ClientError) and error.response.get("Error", {}).get("Code") in NOT_THERE:
        return
    raise StorageUnavailable from error
