"""The supervisor on its own, with a program that only sleeps."""

import random
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from marketplace.sandbox.environment import ROOT, inherited
from marketplace.sandbox.processes import Program
from marketplace.sandbox.supervisor import Job

pytestmark = pytest.mark.slow

SUPERVISED = """
import sys
from pathlib import Path
from marketplace.sandbox.environment import inherited
from marketplace.sandbox.processes import Program
from marketplace.sandbox.supervisor import Console, Serve, Supervisor, asked_by_signals

class Sleeper:
    program = Program("sleeper", Path(sys.argv[1]))
    def environment(self): return {}
    def start(self): self.program.start([sys.executable, "-c", sys.argv[2]], env=inherited())

supervisor = Supervisor([[[Serve("Sleeper", Sleeper())]]], on_change=lambda pids: print(*pids.values()), console=Console())
with asked_by_signals(supervisor):
    supervisor.run(when_up=lambda: print("up", flush=True))
"""


def supervise(folder: Path, program: str) -> "subprocess.Popen[str]":
    argv = [sys.executable, "-c", SUPERVISED, str(folder), program]
    return subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize("turn", range(4))
def test_it_stops_whenever_and_however_often_it_is_asked(tmp_path: Path, turn: int) -> None:
    with supervise(tmp_path, "import time; time.sleep(60)") as supervisor:
        assert supervisor.stdout is not None
        while supervisor.stdout.readline() != "up\n":
            assert supervisor.poll() is None
        time.sleep(random.random() / 5)
        deadline = time.monotonic() + 15
        # A handler that takes a lock meets its own thread holding it, and the last one meets an interpreter that ends.
        while supervisor.poll() is None and time.monotonic() < deadline:
            supervisor.terminate()
            time.sleep(0.003)
        assert supervisor.returncode == 0
        assert not list((tmp_path / "pids").iterdir())


def test_what_keeps_dying_is_started_again_five_times_a_minute(tmp_path: Path) -> None:
    with supervise(tmp_path, "print('one more', flush=True)") as supervisor:
        time.sleep(4)
        supervisor.terminate()
        assert supervisor.wait(15) == 0
    assert (tmp_path / "logs" / "sleeper.log").read_text().count("one more") == 1 + 5


def test_two_demos_of_one_checkout_make_what_they_share_once(tmp_path: Path) -> None:
    made, source = tmp_path / "shared" / "made", tmp_path / "source"
    source.write_text("1")
    slowly = "import pathlib, sys, time; time.sleep(0.3); pathlib.Path(sys.argv[1]).open('a').write('made ')"

    def job(number: int) -> Job:
        program = Program(f"job{number}", tmp_path / str(number))
        argv = [sys.executable, "-c", slowly, str(made)]
        return Job("Job", program, argv, inherited(), ROOT, mark=made.with_name("made-from"), sources=lambda: [source])

    def start_both() -> None:
        threads = [threading.Thread(target=job(number).start) for number in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)

    start_both()
    assert made.read_text() == "made "
    source.write_text("2")  # and again once there is something new
    start_both()
    assert made.read_text() == "made made "
