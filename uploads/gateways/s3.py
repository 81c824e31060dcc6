"""The object storage, S3's protocol everywhere, through the one client that ``STORAGES["private"]`` configures.

Imported by ``storage.py`` when first a file is touched.
"""

from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError
from django.core.files.storage import storages
from django.utils.http import content_disposition_header

from uploads.gateways.storage import SignedPost, StorageUnavailable
from uploads.storage import PrivateStorage

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

NOT_THERE = {"404", "NoSuchKey", "NotFound"}


class PrivateFiles:
    """Reads, writes, deletes and signs. Every call that goes out has a timeout (``PrivateStorage``).

    Raises ``StorageUnavailable``; what is not there is told as ``None``.
    """

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
        client, bucket = self._client()
        signed = client.generate_presigned_post(
            bucket,
            key,
            Fields=dict(fields),
            Conditions=[["content-length-range", 1, max_bytes], *({name: value} for name, value in fields.items())],
            ExpiresIn=seconds,
        )
        return SignedPost(url=signed["url"], fields=signed["fields"])

    def sign_get(self, key: str, *, content_type: str, seconds: int, name: str = "") -> str:
        """Sign a link that reads one file for so many seconds; with ``name`` as a download. Goes nowhere itself."""
        client, bucket = self._client()
        params = {"Bucket": bucket, "Key": key, "ResponseContentType": content_type}
        params["ResponseCacheControl"] = "private, no-store"
        if name:
            params["ResponseContentDisposition"] = content_disposition_header(True, name) or "attachment"
        return client.generate_presigned_url("get_object", Params=params, ExpiresIn=seconds)

    def size(self, key: str) -> int | None:
        client, bucket = self._client()
        try:
            return client.head_object(Bucket=bucket, Key=key)["ContentLength"]
        except (ClientError, BotoCoreError) as exc:
            _raise_unless_missing(exc)
            return None

    def read(self, key: str, *, max_bytes: int) -> bytes | None:
        """Read a file, at most ``max_bytes`` of it, however long it is by now."""
        client, bucket = self._client()
        try:
            return client.get_object(Bucket=bucket, Key=key)["Body"].read(max_bytes)
        except (ClientError, BotoCoreError) as exc:
            _raise_unless_missing(exc)
            return None

    def write(self, key: str, data: bytes, *, content_type: str) -> None:
        client, bucket = self._client()
        try:
            client.put_object(Bucket=bucket, Key=key, Body=data, ContentType=content_type)
        except (ClientError, BotoCoreError) as exc:
            raise StorageUnavailable from exc

    def delete(self, key: str) -> None:
        """Delete a file. Safe to repeat."""
        client, bucket = self._client()
        try:
            client.delete_object(Bucket=bucket, Key=key)
        except (ClientError, BotoCoreError) as exc:
            _raise_unless_missing(exc)

    def delete_all(self, prefix: str) -> None:
        """Delete every file whose key begins so: a checked file and the pictures of its pages. Safe to repeat."""
        client, bucket = self._client()
        try:
            found = client.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
        except (ClientError, BotoCoreError) as exc:
            raise StorageUnavailable from exc
        for item in found:
            self.delete(item["Key"])

    def _client(self) -> "tuple[S3Client, str]":
        storage = storages["private"]
        assert isinstance(storage, PrivateStorage)
        return storage.connection.meta.client, storage.bucket_name


def _raise_unless_missing(error: ClientError | BotoCoreError) -> None:
    if isinstance(error, ClientError) and error.response.get("Error", {}).get("Code") in NOT_THERE:
        return
    raise StorageUnavailable from error
