"""``make demo``, the real one: comes up, says where everything is, survives what happens to it, leaves nothing behind."""

import json
import os
import signal
import stat
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import requests

from marketplace.sandbox.environment import ROOT
from marketplace.sandbox.processes import answers, born_at, free_port
from tests.e2e.house import outer_environment

pytestmark = pytest.mark.slow

KEYS = {"site", "stripe_api", "stripe_secret_key", "stripe_webhook_secret", "s3", "database_url", "mail_dir", "root"}
KEYS |= {"manage", "env", "pids"}
PROGRAMS = {"web", "worker", "postgres", "valkey", "storage", "payments"}


class RunningDemo:
    """A ``make demo`` in a folder of its own (with a space in its name), started and stopped as a person would."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "demo here"
        self.port = free_port()
        self.output = folder / "output"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> float:
        """Start it and wait until it is up; return the seconds that took."""
        began = time.monotonic()
        self.process = self.launch()
        while not (self.folder / "run.json").exists():
            assert self.process.poll() is None, self.printed()
            assert time.monotonic() - began < 120, self.printed()
            time.sleep(0.1)
        return time.monotonic() - began

    def launch(self) -> "subprocess.Popen[bytes]":
        env = outer_environment() | {
            "DEBUG": "1",
            "DEMO_DIR": str(self.folder),
            "PORT": str(self.port),
            "HOLD_SECONDS": "77",
        }
        with self.output.open("ab") as output:
            return subprocess.Popen(
                ["make", "--no-print-directory", "demo"],
                cwd=ROOT,
                env=env,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def run(self) -> dict[str, Any]:  # Any: a file of JSON
        facts: dict[str, Any] = json.loads((self.folder / "run.json").read_text())
        return facts

    def wait_until_healthy(self) -> None:
        deadline = time.monotonic() + 20
        while not self.is_healthy():
            assert time.monotonic() < deadline, self.printed()
            time.sleep(0.1)

    def is_healthy(self) -> bool:
        try:
            return requests.get(f"{self.run()['site']}/api/health", timeout=5).status_code == 200
        except requests.ConnectionError:
            return False

    def printed(self) -> str:
        return self.output.read_text()[-6000:]

    def end(self, how: signal.Signals) -> None:
        assert self.process is not None
        os.killpg(self.process.pid, how)
        self.process.wait(60)

    def supervisor(self) -> int:
        assert self.process is not None
        children = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(self.process.pid)], capture_output=True, text=True, check=True
        )
        return int(children.stdout.split()[0])


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDemo]:
    demo = RunningDemo(tmp_path_factory.mktemp("house"))
    demo.start()
    yield demo
    if demo.process is not None and demo.process.poll() is None:
        demo.end(signal.SIGTERM)


def test_it_says_where_everything_is_to_its_owner_alone(demo: RunningDemo) -> None:
    facts = demo.run()
    assert set(facts) == KEYS
    assert set(facts["pids"]) == PROGRAMS
    assert all(born_at(pid) for pid in facts["pids"].values())
    assert facts["site"] == f"http://127.0.0.1:{demo.port}"
    assert stat.S_IMODE((demo.folder / "run.json").stat().st_mode) == 0o600
    assert stat.S_IMODE((demo.folder / "secrets.json").stat().st_mode) == 0o600
    assert facts["site"] in demo.printed()
    assert "student1@demo.test" in demo.printed()


def test_a_developers_debug_leaves_files_that_may_be_served_without_it(demo: RunningDemo) -> None:
    assert demo.run()["env"]["DEBUG"] == "1"
    collected = ROOT / "staticfiles"
    assert (collected / "made-from").exists()  # the next start relies on it
    assert json.loads((collected / "staticfiles.json").read_text())["paths"]["css/site.css"] != "css/site.css"


def test_the_site_answers_and_its_parts_are_ready(demo: RunningDemo) -> None:
    health = requests.get(f"{demo.run()['site']}/api/health", timeout=10)
    assert (health.status_code, health.json()["status"]) == (200, "ok")
    assert requests.get(demo.run()["site"], timeout=10).status_code == 200
    assert requests.get(f"{demo.run()['stripe_api']}/_sandbox/health", timeout=10).status_code == 200


def test_run_json_is_enough_to_run_a_command(demo: RunningDemo) -> None:
    facts = demo.run()
    command = [
        *facts["manage"],
        "shell",
        "-v",
        "0",
        "-c",
        "from django.conf import settings; print(settings.HOLD_SECONDS)",
    ]
    done = subprocess.run(command, cwd="/", env=facts["env"], capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["77"], done.stderr  # the caller's own wish reached the product


def test_everything_listens_on_loopback_only(demo: RunningDemo) -> None:
    ports = {demo.port, *json.loads((demo.folder / "ports.json").read_text()).values()}
    listening: dict[int, set[str]] = {}
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            address, state = line.split()[1], line.split()[3]
            host, port = address.split(":")
            if state == "0A":
                listening.setdefault(int(port, 16), set()).add(host)
    assert {port: listening[port] for port in ports} == {port: {"0100007F"} for port in ports}


def test_a_second_demo_in_the_same_folder_is_refused(demo: RunningDemo) -> None:
    second = demo.launch()
    assert second.wait(20) != 0
    assert f"runs in {demo.folder} already, at {demo.run()['site']}" in demo.printed()
    assert answers(demo.port)


@pytest.mark.parametrize("name", sorted(PROGRAMS))
def test_a_program_that_dies_is_started_again(demo: RunningDemo, name: str) -> None:
    before = demo.run()["pids"][name]
    os.kill(before, signal.SIGKILL)
    died = time.monotonic()
    while demo.run()["pids"][name] == before:
        assert time.monotonic() - died < 2
        time.sleep(0.02)
    demo.wait_until_healthy()
    assert born_at(demo.run()["pids"][name])


def test_after_a_stop_nothing_runs_and_after_a_start_all_is_still_there(demo: RunningDemo) -> None:
    facts = demo.run()
    with psycopg.connect(facts["database_url"]) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS kept")
    demo.end(signal.SIGINT)  # as Ctrl-C: make and the supervisor get it, the programs do not
    assert not any(map(born_at, facts["pids"].values()))
    assert not answers(demo.port)
    assert not (demo.folder / "run.json").exists()
    demo.start()
    assert demo.run()["env"]["SECRET_KEY"] == facts["env"]["SECRET_KEY"]
    with psycopg.connect(demo.run()["database_url"]) as connection:
        assert connection.execute("SELECT kept FROM kept").fetchone() == (1,)


def test_a_killed_supervisor_leaves_programs_that_the_next_start_clears_away(demo: RunningDemo) -> None:
    left = demo.run()["pids"]
    os.kill(demo.supervisor(), signal.SIGKILL)
    assert demo.process is not None
    demo.process.wait(10)
    assert all(map(born_at, left.values()))
    (demo.folder / "run.json").unlink()  # so that waiting for it waits for the new one
    demo.start()
    assert not any(map(born_at, left.values()))
    assert requests.get(f"{demo.run()['site']}/api/health/live", timeout=10).status_code == 200


def test_sigterm_to_make_alone_stops_everything(demo: RunningDemo) -> None:
    pids = demo.run()["pids"]
    assert demo.process is not None
    demo.process.send_signal(signal.SIGTERM)
    demo.process.wait(60)
    assert not any(map(born_at, pids.values()))
