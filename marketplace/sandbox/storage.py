"""The embedded object storage: ``ministack``, which speaks S3's protocol and checks its signatures and policies."""

import sys
import urllib.request
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import URLError

import boto3
from botocore.config import Config

from marketplace.sandbox.environment import inherited
from marketplace.sandbox.processes import LOOPBACK, Program

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

ACCESS_KEY = "lantern"
REGION = "us-east-1"
BUCKET = "lantern"


class Storage:
    """One S3 server with its objects in ``folder/storage``. Buckets and their rules are made anew at each start."""

    def __init__(self, folder: Path, *, port: int, secret_key: str, origins: Sequence[str] = ()) -> None:
        self.home = folder / "storage"
        self.port = port
        self.secret_key = secret_key
        self.origins = origins
        self.program = Program("storage", folder)

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    def environment(self, bucket: str = BUCKET) -> dict[str, str]:
        return {
            "S3_ENDPOINT_URL": self.url,
            "S3_BUCKET": bucket,
            "S3_REGION": REGION,
            "S3_ACCESS_KEY_ID": ACCESS_KEY,
            "S3_SECRET_ACCESS_KEY": self.secret_key,
        }

    def start(self) -> None:
        """Start the server and return once it answers. Effects: makes the bucket when ``origins`` were given."""
        objects = self.home / "objects"
        objects.mkdir(parents=True, exist_ok=True)
        environment = inherited() | {
            "TMPDIR": str(self.home),  # for its own pid file
            "AUTH": "true",
            "BIND_HOST": LOOPBACK,  # it would listen on every interface otherwise
            "GATEWAY_PORT": str(self.port),
            "SERVICES": "s3,sts,iam",
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "MINISTACK_REGION": REGION,
            "S3_PERSIST": "1",
            "S3_DATA_DIR": str(objects),
            "PERSIST_STATE": "0",
            # Other services it would start beside, with ports of their own, and a look for Docker containers to stop.
            "SFTP_ENABLED": "0",
            "IOT_MTLS_ENABLED": "0",
            "DOCKER_HOST": f"unix://{self.home}/no-docker",
            "LOG_LEVEL": "WARNING",
        }
        self.program.start([sys.executable, "-m", "ministack"], env=environment, cwd=self.home)
        self.program.wait_until(self._is_ready)
        if self.origins:
            self.make_bucket(BUCKET, origins=self.origins)

    def make_bucket(self, bucket: str, *, origins: Sequence[str]) -> None:
        """Make a bucket that pages of ``origins`` may post to. Safe to repeat; objects stay."""
        client = self.client()
        with suppress(client.exceptions.BucketAlreadyOwnedByYou):
            client.create_bucket(Bucket=bucket)
        client.put_bucket_cors(
            Bucket=bucket,
            CORSConfiguration={
                "CORSRules": [
                    {
                        "AllowedOrigins": list(origins),
                        "AllowedMethods": ["GET", "HEAD", "POST"],
                        "AllowedHeaders": ["*"],
                        "ExposeHeaders": ["ETag"],
                        "MaxAgeSeconds": 600,
                    }
                ]
            },
        )

    def client(self) -> "S3Client":
        client: S3Client = boto3.client(
            "s3",
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=self.secret_key,
            config=Config(signature_version="s3v4", s3={"addressing_style": "path"}, retries={"max_attempts": 1}),
        )
        return client

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/_ministack/health", timeout=2) as answer:
                return bool(answer.status == 200)
        except (URLError, OSError):
            return False
