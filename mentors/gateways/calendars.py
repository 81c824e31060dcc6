"""Strangers' calendars, read in a process of their own with nothing to lose: no settings, no secrets, little memory.

A look-up of a name, a handshake, a packed file, a recurrence rule: each can be made to take for ever, in places where no
timeout of ours reaches. The process is ended when its time is over, and that bounds all of them.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from pydantic import BaseModel, ConfigDict, ValidationError

from marketplace.common.logging import get_logger
from mentors.gateways.ics.addresses import parse
from mentors.models.calendars import CalendarImport

log = get_logger(__name__)

# Beside fetching: what starting the process takes, and parsing what came.
START_SECONDS = 0.4
PARSE_SECONDS = 10.0

Failure = CalendarImport.Failure


@dataclass(frozen=True)
class Wanted:
    """A calendar to be read; with the marks of its last version, only if it has changed since."""

    key: UUID
    address: str
    etag: str = ""
    last_modified: str = ""


class Reading(BaseModel):
    """What the program prints of one calendar. Strictly read: it has seen a stranger's file.

    ``busy`` are spans in seconds since 1970, merged and in order.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: UUID
    outcome: Literal["changed", "unchanged", "failed"]
    failure: Failure | None = None
    etag: str = ""
    last_modified: str = ""
    busy: list[tuple[int, int]] = []
    entries: int = 0
    unreadable: int = 0


def canonical(address: str) -> tuple[str, str]:
    """Look at an address without asking anyone; return it as it is asked for, and its host. Raises ``Refused``."""
    parsed = parse(address, trusted=settings.CALENDAR_TEST_ORIGINS)
    return parsed.url, parsed.host


def read_calendars(
    calendars: Sequence[Wanted], *, zone: str, start: datetime, end: datetime, seconds: float, wait_for_all: bool = True
) -> dict[UUID, Reading]:
    """Read some calendars at once: when their owner is busy in ``[start, end)``. ``zone`` is the owner's.

    ``seconds`` is for fetching; without ``wait_for_all`` it is for everything. A calendar that could not be read in that
    time is not among what is returned, or has failed as ``slow``.
    """
    errand = {
        "calendars": [
            {"key": str(each.key), "address": each.address, "etag": each.etag, "last_modified": each.last_modified}
            for each in calendars
        ],
        "zone": zone,
        "start": start.timestamp(),
        "end": end.timestamp(),
        "seconds": seconds if wait_for_all else seconds - START_SECONDS,
        "own_host": urlsplit(settings.SITE_URL).hostname,
        "trusted": list(settings.CALENDAR_TEST_ORIGINS),
    }
    program = [sys.executable, "-s", "-P", "-m", "mentors.gateways.ics"]
    try:
        done = subprocess.run(  # noqa: S603  # our own program; the addresses are on its standard input
            program,
            input=json.dumps(errand).encode(),
            capture_output=True,
            cwd="/",
            env={"PYTHONPATH": str(settings.BASE_DIR)},
            timeout=seconds + PARSE_SECONDS if wait_for_all else seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as exc:
        return _readings(exc.stdout or b"")
    if done.returncode != 0:
        # Ended at a limit, or a parser crashed: nothing that could be shown to anyone.
        log.warning("calendar_reader_failed", returncode=done.returncode)
    return _readings(done.stdout)


def _readings(printed: bytes) -> dict[UUID, Reading]:
    found: dict[UUID, Reading] = {}
    for line in printed.splitlines(keepends=True):
        if not line.endswith(b"\n"):
            break  # it was ended while it wrote this one
        try:
            reading = Reading.model_validate_json(line)
        except ValidationError:
            log.warning("calendar_reader_misspoke")
            continue
        found[reading.key] = reading
    return found
