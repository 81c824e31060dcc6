"""What the join page and the notes show: whether the room is open, who is there, what was written."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from accounts.models import User
from bookings.after_policies import may_be_in_room, may_set_link, may_write_notes
from bookings.attendance import enough_for, presence_in
from bookings.models import Booking, SessionNote
from bookings.policies import TAKES_PLACE
from bookings.rooms import host_of, meeting_url

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Presence:
    """Where one of a session's two people is, as the other may know: by the beats of their join page."""

    is_here: bool
    # Of the stretch that they are or were last here in; None: they have not come yet.
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class Counted:
    """How long a reader's own beats come to within the planned time, in whole minutes, and how long is enough."""

    minutes: int
    enough_minutes: int
    is_enough: bool
    is_begun: bool


@dataclass(frozen=True)
class Room:
    """The join page of a session for one of its two people."""

    is_open: bool
    # While it is still to come: when it opens, and in how many seconds.
    opens_at: datetime | None
    opens_in: int
    closes_at: datetime
    # Only while it is open: nobody should follow it before the other can be there.
    url: str
    host: str
    is_own_link: bool
    may_set_link: bool


def room_of(booking: Booking, reader: User, *, at: datetime) -> Room:
    opens_at = booking.starts_at - timedelta(minutes=settings.JOIN_MINUTES_BEFORE)
    is_open = may_be_in_room(reader, booking, at=at)
    is_coming = at < opens_at and booking.status in TAKES_PLACE
    url = meeting_url(booking) if is_open else ""
    return Room(
        is_open=is_open,
        opens_at=opens_at if is_coming else None,
        opens_in=math.ceil((opens_at - at).total_seconds()) if is_coming else 0,
        closes_at=booking.ends_at + timedelta(minutes=settings.JOIN_MINUTES_AFTER),
        url=url,
        host=host_of(url),
        is_own_link=bool(booking.meeting_url or booking.mentor.meeting_url),
        may_set_link=may_set_link(reader, booking, at=at),
    )


def presence_of(booking: Booking, person: User, *, at: datetime) -> Presence:
    """Whether somebody is on the join page now: their last beat is no older than two beats may be apart. One query."""
    latest = booking.attendance.filter(user=person).order_by("-until_at", "-pk").first()
    if latest is None:
        return Presence(is_here=False)
    gap = timedelta(seconds=settings.BEAT_GAP_SECONDS)
    return Presence(is_here=latest.until_at >= at - gap, since=latest.from_at, until=latest.until_at)


def counted_of(booking: Booking, reader: User, *, at: datetime) -> Counted:
    """What of a session counts for one of its two people so far. One query."""
    mine = presence_in(booking, reader.pk, booking.attendance.filter(user=reader))
    enough = enough_for(booking)
    return Counted(mine.seconds // 60, math.ceil(enough / MINUTE), mine.is_enough, at >= booking.starts_at)


@dataclass(frozen=True)
class Notes:
    """The notes of a session as they stand, and whether this reader may change them."""

    text: str
    version: int
    by: User | None
    at: datetime | None
    may_write: bool

    @property
    def is_shown(self) -> bool:
        return self.may_write or self.version > 0


def notes_of(booking: Booking, reader: User, *, at: datetime) -> Notes | None:
    """Read the notes of a session for one of its two people; nobody else sees them. One query."""
    people = {booking.student_id: booking.student, booking.mentor_id: booking.mentor.user}
    if reader.pk not in people or booking.confirmed_at is None:
        return None
    may_write = reader.suspended_at is None and may_write_notes(reader, booking, at=at)
    note = latest_note(booking)
    if note is None:
        return Notes("", 0, None, None, may_write)
    return Notes(note.text, note.version, people[note.by_id], note.at, may_write)


def latest_note(booking: Booking) -> SessionNote | None:
    return booking.notes.order_by("-version").first()


def notes_version(booking: Booking) -> int:
    """Which version of the notes stands; 0 where there are none. One query."""
    return booking.notes.order_by("-version").values_list("version", flat=True).first() or 0
