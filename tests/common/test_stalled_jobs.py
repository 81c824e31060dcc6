"""What a worker had in hand when it died is done by another one."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.conf import settings
from django.db import connection
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob
from psycopg.conninfo import make_conninfo

from accounts.emails import send_welcome
from accounts.models import User
from marketplace.common import stalled
from marketplace.common.tasks import put_back_stalled
from tests.jobs import waiting_jobs

SILENT = "40 seconds"
ALIVE = "5 seconds"


@pytest.fixture(autouse=True)
def _empty_queue(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs; DELETE FROM procrastinate_workers")


def put_back() -> int:
    return async_to_sync(stalled.put_back_stalled_jobs)(app.job_manager)


def begun_job(*, last_beat: str, attempts: int = 0, queueing_lock: str | None = None) -> int:
    """A job in the hands of a worker whose heart last beat that long ago. Returns its id."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - %s::interval) RETURNING id", [last_beat]
        )
        [worker] = cursor.fetchone()
        cursor.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, args, status, worker_id, attempts, queueing_lock) "
            "VALUES ('default', 'deliver_mail', '{}', 'doing', %s, %s, %s) RETURNING id",
            [worker, attempts, queueing_lock],
        )
        return int(cursor.fetchone()[0])


def status_of(job: int) -> str:
    return str(ProcrastinateJob.objects.get(pk=job).status)


def test_a_job_of_a_dead_worker_is_put_back_and_one_of_a_living_is_left() -> None:
    dead, alive = begun_job(last_beat=SILENT), begun_job(last_beat=ALIVE)
    assert put_back() == 1
    assert (status_of(dead), status_of(alive)) == ("todo", "doing")
    assert ProcrastinateJob.objects.get(pk=dead).attempts == 1
    assert put_back() == 0


def test_a_job_whose_worker_was_struck_off_is_put_back() -> None:
    job = begun_job(last_beat=SILENT)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_workers")  # as each worker does with silent ones when it starts
    assert put_back() == 1
    assert status_of(job) == "todo"


def test_a_job_that_ends_every_worker_is_given_up_for_someone_to_look_at() -> None:
    poison = begun_job(last_beat=SILENT, attempts=stalled.ATTEMPTS_MAX)
    almost = begun_job(last_beat=SILENT, attempts=stalled.ATTEMPTS_MAX - 1)
    put_back()
    assert (status_of(poison), status_of(almost)) == ("failed", "todo")


@pytest.mark.django_db(transaction=True)  # workers commit each query, so that a refused one breaks no other
def test_what_runs_by_the_clock_and_waits_again_already_is_not_doubled() -> None:
    pass_ = begun_job(last_beat=SILENT, queueing_lock="every-minute")
    alone = begun_job(last_beat=SILENT, queueing_lock="every-hour")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, args, queueing_lock) VALUES ('default', 'deliver_mail', '{}', 'every-minute')"
        )
    assert put_back() == 2
    assert not ProcrastinateJob.objects.filter(pk=pass_).exists()
    assert status_of(alone) == "todo"
    assert ProcrastinateJob.objects.filter(status="todo").count() == 2


@pytest.mark.django_db(transaction=True)
def test_a_job_that_was_finished_meanwhile_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    finished, other = begun_job(last_beat=SILENT), begun_job(last_beat=SILENT)
    [first, second] = sorted(async_to_sync(app.job_manager.get_stalled_jobs)(), key=lambda job: job.id or 0)

    async def as_it_was(**_kwargs: object) -> list[Any]:  # Any: procrastinate's jobs
        return [first, second]

    monkeypatch.setattr(app.job_manager, "get_stalled_jobs", as_it_was)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET status = 'succeeded' WHERE id = %s", [finished])
    put_back()
    assert (status_of(finished), status_of(other)) == ("succeeded", "todo")


def test_the_pass_runs_every_minute() -> None:
    crons = {task.task.name: task.cron for task in app.periodic_registry.periodic_tasks.values()}
    assert crons[put_back_stalled.name] == "* * * * *"


# With real workers


@contextmanager
def silent_mail_server() -> Iterator[str]:
    """Takes connections and never says a word: whoever sends a mail there waits."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"smtp://127.0.0.1:{server.getsockname()[1]}"


def start_worker(*options: str, smtp_url: str) -> subprocess.Popen[bytes]:
    database = connection.settings_dict
    url = make_conninfo(
        dbname=database["NAME"], user=database["USER"], password=database["PASSWORD"], host=database["HOST"], port=database["PORT"]
    )  # fmt: skip
    return subprocess.Popen(
        [sys.executable, str(settings.BASE_DIR / "manage.py"), "procrastinate", "worker", *options],
        env=os.environ | {"DATABASE_URL": url, "SMTP_URL": smtp_url},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def wait_for(fact: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not fact():
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.mark.django_db(transaction=True)
def test_a_mail_that_a_killed_worker_had_in_hand_is_sent_by_the_next(student: User, tmp_path: Path) -> None:
    send_welcome(student)
    assert len(waiting_jobs("deliver_mail")) == 1
    with silent_mail_server() as nowhere, start_worker(smtp_url=nowhere) as worker:
        wait_for(lambda: ProcrastinateJob.objects.filter(task_name="deliver_mail", status="doing").exists())
        worker.kill()
    assert put_back() == 0  # too early to say that it is dead
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_workers SET last_heartbeat = last_heartbeat - interval '1 minute'")
    put_back()  # this job, and whatever else the clock had begun
    assert len(waiting_jobs("deliver_mail")) == 1
    with start_worker("--one-shot", smtp_url=tmp_path.as_uri()) as worker:
        assert worker.wait(60) == 0
    [mail] = [message_from_bytes(path.read_bytes()) for path in tmp_path.glob("*.eml")]
    assert (mail["X-Event"], mail["To"]) == ("welcome", student.email)
