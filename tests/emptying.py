"""How the tables are emptied behind a test that commits: all but what migrations wrote.

TRUNCATE makes a new file for each of a hundred tables, which takes longer than most tests; the row or two they hold are sooner
deleted. Deleted rows stay in the files (no autovacuum here), so now and then the tables are truncated after all.
"""

from itertools import count

from django.core.management.color import Style
from django.db.backends.base.base import BaseDatabaseWrapper

# What data migrations made, and what it refers to.
MIGRATED_TABLES = frozenset(
    {"auth_group", "auth_group_permissions", "auth_permission", "django_content_type", "mentors_subject"}
)

# The queue's models are not Django's to manage, so its flush would leave the jobs of one test to the next.
QUEUE_TABLES = frozenset({"procrastinate_jobs", "procrastinate_events", "procrastinate_periodic_defers"})

# Append-only tables refuse to be emptied. The suite's own servers let their role pass over triggers (tests/servers.py), others may not.
MAY_SKIP_TRIGGERS = "SELECT has_parameter_privilege('session_replication_role', 'SET')"
SKIP_TRIGGERS = "SET LOCAL session_replication_role = replica"

TRUNCATE_EVERY = 16
_flushes = count(1)


def flush_keeping_migrated_rows(
    style: Style, connection: BaseDatabaseWrapper, *, reset_sequences: bool = True, allow_cascade: bool = False
) -> list[str]:
    """Stand in for ``django.core.management.sql.sql_flush``: the statements, run in one transaction."""
    found = set(connection.introspection.django_table_names(only_existing=True, include_views=False))
    tables = sorted(found - MIGRATED_TABLES | QUEUE_TABLES)
    if next(_flushes) % TRUNCATE_EVERY and not reset_sequences and _may_skip_triggers(connection):
        deletes = (f"DELETE FROM {connection.ops.quote_name(table)}" for table in tables)
        return ["; ".join([SKIP_TRIGGERS, *deletes])]
    return connection.ops.sql_flush(style, tables, reset_sequences=reset_sequences, allow_cascade=allow_cascade)


def _may_skip_triggers(connection: BaseDatabaseWrapper) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(MAY_SKIP_TRIGGERS)
        (may,) = cursor.fetchone()
    return bool(may)
