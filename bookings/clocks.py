"""What a change of clocks does to a session of two people in two zones. Pure."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

ONE_MINUTE = timedelta(minutes=1)


def hours_apart(one: ZoneInfo, other: ZoneInfo, *, at: datetime) -> timedelta:
    """By how much the one clock is ahead of the other at a moment."""
    ahead, behind = (at.astimezone(zone).utcoffset() for zone in (one, other))
    assert ahead is not None
    assert behind is not None
    return ahead - behind


def is_shifted(starts_at: datetime, one: ZoneInfo, other: ZoneInfo, *, changes_at: datetime) -> bool:
    """Whether at a session two clocks stand otherwise to each other than right before a change of clocks.

    Not where both change alike, nor where a second change before the session takes the first one back.
    """
    before = hours_apart(one, other, at=changes_at - ONE_MINUTE)
    return starts_at >= changes_at and hours_apart(one, other, at=starts_at) != before
