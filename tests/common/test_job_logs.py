"""A job that fails is in the log, with why, also while it will be tried again. What goes well is not."""

import json
import logging.config
from typing import Any

import pytest
from procrastinate import RetryStrategy
from procrastinate.contrib.django import DjangoApp, app

from marketplace.common.logging import logging_config
from tests.jobs import forget_jobs, let_worker_run

pytestmark = pytest.mark.django_db(transaction=True)

QUEUE = "of-this-test"


def work(*, retry: bool | RetryStrategy, fails: bool) -> None:
    """Let a real worker do one job."""
    jobs = DjangoApp(connector=type(app.connector)())

    @jobs.task(name="try_it", queue=QUEUE, retry=retry)
    def try_it() -> None:
        if fails:
            raise ValueError("the bank of amara@example.org is closed")

    try_it.defer()
    let_worker_run(jobs, queue=QUEUE)
    forget_jobs()


@pytest.mark.parametrize(
    ("retry", "fails", "level"),
    [(RetryStrategy(max_attempts=3, wait=60), True, "warning"), (False, True, "error"), (False, False, None)],
    ids=["tried again", "given up", "went well"],
)
def test_a_job_in_trouble_is_logged(
    retry: bool | RetryStrategy, fails: bool, level: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    logging.config.dictConfig(logging_config(json=True))
    work(retry=retry, fails=fails)
    lines: list[dict[str, Any]] = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    told = [line for line in lines if line["logger"].startswith("procrastinate")]
    assert [line["level"] for line in told] == ([level] if level else [])
    for line in told:
        assert "try_it" in line["event"]
        assert "ValueError" in line["exception"]
        assert "amara" not in json.dumps(line)
