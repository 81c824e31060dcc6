"""For machines: is the process alive, and is it ready to serve."""

from django.core.cache import cache
from django.db import DEFAULT_DB_ALIAS, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.utils import InterfaceError, OperationalError
from django.http import HttpRequest

from marketplace.common.api import Answer, json_route, methods
from marketplace.common.cache import cache_errors
from marketplace.common.guards import ANYONE
from marketplace.common.logging import get_logger
from marketplace.common.schemas import Out

log = get_logger(__name__)


class Alive(Out):
    status: str


class Ready(Alive):
    checks: dict[str, str]


@json_route(who=ANYONE, answers={200: Alive})
def show_live(request: HttpRequest) -> Alive:
    """``GET /api/health/live``: this process answers. Needs nothing else."""
    return Alive(status="ok")


@json_route(who=ANYONE, answers={200: Ready, 503: Ready})
def show_ready(request: HttpRequest) -> Answer:
    """``GET /api/health``: 503 when the database does not answer or lacks a migration.

    Without the cache reading still works, so a silent cache is told and is no reason to take the process away.
    """
    checks = {"database": _database(), "migrations": "unknown", "cache": _cache()}
    if checks["database"] == "ok":
        checks["migrations"] = _migrations()
    is_ready = checks["database"] == checks["migrations"] == "ok"
    if is_ready:
        return Answer(Ready(status="ok", checks=checks))
    log.error("not_ready", **checks)
    return Answer(Ready(status="unavailable", checks=checks), status=503, headers={"Retry-After": "5"})


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except (OperationalError, InterfaceError):
        return "unavailable"
    return "ok"


_migrated = False


def _migrations() -> str:
    """Whether all migrations of this code have run. They don't run backwards, so one yes is remembered."""
    global _migrated  # noqa: PLW0603  # reading every migration file costs more than the whole answer
    if not _migrated:
        executor = MigrationExecutor(connection)
        _migrated = not executor.migration_plan(executor.loader.graph.leaf_nodes())
    return "ok" if _migrated else f"missing on {DEFAULT_DB_ALIAS}"


def _cache() -> str:
    try:
        cache.get("health")
    except cache_errors():
        return "unavailable"
    return "ok"


live = methods(GET=show_live)
ready = methods(GET=show_ready)
