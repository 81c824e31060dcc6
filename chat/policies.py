"""Questions with a yes or a no."""

from collections.abc import Sequence
from uuid import UUID

from bookings.models import Booking
from chat.contact_details import Detail, find_contact_details
from chat.models import Thread


def have_booked_here(*, student: UUID, mentor: UUID) -> bool:
    """Whether these two ever had a paid booking: from then on what they tell each other is theirs alone."""
    return Booking.objects.filter(student=student, mentor=mentor, confirmed_at__isnull=False).exists()


def details_to_mention(text: str, *, student: UUID, mentor: UUID) -> Sequence[Detail]:
    """The contact details in a text that its writer is reminded of before it is sent; none once the two have booked here.

    No query for a text that holds none, which is nearly every text.
    """
    details = find_contact_details(text)
    return [] if not details or have_booked_here(student=student, mentor=mentor) else details


def details_to_mention_in(thread: Thread, text: str) -> Sequence[Detail]:
    return details_to_mention(text, student=thread.student_id, mentor=thread.mentor_id)
