"""Runs the jobs that a test's requests have deferred: on the test's own connection and in the order they came, or by a worker."""

import asyncio
import json
from typing import Any

from django.db import connection
from django.utils import timezone
from procrastinate import App
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob


def run_jobs(*names: str) -> list[str]:
    """Run what is due (all tasks, or those named) until nothing is left; return the names of the tasks run.

    A job that raises lets the test fail. Jobs deferred for later (``schedule_at``) wait for their time.
    """
    ran: list[str] = []
    while job := _take(names):
        name, arguments = job
        app.tasks[name](**arguments)
        ran.append(name)
    return ran


def let_worker_run(jobs: App, *, queue: str) -> None:
    """Let procrastinate's own worker do what waits in a queue, with the connector that a deployment's worker has."""
    worker_connector = jobs.connector.get_worker_connector()  # type: ignore[attr-defined]  # the Django connector's own

    async def live() -> None:
        async with jobs.open_async():
            await jobs.run_worker_async(queues=[queue], wait=False, install_signal_handlers=False)

    with jobs.replace_connector(worker_connector):
        asyncio.run(live())


def forget_jobs() -> None:
    with connection.cursor() as cursor:  # procrastinate's models are read-only
        cursor.execute("DELETE FROM procrastinate_jobs")


def waiting_jobs(name: str) -> list[dict[str, Any]]:  # Any: JSON
    """The arguments of the jobs of one task that wait to be run."""
    return list(
        ProcrastinateJob.objects.filter(task_name=name, status="todo").order_by("id").values_list("args", flat=True)
    )


def _take(names: tuple[str, ...]) -> tuple[str, dict[str, Any]] | None:  # Any: JSON
    with connection.cursor() as cursor:  # procrastinate's models are read-only
        cursor.execute(
            """
            DELETE FROM procrastinate_jobs WHERE id = (
                SELECT id FROM procrastinate_jobs
                WHERE status = 'todo' AND (%s = '{}' OR task_name = ANY(%s)) AND (scheduled_at IS NULL OR scheduled_at <= %s)
                ORDER BY id LIMIT 1
            ) RETURNING task_name, args
            """,
            [list(names), list(names), timezone.now()],
        )
        row = cursor.fetchone()
    return (row[0], json.loads(row[1])) if row else None  # Django leaves jsonb undecoded on its own connections
