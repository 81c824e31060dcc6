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


def test_what_a_job_was_given_is_in_no_line(capsys: pytest.CaptureFixture[str]) -> None:
    """The job of a mail holds its words: names, messages, the code that signs somebody in."""
    logging.config.dictConfig(logging_config(json=True))
    jobs = DjangoApp(connector=type(app.connector)())

    @jobs.task(name="try_it", queue=QUEUE, retry=RetryStrategy(max_attempts=3, wait=60))
    def try_it(*, mail: dict[str, str], upload_id: str) -> None:
        raise OSError("the mail server is away")

    try_it.defer(mail={"text": "Your code is 123 ABC, Ngozi"}, upload_id="u-1")
    let_worker_run(jobs, queue=QUEUE)
    forget_jobs()
    [line] = [json.loads(line) for line in capsys.readouterr().err.splitlines() if "try_it" in line]
    assert line["level"] == "warning"
    assert "OSError" in line["exception"]
    assert "123 ABC" not in json.dumps(line)
    assert line["job"]["upload_id"] == "u-1"


def test_a_line_that_is_not_written_holds_nothing_either() -> None:
    """The error tracker keeps what went before an error, the start of each job among it."""
    logging.config.dictConfig(logging_config(json=True))
    call = "deliver_mail[7](mail={'text': 'Your code is 123 ABC'})"
    facts = {"id": 7, "task_name": "deliver_mail", "attempts": 0, "task_kwargs": {"mail": {}}, "call_string": call}
    record = logging.makeLogRecord(
        {"name": "procrastinate.worker", "levelno": logging.INFO, "msg": f"Starting job {call}", "job": facts}
    )
    [handler] = logging.getLogger().handlers
    assert not handler.filter(record)
    assert record.getMessage() == "Starting job deliver_mail[7]"
    assert "123 ABC" not in str(vars(record))
