"""The embedded servers that tests and commands borrow: real, private, and gone with their borrower."""

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import boto3
import psycopg
import pytest
import redis
import requests
from botocore.config import Config
from botocore.exceptions import ClientError
from redis.backoff import NoBackoff
from redis.retry import Retry

from marketplace.sandbox.borrow import Borrowed
from marketplace.sandbox.environment import ROOT, inherited, product_variables
from marketplace.sandbox.processes import Program, answers, born_at
from marketplace.sandbox.storage import Storage

BORROWER = """
import time
from marketplace.sandbox.borrow import Loan
with Loan() as borrowed:
    borrowed.want("postgres", "valkey")
    borrowed.wait_for("postgres", "valkey")
    print(borrowed.folder, borrowed.plan.postgres_port, borrowed.plan.valkey_port, flush=True)
    time.sleep(60)
"""


def wait_until_gone(path: Path, seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while path.exists() and time.monotonic() < deadline:
        time.sleep(0.05)


@pytest.mark.slow
def test_servers_end_with_their_borrower_even_when_that_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", BORROWER], cwd=ROOT, stdout=subprocess.PIPE, text=True) as borrower:
        assert borrower.stdout is not None
        name, *ports = borrower.stdout.readline().split()
        folder = Path(name)
        assert all(answers(int(port)) for port in ports)
        borrower.kill()
    wait_until_gone(folder)
    assert not folder.exists()
    assert not any(answers(int(port)) for port in ports)


def test_postgresql_is_recent_and_the_product_is_no_superuser() -> None:
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        assert connection.info.server_version >= 150_000
        assert connection.execute("SHOW is_superuser").fetchone() == ("off",)
        assert connection.execute("SELECT 'ä' < 'b', 'Z' < 'a'").fetchone() == (False, True)  # by code point


def test_valkey_asks_for_its_password(servers: Borrowed) -> None:
    with (
        redis.Redis(port=servers.plan.valkey_port, retry=Retry(NoBackoff(), 0)) as stranger,
        pytest.raises(redis.AuthenticationError),
    ):
        stranger.ping()
    with redis.Redis.from_url(os.environ["CACHE_URL"]) as client:
        assert client.ping()


def test_secrets_of_borrowed_servers_are_their_owners_alone(servers: Borrowed) -> None:
    for path in (servers.folder / "plan.json", servers.folder / "valkey" / "valkey.conf"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


class TestStorage:
    """The stand-in refuses what S3 refuses; product tests lean on that."""

    def test_strangers_and_wrong_signatures_are_refused(self, storage_server: Storage, servers: Borrowed) -> None:
        client = storage_server.client()
        client.put_object(Bucket=servers.bucket, Key="house/a", Body=b"hello")
        address = client.generate_presigned_url(
            "get_object", {"Bucket": servers.bucket, "Key": "house/a"}, ExpiresIn=60
        )
        assert requests.get(address.partition("?")[0], timeout=5).status_code == 403
        assert requests.get(address[:-4] + "0000", timeout=5).status_code == 403
        assert requests.get(address, timeout=5).content == b"hello"

    def test_a_post_policy_holds_for_its_key_and_length(self, storage_server: Storage, servers: Borrowed) -> None:
        conditions = [["content-length-range", 1, 10]]
        post = storage_server.client().generate_presigned_post(servers.bucket, "house/b", Conditions=conditions)

        def send(body: bytes, **fields: str) -> int:
            files = {"file": ("b", body)}
            return requests.post(post["url"], data=post["fields"] | fields, files=files, timeout=5).status_code

        assert send(b"x" * 11) == 400
        assert send(b"x", key="house/c") == 403
        assert send(b"x", policy="e30=") == 403
        assert send(b"x") == 204

    def test_pages_of_the_site_may_post_and_others_may_not(self, storage_server: Storage, servers: Borrowed) -> None:
        def allowed(origin: str) -> str | None:
            headers = {"Origin": origin, "Access-Control-Request-Method": "POST"}
            answer = requests.options(f"{storage_server.url}/{servers.bucket}", headers=headers, timeout=5)
            return answer.headers.get("Access-Control-Allow-Origin")

        for origin in (servers.site_url, servers.site_url.replace("127.0.0.1", "localhost")):
            assert allowed(origin) in {origin, "*"}
        assert allowed("http://elsewhere.test") is None

    def test_each_borrower_has_a_bucket_of_its_own(self, storage_server: Storage, servers: Borrowed) -> None:
        with pytest.raises(ClientError, match="NoSuchBucket"):
            boto3.client(
                "s3",
                endpoint_url=storage_server.url,
                region_name="us-east-1",
                aws_access_key_id="lantern",
                aws_secret_access_key=storage_server.secret_key,
                config=Config(s3={"addressing_style": "path"}),
            ).list_objects_v2(Bucket="lantern-of-nobody")
        assert storage_server.client().list_objects_v2(Bucket=servers.bucket)["Name"] == servers.bucket


class TestPrograms:
    def start(self, folder: Path) -> Program:
        program = Program("sleeper", folder)
        program.start([sys.executable, "-c", "import time; time.sleep(60)"], env=inherited())
        return program

    def test_a_program_that_an_earlier_run_left_is_found_and_stopped(self, tmp_path: Path) -> None:
        left = self.start(tmp_path)
        again = Program("sleeper", tmp_path)
        assert again.stop_leftover()
        assert not left.is_alive()
        assert not again.stop_leftover()

    def test_a_stranger_with_the_same_pid_is_left_alone(self, tmp_path: Path) -> None:
        stranger = self.start(tmp_path)
        assert stranger.pid is not None
        record = stranger.pid_file.read_text()
        born = born_at(stranger.pid)
        assert born is not None
        stranger.pid_file.write_text(record.replace(born, f"{born}0"))
        assert not Program("sleeper", tmp_path).stop_leftover()
        assert stranger.is_alive()
        stranger.pid_file.write_text(record)
        assert Program("sleeper", tmp_path).stop_leftover()
        assert not stranger.is_alive()

    def test_what_ignores_the_request_to_stop_is_killed(self, tmp_path: Path) -> None:
        program = Program("stubborn", tmp_path)
        script = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
        program.start([sys.executable, "-c", script], env=inherited())
        program.wait_until(lambda: "up" in program.last_lines())
        pid = program.pid
        program.stop(seconds=0.2)
        assert pid is not None
        assert born_at(pid) is None
        assert program.stop_signal == signal.SIGTERM


def test_variables_for_other_programs_do_not_reach_ours() -> None:
    caller = {
        "PGSSLMODE": "require",
        "AWS_PROFILE": "work",
        "PG_BINDIR": "/x",
        "HOLD_SECONDS": "5",
        "no_proxy": "intranet",
    }
    kept = inherited(caller)
    assert {"PGSSLMODE", "AWS_PROFILE"}.isdisjoint(kept)
    assert kept["PG_BINDIR"] == "/x"
    assert kept["HOLD_SECONDS"] == "5"
    assert kept["no_proxy"] == "intranet,127.0.0.1,localhost"
    assert {"HOLD_SECONDS", "DATABASE_URL"} <= product_variables()
