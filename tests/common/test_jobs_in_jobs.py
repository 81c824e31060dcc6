"""What a job defers commits or vanishes with the job's own transaction, as it does in a web server."""

import pytest
from django.db import connection, transaction
from procrastinate import App
from procrastinate.contrib.django import DjangoApp, app
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.contrib.django.models import ProcrastinateJob

from tests.jobs import forget_jobs, let_worker_run

pytestmark = pytest.mark.django_db(transaction=True)

QUEUE = "of-this-test"


def app_with(connector: DjangoConnector) -> App:
    """An app with two jobs: one defers another inside a transaction, and is undone or not."""
    jobs = DjangoApp(connector=connector)

    @jobs.task(name="cause", queue=QUEUE)
    def cause(*, is_undone: bool) -> None:
        with transaction.atomic():
            jobs.configure_task("effect", queue=f"{QUEUE}-later", allow_unknown=True).defer()
            transaction.set_rollback(is_undone)
        connection.close()  # that of the worker's thread, which ends with this test

    return jobs


def work(jobs: App, *, is_undone: bool) -> int:
    """Let a real worker do the job; tell how many jobs it has left behind."""
    jobs.configure_task("cause").defer(is_undone=is_undone)
    let_worker_run(jobs, queue=QUEUE)
    assert not ProcrastinateJob.objects.filter(task_name="cause").exclude(status="succeeded").exists()
    left = ProcrastinateJob.objects.filter(task_name="effect").count()
    forget_jobs()
    return left


def ours() -> DjangoConnector:
    assert isinstance(app.connector, DjangoConnector)
    return type(app.connector)()


def test_a_job_deferred_by_a_job_is_there_once_its_transaction_has_committed() -> None:
    assert work(app_with(ours()), is_undone=False) == 1


def test_a_job_deferred_by_a_job_vanishes_with_its_transaction() -> None:
    assert work(app_with(ours()), is_undone=True) == 0


def test_the_librarys_own_worker_would_leave_it_behind() -> None:
    """The control."""
    assert work(app_with(DjangoConnector()), is_undone=True) == 1
