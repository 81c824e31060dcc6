"""Rates as the settings write them (``10/5m``), for limits that are counted in the database.

Apart from ``limits.py`` because that brings the cache's library, which the worker has no use for.
"""

from django.conf import settings

SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


def count_and_period(name: str) -> tuple[int, int]:
    """Split a limit of ``settings.RATE_LIMITS`` into its count and its period in seconds."""
    count, _, period = settings.RATE_LIMITS[name].partition("/")
    number, unit = period[:-1] or "1", period[-1]
    return int(count), int(number) * SECONDS[unit]
