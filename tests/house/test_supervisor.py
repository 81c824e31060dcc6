"""The supervisor on its own, with a program that only sleeps."""

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from marketplace.sandbox.environment import ROOT

SUPERVISED = """
import signal, sys
from pathlib import Path
from marketplace.sandbox.environment import inherited
from marketplace.sandbox.processes import Program
from marketplace.sandbox.supervisor import Console, Serve, Supervisor

class Sleeper:
    program = Program("sleeper", Path(sys.argv[1]))
    def environment(self): return {}
    def start(self): self.program.start([sys.executable, "-c", sys.argv[2]], env=inherited())

supervisor = Supervisor([[[Serve("Sleeper", Sleeper())]]], on_change=lambda pids: print(*pids.values()), console=Console())
signal.signal(signal.SIGTERM, lambda number, frame: supervisor.ask_to_stop())
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
        for _ in range(20):  # a handler that takes a lock meets its own thread holding it
            supervisor.terminate()
            time.sleep(0.003)
        assert supervisor.wait(15) == 0
        assert not list((tmp_path / "pids").iterdir())


def test_what_keeps_dying_is_started_again_five_times_a_minute(tmp_path: Path) -> None:
    with supervise(tmp_path, "print('one more', flush=True)") as supervisor:
        time.sleep(4)
        supervisor.terminate()
        assert supervisor.wait(15) == 0
    assert (tmp_path / "logs" / "sleeper.log").read_text().count("one more") == 1 + 5
