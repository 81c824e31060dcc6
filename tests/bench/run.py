"""Measures with borrowed servers that run already; see ``__main__``."""

import argparse
import sys
from pathlib import Path

import django

django.setup()  # models can be imported only then

from tests.bench import sizes  # noqa: E402
from tests.bench.crowd import crowd_rows  # noqa: E402
from tests.bench.data import free_monday, make_mentors, make_students, openings  # noqa: E402
from tests.bench.live import live_rows  # noqa: E402
from tests.bench.operations import Asks  # noqa: E402
from tests.bench.queries import query_rows  # noqa: E402
from tests.bench.report import Row  # noqa: E402
from tests.bench.servers import Site, Worker  # noqa: E402
from tests.bench.speed import OPERATIONS, Plan, speed_rows  # noqa: E402
from tests.bench.talk import Talks, make_talks  # noqa: E402

FULL, QUICK = Plan(rounds=12, requests=25), Plan(rounds=4, requests=15)
# Two for the page that is read, the rest book: each way of booking takes two for each request (floor and product, or
# booked and refused), the floor's bookings beside webhooks and messages one.
STUDENTS = 8
MORE_STUDENTS = 2_500  # who book while much is done, and want one slot at once


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Compare the product with a plain app.")
    parser.add_argument("folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--quick", action="store_true", help="fewer requests; figures are rougher")
    parser.add_argument(
        "--only", choices=[*sorted(OPERATIONS), "crowd", "live"], help="measure one operation and nothing else"
    )
    options = parser.parse_args(arguments)
    plan = QUICK if options.quick else FULL
    say("Making people …")
    make_mentors()
    students, monday = iter(make_students(plan.total * STUDENTS + MORE_STUDENTS)), free_monday()
    asks = Asks(students, openings(monday), next(students), monday)
    talks = make_talks(students)
    say("Asking …")
    rows = measure(asks, talks, plan, options.folder, options.only)
    say(f"\n{'':<52} {'figure':>10} {'limit':>9}")
    for row in rows:
        say(str(row))
    return 0 if all(row.is_kept for row in rows) else 1


def measure(asks: Asks, talks: Talks, plan: Plan, folder: Path, only: str | None) -> list[Row]:
    product = Site("product", folder, settings="marketplace.settings")
    floor = Site("floor", folder, settings="tests.bench.floor.settings", application="tests.bench.floor.wsgi")
    worker = Worker(folder)
    try:
        for site in (product, floor):
            site.start(core=0)
        if only == "crowd":
            return crowd_rows(product, asks)
        if only == "live":
            return live_rows(product, asks.students)
        rows = speed_rows(product, floor, asks, talks, plan, [only] if only else list(OPERATIONS))
        if only:
            return rows
        rows += query_rows(asks)
        worker.start()
        worker.wait_for_jobs(seconds=120)
        resident, proportional = worker.memory()
        worker.program.stop()  # before the crowd leaves it more to do than anybody waits for
        rows.append(Row("Worker after its jobs", resident, 90, f"its own share {proportional:.0f} MB", "MB"))
        rows += crowd_rows(product, asks)
        rows += live_rows(product, asks.students)
        return rows + sizes.rows()
    finally:
        for each in (product, floor, worker):
            each.program.stop()


def say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
