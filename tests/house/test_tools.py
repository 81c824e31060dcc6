"""bin/ and the Makefile: what a stranger meets first."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from marketplace.sandbox.environment import ROOT

BIN = ROOT / "bin"
TARGETS = {"demo", "test", "check", "e2e", "bench", "fmt", "requirements", "help"}


def run(*argv: str | Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(argv, env=environment, capture_output=True, text=True, check=False, timeout=60)


def write_program(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A path with the few programs that the scripts call, and no Python."""
    folder = tmp_path / "tools"
    folder.mkdir()
    for name in ("cat", "dirname", "sh"):
        (folder / name).symlink_to(Path("/bin") / name if (Path("/bin") / name).exists() else Path("/usr/bin") / name)
    return folder


def good_python(path: Path) -> None:
    write_program(path, f'exec "{sys.executable}" "$@"')


def test_make_alone_lists_each_command() -> None:
    listed = re.findall(
        r"^  make ([a-z0-9]+) +\S", run("make", "-C", ROOT, "--no-print-directory", **os.environ).stdout, re.MULTILINE
    )
    assert set(listed) >= TARGETS


def test_every_script_can_be_run_and_has_no_error_of_syntax() -> None:
    scripts = [path for path in [*BIN.iterdir(), ROOT / ".ci" / "run"] if path.is_file() and path.suffix != ".py"]
    assert len(scripts) > 5
    for script in scripts:
        assert os.access(script, os.X_OK), script
        shell = script.read_text().splitlines()[0].rsplit("/", 1)[-1].removeprefix("env ")
        assert run(shell, "-n", script, **os.environ).returncode == 0, script


def test_the_finder_passes_over_a_python_that_exists_and_fails(tmp_path: Path, tools: Path) -> None:
    write_program(tools / "python3.13", "echo 'pyenv: python3.13: command not found' >&2; exit 127")
    write_program(tools / "python3.14", "exit 1")
    good_python(tools / "python3.12")
    found = run(BIN / "find-python", PATH=str(tools), HOME=str(tmp_path))
    assert (found.returncode, found.stdout.strip()) == (0, sys.executable)


def test_the_finder_prefers_the_python_that_it_was_told(tmp_path: Path, tools: Path) -> None:
    good_python(tools / "python3.12")
    write_program(tools / "mine", 'case "$2" in *executable*) echo mine ;; esac')
    found = run(BIN / "find-python", PATH=str(tools), HOME=str(tmp_path), PYTHON=str(tools / "mine"))
    assert found.stdout.strip() == "mine"


def test_the_finder_looks_into_the_versions_beside_the_shims_of_another_home(tmp_path: Path, tools: Path) -> None:
    root = tmp_path / "somebody" / "pyenv"
    write_program(root / "shims" / "python3", "exit 127")
    good_python(root / "versions" / "3.12.1" / "bin" / "python3")
    path = f"{root / 'shims'}:{tools}"
    assert run(BIN / "find-python", PATH=path, HOME=str(tmp_path)).stdout.strip() == sys.executable


def test_the_finder_says_what_to_do_when_there_is_no_python(tmp_path: Path, tools: Path) -> None:
    refused = run(BIN / "find-python", PATH=str(tools), HOME=str(tmp_path))
    assert refused.returncode == 1
    assert "Python 3.12" in refused.stderr
    assert "PYTHON=" in refused.stderr
    good_python(tools / "python3")
    assert run(BIN / "find-python", PATH=str(tools), HOME=str(tmp_path)).returncode == 0


def test_pages_are_shown_by_a_browser_without_windows_where_there_is_one(tmp_path: Path, tools: Path) -> None:
    for name in ("chromium", "chromium-headless-shell"):
        write_program(tools / name, "exit 0")

    def found(*how: str, **named: str) -> str:
        return run(BIN / "find-chromium", *how, PATH=str(tools), **named).stdout.strip()

    assert found() == f"{tools}/chromium"
    assert found("--headless") == f"{tools}/chromium-headless-shell"
    assert found("--headless", CHROMIUM=f"{tools}/chromium") == f"{tools}/chromium", "who names one gets it"
    (tools / "chromium-headless-shell").unlink()
    assert found("--headless") == f"{tools}/chromium"


def test_browser_tests_without_a_browser_are_an_error_in_ci_and_a_loud_skip_elsewhere() -> None:
    environment = {name: value for name, value in os.environ.items() if name != "CI"} | {
        "CHROMIUM": "/nowhere/chromium"
    }
    here = run(BIN / "e2e", **environment)
    in_ci = run(BIN / "e2e", **environment, CI="true")
    assert (here.returncode, in_ci.returncode) == (0, 1)
    for answer in (here, in_ci):
        assert "NO BROWSER TEST WAS RUN" in answer.stderr
        assert "apt-get install chromium" in answer.stderr


def test_no_committed_file_of_requirements_names_a_package_index() -> None:
    for path in (ROOT / "requirements").iterdir():
        assert "://" not in path.read_text(), path
        if path.suffix == ".txt":
            assert path.read_text().count("--hash=sha256:") > 0, path


def test_the_smaller_sets_of_requirements_hold_the_versions_of_the_largest() -> None:
    def pins(name: str) -> set[str]:
        return set(re.findall(r"^\S+==[^\s;]+", (ROOT / "requirements" / f"{name}.txt").read_text(), re.MULTILINE))

    assert pins("base") < pins("demo") < pins("dev")
    assert pins("tools") < pins("dev")


def test_every_action_is_pinned_by_a_commit_and_every_job_says_its_rights() -> None:
    for workflow in (ROOT / ".github" / "workflows").glob("*.yml"):
        text = workflow.read_text()
        used = re.findall(r"uses: (\S+)", text)
        assert used
        assert all(re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", action) for action in used), workflow
        assert "\npermissions: {}\n" in text
