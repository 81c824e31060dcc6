"""Everything that changes a booking."""

from bookings.services.claims import expire_hold, lock_booking, lock_people
from bookings.services.confirmations import confirm_booking
from bookings.services.holds import (
    extend_for_bank_step,
    extend_hold,
    hold_slot,
    let_hold_go,
    lock_with_people,
    save_note,
)
from bookings.services.search_index import recount_reviews, refresh_mentors, refresh_search_index
from bookings.services.session_files import issue_session_file, share_session_file

__all__ = [
    "confirm_booking",
    "expire_hold",
    "extend_for_bank_step",
    "extend_hold",
    "hold_slot",
    "issue_session_file",
    "let_hold_go",
    "lock_booking",
    "lock_people",
    "lock_with_people",
    "recount_reviews",
    "refresh_mentors",
    "refresh_search_index",
    "save_note",
    "share_session_file",
]
