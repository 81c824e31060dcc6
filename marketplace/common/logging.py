"""Structured logs without personal data.

Events are constant snake_case names with keyword data. Whatever slips in as a mail address, a token, a signed link
or a client secret is masked here, in the last processor before the line is written.
"""

import logging
import re
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog
from structlog.typing import EventDict, Processor

MASK = "***"
SECRET_NAMES = re.compile(
    r"password|secret|token|authorization|cookie|signature|credential|api_?key|csrf|session_?key", re.IGNORECASE
)
# Each begins only where a word does, never within one: else a long address that is asked for costs its square.
PATTERNS = (
    re.compile(r"(?<![\w.+%-])[\w.+%-]+(?:@|%40)[\w-]+(\.[\w-]+)+"),  # mail addresses, in a query string too
    re.compile(r"\b(?:sk|rk|whsec)_[A-Za-z0-9_]{6,}"),  # the provider's keys
    re.compile(r"\bpi_[A-Za-z0-9]+_secret_[A-Za-z0-9]+"),  # client secrets
    re.compile(r"(?<=[?&])(?:X-Amz-[A-Za-z-]+|AWSAccessKeyId|Signature|token|code|key)=[^&\s\"']+"),  # signed links
    re.compile(r"(?<=/calendar/)[\w-]{20,}"),  # secret addresses of calendar feeds
    re.compile(r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_.-]+"),  # JSON web tokens
    re.compile(r"(?<=://)[^/\s:@]*:[^/\s@]+(?=@)"),  # user:password in a URL, or a password alone
    # What PostgreSQL quotes of a row that it refused: names, messages, hashes of passwords.
    re.compile(r"(?<=Failing row contains ).*?(?:\)\.(?=\n|\Z)|\Z)", re.DOTALL),
    re.compile(r"(?<=DETAIL:  Key )[^\n]+"),
)


def mask(value: Any) -> Any:  # Any: log data has whatever shape the caller gave it
    """Mask personal data and secrets in a value and all it contains."""
    if isinstance(value, str):
        for pattern in PATTERNS:
            value = pattern.sub(MASK, value)
        return value
    if isinstance(value, Mapping):
        return {k: MASK if SECRET_NAMES.search(str(k)) else mask(v) for k, v in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [mask(item) for item in value]
    if isinstance(value, (int, float, bool, type(None))):
        return value
    return mask(str(value))


def mask_event(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> EventDict:
    return {k: v if k.startswith("_") else MASK if SECRET_NAMES.search(k) else mask(v) for k, v in event.items()}


def shared_processors() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.PositionalArgumentsFormatter(),
    ]


def structlog_processors() -> list[Processor]:
    return [
        structlog.stdlib.filter_by_level,
        *shared_processors(),
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ]


class JobTrouble(logging.Filter):
    """Of what the queue says of its jobs, keep the trouble. A job that will be tried again it mentions at INFO only, among
    each start and end; that one is a warning.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno >= logging.WARNING or not record.name.startswith("procrastinate."):
            return True
        if getattr(record, "action", "") not in {"job_error_retry", "job_aborted_retry"}:
            return False
        record.levelno, record.levelname = logging.WARNING, "WARNING"
        return True


class JobArguments(logging.Filter):
    """Take what a job was given out of what the queue says of it, but for ids: a mail's job holds its words and codes.

    It changes the record itself, also of a line that is not written: the error tracker sees each after the handlers.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        job = getattr(record, "job", None)
        if isinstance(job, dict) and "call_string" in job:
            ids = {name: value for name, value in job["task_kwargs"].items() if name.endswith("_id")}
            record.msg = record.getMessage().replace(job["call_string"], f"{job['task_name']}[{job['id']}]")
            record.args = ()
            record.job = {"id": job["id"], "task_name": job["task_name"], "attempts": job["attempts"], **ids}
        return True


def logging_config(*, json: bool) -> dict[str, Any]:
    """Build Django's ``LOGGING``: one handler, on stderr; JSON lines, or readable ones for a developer."""
    renderer: Processor = structlog.processors.JSONRenderer() if json else structlog.dev.ConsoleRenderer(colors=False)
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "structured": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": [*shared_processors(), structlog.stdlib.ExtraAdder()],
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.format_exc_info,
                    mask_event,
                    renderer,
                ],
            },
        },
        "filters": {"job_trouble": {"()": JobTrouble}, "job_arguments": {"()": JobArguments}},
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "formatter": "structured",
                "filters": ["job_arguments", "job_trouble"],
            }
        },
        "root": {"handlers": ["stderr"], "level": "INFO"},
        "loggers": {
            "django.server": {"level": "INFO", "propagate": True, "handlers": []},
            "django.request": {"level": "ERROR"},  # 4xx answers stand in django_structlog's request lines
            "procrastinate": {"level": "WARNING"},
            "procrastinate.worker": {"level": "INFO"},  # JobTrouble takes its pick
            "botocore": {"level": "WARNING"},
        },
    }


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    logger: structlog.stdlib.BoundLogger = structlog.get_logger(name)
    return logger
